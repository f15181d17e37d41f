"""What it looks like when the database is away (restarting, unreachable, out of connections), or refuses a text."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

AWAY = (
    OSError,
    TimeoutError,
    OperationalError,
    InterfaceError,
    PoolTimeout,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    # "The database system is starting up", "shutting down", "terminating connection due to administrator command".
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    # What a connection says that broke in the middle of something, and is asked to roll back.
    asyncpg.exceptions.InternalClientError,
)
# What uvloop says of a connection that was closed already, in a RuntimeError.
UVLOOP_CLOSED = "the handler is closed"


def database_is_away(error: BaseException) -> bool:
    """Whether the same work may succeed in a moment, because it was the database that went away."""
    if isinstance(error, BaseExceptionGroup):  # the request's error, and that of the roll-back
        return all(map(database_is_away, error.exceptions))
    if isinstance(error, AWAY) or was_closed(error):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(getattr(error.orig, "__cause__", None), AWAY)
    # Of a connection that was asked for without a session.
    return isinstance(error, EmulatedDBAPIException) and isinstance(error.__cause__, AWAY)


def was_closed(error: BaseException) -> bool:
    """Whether it is uvloop's way to say that a connection is gone; any other RuntimeError is a mistake of ours."""
    return isinstance(error, RuntimeError) and UVLOOP_CLOSED in str(error)


@contextmanager
def closed_is_lost() -> Iterator[None]:
    """Makes a ConnectionError of what uvloop says of a connection that was closed."""
    try:
        yield
    except RuntimeError as error:
        if not was_closed(error):
            raise
        raise ConnectionError(str(error)) from error


def text_is_unusable(error: BaseException) -> bool:
    """Whether it is a NUL in some text: the one character that PostgreSQL stores nowhere."""
    refused = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    return isinstance(cause, refused)
