"""Who may do what: the owner migrates, the application owns nothing, and everybody else is out."""

import hashlib
import json
import secrets
from pathlib import Path
from urllib.parse import quote

from app.kit.embedded.home import EmbeddedDatabaseError, Home, read_own_file, write_own_file
from app.kit.embedded.programs import Programs, run

SUPERUSER, OWNER, APP = "postgres", "frontdesk_owner", "frontdesk_app"
DATABASE = "frontdesk"

# Can be run again and again: it makes what is missing and puts right what differs.
ROLES = """
SET log_min_error_statement = panic; -- a failed statement would leave its password in the log
SELECT format('CREATE ROLE %I', name) FROM (VALUES (:'owner'), (:'app')) AS wanted(name)
 WHERE name NOT IN (SELECT rolname FROM pg_roles) \\gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
GRANT :"app" TO :"owner";
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
REVOKE ALL ON DATABASE :"database", postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
\\connect :"database"
CREATE EXTENSION IF NOT EXISTS vector;
ALTER EXTENSION vector UPDATE;
"""


def passwords(home: Home) -> dict[str, str]:
    """The password of each role, made at the first start. They lie beside the data, for us alone to read."""
    file = home.folder / "passwords.json"
    if (stored := read_own_file(file)) is not None:
        return _parse(stored, file)
    if home.cluster.exists():
        raise EmbeddedDatabaseError(
            f"The database in {home.cluster} is there, but its passwords in {file} are missing. "
            "Bring that file back from a backup, or move the folder away to begin anew."
        )
    made = {role: secrets.token_hex(24) for role in (SUPERUSER, OWNER, APP)}
    write_own_file(file, json.dumps(made))
    return made


def _parse(stored: str, file: Path) -> dict[str, str]:
    try:
        found = json.loads(stored)
        return {role: str(found[role]) for role in (SUPERUSER, OWNER, APP)}
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddedDatabaseError(
            f"{file} is damaged: bring it back from a backup, or move the data folder away to begin anew."
        ) from error


def ensure_roles(home: Home, programs: Programs, sockets: Path, secret: dict[str, str]) -> None:
    """Makes roles, database and extension, once for each version of the programs and of these statements."""
    file = home.folder / "roles-made"
    state = f"{programs.version} {hashlib.sha256(ROLES.encode()).hexdigest()}"
    if read_own_file(file) != state:
        variables = {"owner": OWNER, "app": APP, "database": DATABASE}
        variables |= {"owner_password": secret[OWNER], "app_password": secret[APP]}
        given = "".join(f"\\set {name} '{value}'\n" for name, value in variables.items())
        run(
            home, programs, "psql", "-Xq", "--set=ON_ERROR_STOP=1", f"--host={sockets}",
            f"--username={SUPERUSER}", "postgres", script=given + ROLES,
            env={"PGPASSWORD": secret[SUPERUSER]}, task="make the roles",
        )  # fmt: skip
        write_own_file(file, state)


def url(role: str, database: str, secret: dict[str, str], sockets: Path) -> str:
    return f"postgresql+asyncpg://{role}:{secret[role]}@/{database}?host={quote(str(sockets))}"
