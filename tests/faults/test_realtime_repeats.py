"""The same messages sent again and again, at once and through broken connections, are stored once."""

from random import Random
from uuid import UUID

from app.kit.db import Database
from app.tenancy.organisations import create_site
from bench.faults import FaultProxy
from bench.repeats import IDS, PER_VISITOR, repeat
from tests.serving import RunningServer

VISITORS = 20


async def test_repeated_posts_through_resets_give_one_message_each(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        site = await create_site(session, name="Northwind help", origins=[])
    dice = Random(1)  # noqa: S311 (repeatable on purpose)
    async with FaultProxy([int(server.url.rpartition(":")[2])], dice).running() as proxy:
        tally = await repeat(proxy, site.key, VISITORS, dice)
    assert tally.requests >= VISITORS * PER_VISITOR
    assert len(tally.ids) == VISITORS * IDS
    assert tally.wrongs() == []
    assert proxy.counted["before"]
    assert proxy.counted["after"]
