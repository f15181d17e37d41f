"""Errors in the servers' logs fail a soak, unless a fault of that run explains them."""

from bench.soaking.logs import sort_out

LOG = """
Frontdesk is ready.

2026-11-21 14:00:00,000 WARNING app.web.errors: The database is not reachable: gone
2026-11-21 14:00:01,000 ERROR pgqueuer: Flush failed, requeuing 2 items
Traceback (most recent call last):
  File "x.py", line 1, in x
asyncpg.exceptions.CannotConnectNowError: the database system is starting up
2026-11-21 14:00:02,000 INFO app.web.sse: A stalled reader was let go
"""
UNEXPECTED = """2026-11-21 14:00:03,000 ERROR app.web.errors: Unexpected error 1
Traceback (most recent call last):
  File "x.py", line 1, in x
ValueError: no
"""
BARE = """Traceback (most recent call last):
  File "x.py", line 1, in x
KeyError: 'x'
"""


def test_what_a_restart_brings_with_it_is_explained_by_it() -> None:
    wrong, explained = sort_out(LOG, ["postgres_crashed", "redis_killed 3s"])
    assert not wrong
    assert explained.total() == 1


def test_the_same_without_a_restart_is_an_error() -> None:
    wrong, _ = sort_out(LOG, ["redis_killed 3s"])
    [said] = wrong
    assert said.startswith("ERROR pgqueuer: Flush failed, requeuing 2 items … asyncpg")


def test_an_error_of_ours_is_never_explained() -> None:
    wrong, _ = sort_out(LOG + UNEXPECTED * 2, ["postgres_crashed"])
    assert wrong == {"ERROR app.web.errors: Unexpected error 1 … ValueError: no": 2}


def test_a_traceback_is_an_error_whatever_it_is_logged_as() -> None:
    assert sort_out(BARE + LOG, ["postgres_crashed"])[0].total() == 1
    warned = UNEXPECTED.replace("ERROR", "WARNING")
    assert sort_out(warned, ["postgres_crashed"])[0].total() == 1
