"""Why an answer says what it says: what was searched, found, decided, asked of the model, and what it cost."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from app.answering.models import Answer
from app.answering.record import record_of
from app.conversations.inbox import counts
from app.web.console.identity import AnyRequest, NeedsDesk
from app.web.console.pages import desk_page

MICROS = 1_000_000
OUTCOMES = {
    "answered": "Answered",
    "unknown": "Not known",
    "chat": "Small talk or hand-off",
    None: "Interrupted",
}
FEATURES: Mapping[str, str] = {
    "meaning": "The best sentence is like the question in meaning",
    "wording": "The best sentence is like the question in wording",
    "covered": "One passage holds the question's words",
    "continues": "What was found is like the answer before",
    "confirms": "A follow-up that asks for yes or no, which speaks against it",
    "strength": "The best passage holds the question's words",
    "held": "One passage holds what the question is written with",
}
MOMENTS: Mapping[str, str] = {"searched": "Searched", "first_token": "First word", "done": "Done"}


@get("/answers/{message_id:uuid}")
async def why_page(request: AnyRequest, desk: NeedsDesk, message_id: FromPath[UUID]) -> Template:
    answer = await record_of(desk.session, message_id)
    return await desk_page(
        request,
        desk,
        "why.html",
        await counts(desk.session, desk.member.id),
        address=f"/console/answers/{message_id}",
        place="inbox",
        answer=answer,
        facts=_facts(answer),
        features=[(FEATURES.get(name, name), value) for name, value in _features(answer).items()],
        threshold=answer.decision.get("threshold"),
    )


def _facts(answer: Answer) -> list[tuple[str, str]]:
    """What there is to say in a word or two, each with its name."""
    in_order = sorted(answer.timings.items(), key=lambda moment: moment[1])
    timings = ", ".join(f"{MOMENTS.get(at, at)} {ms} ms" for at, ms in in_order)
    told = [
        ("Outcome", OUTCOMES.get(answer.outcome, str(answer.outcome))),
        ("Written by", _author(answer)),
        ("Prompt", answer.prompt_version),
        ("Tokens", _tokens(answer)),
        ("Cost", f"{answer.cost_micros / MICROS:.6f}" if answer.cost_micros is not None else None),
        ("Timings", timings),
        ("Search", " ".join(answer.search_query.get("notes", ()))),
        ("Trouble", answer.failure),
    ]
    return [(name, value) for name, value in told if value]


def _author(answer: Answer) -> str:
    if answer.decision.get("kind") == "curated":
        return "the organisation: an entry of its questions and answers, as it stands"
    return answer.model or "quoted from the documents, without a model"


def _tokens(answer: Answer) -> str | None:
    return f"{answer.tokens_in} in, {answer.tokens_out} out" if answer.tokens_in is not None else None


def _features(answer: Answer) -> dict[str, Any]:
    return dict(answer.decision.get("features", {}))


handlers: list[ControllerRouterHandler] = [why_page]
