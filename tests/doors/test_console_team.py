"""The Team pages and what is done with a message, as HTTP sees them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from app.conversations import queries
from app.conversations.models import Message
from app.handoff import queue
from app.handoff.replies import reply
from app.kit.db import Database
from app.staff import starting, taking_part
from tests.doors.console import Member, at_console
from tests.factories import Talk, create_agent, create_talk, say
from tests.serving import RunningServer


@dataclass
class Two:
    ada: Member
    maya: Member


@pytest.fixture
async def two(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Two]:
    async with (
        at_console(server, database, org_id, role="admin", name="Ada Admin") as ada,
        at_console(server, database, org_id) as maya,
    ):
        yield Two(ada, maya)


async def posted(member: Member, path: str, **fields: str) -> str:
    """Where a form leads, without scripts."""
    answer = await member.client.post(path, data=fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_two_members_talk_without_scripts(two: Two) -> None:
    place = await posted(two.ada, f"/console/team/with/{two.maya.known.id}")
    assert "This is where you and Maya Kaur talk" in await two.ada.page(place)
    client_id = str(uuid4())
    for _ in range(2):
        assert await posted(two.ada, f"{place}/messages", text="Lunch?", client_id=client_id) == place
    assert "Team 1 unread" in await two.maya.page("/console/inbox")
    shown = await two.maya.page(place)
    assert shown.count("Lunch?") == 2, "once in the list and once in the conversation"
    assert (await two.maya.client.post(f"{place}/read", data={"seq": "1"})).status_code == 204
    assert "1 unread" not in await two.maya.page("/console/team")
    assert 'id="receipt">Read<' in (await two.ada.client.get(place)).text
    assert await posted(two.maya, f"/console/team/with/{two.ada.known.id}") == place


async def test_who_is_called_sees_it_in_the_navigation_and_where(two: Two) -> None:
    place = await posted(two.ada, "/console/team/channels", title="Shipping")
    await posted(two.ada, f"{place}/messages", text="@Maya Kaur, is <b>the depot</b> late?")
    shown = await two.maya.page("/console/team")
    assert "Team @1 mentions" in shown
    assert "Ada Admin in #Shipping" in shown
    html = (await two.maya.client.get(place)).text
    assert '<span class="called me">@Maya Kaur</span>, is &lt;b&gt;the depot' in html
    assert '<span class="called">@Maya Kaur</span>' in (await two.ada.client.get(place)).text


async def test_a_group_is_begun_with_a_form_and_refused_with_a_sentence(two: Two) -> None:
    fields = {"title": "Late parcels", "members": str(two.maya.known.id), "client_id": str(uuid4())}
    place = await posted(two.ada, "/console/team/groups", **fields)
    assert await posted(two.ada, "/console/team/groups", **fields) == place
    assert "Late parcels" in await two.maya.page("/console/team")
    for path, sent, said in (
        ("groups", {"title": "Alone"}, "Choose at least one colleague"),
        ("channels", {"title": " "}, "A name is needed"),
        ("channels", {"title": "x" * 61}, "at most 60 characters"),
        ("channels", {"title": "support"}, "a channel of this name already"),
    ):
        answer = await two.ada.press(f"/console/team/{path}", **sent)
        assert answer.status_code in {409, 422}
        assert said in answer.text


async def test_a_group_takes_members_in_and_is_given_another_name(
    two: Two, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        jonas = await create_agent(session, "Jonas Lind")
    fields = {"title": "Late parcels", "members": str(two.maya.known.id), "client_id": str(uuid4())}
    place = await posted(two.ada, "/console/team/groups", **fields)
    assert f'value="{jonas.id}"' in (await two.maya.client.get(place)).text
    assert await posted(two.maya, f"{place}/members", members=str(jonas.id)) == place
    shown = await two.ada.page(place)
    assert "3 members" in shown
    assert "Maya Kaur took Jonas Lind in" in shown
    assert await posted(two.maya, f"{place}/name", title="Lost parcels") == place
    assert "Maya Kaur named it Lost parcels" in await two.ada.page(place)
    for path, sent, status, said in (
        (f"{place}/members", {}, 422, "Choose at least one colleague"),
        (f"{place}/members", {"members": str(uuid4())}, 404, "Not found"),
        (f"{place}/name", {"title": ""}, 422, "A name is needed"),
    ):
        answer = await two.ada.press(path, **sent)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
    direct = await posted(two.ada, f"/console/team/with/{two.maya.known.id}")
    assert "Rename" not in await two.ada.page(direct)
    assert (await two.ada.press(f"{direct}/name", title="Ours")).status_code == 409


async def test_joining_leaving_and_muting(two: Two) -> None:
    place = await posted(two.ada, "/console/team/channels", title="Shipping")
    assert "Join" in await two.maya.page(place)
    await posted(two.maya, f"{place}/join")
    assert "Maya Kaur joined" in await two.maya.page(place)
    await posted(two.maya, f"{place}/mute", muted="true")
    await posted(two.ada, f"{place}/messages", text="Depot is late")
    assert "1 unread" not in await two.maya.page("/console/inbox")
    await posted(two.maya, f"{place}/mute", muted="false")
    assert "Team 1 unread" in await two.maya.page("/console/inbox")
    assert await posted(two.maya, f"{place}/leave") == "/console/team"
    direct = await posted(two.ada, f"/console/team/with/{two.maya.known.id}")
    assert (await two.ada.press(f"{direct}/leave")).status_code == 409


async def test_a_message_is_edited_deleted_and_remembered(two: Two, database: Database, org_id: UUID) -> None:
    place = await posted(two.maya, "/console/team/channels", title="Shipping")
    await posted(two.maya, f"{place}/messages", text="Depot is layte")
    (message,) = await messages_of(database, org_id, place)
    at = f"/console/messages/{message.id}"
    form = (await two.maya.client.get(f"{place}?edit={message.id}")).text
    assert f'action="{at}/edit"' in form
    assert f'action="{at}/edit"' not in (await two.ada.client.get(f"{place}?edit={message.id}")).text
    assert await posted(two.maya, f"{at}/edit", text="Depot is late") == place
    html = (await two.ada.client.get(place)).text
    assert '<div class="words" dir="auto">Depot is late</div>' in html
    assert '<p class="aside">edited</p>' in html
    assert (await two.ada.press(f"{at}/edit", text="Mine")).status_code == 403
    assert (await two.maya.client.get(f"{at}/history")).status_code == 403
    assert await posted(two.ada, f"{at}/delete") == place
    shown = await two.maya.page(place)
    assert "This message was deleted" in shown
    assert "Depot" not in shown
    history = await two.ada.page(f"{at}/history")
    assert "Depot is layte until Maya Kaur edited it" in history
    assert "Depot is late until Ada Admin deleted it" in history
    assert (await two.maya.press(f"{at}/edit", text="Back")).status_code == 409


async def messages_of(database: Database, org_id: UUID, place: str) -> list[Message]:
    async with database.transaction(org_id) as session:
        found = await session.scalars(queries.messages(session, UUID(place.rpartition("/")[2])))
        return list(found.all())


async def test_notes_stand_between_what_was_said(two: Two, database: Database, org_id: UUID) -> None:
    talk = await waiting(database, org_id)
    place = f"/console/conversations/{talk.id}"
    assert await posted(two.maya, f"{place}/notes", text="@Ada Admin, the depot again?") == place
    async with database.transaction(org_id) as session:
        await say(session, talk, "Hello?")
    shown = await two.ada.page(place)
    thread = shown[shown.index("Brief") :]
    asked, note, again = (
        thread.index(words) for words in ("Asked for a person", "the depot again", "Hello?")
    )
    assert asked < note < again
    assert "Note by Maya Kaur" in shown
    assert "only the team sees this" in shown
    assert "Maya Kaur in a note" in await two.ada.page("/console/team")
    html = (await two.ada.client.get(place)).text
    assert f'data-unread-to="1" data-read-at="{place}/notes/read"' in html
    assert (await two.ada.client.post(f"{place}/notes/read", data={"seq": "1"})).status_code == 204
    assert "mentions" not in await two.ada.page("/console/team")
    assert (await two.ada.press(f"/console/conversations/{uuid4()}/notes", text="Lost")).status_code == 404


async def test_an_agent_corrects_a_reply_to_a_visitor(two: Two, database: Database, org_id: UUID) -> None:
    talk = await waiting(database, org_id)
    async with database.transaction(org_id) as session:
        await queue.claim(session, talk.id, two.maya.known)
        said, _ = await reply(session, talk.id, two.maya.known, client_id=uuid4(), text="It is in Olso")
    place = f"/console/conversations/{talk.id}"
    await posted(two.maya, f"/console/messages/{said.id}/edit", text="It is in Oslo")
    shown = await two.maya.page(place)
    assert "It is in Oslo" in shown
    assert "Olso" not in shown
    await posted(two.maya, f"/console/messages/{said.id}/delete")
    assert "This message was deleted" in await two.maya.page(place)


async def test_the_support_channel_shows_each_hand_off_as_it_stands(
    two: Two, database: Database, org_id: UUID
) -> None:
    talk = await waiting(database, org_id)
    async with database.transaction(org_id) as session:
        support = await starting.support_channel(session)
    place = f"/console/team/{support.id}"
    shown = await two.maya.page(place)
    assert "asked for a person Where is my parcel? Waiting" in shown
    assert f'href="/console/conversations/{talk.id}"' in (await two.maya.client.get(place)).text
    async with database.transaction(org_id) as session:
        await queue.claim(session, talk.id, two.ada.known)
    assert "Taken by Ada Admin" in await two.maya.page(place)
    assert "Taken by you" in await two.ada.page(place)
    async with database.transaction(org_id) as session:
        await queue.resolve(session, talk.id, two.ada.known)
        await queue.request(session, talk.id, reason="asked for a person")
    shown = await two.maya.page(place)
    assert "Asked again later" in shown
    assert "Waiting" in shown


async def waiting(database: Database, org_id: UUID) -> Talk:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        await say(session, talk, "Where is my parcel?")
        await queue.request(session, talk.id, reason="asked for a person")
        return talk


async def test_a_stream_follows_only_what_the_member_may_see(
    two: Two, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        jonas = await create_agent(session, "Jonas Weber")
        group = await starting.start_group(
            session, jonas, client_id=uuid4(), title="Us", member_ids=[two.ada.known.id]
        )
        await taking_part.write(session, jonas, group.id, client_id=uuid4(), text="Secret")
    for member, status in ((two.ada, 200), (two.maya, 404)):
        request = member.client.build_request("GET", f"/console/live?conversation={group.id}")
        answer = await member.client.send(request, stream=True)
        assert answer.status_code == status
        await answer.aclose()
        assert (await member.client.get(f"/console/team/{group.id}")).status_code == status
