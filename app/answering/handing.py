"""What the assistant says when it brings in a person: by the desk's rules, and whether anybody is there."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.phrases import moment, phrase
from app.answering.steps import Done
from app.conversations.answers import OpenAnswer
from app.handoff.desk import Availability, Desk, availability
from app.handoff.rules import gives_up


async def passed_on(session: AsyncSession, opened: OpenAnswer, done: Done, desk: Desk, language: str) -> Done:
    """The end of an answer as it is stored: with a person asked for where there was one "I don't know" too many, and
    with what to do where nobody is there.
    """
    if done.hand_off is None and gives_up(opened.said, done.outcome, desk):
        reason = f"The assistant found no answer {desk.after_unknown} times in a row."
        done = replace(done, text=f"{done.text}\n\n{phrase('person', language)}", hand_off=reason)
    if done.hand_off is None:
        return done
    there = await availability(session, opened.site_id)
    return done if there.online else replace(done, text=f"{done.text}\n\n{_away(there, desk, language)}")


def _away(there: Availability, desk: Desk, language: str) -> str:
    """Promises nothing but what the opening hours say."""
    away = phrase("away", language)
    if there.back_at is None:
        return away
    when = f"{moment(there.back_at, language)} ({desk.zone})"
    return f"{away} {phrase('back', language).format(when=when)}"
