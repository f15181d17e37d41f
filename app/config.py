"""Settings, read once from the environment. Each is described in docs/operations.md; a test checks that."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

ENVIRONMENT: dict[str, str] = {
    "host": "HOST",
    "port": "PORT",
    "public_url": "FRONTDESK_URL",
    "data": "FRONTDESK_DATA",
    "database_url": "DATABASE_URL",
    "database_owner_url": "DATABASE_OWNER_URL",
    "redis_url": "REDIS_URL",
    "openai_api_key": "OPENAI_API_KEY",
    "openai_base_url": "OPENAI_BASE_URL",
    "openai_model": "OPENAI_MODEL",
    "openai_fallback_api_key": "OPENAI_FALLBACK_API_KEY",
    "openai_fallback_base_url": "OPENAI_FALLBACK_BASE_URL",
    "openai_fallback_model": "OPENAI_FALLBACK_MODEL",
    "answer_deadline_s": "FRONTDESK_ANSWER_DEADLINE",
    "embeddings_base_url": "EMBEDDINGS_BASE_URL",
    "embeddings_api_key": "EMBEDDINGS_API_KEY",
    "embeddings_model": "EMBEDDINGS_MODEL",
    "embeddings_dimensions": "EMBEDDINGS_DIMENSIONS",
    "rerank_base_url": "RERANK_BASE_URL",
    "rerank_api_key": "RERANK_API_KEY",
    "rerank_model": "RERANK_MODEL",
    "search_deadline_s": "FRONTDESK_SEARCH_DEADLINE",
    "price_in": "FRONTDESK_PRICE_IN",
    "price_out": "FRONTDESK_PRICE_OUT",
    "budget_visitor": "FRONTDESK_BUDGET_VISITOR",
    "budget_address": "FRONTDESK_BUDGET_ADDRESS",
    "budget_site": "FRONTDESK_BUDGET_SITE",
    "budget_organisation": "FRONTDESK_BUDGET_ORGANISATION",
    "upload_limit_mb": "FRONTDESK_UPLOAD_LIMIT_MB",
    "attachment_limit_mb": "FRONTDESK_ATTACHMENT_LIMIT_MB",
    "crawl_delay_s": "FRONTDESK_CRAWL_DELAY",
    "private_hosts": "FRONTDESK_PRIVATE_HOSTS",
    "worker": "FRONTDESK_WORKER",
    "job_lease_s": "FRONTDESK_JOB_LEASE",
    "agent_timeout_min": "FRONTDESK_AGENT_TIMEOUT",
    "visitor_session_days": "FRONTDESK_VISITOR_SESSION_DAYS",
    "member_session_days": "FRONTDESK_MEMBER_SESSION_DAYS",
    "log_level": "FRONTDESK_LOG",
}


ALLOWANCE = re.compile(r"([\d_]*\d(?:\.\d+)?) ?(requests|tokens|money) ?/ ?(day|month)")
Allowances = dict[tuple[str, str], float]


# What an HNSW index over half precision takes.
MOST_DIMENSIONS = 4_000


class ConfigError(Exception):
    """A setting that cannot be used; the message names it and says what it takes."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    data: str | None = None
    database_url: str | None = None
    database_owner_url: str | None = None
    redis_url: str | None = None
    openai_api_key: str | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-4o-mini"
    openai_fallback_api_key: str | None = None
    openai_fallback_base_url: str | None = None
    openai_fallback_model: str | None = None
    answer_deadline_s: float = 60.0
    embeddings_base_url: str | None = None
    embeddings_api_key: str | None = None
    embeddings_model: str = "text-embedding-3-small"
    embeddings_dimensions: int = 0
    rerank_base_url: str | None = None
    rerank_api_key: str | None = None
    rerank_model: str = "rerank"
    search_deadline_s: float = 2.0
    price_in: float = 0.0
    price_out: float = 0.0
    budget_visitor: str = "200 requests/day"
    budget_address: str = "1000 requests/day"
    budget_site: str = "none"
    budget_organisation: str = "10000 requests/day"
    upload_limit_mb: int = 25
    attachment_limit_mb: int = 10
    crawl_delay_s: float = 1.0
    private_hosts: str = ""
    worker: bool = True
    job_lease_s: float = 10.0
    agent_timeout_min: float = 5.0
    visitor_session_days: int = 90
    member_session_days: int = 14
    log_level: str = "info"

    @property
    def url(self) -> str:
        """The address that people open: FRONTDESK_URL, or the one that the server listens on."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{shown}:{self.port}").rstrip("/")

    @property
    def data_folder(self) -> Path | None:
        return Path(self.data).expanduser().resolve() if self.data else None

    @property
    def upload_limit(self) -> int:
        """The largest upload, in bytes."""
        return self.upload_limit_mb * 1024 * 1024

    @property
    def attachment_limit(self) -> int:
        """The largest file that a message takes, in bytes."""
        return self.attachment_limit_mb * 1024 * 1024

    @property
    def has_model(self) -> bool:
        """Whether an OpenAI-compatible endpoint writes the answers; without one they are extracted."""
        return bool(self.openai_api_key or self.openai_base_url)

    @property
    def has_fallback(self) -> bool:
        """Whether a second endpoint is asked while the first one fails."""
        return bool(self.openai_fallback_api_key or self.openai_fallback_base_url)


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; an empty variable counts as absent. Raises ConfigError."""
    given = {field: environment[name] for field, name in ENVIRONMENT.items() if environment.get(name)}
    settings = Settings(**{field: _convert(field, value) for field, value in given.items()})
    _check(settings)
    return settings


def _convert(field: str, value: str) -> Any:
    kind = Settings.__annotations__[field]
    try:
        return msgspec.convert(value.strip(), kind, strict=False)
    except msgspec.ValidationError as error:
        wanted = {int: "a whole number", float: "a number", bool: "true or false"}.get(kind, "text")
        raise ConfigError(f"{ENVIRONMENT[field]}={value!r} cannot be used: give {wanted}.") from error


def allowances(text: str) -> Allowances:
    """`200 requests/day, 5 money/month` as {("day", "requests"): 200, …}; `none` is {}. Raises ValueError."""
    text = text.strip()
    if text.casefold() == "none":
        return {}
    found: Allowances = {}
    for part in text.split(","):
        allowance = ALLOWANCE.fullmatch(" ".join(part.split()))
        if allowance is None:
            raise ValueError(
                f"{part.strip()!r} is no budget: write it like `200 requests/day, 500000 tokens/day, 20 money/month`, "
                "or `none`."
            )
        amount, measure, period = allowance.groups()
        found[period, measure] = float(amount)
    return found


def _check(settings: Settings) -> None:
    if not 0 <= settings.port < 65536:  # noqa: PLR2004
        raise ConfigError(f"PORT={settings.port} is not a port: give a number from 1 to 65535.")
    for field in (
        "answer_deadline_s",
        "search_deadline_s",
        "upload_limit_mb",
        "attachment_limit_mb",
        "crawl_delay_s",
        "job_lease_s",
        "visitor_session_days",
        "member_session_days",
    ):
        if getattr(settings, field) <= 0:
            raise ConfigError(f"{ENVIRONMENT[field]} must be greater than zero.")
    if settings.agent_timeout_min < 0:
        raise ConfigError(f"{ENVIRONMENT['agent_timeout_min']} must be zero, for never, or minutes.")
    _check_costs(settings)
    _check_addresses(settings)
    if not 0 <= settings.embeddings_dimensions <= MOST_DIMENSIONS:
        raise ConfigError(
            f"EMBEDDINGS_DIMENSIONS={settings.embeddings_dimensions} cannot be used: give 1 to {MOST_DIMENSIONS}, or 0 "
            "to take those that the model has."
        )
    if settings.log_level not in {"debug", "info", "warning", "error"}:
        raise ConfigError("FRONTDESK_LOG must be debug, info, warning or error.")


def _check_costs(settings: Settings) -> None:
    for field in ("price_in", "price_out"):
        if getattr(settings, field) < 0:
            raise ConfigError(f"{ENVIRONMENT[field]} must not be less than zero.")
    for field in ("budget_visitor", "budget_address", "budget_site", "budget_organisation"):
        try:
            allowances(getattr(settings, field))
        except ValueError as error:
            raise ConfigError(f"{ENVIRONMENT[field]}: {error}") from error


def _check_addresses(settings: Settings) -> None:
    for field in ("database_url", "database_owner_url"):
        value = getattr(settings, field)
        if value and not value.startswith(("postgresql://", "postgres://", "postgresql+asyncpg://")):
            raise ConfigError(
                f"{ENVIRONMENT[field]} must look like postgresql://user:password@host:5432/database."
            )
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("REDIS_URL must look like redis://user:password@host:6379/0.")
    if settings.has_fallback and not settings.has_model:
        raise ConfigError(
            "OPENAI_FALLBACK_… stands in for a model: set OPENAI_API_KEY or OPENAI_BASE_URL, too."
        )
    for field in (
        "public_url",
        "openai_base_url",
        "openai_fallback_base_url",
        "embeddings_base_url",
        "rerank_base_url",
    ):
        value = getattr(settings, field)
        if value and not value.startswith(("http://", "https://")):
            raise ConfigError(f"{ENVIRONMENT[field]}={value!r} must begin with http:// or https://.")
