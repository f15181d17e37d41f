"""Messages edited and deleted: by whom, told to whom, and what is kept."""

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from app.conversations import editing, messaging, queries, views
from app.conversations.answers import begin_answer
from app.conversations.erasure import erase_visitor
from app.conversations.models import Conversation, Message
from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database
from app.staff import starting, taking_part
from app.tenancy.members import SignedIn
from tests.factories import Talk, create_agent, create_talk, say


@dataclass
class Scene:
    """Ada, an admin, and Maya, who has answered a visitor and written to Ada."""

    ada: SignedIn
    maya: SignedIn
    talk: Talk
    reply: Message
    message: Message


@pytest.fixture
async def scene(database: Database, org_id: UUID) -> Scene:
    async with database.transaction(org_id) as session:
        ada = await create_agent(session, "Ada Admin", role="admin")
        maya = await create_agent(session)
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.claim(session, talk.id, maya)
        replied, _ = await reply(session, talk.id, maya, client_id=uuid4(), text="It is in Olso")
        channel = await starting.create_channel(session, maya, client_id=uuid4(), title="Shipping")
        said, _ = await taking_part.write(session, maya, channel.id, client_id=uuid4(), text="Depot is layte")
        return Scene(ada, maya, talk, replied, said)


async def edit(database: Database, member: SignedIn, message: Message, text: str, client_id: UUID) -> Message:
    async with database.transaction(member.org_id) as session:
        return (await editing.edit(session, message.id, member, client_id=client_id, text=text))[0]


async def test_an_edit_is_told_once_and_kept(database: Database, scene: Scene) -> None:
    first, second = uuid4(), uuid4()
    await edit(database, scene.maya, scene.message, "Depot is late", first)
    await edit(database, scene.maya, scene.message, "Depot is late again", second)
    again = await edit(database, scene.maya, scene.message, "Depot is late", first)
    assert again.text == "Depot is late again", "an edit that arrives again undoes nothing"
    async with database.transaction(scene.ada.org_id) as session:
        message, before = await editing.history(session, scene.message.id, scene.ada)
        events = await views.events_after(session, message.conversation_id, 0, 10)
        conversation = await session.get_one(Conversation, message.conversation_id)
    assert [revision.text for revision in before] == ["Depot is layte", "Depot is late"]
    assert {(revision.by_name, revision.change) for revision in before} == {("Maya Kaur", "edited")}
    assert [event["kind"] for event in events] == ["message.posted", "message.updated", "message.updated"]
    assert events[-1]["data"] == views.message_view(message)
    assert events[-1]["data"]["edited_at"]
    assert {event["data"]["text"] for event in events} == {"Depot is late again"}, "the log tells what stands"
    assert conversation.preview == "Depot is late again"


async def test_only_the_author_edits_and_only_an_admin_deletes_what_is_not_theirs(
    database: Database, scene: Scene
) -> None:
    async with database.transaction(scene.ada.org_id) as session:
        jonas = await create_agent(session, "Jonas Weber")
        for message in (scene.message, scene.reply):
            for member in (scene.ada, jonas):
                with pytest.raises(editing.NotYourMessage):
                    await editing.edit(session, message.id, member, client_id=uuid4(), text="Mine")
            with pytest.raises(editing.NotYourMessage):
                await editing.delete(session, message.id, jonas)
            with pytest.raises(editing.HistoryForAdmins):
                await editing.history(session, message.id, scene.maya)
            deleted, _ = await editing.delete(session, message.id, scene.ada)
            assert deleted.deleted_at
            with pytest.raises(editing.MessageDeleted):
                await editing.edit(session, message.id, scene.maya, client_id=uuid4(), text="Back")


async def test_who_is_not_in_a_group_changes_nothing_in_it(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.ada.org_id) as session:
        jonas = await create_agent(session, "Jonas Weber")
        group = await starting.start_group(
            session, scene.maya, client_id=uuid4(), title="Us", member_ids=[jonas.id]
        )
        said, _ = await taking_part.write(session, jonas, group.id, client_id=uuid4(), text="Secret")
        with pytest.raises(messaging.MessageUnknown):
            await editing.delete(session, said.id, scene.ada)
        with pytest.raises(messaging.MessageUnknown):
            await editing.history(session, said.id, scene.ada)
        await taking_part.leave(session, jonas, group.id)
        with pytest.raises(messaging.MessageUnknown):
            await editing.edit(session, said.id, jonas, client_id=uuid4(), text="After all")


async def test_a_deleted_message_leaves_its_place_and_no_word(database: Database, scene: Scene) -> None:
    for _ in range(2):
        async with database.transaction(scene.ada.org_id) as session:
            deleted, conversation = await editing.delete(session, scene.reply.id, scene.maya)
    async with database.transaction(scene.ada.org_id) as session:
        fresh = await messaging.get(session, scene.talk.id)
        snapshot = await views.snapshot(session, fresh, {})
        events = await views.events_after(session, scene.talk.id, 0, 50)
        _, before = await editing.history(session, deleted.id, scene.ada)
    assert "Olso" not in str([event["data"] for event in events])
    assert "Olso" not in str(snapshot)
    assert snapshot["messages"][-1]["deleted_at"]
    assert [event["seq"] for event in events] == list(range(1, fresh.last_seq + 1))
    assert [revision.text for revision in before] == ["It is in Olso"]
    assert conversation.preview == "Where is my parcel?"


async def test_the_visitor_gets_the_new_text_and_nothing_about_members(
    database: Database, scene: Scene
) -> None:
    corrected = await edit(database, scene.maya, scene.reply, "It is in Oslo, @Ada Admin", uuid4())
    assert corrected.mentions is None, "nobody is mentioned in front of a visitor"
    async with database.transaction(scene.ada.org_id) as session:
        events = await views.events_after(session, scene.talk.id, 0, 50)
    told = events[-1]
    assert (told["kind"], told["data"]["text"]) == ("message.updated", "It is in Oslo, @Ada Admin")
    assert "mentions" not in told["data"]
    assert set(told["data"]["author"]) == {"kind", "name"}


async def test_an_answer_that_grows_is_not_deleted_and_a_deleted_question_not_answered(
    database: Database, scene: Scene
) -> None:
    async with database.transaction(scene.ada.org_id) as session:
        talk = await create_talk(session)
        question = await say(session, talk, "What is my password?")
        opened = await begin_answer(session, talk.id, trigger_id=question.id)
        assert opened is not None
        with pytest.raises(editing.MessageGrowing):
            await editing.delete(session, opened.message_id, scene.ada)
        other = await create_talk(session)
        asked = await say(session, other, "My card number is 4111")
        await editing.delete(session, asked.id, scene.ada)
        assert await begin_answer(session, other.id, trigger_id=asked.id) is None


async def test_an_edit_can_call_a_colleague(database: Database, scene: Scene) -> None:
    changed = await edit(database, scene.maya, scene.message, "Depot is late, @Ada Admin", uuid4())
    assert changed.mentions == [scene.ada.id]


async def test_erasing_a_visitor_takes_notes_and_old_texts_along(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.ada.org_id) as session:
        note, _ = await taking_part.note(
            session, scene.maya, scene.talk.id, client_id=uuid4(), text="@Ada, lost?"
        )
        await editing.delete(session, scene.reply.id, scene.maya)
        await editing.edit(session, note.id, scene.maya, client_id=uuid4(), text="Found")

    async def more_notes(number: int) -> None:
        async with database.transaction(scene.ada.org_id) as session:
            await taking_part.note(
                session, scene.maya, scene.talk.id, client_id=uuid4(), text=f"Note {number}"
            )

    async def erase() -> None:
        async with database.transaction(scene.ada.org_id) as session:
            await erase_visitor(session, scene.talk.visitor.id)

    outcomes = await asyncio.gather(
        *(more_notes(n) for n in range(3)),
        erase(),
        *(more_notes(n) for n in range(3)),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} <= {type(None), messaging.ConversationUnknown}
    async with database.transaction(scene.ada.org_id) as session:
        assert await session.scalar(queries.of_id(session, note.conversation_id)) is None
        assert await session.scalar(queries.of_id(session, scene.talk.id)) is None
