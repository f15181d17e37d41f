"""HTML within markdown: its tags lead elsewhere or do something, and no answer needs them."""

import re

from lxml.html.defs import tags as html_elements

ELEMENTS = frozenset(html_elements) | {
    "animate",
    "frame",
    "image",
    "main",
    "picture",
    "portal",
    "set",
    "template",
    "use",
}
# Whose content is nothing to read.
HIDING = ("script", "style", "svg", "iframe", "object", "template", "math", "textarea")
NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
ADDRESS = re.compile(r"<(?:https?|mailto|ftp):[^<>\s]*>", re.IGNORECASE)
HIDDEN = re.compile(rf"<({'|'.join(HIDING)})\b[^<>]*>.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
COMMENT_END = re.compile(r"-->")
# A tag that is never closed, as far as it can be nothing else: an element's end, or one with attributes.
BROKEN = re.compile(
    r"""</[a-zA-Z][\w:-]*|<[a-zA-Z][\w:-]*(?:\s+[\w:-]+\s*=\s*(?:"[^"<>\n]*"?|'[^'<>\n]*'?|[^\s<>]*))+"""
)
# Whole tags, broken ones, and what else an HTML parser would take for the beginning of one.
TAG = re.compile(rf"(?:</?[a-zA-Z]|<[!?])[^<>]*>|{BROKEN.pattern}|<(?=/?[a-zA-Z]|[!?])")


def is_markup(tag: str) -> bool:
    """Whether `<…>` is HTML: an element that there is, or any that has attributes. <your-key> is only a word."""
    name = NAME.match(tag)
    return name is None or ((name[1].lower() in ELEMENTS or "=" in tag) and ADDRESS.fullmatch(tag) is None)


def hidden_until(tag: str) -> re.Pattern[str] | None:
    """The end of what a tag keeps from being read; None where it hides nothing."""
    name = NAME.match(tag)
    if name is None or tag.startswith("</") or tag.endswith("/>") or name[1].lower() not in HIDING:
        return None
    return re.compile(rf"</{name[1]}\b[^<>]*>", re.IGNORECASE)


def untagged(text: str) -> str:
    """A text outside code without its tags and without what they hide. A bracket that opens no tag stays one."""
    return TAG.sub(_harmless, HIDDEN.sub(" ", text))


def _harmless(found: re.Match[str]) -> str:
    tag = found.group()
    if tag == "<":
        return "< "
    return " " if not tag.endswith(">") or is_markup(tag) else tag
