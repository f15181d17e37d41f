"""`frontdesk doctor`: is everything here that the server needs, and if not, what to do."""

import asyncio
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, replace

import asyncpg
import click
import httpx
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import URL

from app.cli.common import database_address, database_trouble, json_option
from app.config import ConfigError, Settings, load_settings
from app.kit.db import APP_ROLE, libpq_arguments
from app.kit.embedded import EmbeddedDatabaseError
from app.kit.migrate import newest_revision
from app.knowledge.embedders import connect_models
from app.knowledge.endpoints import EndpointFailed
from app.web.static_files import STATIC

OLDEST_POSTGRESQL = 150000
OLDEST_VECTOR = (0, 8)

# Temporary tables apart, which go with the connection.
OWNED = """
    SELECT count(*) FROM pg_class WHERE relpersistence <> 't'
        AND relowner = (SELECT oid FROM pg_roles WHERE rolname = $1)
"""


@dataclass(frozen=True)
class Finding:
    what: str
    ok: bool
    said: str


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check settings, database, widget files and model endpoint, and say what to do. Exits 1 if something is wrong."""
    findings = _examine()
    if as_json:
        click.echo(msgspec.json.encode([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.what:<12} {finding.said}")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


def _examine() -> list[Finding]:
    try:
        settings = load_settings()
    except ConfigError as error:
        return [Finding("settings", ok=False, said=str(error))]
    findings = [Finding("settings", ok=True, said=f"serving on {settings.url}"), _widget()]
    try:
        with database_address(settings) as address:
            findings += asyncio.run(_database(address.app))
    except (EmbeddedDatabaseError, OSError, asyncpg.PostgresError) as error:
        findings.append(Finding("database", ok=False, said=database_trouble(error)))
    return [
        *findings,
        asyncio.run(_redis(settings)),
        *asyncio.run(_model(settings)),
        *asyncio.run(_search(settings)),
    ]


def _widget() -> Finding:
    built = (STATIC / "widget.js").is_file()
    return Finding("widget", built, "built" if built else "not built: run `make setup`")


async def _database(url: URL) -> list[Finding]:
    connection = await asyncpg.connect(**libpq_arguments(url))
    try:
        return [
            await _version(connection),
            await _vector(connection),
            await _role(connection),
            await _schema(connection),
        ]
    finally:
        await connection.close()


async def _version(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    number = int(await connection.fetchval("SHOW server_version_num"))
    good = number >= OLDEST_POSTGRESQL
    said = f"PostgreSQL {number // 10000}" + ("" if good else " is too old: PostgreSQL 15 or newer is needed")
    return Finding("database", good, said)


async def _vector(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    version = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if version is None:
        return Finding("pgvector", ok=False, said="missing: as a superuser, run CREATE EXTENSION vector")
    good = tuple(int(part) for part in version.split(".")[:2]) >= OLDEST_VECTOR
    return Finding("pgvector", good, version + ("" if good else " is too old: 0.8 or newer is needed"))


async def _role(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    owned = await connection.fetchval(OWNED, APP_ROLE)
    good = owned == 0
    return Finding(
        "rights",
        good,
        f"{APP_ROLE} owns nothing" if good else f"{APP_ROLE} owns {owned} tables: it must own none",
    )


async def _schema(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return Finding("tables", ok=False, said="none yet: run `frontdesk migrate`")
    found = await connection.fetchval("SELECT version_num FROM alembic_version")
    good = found == newest_revision()
    return Finding(
        "tables",
        good,
        f"at {found}" + ("" if good else f", not {newest_revision()}: run `frontdesk migrate`"),
    )


async def _redis(settings: Settings) -> Finding:
    if not settings.redis_url:
        return Finding("redis", ok=True, said="none: signals stay in one process (REDIS_URL adds it)")
    client = Redis.from_url(settings.redis_url, socket_connect_timeout=5, socket_timeout=5)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        said = f"cannot be reached ({error}): check REDIS_URL; answers still arrive, but more slowly"
        return Finding("redis", ok=False, said=said)
    finally:
        await client.aclose()
    return Finding("redis", ok=True, said="answers")


async def _model(settings: Settings) -> list[Finding]:
    if not settings.has_model:
        said = "none: answers are quoted from the documents (OPENAI_API_KEY adds one)"
        return [Finding("model", ok=True, said=said)]
    found = [await _endpoint("model", "OPENAI_", settings.openai_base_url, settings.openai_api_key)]
    if settings.has_fallback:
        address, key = settings.openai_fallback_base_url, settings.openai_fallback_api_key
        found.append(await _endpoint("fall-back", "OPENAI_FALLBACK_", address, key))
    names = (settings.openai_model, settings.openai_fallback_model or settings.openai_model)
    return [
        replace(each, said=f"{name} at {each.said}") if each.ok else each
        for each, name in zip(found, names, strict=False)
    ]


async def _search(settings: Settings) -> list[Finding]:
    """The endpoints that search uses, each tried with one small request."""
    models = connect_models(settings)
    found = []
    try:
        if models.embedder is not None:
            found.append(
                await _tried(
                    "embeddings", models.embedder.name, models.embedder.embed(["ready?"], deadline_s=5)
                )
            )
        if models.reranker is not None:
            order = models.reranker.order("ready?", ["yes", "no"], deadline_s=5)
            found.append(await _tried("reranker", settings.rerank_model, order))
    finally:
        await models.close()
    return found


async def _tried(what: str, name: str, request: Awaitable[object]) -> Finding:
    try:
        await request
    except EndpointFailed as error:
        return Finding(what, ok=False, said=str(error))
    return Finding(what, ok=True, said=f"{name} answers")


async def _endpoint(what: str, prefix: str, address: str | None, key: str | None) -> Finding:
    """Whether an endpoint can be reached and takes the key. `said` is its address where all is well."""
    base = (address or "https://api.openai.com/v1").rstrip("/")
    headers = {"Authorization": f"Bearer {key or ''}"}
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            status = (await client.get(f"{base}/models", headers=headers)).status_code
    except httpx.HTTPError as error:
        return Finding(what, ok=False, said=f"{base} cannot be reached ({error}): check {prefix}BASE_URL")
    if status in {401, 403}:
        return Finding(what, ok=False, said=f"{base} refuses the key: check {prefix}API_KEY")
    return Finding(what, ok=True, said=base)
