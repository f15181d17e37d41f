"""The migration that brought members into the messaging core, back and forth over an organisation with data."""

from uuid import uuid4

from app.conversations import messaging, queries, views
from app.handoff import queue
from app.kit.db import Database, asyncpg_url
from app.kit.embedded import EmbeddedDatabase
from app.kit.migrate import downgrade, migrate
from app.reactions import REACTIONS
from app.staff import starting, taking_part
from app.tenancy.organisations import create_organisation
from tests.conftest import clone_database
from tests.factories import create_agent, create_talk, say


async def test_an_organisation_from_before_gets_its_support_channel_and_keeps_what_was_read(
    cluster: EmbeddedDatabase, worker_id: str
) -> None:
    name = f"frontdesk_staff_migration_{worker_id}"
    await clone_database(cluster, name)
    owner, app = (asyncpg_url(url).set(database=name) for url in (cluster.owner_url, cluster.app_url))
    database = Database(app, reactions=REACTIONS)
    async with database.transaction(None) as session:
        org_id = (await create_organisation(session, slug="northwind", name="Northwind")).id
        maya = await create_agent(session)
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.request(session, talk.id, reason="asked for a person")
        await messaging.mark_read(session, talk.id, side="visitor", seq=2)
        await taking_part.note(session, maya, talk.id, client_id=uuid4(), text="Lost?")
        before = await views.snapshot(session, await messaging.get(session, talk.id), {})
    await database.close()

    await downgrade(owner, "0006")
    await migrate(owner)

    async with database.transaction(org_id) as session:
        assert await views.snapshot(session, await messaging.get(session, talk.id), {}) == before
        support = await starting.support_channel(session)
        assert await queries.member_ids(session, support.id) == [maya.id]
        assert (await session.scalars(queries.messages(session, support.id))).all() == []
        assert (await session.scalars(queries.records_about(session, [talk.id]))).all() == []
        await taking_part.write(session, maya, support.id, client_id=uuid4(), text="Here again")
    await database.close()
