"""When people are at the desk, and by which rules a conversation goes to them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.answering.phrases import PHRASES, moment, phrase
from app.answering.turn import Context, reply
from app.conversations import feedback, messaging, queries
from app.conversations.asked import Said
from app.handoff import queue
from app.handoff.brief import kept
from app.handoff.desk import Desk, availability, desk_of, set_desk
from app.handoff.hours import Hours, parse_days, parse_hours, parse_zone
from app.handoff.rules import gives_up, topic_of
from app.kit.clock import now
from app.kit.db import Database
from app.kit.errors import Invalid
from app.tenancy.members import seen
from tests.factories import Talk, create_agent, create_talk, say

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = "Mon-Fri 09:00-17:00, Sat 10:00-14:00"


def _hours(text: str, closed_on: str = "") -> Hours:
    return Hours(parse_hours(text), BERLIN, parse_days(closed_on))


@pytest.mark.parametrize(
    ("moment", "is_open", "opens"),
    [
        ("2026-11-20T15:59+00:00", True, "2026-11-21T10:00"),
        ("2026-11-20T16:00+00:00", False, "2026-11-21T10:00"),
        ("2026-11-21T14:00+00:00", False, "2026-11-23T09:00"),
        ("2026-11-23T07:59+00:00", False, "2026-11-23T09:00"),
        ("2026-11-23T08:00+00:00", True, "2026-11-24T09:00"),
        # In summer Berlin is two hours ahead.
        ("2026-07-06T07:00+00:00", True, "2026-07-07T09:00"),
    ],
)
def test_hours_are_those_of_their_zone(moment: str, is_open: bool, opens: str) -> None:  # noqa: FBT001
    at = datetime.fromisoformat(moment)
    hours = _hours(WEEK)
    assert hours.open_at(at) is is_open
    assert hours.next_opening(at) == datetime.fromisoformat(opens).replace(tzinfo=BERLIN)


def test_days_off_are_passed_over() -> None:
    hours = _hours("Mon-Sun 00:00-24:00", "2026-12-25, 2026-12-26")
    christmas = datetime(2026, 12, 25, 12, tzinfo=BERLIN)
    assert not hours.open_at(christmas)
    assert hours.next_opening(christmas) == datetime(2026, 12, 27, tzinfo=BERLIN)
    assert hours.open_at(datetime(2026, 12, 24, 23, 59, 59, tzinfo=BERLIN))


def test_a_week_may_wrap_around() -> None:
    assert [day for day, _, _ in parse_hours("Sat-Mon 10:00-12:00")] == [0, 5, 6]


@pytest.mark.parametrize(
    "text", ["", "weekdays", "Mon 9-17", "Mon 17:00-09:00", "Mon 09:00-25:00", "Mon-Fri"]
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="Write them like"):
        parse_hours(text)


def test_what_is_no_zone_or_day_is_refused() -> None:
    with pytest.raises(Invalid, match="no time zone"):
        parse_zone("Europe/Nowhere")
    with pytest.raises(Invalid, match="year-month-day"):
        parse_days("25.12.2026")


async def test_a_site_has_its_own_desk_or_that_of_the_organisation(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        talk = await create_talk(session)
        assert await desk_of(session, talk.site.id) == Desk()
        await set_desk(session, None, hours=WEEK, zone="Europe/Berlin")
        await set_desk(session, talk.site.id, topics=("refund",))
        await set_desk(session, None, hours="")
        assert await desk_of(session, talk.site.id) == Desk(WEEK, "Europe/Berlin", topics=("refund",))
        assert (await desk_of(session, None)).opening_hours is None


async def test_availability_knows_who_is_there_and_when(database: Database, org_id: UUID) -> None:
    async with database.transaction(org_id) as session:
        assert vars(await availability(session, None)) == {"online": False, "open": None, "back_at": None}
        tomorrow = (now() + timedelta(days=1)).astimezone(UTC)
        await set_desk(session, None, hours=f"{tomorrow:%a} 09:00-17:00", zone="UTC")
        there = await availability(session, None)
        assert (there.open, there.back_at and there.back_at.date()) == (False, tomorrow.date())
        agent = await create_agent(session)
        await seen(session, agent.id)
        assert (await availability(session, None)).online


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("I want a refund!", "refund"),
        ("Can I get a REFUND  please", "refund"),
        ("refunding is easy", None),
        ("How do I cancel   my contract?", "cancel my contract"),
        ("我想退款可以吗", "退款"),
        ("How do I turn the sound off?", None),
    ],
)
def test_topics_are_words_of_their_own(question: str, topic: str | None) -> None:
    assert topic_of(question, Desk(topics=("refund", "cancel my contract", "退款"))) == topic


@pytest.mark.parametrize(
    ("before", "outcome", "gives"),
    [
        (["unknown"], "unknown", True),
        ([], "unknown", False),
        (["unknown", "answered"], "unknown", False),
        (["answered", "unknown"], "unknown", True),
        (["unknown"], "answered", False),
        (["unknown", "chat"], "unknown", True),
        (["unknown"], "chat", False),
        (["unknown", None], "unknown", True),  # the one between broke off
        ([None], "unknown", False),
    ],
)
def test_two_answers_in_a_row_that_nobody_has(before: list[str | None], outcome: str, gives: bool) -> None:  # noqa: FBT001
    said = [Said("bot", "…", now(), each) for each in before]
    assert gives_up(said, outcome, Desk()) is gives
    assert not gives_up(said, outcome, Desk(after_unknown=0))


async def _ask(context: Context, org_id: UUID, talk: Talk, text: str) -> str:
    async with context.database.transaction(org_id) as session:
        question = await say(session, talk, text)
    await reply(context, org_id, talk.id, question.id)
    async with context.database.transaction(org_id) as session:
        said = (await session.scalars(queries.messages(session, talk.id))).all()
    return [message.text for message in said if message.author_kind == "bot"][-1]


async def _status(context: Context, org_id: UUID, talk: Talk) -> tuple[str, str | None]:
    async with context.database.transaction(org_id) as session:
        conversation = await messaging.get(session, talk.id)
        return conversation.status, conversation.waiting_reason


async def test_after_two_answers_that_it_does_not_have_it_brings_in_a_person(
    context: Context, knowing: UUID
) -> None:
    async with context.database.transaction(knowing) as session:
        talk = await create_talk(session)
    first = await _ask(context, knowing, talk, "Who won the chess world championship in 1972?")
    assert first == phrase("unknown", "en")
    assert await _status(context, knowing, talk) == ("bot", None)
    second = await _ask(context, knowing, talk, "Who painted the Mona Lisa in Florence?")
    assert second == "\n\n".join(phrase(name, "en") for name in ("unknown", "person", "away"))
    assert (await _status(context, knowing, talk))[0] == "waiting"


async def test_a_topic_of_the_organisation_goes_to_a_person_and_says_when_somebody_is_there(
    context: Context, org_id: UUID
) -> None:
    tomorrow = now().astimezone(UTC) + timedelta(days=1)
    async with context.database.transaction(org_id) as session:
        talk = await create_talk(session)
        await set_desk(session, None, topics=("Rückerstattung",), hours=f"{tomorrow:%a} 09:00-17:00")
    said = await _ask(context, org_id, talk, "Ich möchte eine Rückerstattung, bitte.")
    opens = moment(tomorrow.replace(hour=9, minute=0), "de")
    assert said.startswith(phrase("person", "de"))
    assert said.endswith(f"{phrase('away', 'de')} Wir sind wieder da ab {opens} (UTC).")
    assert await _status(context, org_id, talk) == ("waiting", "A question about: Rückerstattung")


async def test_when_somebody_is_there_nobody_is_told_otherwise(context: Context, org_id: UUID) -> None:
    async with context.database.transaction(org_id) as session:
        talk = await create_talk(session)
        await seen(session, (await create_agent(session)).id)
    assert await _ask(context, org_id, talk, "Can I talk to a human?") == phrase("person", "en")


async def test_answers_that_were_found_unhelpful_bring_in_a_person(context: Context, knowing: UUID) -> None:
    async with context.database.transaction(knowing) as session:
        talk = await create_talk(session)
    for number in range(2):
        assert await _status(context, knowing, talk) == ("bot", None)
        await _ask(context, knowing, talk, f"How do I turn the sound off, {number}?")
        async with context.database.transaction(knowing) as session:
            said = (await session.scalars(queries.messages(session, talk.id))).all()
            await feedback.give_feedback(session, said[-1].id, visitor_id=talk.visitor.id, value="down")
    assert (await _status(context, knowing, talk))[0] == "waiting"


async def test_a_hand_off_keeps_its_brief(context: Context, knowing: UUID) -> None:
    async with context.database.transaction(knowing) as session:
        talk = await create_talk(session)
    await _ask(context, knowing, talk, "How do I turn the sound off?")
    await _ask(context, knowing, talk, "Who won the chess world championship in 1972?")
    async with context.database.transaction(knowing) as session:
        conversation = await queue.request(session, talk.id, reason="asked for a person")
        brief = (await kept(session, conversation))[0].brief
    assert brief["reason"] == "Asked for a person"
    assert brief["asked"][0] == "How do I turn the sound off?"
    assert brief["question"] == "Who won the chess world championship in 1972?"
    assert (brief["unanswered"], len(brief["read"]) > 0) == (1, True)
    assert brief["contact"] is None


def test_the_assistant_can_say_it_in_every_language_that_it_hears() -> None:
    spoken = set(PHRASES["person"])
    for name in ("unknown", "spent", "loop", "away", "back", "files"):
        assert set(PHRASES[name]) == spoken
