"""One turn: search → decide → prompt → stream → cite → store, or hand off.

`answer` makes an answer and says what it is doing, step by step; it knows no conversation, so the command line uses
it too. `reply` is the job behind a visitor's message: it delivers those steps into the conversation, for as long as
the conversation is the assistant's to write in.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from uuid import UUID

from app.answering import llm, smalltalk
from app.answering.assistant import Assistant, assistant_of
from app.answering.budget import Purse, purse_of
from app.answering.clarifying import choices, completed
from app.answering.curated import curated
from app.answering.delivery import Delivery
from app.answering.handing import passed_on
from app.answering.language import language_of
from app.answering.loops import looping
from app.answering.markdown import as_written
from app.answering.phrases import OFFERS, Phrase, phrase
from app.answering.record import keep
from app.answering.rewriting import rewritten
from app.answering.searching import Ahead, Looked, asked_before, look, query_of
from app.answering.steps import Done, Outcome, Reading, Searching, Step, Text, Why, pages, sources
from app.answering.writing import Task, model_writes, quoted
from app.config import Settings
from app.conversations.answers import OpenAnswer, begin_answer, finish_answer, still_open
from app.conversations.asked import Turn
from app.handoff import queue
from app.handoff.desk import Desk as DeskRules
from app.handoff.desk import desk_of
from app.handoff.rules import topic_of
from app.kit.db import Database
from app.knowledge import faq
from app.knowledge.embedders import Models, connect_models
from app.knowledge.search import Passage, Query
from app.realtime.drafts import Drafts
from app.tenancy.organisations import organisation_name

log = logging.getLogger(__name__)

WISHED_FOR = "The visitor asked for a person."


@dataclass(frozen=True)
class Context:
    """What jobs are given."""

    settings: Settings
    database: Database
    drafts: Drafts
    ahead: Ahead | None = None

    @cached_property
    def model(self) -> llm.Model | None:
        return llm.connect(self.settings)

    @cached_property
    def models(self) -> Models:
        return connect_models(self.settings)

    def prepare(self) -> None:
        """Makes the model's client, for as long as which nobody would be answered. Other jobs are done without it."""
        try:
            if self.model is not None:
                _ = self.model.client.chat.completions  # is imported when it is first looked at
        except Exception:
            log.exception("The client of the model endpoint cannot be made: answers fail until it can")

    async def close(self) -> None:
        if "model" in self.__dict__ and self.model is not None:
            await self.model.close()
        if "models" in self.__dict__:
            await self.models.close()


@dataclass(frozen=True)
class Desk:
    """Who answers: an organisation, from its documents, in its name, with a model or without."""

    database: Database
    org_id: UUID
    organisation: str
    model: llm.Model | None = None
    purse: Purse | None = None
    models: Models = field(default_factory=Models)
    assistant: Assistant = field(default_factory=Assistant)
    ahead: Callable[[Query], Awaitable[Looked | None]] | None = None


async def reply(
    context: Context, org_id: UUID, conversation_id: UUID, message_id: UUID, opened: OpenAnswer | None = None
) -> None:
    """Answers the visitor's message `message_id`, unless that is no longer wanted; may run twice.

    `opened` is the answer where it was begun with its question.
    """
    if opened is None:
        async with context.database.transaction(org_id) as session:
            opened = await begin_answer(session, conversation_id, trigger_id=message_id)
    if opened is None:
        return
    async with context.database.reading(org_id) as session:
        if not await still_open(session, opened):
            return
        purse = await purse_of(session, context.database, context.settings, conversation_id)
        name = await organisation_name(session)
        assistant = await assistant_of(session, opened.site_id)
        rules = await desk_of(session, opened.site_id)
    ahead = partial(context.ahead.take, conversation_id) if context.ahead else None
    desk = Desk(context.database, org_id, name, context.model, purse, context.models, assistant, ahead)
    why, question = Why(), smalltalk.question_of(opened.asked)
    language = assistant.speaks(_language(question, opened.history, (opened.language or "en")[:2]))
    made = _by_rule(opened, question, rules, language) or answer(desk, question, opened.history, why)
    async with (
        Delivery(context.database, context.drafts, org_id, opened) as delivery,
        aclosing(made) as steps,
    ):
        done = await delivery.of(steps)
        if done is None:
            return
        why.mark("done")
        async with context.database.transaction(org_id) as session:
            done = await passed_on(session, opened, done, rules, language)
            views = [source.view() for source in done.sources]
            outcome, state = done.outcome, done.state
            if await finish_answer(
                session, opened, text=done.text, sources=views, outcome=outcome, state=state
            ):
                await keep(session, opened, why, done)
                if done.hand_off is not None:
                    await queue.request(session, conversation_id, reason=done.hand_off)


def _by_rule(
    opened: OpenAnswer, question: str, rules: DeskRules, language: str
) -> AsyncGenerator[Step] | None:
    """What is said without an answer: to another program, to a file without a word, or where the organisation wants a
    person for a topic.
    """
    if loop := looping(opened.said):
        return _say("loop", language, outcome="chat", hand_off=loop)
    if not question.strip():
        return _say("files", language, outcome="chat")
    if topic := topic_of(question, rules):
        return _say("person", language, outcome="chat", hand_off=f"A question about: {topic}")
    return None


async def answer(
    desk: Desk, question: str, history: Sequence[Turn] = (), why: Why | None = None
) -> AsyncGenerator[Step]:
    """Searching, Reading, Text after Text, and always one Done. `why` is filled with how it came about."""
    why = why or Why()
    language = desk.assistant.speaks(_language(question, history))
    if _takes_up_offer(question, history):
        steps = _talk_back("person", language)
    elif talk := smalltalk.recognise(question):
        steps = _talk_back(talk.kind, desk.assistant.speaks(talk.language or language))
    elif topic := desk.assistant.forbids(question):
        why.forbidden = topic
        steps = _say("forbidden", language, outcome="chat")
    else:
        yield Searching()
        question = completed(question, history)
        looked = await _search(desk, question, history, why)
        passages = looked.passages
        given = curated(question, passages)
        if given is not None:
            yield Reading(1)
            steps = _as_written(desk, passages, given, why)
        elif names := _which(desk, question, history, passages, why):
            steps = _ask_which(names, language)
        elif why.evidence is None or not why.evidence.enough:
            steps = _say("unknown" if passages else "nothing_known", language, outcome="unknown")
        else:
            yield Reading(pages(passages))
            steps = _write(desk, question, history, looked, language, why)
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Text):
                why.mark("first_token")
            yield step


def _which(
    desk: Desk, question: str, history: Sequence[Turn], passages: Sequence[Passage], why: Why
) -> list[str]:
    """What a question may mean that fits several things. Where a model has something to go on, it asks by itself."""
    asks_itself = desk.model is not None and why.evidence is not None and why.evidence.enough
    return [] if asks_itself else choices(question, asked_before(history), passages)


async def _ask_which(names: Sequence[str], language: str) -> AsyncGenerator[Step]:
    listed = ", ".join(names[:-1]) + phrase("or", language) + names[-1]
    text = phrase("which", language).format(choices=listed)
    yield Text(text)
    yield Done(text, "chat")


async def _as_written(desk: Desk, passages: list[Passage], given: int, why: Why) -> AsyncGenerator[Step]:
    async with desk.database.transaction(desk.org_id) as session:
        entry = await faq.entry(session, passages[given].document_id)
    text = f"{as_written(entry.answer if entry else passages[given].text)} [1]"
    why.cited, why.curated = [given], True
    yield Text(text)
    yield Done(text, "answered", sources=sources(passages, [given]))


async def _search(desk: Desk, question: str, history: Sequence[Turn], why: Why) -> Looked:
    asked = query_of(question, history, written=desk.model is not None)
    looked = await desk.ahead(asked) if desk.ahead else None
    if looked is None:
        looked = await look(desk.database, desk.models, desk.org_id, asked)
    if desk.model is not None and curated(question, looked.passages) is None:
        model = desk.model.set_to(desk.assistant.model, None)
        if text := await rewritten(model, question, history, why, desk.purse):
            query = replace(asked, text=text)
            looked = await look(desk.database, desk.models, desk.org_id, query, asked)
    query = looked.query
    why.search_query = {"text": query.text, "history": list(query.history), "notes": list(looked.notes)}
    why.passages, why.evidence = looked.passages, looked.evidence
    why.mark("searched")
    return looked


def _language(question: str, history: Sequence[Turn], otherwise: str = "en") -> str:
    """That of the question; where it is too short to tell, that of the conversation."""
    return language_of(question, default=language_of(" ".join(asked_before(history)), default=otherwise))


async def _write(
    desk: Desk, question: str, history: Sequence[Turn], looked: Looked, language: str, why: Why
) -> AsyncGenerator[Step]:
    if desk.model is not None:
        ended = False
        task = Task(question, history, looked.passages, language, desk.organisation, desk.assistant)
        writing = model_writes(desk.model, task, why, desk.purse)
        async with aclosing(writing):
            async for step in writing:
                ended = ended or isinstance(step, Done)
                yield step
        if ended:
            return
    async with aclosing(quoted(question, history, looked, language, why)) as quoting:
        async for step in quoting:
            yield step


def _takes_up_offer(question: str, history: Sequence[Turn]) -> bool:
    """Whether a person was offered for want of an answer, and the visitor says yes to that."""
    offered = bool(history) and history[-1].role == "assistant" and history[-1].text in OFFERS
    return offered and smalltalk.takes_up(question)


async def _talk_back(kind: smalltalk.Kind, language: str) -> AsyncGenerator[Step]:
    hand_off = WISHED_FOR if kind == "person" else None
    async for step in _say(kind, language, outcome="chat", hand_off=hand_off):
        yield step


async def _say(
    name: Phrase, language: str, *, outcome: Outcome, hand_off: str | None = None
) -> AsyncGenerator[Step]:
    text = phrase(name, language)
    yield Text(text)
    yield Done(text, outcome, hand_off=hand_off)
