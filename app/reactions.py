"""One table: what happened -> what happens next. Each reaction runs in the transaction of what it reacts to."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations.happenings import MessagePosted, RetryAsked
from app.kit.db import scope
from app.kit.happenings import Reactions
from app.kit.jobs import enqueue
from app.knowledge.happenings import DocumentChanged
from app.realtime import topics
from app.realtime.bus import signal


async def answer_visitor(session: AsyncSession, posted: MessagePosted) -> None:
    if posted.author_kind == "visitor" and posted.status == "bot":
        payload = {"conversation": str(posted.conversation_id), "message": str(posted.message_id)}
        await enqueue(session, "answering.reply", payload)


async def answer_again(session: AsyncSession, asked: RetryAsked) -> None:
    payload = {"conversation": str(asked.conversation_id), "message": str(asked.trigger_id)}
    await enqueue(session, "answering.reply", payload)


async def show_document(session: AsyncSession, _: DocumentChanged) -> None:
    signal(session, topics.knowledge(scope(session)))


REACTIONS: Reactions = {
    MessagePosted: (answer_visitor,),
    RetryAsked: (answer_again,),
    DocumentChanged: (show_document,),
}
