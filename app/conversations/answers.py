"""An answer as the messaging core sees it: begun, checkpointed, finished, each only while it may still write.

It may write while the conversation is the bot's (same ownership epoch), while it is the latest attempt, and while no
newer question has begun its turn. Where one of these no longer holds the verb says so, and the writer stops.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.conversations import queries
from app.conversations.asked import Said, Turn, asked_in, history_in, latest_question, said_in
from app.conversations.feedback import visitors_answer
from app.conversations.happenings import RetryAsked
from app.conversations.inbox import visitor_of
from app.conversations.log import add_message, log_event, show_in_list
from app.conversations.messaging import BOT, hold_text, interrupt, lock
from app.conversations.models import Conversation, Message
from app.conversations.views import message_view
from app.kit.db import Transaction, fetch, scope
from app.kit.errors import Conflict
from app.kit.happenings import record

OPEN = """
    org_id = $1 AND id = $5 AND attempt = $6 AND state = 'streaming' AND EXISTS (
        SELECT FROM conversation WHERE org_id = $1 AND id = $2 AND ownership_epoch = $3 AND turn_seq = $4
    )
"""
STILL_OPEN = f"SELECT FROM message WHERE {OPEN}"
CHECKPOINT = f"UPDATE message SET text = $7 WHERE {OPEN} RETURNING id"  # noqa: S608


class NothingToRetry(Conflict):
    """Only an interrupted answer, and only the latest one, can be written again."""

    code = "nothing_to_retry"
    title = "Nothing to retry"


@dataclass(frozen=True)
class OpenAnswer:
    """An answer that has begun: what to answer, and what its writes are checked against.

    `asked` are the visitor's messages that it answers, oldest first; `question` is all of them. `said` is everything
    since the conversation last changed hands. `language` is that of the visitor's widget, told where they sent files
    without a word.
    """

    conversation_id: UUID
    message_id: UUID
    attempt: int
    epoch: int
    turn_seq: int
    asked: tuple[str, ...]
    history: tuple[Turn, ...]
    said: tuple[Said, ...] = ()
    site_id: UUID | None = None
    language: str | None = None

    @property
    def question(self) -> str:
        return "\n".join(self.asked)

    @property
    def standing(self) -> tuple[UUID, int, int, UUID, int]:
        """What has to hold for it to be written."""
        return self.conversation_id, self.epoch, self.turn_seq, self.message_id, self.attempt


async def begin_answer(
    session: AsyncSession, conversation_id: UUID, *, trigger_id: UUID, held: bool = False
) -> OpenAnswer | None:
    """Begins the answer to the visitor's message `trigger_id`, or begins it again after its writer died.

    None where there is nothing to write: the bot does not own the conversation, a newer question waits, or the
    answer is there. An answer still open to an earlier question is withdrawn: this one answers both. `held`: this
    transaction has the conversation's lock, and has read it since.
    """
    if held:
        conversation = await session.get_one(Conversation, conversation_id)
    else:
        conversation = await lock(session, conversation_id)
    found = (await session.scalars(queries.messages(session, conversation_id))).all()
    trigger = next((message for message in found if message.id == trigger_id), None)
    if conversation.status != "bot" or trigger is None or trigger.deleted_at:
        return None
    if trigger.seq < latest_question(found):
        return None
    answer = next((message for message in found if message.client_id == answer_key(trigger_id)), None)
    if answer is not None and answer.state != "streaming":
        return None
    for message in found:
        if message.state == "streaming" and message is not answer:
            await _withdraw(session, conversation, message)
    asked = asked_in(found, trigger, answer)
    answer = await _open(session, conversation, trigger, answer)
    return OpenAnswer(
        conversation_id=conversation.id,
        message_id=answer.id,
        attempt=answer.attempt,
        epoch=conversation.ownership_epoch,
        turn_seq=trigger.seq,
        asked=tuple(message.text for message in asked),
        history=history_in(found, before=asked[0].seq),
        said=said_in(found, answer),
        site_id=conversation.site_id,
        language=None if trigger.text else (await visitor_of(session, conversation)).language,
    )


async def _withdraw(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Ends an answer in flight without a word of it: another one takes its place. The caller holds the lock."""
    await hold_text(session, message)
    message.state, message.text = "interrupted", ""
    await log_event(session, conversation, "message.updated", message_view(message))


async def _open(
    session: AsyncSession, conversation: Conversation, trigger: Message, answer: Message | None
) -> Message:
    if answer is not None:
        await hold_text(session, answer)
        conversation.turn_seq = trigger.seq
        answer.attempt += 1
        answer.text = ""
        answer.sources = []
        await log_event(session, conversation, "message.updated", message_view(answer))
        return answer
    answer = Message(
        conversation_id=conversation.id,
        client_id=answer_key(trigger.id),
        author_kind=BOT.kind,
        author_name=BOT.name,
        text="",
        state="streaming",
        answers_seq=trigger.seq,
    )
    await add_message(session, conversation, answer)
    return answer


def answer_key(trigger_id: UUID) -> UUID:
    """The `client_id` of the answer to a message: one question, one answer, however often the job runs."""
    return uuid5(trigger_id, "answer")


async def still_open(session: Transaction, answer: OpenAnswer) -> bool:
    """Whether this answer may be written."""
    return bool(await fetch(session, STILL_OPEN, scope(session), *answer.standing))


async def checkpoint(session: Transaction, answer: OpenAnswer, text: str) -> bool:
    """Stores the text so far; False when this answer may no longer write."""
    return bool(await fetch(session, CHECKPOINT, scope(session), *answer.standing, text))


async def finish_answer(
    session: AsyncSession,
    answer: OpenAnswer,
    *,
    text: str,
    sources: list[dict[str, Any]],
    outcome: str | None,
    state: str = "complete",
) -> bool:
    """Ends the answer as `complete` or `interrupted`; False when it may no longer write."""
    conversation = await lock(session, answer.conversation_id)
    message = await session.get_one(Message, answer.message_id, populate_existing=True)
    mine = (conversation.ownership_epoch, conversation.turn_seq) == (answer.epoch, answer.turn_seq)
    if not mine or message.state != "streaming" or message.attempt != answer.attempt:
        return False
    message.text = text
    message.sources = sources
    message.outcome = outcome
    message.state = state
    if text:
        show_in_list(conversation, message)
    await log_event(session, conversation, "message.updated", message_view(message))
    return True


async def give_up_answer(session: AsyncSession, conversation_id: UUID, *, trigger_id: UUID) -> None:
    """Nobody writes the answer to `trigger_id` any more: it ends as interrupted, and can be asked for again."""
    conversation = await lock(session, conversation_id)
    found = (await session.scalars(queries.messages(session, conversation_id))).all()
    answer = next((message for message in found if message.client_id == answer_key(trigger_id)), None)
    trigger = next((message for message in found if message.id == trigger_id), None)
    if answer is None and trigger is not None and conversation.status == "bot":
        if trigger.seq < latest_question(found):
            return
        begun = await _open(session, conversation, trigger, None)
        answer = await session.get_one(Message, begun.id)
    if answer is not None and answer.state == "streaming":
        await interrupt(session, conversation, answer)


async def stop_answers(session: AsyncSession, conversation_id: UUID) -> None:
    """The visitor has read enough: answers in flight end as interrupted, with the text that is stored of them."""
    conversation = await lock(session, conversation_id)
    for message in (await session.scalars(queries.streaming(session, conversation_id))).all():
        await interrupt(session, conversation, message)


async def retry_answer(session: AsyncSession, message_id: UUID, *, visitor_id: UUID) -> None:
    """Writes an interrupted answer again, in place. Raises NothingToRetry."""
    message, conversation = await visitors_answer(session, message_id, visitor_id)
    found = (await session.scalars(queries.messages(session, conversation.id))).all()
    if message.state == "streaming":
        return
    latest = message.answers_seq is not None and message.answers_seq >= latest_question(found)
    if message.state != "interrupted" or not latest or conversation.status != "bot":
        raise NothingToRetry
    trigger = next(said for said in found if said.seq == message.answers_seq)
    message.state = "streaming"
    message.text = ""
    message.attempt += 1
    await log_event(session, conversation, "message.updated", message_view(message))
    await record(session, RetryAsked(conversation.id, trigger.id))
