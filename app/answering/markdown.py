"""The markdown of passages, as far as answers need it: text without what leads elsewhere, and its blocks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.answering.tags import untagged

CODE_BEGINS = "`"
CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
ANY_CODE = re.compile(rf"(?:^[ \t]*```.*?^[ \t]*```)|{CODE.pattern}", re.DOTALL | re.MULTILINE)
IMAGE = re.compile(r"!\[[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\])?")
LINK = re.compile(r"\[([^\[\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)|\[([^\[\]\n]+)\]\[[^\[\]\n]*\]")
AUTOLINK = re.compile(r"<(?:https?|mailto|ftp):[^>\s]*>")
FOOTNOTE = re.compile(r"\s?\[\^?\d{1,3}\]")
EMPHASIS = re.compile(r"(?<![\w*_\\])([*_])(?=[^\s*_])([^*_\n]+?)(?<=[^\s*_])\1(?![\w*_])")
STRONG_UNDERSCORES = re.compile(r"(?<![\w_])__(?=\S)(.+?)(?<=\S)__(?![\w_])")
ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
ADDRESS = re.compile(r"\b(?:https?|ftp|wss?)://[^\s<>\"`\])]+|\bwww\.[^\s<>\"`\])]+")
# What no text holds, to mark a place with.
NO_CHARACTER = re.compile("[\ufdd0\ufdd1]")
MARK = re.compile("\ufdd0(\\d+)\ufdd1")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
ITEM = re.compile(r"^(\s*)([-*+•]|\d{1,3}[.)])\s+(.*)$")
RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]+\|?\s*$")


def addresses(text: str) -> set[str]:
    """Every web address in a text, without the punctuation around it."""
    return {found.rstrip(".,;:!?'*_") for found in ADDRESS.findall(text)}


def code_addresses(text: str) -> set[str]:
    """The web addresses that stand in code, where they are part of what is explained."""
    codes = ANY_CODE.finditer(text) if CODE_BEGINS in text else ()
    return {found for code in codes for found in addresses(code.group())}


def inline(text: str) -> str:
    """A line as it is read: links keep their text; images, tags, footnote marks and light emphasis go; code stays."""
    return " ".join(_outside_code(text, _inline, CODE).split())


def name(text: str) -> str:
    """A title or a heading as it is named: without any markup."""
    return inline(text).replace("**", "").replace("`", "")


def _inline(text: str) -> str:
    text = IMAGE.sub("", text)
    text = LINK.sub(lambda link: link.group(1) or link.group(2) or "", text)
    text = AUTOLINK.sub(lambda link: link.group()[1:-1], text)
    text = FOOTNOTE.sub("", untagged(text))
    text = STRONG_UNDERSCORES.sub(r"**\1**", text)
    return ESCAPE.sub(r"\1", EMPHASIS.sub(r"\2", text))


def for_model(text: str) -> str:
    """A passage as the model may see it: no links, no images, no addresses outside code."""
    return _outside_code(text, _without_targets).strip()


def _without_targets(text: str) -> str:
    text = LINK.sub(lambda link: link.group(1) or link.group(2) or "", IMAGE.sub("", text))
    return ADDRESS.sub("", AUTOLINK.sub("", text))


def for_reading(text: str) -> str:
    """A passage as the visitor sees it behind a source: links keep their text, images, tags go, headings are bold."""
    shown = _outside_code(text, _readable)
    return re.sub(r"^#{1,6}\s+(.+?)\s*#*$", r"**\1**", shown, flags=re.MULTILINE).strip()


def as_written(text: str) -> str:
    """What a member wrote for visitors, with its links: only HTML goes."""
    return _outside_code(text, untagged).strip()


def _readable(text: str) -> str:
    return untagged(LINK.sub(lambda link: link.group(1) or link.group(2) or "", IMAGE.sub("", text)))


def _outside_code(text: str, change: Callable[[str], str], code: re.Pattern[str] = ANY_CODE) -> str:
    """Changes all but the code, for which a mark stands meanwhile: a link may be around it."""
    text = NO_CHARACTER.sub("", text)
    if CODE_BEGINS not in text:
        return change(text)
    spans: list[str] = []

    def hide(span: re.Match[str]) -> str:
        spans.append(span.group())
        return f"\ufdd0{len(spans) - 1}\ufdd1"

    return MARK.sub(lambda mark: spans[int(mark[1])], change(code.sub(hide, text)))


@dataclass
class Block:
    """`kind` is paragraph, item, code, row or heading. `lines` are as written, an item's without its marker.

    `depth` is an item's indentation, and the level of a heading.
    """

    kind: str
    lines: list[str] = field(default_factory=list)
    marker: str = ""
    depth: int = 0
    header: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks(text: str) -> list[Block]:
    """The blocks of a passage, in order."""
    found: list[Block] = []
    lines = iter(text.splitlines())
    open_block: Block | None = None
    header: tuple[str, ...] = ()
    for raw in lines:
        line = re.sub(r"^\s{0,3}>\s?", "", raw)
        if fence := FENCE.match(line):
            found.append(_fenced(line, fence.group(1), lines))
            open_block = None
        elif line.lstrip().startswith("|"):
            header = _table_line(line, header, found)
            open_block = None
        else:
            header = ()
            open_block = _text_line(line, open_block, found)
    return found


def _fenced(first: str, fence: str, lines: Iterator[str]) -> Block:
    block = Block("code", [first.strip()])
    for line in lines:
        if line.strip().startswith(fence):
            break
        block.lines.append(line)
    block.lines.append(fence)
    return block


def _table_line(line: str, header: tuple[str, ...], found: list[Block]) -> tuple[str, ...]:
    """The first line of a table is its header, every other one a row."""
    if TABLE_RULE.match(line):
        return header
    cells = tuple(inline(cell) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))
    if not header:
        return cells
    found.append(Block("row", list(cells), header=header))
    return header


def _text_line(line: str, open_block: Block | None, found: list[Block]) -> Block | None:
    """Adds a line to the block that is open, or opens another; returns the block that the next line may join."""
    if not line.strip() or RULE.match(line):
        return None
    if heading := HEADING.match(line):
        found.append(Block("heading", [heading.group(2)], depth=len(heading.group(1))))
        return None
    if item := ITEM.match(line):
        found.append(Block("item", [item.group(3)], marker=item.group(2), depth=len(item.group(1))))
        return found[-1]
    if open_block is None:
        open_block = Block("paragraph")
        found.append(open_block)
    open_block.lines.append(line.strip())
    return open_block
