"""Settings: how the assistant is, when people are at the desk, and what answers may cost. Admins change them.

Each holds for all sites, or for one (`?site=KEY`) that has been given its own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar import Controller, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ControllerRouterHandler

from app.answering import allowances
from app.answering.assistant import (
    HOTTEST,
    LANGUAGES,
    MOST_INSTRUCTIONS,
    TONES,
    held,
    reset_assistant,
    set_assistant,
)
from app.answering.budget import Amount, used_now
from app.conversations.inbox import counts
from app.handoff.desk import MOST_TIMES, availability, desk_of, has_own_desk, reset_desk, set_desk
from app.kit.errors import Invalid
from app.tenancy.models import Site
from app.tenancy.organisations import MOST_GREETING, set_greeting, site_of_key, sites
from app.web.console.identity import AnyRequest, Desk, NeedsDesk, check_admin
from app.web.console.pages import desk_page
from app.web.runtime import NeedsRuntime

HOME = "/console/settings"
MEASURES = ("requests", "tokens", "money")


class AssistantForm(msgspec.Struct):
    """`forbidden` holds a topic in a line. Of boxes, only the ticked ones are sent."""

    model: str = ""
    temperature: str = ""
    tone: str = "plain"
    languages: list[str] | str = msgspec.field(default_factory=list)
    first: str = ""
    instructions: str = ""
    forbidden: str = ""
    greeting: str | None = None

    def changed(self) -> dict[str, Any]:
        spoken = [self.languages] if isinstance(self.languages, str) else self.languages
        return {
            "model": self.model.strip(),
            "temperature": _number(self.temperature),
            "tone": self.tone,
            "languages": tuple(sorted(spoken, key=lambda language: language != self.first)),
            "instructions": self.instructions.strip(),
            "forbidden": tuple(_lines(self.forbidden)),
        }


class DeskForm(msgspec.Struct):
    hours: str = ""
    zone: str = "UTC"
    closed_on: str = ""
    topics: str = ""
    after_unknown: int = 0
    after_thumbs_down: int = 0

    def changed(self) -> dict[str, Any]:
        return {
            "hours": self.hours.strip(),
            "zone": self.zone.strip() or "UTC",
            "closed_on": self.closed_on.strip(),
            "topics": tuple(_lines(self.topics)),
            "after_unknown": self.after_unknown,
            "after_thumbs_down": self.after_thumbs_down,
        }


class BudgetForm(msgspec.Struct):
    """Each is a budget in words; empty for what the operator, or the organisation, allows."""

    organisation: str = ""
    site: str = ""
    address: str = ""
    visitor: str = ""


AssistantFields = Annotated[AssistantForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
DeskFields = Annotated[DeskForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
BudgetFields = Annotated[BudgetForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@dataclass(frozen=True)
class Budget:
    """A payer's line of the form: what is set here, what holds otherwise, and what of it is used, in words."""

    kind: allowances.Kind
    own: str
    otherwise: str
    used: str = ""


@get("/settings")
async def settings_home(desk: NeedsDesk) -> Redirect:  # noqa: ARG001 (strangers are shown the way in)
    return Redirect(f"{HOME}/assistant", status_code=HTTP_303_SEE_OTHER)


class AssistantDoor(Controller):
    path = "/settings/assistant"

    @get("/")
    async def read(
        self, request: AnyRequest, desk: NeedsDesk, runtime: NeedsRuntime, site: FromQuery[str] = ""
    ) -> Template:
        chosen = await _site(desk, site)
        found = await held(desk.session, chosen.id if chosen else None)
        return await _page(
            request,
            desk,
            "assistant",
            chosen,
            shown=found,
            held=found,
            own=found.own,
            names=LANGUAGES,
            tones=TONES,
            hottest=HOTTEST,
            most_instructions=MOST_INSTRUCTIONS,
            most_greeting=MOST_GREETING,
            endpoint=runtime.settings.openai_model if runtime.settings.has_model else None,
        )

    @post("/")
    async def change(self, desk: NeedsDesk, data: AssistantFields, site: FromQuery[str] = "") -> Redirect:
        check_admin(desk.member)
        chosen = await _site(desk, site)
        await set_assistant(desk.session, chosen.id if chosen else None, by=desk.member, **data.changed())
        if chosen and data.greeting is not None:
            await set_greeting(desk.session, chosen, data.greeting)
        return _saved("assistant", site)

    @post("/reset")
    async def reset(self, desk: NeedsDesk, site: FromQuery[str] = "") -> Redirect:
        check_admin(desk.member)
        chosen = await _site(desk, site)
        await reset_assistant(desk.session, chosen.id if chosen else None)
        return _saved("assistant", site)


class HoursDoor(Controller):
    path = "/settings/desk"

    @get("/")
    async def read(self, request: AnyRequest, desk: NeedsDesk, site: FromQuery[str] = "") -> Template:
        chosen = await _site(desk, site)
        site_id = chosen.id if chosen else None
        rules = await desk_of(desk.session, site_id)
        return await _page(
            request,
            desk,
            "desk",
            chosen,
            shown=rules,
            rules=rules,
            there=await availability(desk.session, site_id),
            own=await has_own_desk(desk.session, site_id),
            most_times=MOST_TIMES,
        )

    @post("/")
    async def change(self, desk: NeedsDesk, data: DeskFields, site: FromQuery[str] = "") -> Redirect:
        check_admin(desk.member)
        chosen = await _site(desk, site)
        await set_desk(desk.session, chosen.id if chosen else None, **data.changed())
        return _saved("desk", site)

    @post("/reset")
    async def reset(self, desk: NeedsDesk, site: FromQuery[str] = "") -> Redirect:
        check_admin(desk.member)
        chosen = await _site(desk, site)
        await reset_desk(desk.session, chosen.id if chosen else None)
        return _saved("desk", site)


class BudgetDoor(Controller):
    path = "/settings/budgets"

    @get("/")
    async def read(
        self, request: AnyRequest, desk: NeedsDesk, runtime: NeedsRuntime, site: FromQuery[str] = ""
    ) -> Template:
        chosen = await _site(desk, site)
        limits, used = await allowances.limits_set(desk.session), await used_now(desk.session)
        site_id = chosen.id if chosen else None

        def line(kind: allowances.Kind) -> Budget:
            own = limits.get((kind, site_id), "")
            others = {key: text for key, text in limits.items() if key != (kind, site_id)}
            subject = {"organisation": str(desk.member.org_id), "site": str(site_id)}.get(kind, "")
            spent = {each: used.get(((kind, subject), each), Amount()) for each in ("day", "month")}
            return Budget(
                kind, own, allowances.allowed(others, runtime.settings, kind, site_id), _used(spent)
            )

        kinds = [kind for kind in allowances.KINDS if chosen is None or kind != "organisation"][::-1]
        lines = [line(kind) for kind in kinds]
        own = [each.own for each in lines]
        return await _page(request, desk, "budgets", chosen, shown=own, budgets=lines, own=False)

    @post("/")
    async def change(self, desk: NeedsDesk, data: BudgetFields, site: FromQuery[str] = "") -> Redirect:
        check_admin(desk.member)
        chosen = await _site(desk, site)
        site_id = chosen.id if chosen else None
        for kind in allowances.KINDS:
            text = getattr(data, kind).strip()
            if text:
                await allowances.set_limit(desk.session, kind, text, site_id=site_id)
            else:
                await allowances.reset_limit(desk.session, kind, site_id=site_id)
        return _saved("budgets", site)


async def _site(desk: Desk, key: str) -> Site | None:
    return await site_of_key(desk.session, key) if key else None


async def _page(
    request: AnyRequest, desk: Desk, part: str, chosen: Site | None, *, shown: object, **context: Any
) -> Template:
    """`shown` is what the form holds: with other settings it is another form, which takes the place of the first."""
    every: Sequence[Site] = await sites(desk.session)
    query = f"?{urlencode({'site': chosen.key})}" if chosen else ""
    return await desk_page(
        request,
        desk,
        f"settings_{part}.html",
        await counts(desk.session, desk.member.id),
        address=f"{HOME}/{part}{query}",
        part=part,
        place="settings",
        sites=every,
        chosen=chosen,
        query=query,
        stamp=hashlib.sha256(repr((chosen and chosen.greeting, shown)).encode()).hexdigest()[:8],
        saved="saved" in request.query_params,
        **context,
    )


def _saved(part: str, site: str) -> Redirect:
    query = urlencode({"site": site, "saved": "1"} if site else {"saved": "1"})
    return Redirect(f"{HOME}/{part}?{query}", status_code=HTTP_303_SEE_OTHER)


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line for each in text.splitlines() if (line := " ".join(each.split()))))


def _number(text: str) -> float | None:
    """A number as people write it, also with a comma; None where nothing is written. Raises Invalid."""
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as error:
        raise Invalid(f"{text!r} is no number. The temperature is one from 0 to {HOTTEST:g}.") from error


def _used(spent: dict[str, Amount]) -> str:
    """What was used of the day and the month, as far as it was anything."""
    said = [
        f"{spent[period].of(measure):,.10g} {measure} {when}"
        for period, when in (("day", "today"), ("month", "this month"))
        for measure in MEASURES
        if spent[period].of(measure)
    ]
    return ", ".join(said)


handlers: list[ControllerRouterHandler] = [settings_home, AssistantDoor, HoursDoor, BudgetDoor]
