"""Locks that the kernel gives back by itself when a process ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.kit.embedded.home import EmbeddedDatabaseError, LockFile


@contextmanager
def exclusive(file: LockFile, *, wait_s: float) -> Iterator[None]:
    """Holds the lock alone; others are waited for. Raises EmbeddedDatabaseError after `wait_s` seconds."""
    deadline = time.monotonic() + wait_s
    while (descriptor := hold_alone(file)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"Another process has been starting or stopping this database for {wait_s:.0f} seconds "
                f"and still holds {file.path}. See what it is with `lsof {file.path}`, end it, and try again."
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(descriptor)


def hold_alone(file: LockFile) -> int | None:
    """A descriptor that holds the lock until it, and each copy in a child, is closed. None: it is taken."""
    return _hold(file, fcntl.LOCK_EX)


def hold_shared(file: LockFile) -> int:
    descriptor = _hold(file, fcntl.LOCK_SH)
    if descriptor is None:
        raise EmbeddedDatabaseError(
            f"{file.path} is locked by a program that is not Frontdesk. End it and try again."
        )
    return descriptor


def held_by_anybody(file: LockFile) -> bool:
    descriptor = hold_alone(file)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _hold(file: LockFile, kind: int) -> int | None:
    descriptor = file.open()
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
