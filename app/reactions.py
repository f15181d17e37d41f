"""One table: what happened -> what happens next. Each reaction runs in the transaction of what it reacts to."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.answers import begin_answer
from app.conversations.happenings import (
    FeedbackGiven,
    MessagePosted,
    PersonWanted,
    RetryAsked,
    VisitorErased,
)
from app.handoff import absence
from app.handoff.brief import SUMMARY_JOB
from app.handoff.happenings import PersonTookOver
from app.handoff.rules import after_feedback
from app.kit.begun import begin, room_here
from app.kit.db import scope
from app.kit.happenings import Reactions
from app.kit.jobs import enqueue
from app.knowledge.happenings import DocumentChanged, SourceChanged
from app.realtime import topics
from app.realtime.bus import signal
from app.staff.starting import support_channel
from app.staff.support import enter, forget, post_card
from app.tenancy.happenings import MemberAdded, OrganisationCreated


async def answer_visitor(session: AsyncSession, posted: MessagePosted) -> None:
    """Where this process writes the answer, it begins with the question: it is all there for who reads either."""
    if posted.author_kind != "visitor" or posted.status != "bot":
        return
    opened = None
    if room_here(session):
        asked = posted.message_id
        opened = await begin_answer(session, posted.conversation_id, trigger_id=asked, held=True)
    payload = {"conversation": str(posted.conversation_id), "message": str(posted.message_id)}
    await begin(session, "answering.reply", payload, opened=opened)


async def look_after_agent(session: AsyncSession, posted: MessagePosted) -> None:
    if posted.author_kind == "visitor" and posted.status == "human":
        await absence.look_after(session, posted.conversation_id, news=posted.message_id)


async def look_after_new_agent(session: AsyncSession, taken: PersonTookOver) -> None:
    await absence.look_after(session, taken.conversation_id)


async def answer_again(session: AsyncSession, asked: RetryAsked) -> None:
    payload = {"conversation": str(asked.conversation_id), "message": str(asked.trigger_id)}
    await begin(session, "answering.reply", payload)


async def show_knowledge(session: AsyncSession, _: DocumentChanged | SourceChanged) -> None:
    signal(session, topics.knowledge(scope(session)))


async def show_in_support(session: AsyncSession, wanted: PersonWanted) -> None:
    await post_card(session, wanted)


async def sum_up(session: AsyncSession, wanted: PersonWanted) -> None:
    await enqueue(session, SUMMARY_JOB, {"conversation": str(wanted.conversation_id)})


async def forget_in_support(session: AsyncSession, erased: VisitorErased) -> None:
    await forget(session, erased.conversation_ids)


async def open_support(session: AsyncSession, _: OrganisationCreated) -> None:
    await support_channel(session)


async def enter_support(session: AsyncSession, added: MemberAdded) -> None:
    await enter(session, added.member_id)


REACTIONS: Reactions = {
    MessagePosted: (answer_visitor, look_after_agent),
    PersonTookOver: (look_after_new_agent,),
    RetryAsked: (answer_again,),
    PersonWanted: (show_in_support, sum_up),
    VisitorErased: (forget_in_support,),
    OrganisationCreated: (open_support,),
    MemberAdded: (enter_support,),
    FeedbackGiven: (after_feedback,),
    DocumentChanged: (show_knowledge,),
    SourceChanged: (show_knowledge,),
}
