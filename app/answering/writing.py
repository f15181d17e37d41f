"""The two ways to write an answer from passages: a model does, or the passages are quoted."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from app.answering import llm, paid, prompt
from app.answering.assistant import Assistant
from app.answering.budget import BudgetSpent, Purse
from app.answering.citations import Citations
from app.answering.extractive import Found, quote
from app.answering.failures import ModelError, ModelUnavailable
from app.answering.leaks import Recital
from app.answering.markdown import code_addresses
from app.answering.phrases import phrase
from app.answering.scoring import Measures
from app.answering.searching import Looked, asked_before
from app.answering.steps import Done, Step, Text, Why, sources
from app.answering.support import Statements, numbers, stands
from app.answering.wire import Usage
from app.conversations.asked import Turn
from app.knowledge.search import Passage
from ingest.embed import static_embedder
from ingest.lexical import stems

log = logging.getLogger(__name__)

QUOTED_FROM = 8
# How an answer ends that was not finished: its last statement cannot be judged.
CUT = ("length", "content_filter")
# The longest question that a model may put to the visitor.
ASKED_BACK = 400


@dataclass(frozen=True)
class Task:
    """What is to be answered, from what, in which language, and for whom."""

    question: str
    history: Sequence[Turn]
    passages: list[Passage]
    language: str
    organisation: str
    assistant: Assistant


async def model_writes(
    model: llm.Model, task: Task, why: Why, purse: Purse | None = None
) -> AsyncGenerator[Step]:
    """What the model writes, cleaned and cited. Ends without Done where it said nothing: others may answer then."""
    passages, language, assistant = task.passages, task.language, task.assistant
    model = model.set_to(assistant.model, assistant.temperature)
    why.model, why.prompt_version = model.name, prompt.version(assistant)
    written = partial(
        prompt.build, task.organisation, task.question, task.history, passages, assistant=assistant
    )
    citations = Citations(len(passages), _known_addresses(passages))
    reply = _Reply(citations, task)
    try:
        async with aclosing(_fitting(purse, model, written, why)) as deltas:
            async for delta in deltas:
                if text := reply.take(delta):
                    yield Text(text)
        if rest := reply.close():
            yield Text(rest)
    except Recited:
        why.failure = "The model began to recite its instructions."
        yield Done(phrase("unknown", language), "unknown")
        return
    except BudgetSpent as spent:
        why.failure = str(spent)
        text = phrase("spent", language)
        yield Text(text)
        yield Done(text, "chat", hand_off=str(spent))
        return
    except ModelError as error:
        log.warning("%s", error)
        why.failure = str(error)
        reply.broken = True
    why.model = reply.model or model.name
    why.cited = [number - 1 for number in reply.citations.used]
    why.tokens_in, why.tokens_out = reply.usage.prompt_tokens, reply.usage.completion_tokens
    for step in reply.end():
        yield step


# What of the prompt is sent where the endpoint finds it too long.
SHARES = (1.0, 0.4, 0.15)


async def _fitting(
    purse: Purse | None, model: llm.Model, written: Callable[[float], list[dict[str, str]]], why: Why
) -> AsyncGenerator[llm.Delta]:
    """What the model answers to as much of the prompt as it takes."""
    deadline = llm.deadline_of(model)
    for share in SHARES:
        why.prompt = messages = written(share)
        asked = paid.stream(purse, model, messages, prompt.TOOLS, why, deadline=deadline)
        async with aclosing(asked) as deltas:
            try:
                async for delta in deltas:
                    yield delta
            except ModelUnavailable as error:
                if error.reason != "too_long" or share == SHARES[-1]:
                    raise
                log.warning("A shorter prompt is sent: %s", error)
            else:
                return


def _known_addresses(passages: Sequence[Passage]) -> set[str]:
    """What an answer may contain: the sources' own addresses, and those in their code, which the model has seen."""
    inside = (code_addresses(passage.text) for passage in passages)
    return {passage.url for passage in passages if passage.url}.union(*inside)


class Recited(Exception):
    """The model began to recite its instructions."""


@dataclass
class _Reply:
    """A model's reply as far as it has come."""

    citations: Citations
    task: Task
    text: str = ""
    finish: str = ""
    model: str = ""
    broken: bool = False
    usage: Usage = field(default_factory=Usage)
    calls: dict[str, llm.ToolCall] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.statements = Statements(self._stands, phrase("unsupported", self.task.language))
        self.recital = Recital(prompt.RULES)
        said = (turn.text for turn in self.task.history if turn.role == "user")
        self.asked = "\n".join((*said, self.task.question))

    def take(self, delta: llm.Delta) -> str:
        """What a delta adds to the text."""
        match delta:
            case llm.Text(text):
                return self._add(self.citations.feed(text))
            case llm.ToolCall():
                self.calls[delta.name] = delta
            case llm.Finish(reason, usage, model):
                self.finish, self.usage, self.model = reason, usage or self.usage, model
        return ""

    def close(self) -> str:
        rest = self._add(self.citations.close())
        last = self.statements.close(whole=self.finish not in CUT) + (" …" if self.finish == "length" else "")
        self.text += last
        return rest + last

    def _add(self, clean: str) -> str:
        """What is shown of a cleaned text. Raises Recited; marks would come between the words that tell it."""
        if self.recital.begins_with(clean):
            raise Recited
        shown = self.statements.feed(clean if self.text else clean.lstrip())
        self.text += shown
        return shown

    def _stands(self, statement: str) -> bool:
        """Judged by what it cites; a statement that cites nothing by everything that the model was given."""
        used = self.citations.used
        cited = [used[number - 1] for number in numbers(statement) if 0 < number <= len(used)]
        passages = self.task.passages
        known = [passages[number - 1] for number in cited] or passages
        return stands(statement, [passage.text for passage in known], self.asked)

    def end(self) -> list[Step]:
        language = self.task.language
        cited = sources(self.task.passages, [number - 1 for number in self.citations.used])
        if self.broken or self.finish == "content_filter":
            return [Done(self.text, None, "interrupted", cited)] if self.text else []
        if call := self.calls.get(prompt.HAND_OFF):
            reason = str(call.arguments.get("reason") or "The assistant brought in a person.")[:300]
            return self._spoken(
                phrase("person", language), Done(self.text, "chat", "complete", cited, reason)
            )
        if prompt.DECLINE in self.calls:
            return self._spoken(phrase("forbidden", language), Done(self.text, "chat", "complete", cited))
        if prompt.CANNOT_ANSWER in self.calls:
            return self._spoken(phrase("unknown", language), Done(self.text, "unknown", "complete", cited))
        if asked := self._asked_back():
            return self._spoken(asked, Done(self.text, "chat", "complete", cited))
        return [Done(self.text, "answered", "complete", cited)] if self.text else []

    def _asked_back(self) -> str:
        """The model's own question, made as harmless as its answers are."""
        call = self.calls.get(prompt.ASK_BACK)
        wording = Citations(0)
        asked = wording.feed(str(call.arguments.get("question") or "")[:ASKED_BACK]) if call else ""
        asked = (asked + wording.close()).strip()
        return "" if Recital(prompt.RULES).begins_with(asked) else asked

    def _spoken(self, instead: str, done: Done) -> list[Step]:
        """Nobody is left without a word where the model only called a tool."""
        if done.text:
            return [done]
        return [Text(instead), Done(instead, done.outcome, done.state, done.sources, done.hand_off)]


async def quoted(
    question: str, history: Sequence[Turn], looked: Looked, language: str, why: Why
) -> AsyncGenerator[Step]:
    """The best sentences of the passages, one after another. It is said so where they have just been quoted."""
    asked = asked_before(history)
    found = [
        Found(passage.text, passage.headings, passage.score) for passage in looked.passages[:QUOTED_FROM]
    ]
    measures = Measures(partial(stems, language=language), _similarity, looked.statistics.rarity_of)
    quotation = await asyncio.to_thread(quote, question, asked, found, measures)
    why.cited = quotation.used
    if not quotation.pieces:
        text = phrase("unknown", language)
        yield Text(text)
        yield Done(text, "unknown")
        return
    text = f"{phrase('disagree', language)}\n\n{quotation.text}" if quotation.torn else quotation.text
    if history and history[-1].text.endswith(text) and asked[-1:] != (question,):
        text = f"{phrase('again', language)}\n\n{text}"
    yield Text(text)
    cited = sources(looked.passages, quotation.used, quotation.places)
    yield Done(text, "answered", "complete", cited)


def _similarity(asked: str, texts: Sequence[str]) -> list[float]:
    vectors = static_embedder().embed([asked, *texts])
    return [float(cosine) for cosine in vectors[1:] @ vectors[0]]
