"""A question that comes through the door is searched on its way, where the same process answers it."""

import pytest

from app.config import Settings
from app.kit.db import Database
from app.main import assemble
from tests.answering.conftest import Caller
from tests.model_server import ModelServer


async def test_the_answer_has_nothing_left_to_search(
    caller: Caller, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("searched anew")

    monkeypatch.setattr("app.answering.turn.look", broken)
    model.say("Set the option on the script tag [1].")
    await caller.write("How do I turn the sound of the widget off?")
    view = await caller.answered()
    assert view["messages"][-1]["state"] == "complete"
    assert view["messages"][-1]["sources"]


async def test_a_server_that_does_not_answer_searches_nothing_ahead(database: Database) -> None:
    runtime = assemble(Settings(worker=False), database.url)
    assert runtime.ahead is None
    await runtime.close()
