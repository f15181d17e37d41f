"""Markdown as HTML, for answers and for the text of documents. No HTML passes, no image, no link."""

import re

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

CITATION = re.compile(r"\[(\d{1,3})\]")
MARKS = re.compile(r"\*\*|`|^#+ ")
ANSWER = ("paragraph", "list", "fence", "emphasis", "backticks", "escape", "newline", "link", "image")
DOCUMENT = (*ANSWER, "heading", "table", "blockquote", "hr", "code")


def answer_html(text: str, *, anchor: str) -> Markup:
    """An answer; its `[n]` point to the sources, whose ids are `{anchor}-{n}`."""
    return Markup(_ANSWER.render(text, {"anchor": anchor}))  # noqa: S704 (made of escaped text and our own tags)


def document_html(text: str) -> Markup:
    return Markup(_DOCUMENT.render(text))  # noqa: S704 (made of escaped text and our own tags)


def words_of(text: str) -> str:
    """The words of an answer in a line of a list, without its marks."""
    return CITATION.sub("", MARKS.sub("", text))


def _cite(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (markdown-it calls it so)
    match = CITATION.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("cite", "a", 0).content = match[1]
    state.pos = match.end()
    return True


def _cite_html(_: RendererHTML, tokens: list[Token], index: int, *rest: object) -> str:
    number = escape(tokens[index].content)
    env = rest[-1]
    assert isinstance(env, dict)
    return (
        f'<a class="cite" href="#{escape(env["anchor"])}-{number}" aria-label="Source {number}">{number}</a>'
    )


def _words_only(_: RendererHTML, tokens: list[Token], index: int, *__: object) -> str:
    return escape(tokens[index].content)


def _heading(_: RendererHTML, tokens: list[Token], index: int, *__: object) -> str:
    return "<h4>" if tokens[index].nesting > 0 else "</h4>"


def _parser(rules: tuple[str, ...]) -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "linkify": False}).enable(list(rules))
    # Of links and images only the words are shown.
    for name in ("link_open", "link_close", "image"):
        parser.add_render_rule(name, _words_only)
    for name in ("heading_open", "heading_close"):
        parser.add_render_rule(name, _heading)
    return parser


_DOCUMENT = _parser(DOCUMENT)
_ANSWER = _parser(ANSWER)
_ANSWER.inline.ruler.push("cite", _cite)
_ANSWER.add_render_rule("cite", _cite_html)
