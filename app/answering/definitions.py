"""Questions for what something is, which are best answered by the sentence that says so."""

import re

# What is X? in the languages of the phrases that take no inflection of X.
_ASKED = re.compile(
    r"^\W*(?:what(?:'s| is| are)|who(?:'s| is| are)|was (?:ist|sind)|wer (?:ist|sind)|qu'est-ce que?(?: c'est que)?"
    r"|c'est quoi|qui est|qué (?:es|son)|quién es|what does)\s+"
    r"(?:(?:a|an|the|ein|eine|der|die|das|un|une|le|la|el)\s+)?"
    r"(?P<what>[^?!.,;:]{2,60}?)(?:\s+(?:do|mean))?\W*$",
    re.IGNORECASE,
)
_ARTICLE = r"\W*(?:(?:a|an|the|ein|eine|der|die|das|un|une|le|la|el)\s+)?"
_LISTED = r"[`*]*(?:\s\([^\n]*?\))?:(?=\s)"
_COPULA = r"\s+(?:is|are|means|does|ist|sind|bedeutet|est|sont|signifie|es|son|significa)\b"


def defining(question: str) -> re.Pattern[str] | None:
    """What the beginning of a text looks like that answers `question`: "X is …", or "X: …" in a list or a table.

    None where the question asks something else.
    """
    asked = _ASKED.match(question)
    if asked is None:
        return None
    words = r"\s+".join(re.escape(word) for word in asked["what"].split())
    return re.compile(rf"^(?:{_ARTICLE}{words}{_COPULA}|\W*(?:[\w-]+\s)?{words}{_LISTED})", re.IGNORECASE)
