"""What the assistant says when it brings in a person: by the desk's rules, and whether anybody is there."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.phrases import moment, phrase
from app.answering.steps import Done
from app.conversations.answers import OpenAnswer
from app.handoff.desk import Availability, Desk, availability
from app.handoff.rules import gives_up


async def passed_on(session: AsyncSession, opened: OpenAnswer, done: Done, desk: Desk, language: str) -> Done:
    """The end of an answer as it is stored: with a person asked for where there was one "I don't know" too many, or
    where it broke off once more after it was tried again, and with what to do where nobody is there.
    """
    if done.hand_off is None and (reason := _in_vain(opened, done, desk)):
        text = f"{done.text}\n\n{phrase('person', language)}".lstrip()
        done = replace(done, text=text, hand_off=reason)
    if done.hand_off is None:
        return done
    there = await availability(session, opened.site_id)
    return done if there.online else replace(done, text=f"{done.text}\n\n{_away(there, desk, language)}")


def _in_vain(opened: OpenAnswer, done: Done, desk: Desk) -> str:
    """Why a person is to go on; empty where the assistant does."""
    if gives_up(opened.said, done.outcome, desk):
        return f"The assistant found no answer {desk.after_unknown} times in a row."
    broke_off = done.state == "interrupted" and opened.attempt > 1
    return "The assistant's answer broke off, and did so again." if broke_off and desk.after_unknown else ""


def _away(there: Availability, desk: Desk, language: str) -> str:
    """Promises nothing but what the opening hours say."""
    away = phrase("away", language)
    if there.back_at is None:
        return away
    when = f"{moment(there.back_at, language)} ({desk.zone})"
    return f"{away} {phrase('back', language).format(when=when)}"
