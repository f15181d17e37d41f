"""A visitor's conversations: start, list, look, follow, write, ask for a person."""

from typing import Any
from uuid import UUID, uuid5

import msgspec
from litestar import Controller, Response, get, post, put
from litestar.di import Provide
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from app.conversations import messaging, queries, views
from app.conversations.answers import NothingToRetry, retry_answer, stop_answers
from app.conversations.attachments import AttachmentGone, TooManyAttachments
from app.conversations.feedback import give_feedback
from app.conversations.messaging import (
    Author,
    ConversationClosed,
    ConversationUnknown,
    MessageUnknown,
)
from app.conversations.models import Conversation
from app.conversations.texts import MessageEmpty, MessageTooLong
from app.handoff import queue
from app.handoff.desk import availability
from app.kit.errors import Invalid
from app.visitors.sessions import leave_contact
from app.web.refusals import VISITOR, refusals, repeated
from app.web.runtime import NeedsRuntime, Runtime
from app.web.widget.availability import available
from app.web.widget.identity import NeedsVisit, Visit, provide_visit
from app.web.widget.schemas import (
    Contact,
    ConversationInfo,
    ConversationList,
    Feedback,
    HandoffState,
    MemberName,
    MessageInfo,
    NewConversation,
    NewMessage,
    Read,
    Snapshot,
)


class ConversationDoor(Controller):
    path = "/v1"
    tags = ["Visitor"]
    dependencies = {"visit": Provide(provide_visit)}
    security = [{"visitor": []}]

    @post(
        "/conversations",
        summary="Start a conversation; the same client_id again gives the same one",
        responses=repeated(Snapshot) | refusals(*VISITOR, body=True),
    )
    async def start(
        self,
        visit: NeedsVisit,
        runtime: NeedsRuntime,
        data: JSONBody[NewConversation],
    ) -> Response[Snapshot]:
        conversation, created = await messaging.start_conversation(
            visit.session,
            visitor_id=visit.visitor.id,
            site_id=visit.visitor.site.id,
            client_id=data.client_id,
        )
        body = await _snapshot(visit, runtime, conversation)
        return Response(body, status_code=HTTP_201_CREATED if created else HTTP_200_OK)

    @get(
        "/conversations",
        summary="The visitor's conversations, latest news first",
        responses=refusals(*VISITOR),
    )
    async def list_mine(self, visit: NeedsVisit) -> ConversationList:
        found = (
            await visit.session.scalars(queries.of_visitor(visit.session, visit.visitor.id).limit(50))
        ).all()
        unread = await queries.unread_by_visitor(visit.session, [conversation.id for conversation in found])
        return ConversationList(
            [_info(conversation, unread.get(conversation.id, 0)) for conversation in found]
        )

    @get(
        "/conversations/{conversation_id:uuid}",
        summary="All of a conversation, as of last_seq",
        responses=refusals(*VISITOR, ConversationUnknown),
    )
    async def read_one(
        self,
        visit: NeedsVisit,
        runtime: NeedsRuntime,
        conversation_id: FromPath[UUID],
    ) -> Snapshot:
        return await _snapshot(visit, runtime, await owned(visit, conversation_id))

    @post(
        "/conversations/{conversation_id:uuid}/messages",
        summary="Write; the same client_id again posts nothing",
        responses=repeated(MessageInfo)
        | refusals(
            *VISITOR,
            ConversationUnknown,
            ConversationClosed,
            MessageEmpty,
            MessageTooLong,
            TooManyAttachments,
            AttachmentGone,
            body=True,
        ),
    )
    async def write(
        self,
        visit: NeedsVisit,
        runtime: NeedsRuntime,
        conversation_id: FromPath[UUID],
        data: JSONBody[NewMessage],
    ) -> Response[MessageInfo]:
        runtime.limits.count(f"messages:{visit.visitor.id}", most=30, per_s=60)
        if runtime.ahead:
            runtime.ahead.begin(visit.visitor, conversation_id, data.text)
        author = Author("visitor", visit.visitor.id)
        message, created = await messaging.post(
            visit.session,
            conversation_id,
            author=author,
            client_id=data.client_id,
            text=data.text,
            files=data.attachments,
        )
        body = msgspec.convert(views.message_view(message), MessageInfo)
        return Response(body, status_code=HTTP_201_CREATED if created else HTTP_200_OK)

    @post(
        "/conversations/{conversation_id:uuid}/handoff",
        summary="Ask for a person",
        status_code=HTTP_200_OK,
        responses=refusals(*VISITOR, ConversationUnknown),
    )
    async def ask_for_person(self, visit: NeedsVisit, conversation_id: FromPath[UUID]) -> HandoffState:
        await owned(visit, conversation_id)
        conversation = await queue.request(visit.session, conversation_id, reason="asked for a person")
        assignee = MemberName(conversation.assignee_name) if conversation.assignee_id else None
        there = await availability(visit.session, conversation.site_id)
        return HandoffState(conversation.status, assignee, available(there))

    @post(
        "/conversations/{conversation_id:uuid}/stop",
        summary="Stop the answer",
        responses=refusals(*VISITOR, ConversationUnknown),
        status_code=HTTP_204_NO_CONTENT,
    )
    async def stop(self, visit: NeedsVisit, conversation_id: FromPath[UUID]) -> None:
        await owned(visit, conversation_id)
        await stop_answers(visit.session, conversation_id)

    @put(
        "/conversations/{conversation_id:uuid}/read",
        summary="Read up to seq; beyond the end is the end",
        responses=refusals(*VISITOR, ConversationUnknown, body=True),
        status_code=HTTP_204_NO_CONTENT,
    )
    async def mark_read(
        self, visit: NeedsVisit, conversation_id: FromPath[UUID], data: JSONBody[Read]
    ) -> None:
        await owned(visit, conversation_id)
        await messaging.mark_read(visit.session, conversation_id, side="visitor", seq=data.seq)

    @post(
        "/conversations/{conversation_id:uuid}/contact",
        summary="Leave an address, and a message if there is one, when nobody is there",
        responses=refusals(
            *VISITOR, ConversationUnknown, ConversationClosed, Invalid, MessageEmpty, body=True
        ),
        status_code=HTTP_204_NO_CONTENT,
    )
    async def contact(
        self, visit: NeedsVisit, conversation_id: FromPath[UUID], data: JSONBody[Contact]
    ) -> None:
        await owned(visit, conversation_id)
        await leave_contact(visit.session, visit.visitor.id, email=data.email, name=data.name)
        notice = {"kind": "contact_left", "name": data.email.strip()}
        await messaging.add_notice(visit.session, conversation_id, client_id=data.client_id, notice=notice)
        if data.message is not None:
            # For the people who come back, so the assistant does not answer it.
            reason = "left an address and a message"
            await queue.request(visit.session, conversation_id, reason=reason)
            await messaging.post(
                visit.session,
                conversation_id,
                author=Author("visitor", visit.visitor.id),
                client_id=uuid5(data.client_id, "message"),
                text=data.message,
            )

    @post(
        "/messages/{message_id:uuid}/retry",
        summary="Write an interrupted answer again",
        responses=refusals(*VISITOR, MessageUnknown, NothingToRetry),
        status_code=HTTP_202_ACCEPTED,
    )
    async def retry(self, visit: NeedsVisit, message_id: FromPath[UUID]) -> None:
        await retry_answer(visit.session, message_id, visitor_id=visit.visitor.id)

    @put(
        "/messages/{message_id:uuid}/feedback",
        summary="Thumb up or down",
        status_code=HTTP_204_NO_CONTENT,
        responses=refusals(*VISITOR, MessageUnknown, body=True),
    )
    async def feedback(self, visit: NeedsVisit, message_id: FromPath[UUID], data: JSONBody[Feedback]) -> None:
        await give_feedback(visit.session, message_id, visitor_id=visit.visitor.id, value=data.value)


async def owned(visit: Visit, conversation_id: UUID) -> Conversation:
    """The conversation, if it is this visitor's. Raises ConversationUnknown."""
    conversation = await messaging.get(visit.session, conversation_id)
    if conversation.visitor_id != visit.visitor.id:
        raise ConversationUnknown
    return conversation


async def _snapshot(visit: Visit, runtime: Runtime, conversation: Conversation) -> Snapshot:
    view: dict[str, Any] = await views.snapshot(
        visit.session, conversation, runtime.drafts.of(conversation.id)
    )
    return msgspec.convert(view, Snapshot)


def _info(conversation: Conversation, unread: int) -> ConversationInfo:
    return ConversationInfo(
        id=conversation.id,
        status=conversation.status,
        last_seq=conversation.last_seq,
        unread=unread,
        preview=conversation.preview,
        updated_at=views.moment(conversation.updated_at),
    )
