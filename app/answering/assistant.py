"""How an organisation wants its assistant to be, everywhere or on one of its sites."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.answering.models import AssistantSetting
from app.kit.clock import now
from app.kit.db import Transaction, fetch, scope
from app.kit.errors import Invalid
from app.tenancy.members import SignedIn
from ingest.lexical import guess_language, stems

Tone = Literal["plain", "friendly", "formal"]
TONES = get_args(Tone)
# Those in which the assistant's own sentences are known.
LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "ar": "Arabic",
    "ro": "Romanian",
    "tr": "Turkish",
    "vi": "Vietnamese",
    "ru": "Russian",
    "el": "Greek",
    "hi": "Hindi",
    "th": "Thai",
    "zh": "Chinese",
}
MOST_MODEL, MOST_INSTRUCTIONS, MOST_TOPICS, MOST_TOPIC = 200, 2000, 30, 80
HOTTEST = 2.0
# A site's own come first.
HELD = """
    SELECT * FROM assistant_setting WHERE org_id = $1 AND (site_id IS NULL OR site_id = $2) ORDER BY site_id LIMIT 1
"""


@dataclass(frozen=True)
class Assistant:
    """`model` and `temperature` are the endpoint's own where they are not set.

    It answers in the `languages` named, the first of them where it is asked in another one; in any where none is named.
    """

    model: str = ""
    temperature: float | None = None
    tone: Tone = "plain"
    languages: tuple[str, ...] = ()
    instructions: str = ""
    forbidden: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises Invalid for what no assistant can be."""
        if self.tone not in TONES:
            raise Invalid(f"{self.tone!r} is no tone. Choose one of {', '.join(TONES)}.")
        if self.temperature is not None and not 0 <= self.temperature <= HOTTEST:
            raise Invalid(
                f"The temperature is a number from 0 to {HOTTEST:g}; leave it out for the model's own."
            )
        if len(self.model) > MOST_MODEL or len(self.model.split()) > 1:
            raise Invalid(f"A model's name has no spaces and at most {MOST_MODEL} characters.")
        if len(self.instructions) > MOST_INSTRUCTIONS:
            raise Invalid(f"The instructions are too long: at most {MOST_INSTRUCTIONS:,} characters.")
        _check_languages(self.languages)
        _check_topics(self.forbidden)

    @property
    def version(self) -> str:
        """What tells its prompt from that of another; empty where nothing is set."""
        told = repr(astuple(self))
        return "" if self == Assistant() else hashlib.sha256(told.encode()).hexdigest()[:8]

    def speaks(self, language: str) -> str:
        """The language to answer in when asked in `language`."""
        return language if language in self.languages or not self.languages else self.languages[0]

    def forbids(self, question: str) -> str | None:
        """The first of the forbidden topics all of whose words the question has, however they are inflected."""
        likely = guess_language(question)
        return next((topic for topic in self.forbidden if _names(question, topic, likely)), None)


def _names(question: str, topic: str, likely: str | None) -> bool:
    """A topic of a few words seldom tells its language: that of the question counts as well, and English."""
    for language in {likely, guess_language(topic), "en"}:
        words = frozenset(stems(topic, language))
        if words and words <= frozenset(stems(question, language)):
            return True
    return False


@dataclass(frozen=True)
class Held:
    """What holds for a site. `own` is false where those are the organisation's, or nobody's, settings."""

    assistant: Assistant
    own: bool = False
    changed_at: datetime | None = None
    changed_by: str = ""


def _check_languages(languages: Sequence[str]) -> None:
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown:
        raise Invalid(f"The assistant does not speak {unknown[0]!r}. Choose from {', '.join(LANGUAGES)}.")


def _check_topics(topics: Sequence[str]) -> None:
    if len(topics) > MOST_TOPICS:
        raise Invalid(f"At most {MOST_TOPICS} topics can be forbidden.")
    for topic in topics:
        if not topic.strip() or len(topic) > MOST_TOPIC:
            raise Invalid(
                f"A forbidden topic is a few words, at most {MOST_TOPIC} characters: {topic[:40]!r}."
            )
        if not stems(topic, guess_language(topic)):
            raise Invalid(f"{topic!r} has no word that a question could be recognised by. Name the subject.")


async def held(session: Transaction, site_id: UUID | None) -> Held:
    """The site's own settings, else the organisation's, else those of an assistant of which nothing is said."""
    found = await fetch(session, HELD, scope(session), site_id)
    if not found:
        return Held(Assistant())
    row = found[0]
    given = {each.name: row[each.name] for each in fields(Assistant)}
    given |= {"languages": tuple(row["languages"]), "forbidden": tuple(row["forbidden"])}
    return Held(Assistant(**given), row["site_id"] == site_id, row["changed_at"], row["changed_by"])


async def assistant_of(session: Transaction, site_id: UUID | None) -> Assistant:
    return (await held(session, site_id)).assistant


async def set_assistant(
    session: AsyncSession, site_id: UUID | None, *, by: SignedIn | None, **changed: Any
) -> Assistant:
    """Changes some of the settings of a site, or of the organisation; `by` is None for the operator. Raises Invalid.

    Where that changes nothing, a site keeps to the settings of all rather than to a copy of its own.
    """
    found = await held(session, site_id)
    assistant = replace(found.assistant, **changed)
    assistant.check()
    if assistant == found.assistant:
        return assistant
    values = {
        "org_id": scope(session),
        "site_id": site_id,
        **asdict(assistant),
        "languages": list(assistant.languages),
        "forbidden": list(assistant.forbidden),
        "changed_at": now(),
        "changed_by": by.name if by else "the operator",
    }
    statement = insert(AssistantSetting).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["org_id", "site_id"], set_=values))
    return assistant


async def reset_assistant(session: AsyncSession, site_id: UUID | None) -> None:
    """Back to the organisation's settings, or to the defaults."""
    this = AssistantSetting.site_id.is_not_distinct_from(site_id)
    await session.execute(delete(AssistantSetting).where(AssistantSetting.org_id == scope(session), this))
