"""What counts as a lost connection, and what is a mistake of ours that must be seen."""

import pytest

from app.kit.failures import closed_is_lost, database_is_away

CLOSED = "unable to perform operation on <TCPTransport closed=True reading=False>; the handler is closed"


def test_a_connection_that_the_event_loop_has_closed_is_a_lost_one() -> None:
    with pytest.raises(ConnectionError, match="handler is closed"), closed_is_lost():
        raise RuntimeError(CLOSED)
    assert database_is_away(RuntimeError(CLOSED))


def test_any_other_runtime_error_is_seen() -> None:
    with pytest.raises(RuntimeError, match="a mistake"), closed_is_lost():
        raise RuntimeError("a mistake")
    assert not database_is_away(RuntimeError("a mistake"))
