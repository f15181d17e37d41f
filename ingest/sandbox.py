"""Limits that the child puts on itself before it touches a stranger's file."""

import contextlib
import ctypes
import os
import resource
import signal
import sys

from ingest.parsed import MEGABYTE

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
OPEN_FILES = 256


def confine(*, parent: int, seconds: float, data_mb: int) -> None:
    """Dies with its parent, can't reach a network, can't dump core, can't outgrow `data_mb` or its time."""
    if sys.platform == "linux":
        die_with(parent)
        leave_the_network()
        limit(resource.RLIMIT_DATA, data_mb * MEGABYTE)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    # CPU seconds, so that a child whose parent can't kill it ends all the same.
    limit(resource.RLIMIT_CPU, int(seconds) + 2)


def die_with(parent: int) -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # The parent may have died before the signal was asked for. Another pid namespace shows it as 0.
    if os.getppid() not in (parent, 0):
        os._exit(1)


def leave_the_network() -> None:
    """
    An own, empty network namespace: the libraries make no requests, and with this they can't.

    Where containers forbid it, nothing is lost: it is the second of two walls.
    """
    libc = ctypes.CDLL(None)
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def limit(what: int, most: int) -> None:
    # A lower hard limit set by the operator stays.
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(what)
        ceiling = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (ceiling, ceiling))
