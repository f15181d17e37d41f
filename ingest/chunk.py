"""Cut a document into the passages that are searched and quoted."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import attrgetter

import msgspec
from semantic_text_splitter import MarkdownSplitter

from ingest.parsed import Parsed

# The best of six lengths for whole pages, as bench/chunk_size.py prints; others were up to four questions of 47 worse.
SIZE_TOKENS = 320
PORTION = 100_000
FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
NOT_A_TITLE = re.compile(r"^\s*(?:[-*+>|#]|\d+[.)] |$)")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
MARKUP = re.compile(r"[*`]|\s*\{[#:][^}]*\}|(?<!\w)_|_(?!\w)|\\(?=[^\w\s])")
# What a sentence with a colon introduces, where such a sentence may begin, and how many characters it may have.
LED_IN = re.compile(r"\s*(?:(?:[-*+]|\d+[.)]|\|)[ \t]|```|~~~)")
ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]", re.MULTILINE)
SENTENCE_END = re.compile(r"[.!?]\\?[ \n]|[。！？]")
COLONS, LEAD_IN = (":", "：", ":**", "：**", ":*"), 300
# Characters to a token, by script, as common tokenizers have them: Latin, other alphabets, ideographs.
MIDDLE = re.compile(r"[\u0370-\u2e7f]")
WIDE = re.compile(r"[\u2e80-\uffff\U00020000-\U0003ffff]")


class Chunk(msgspec.Struct, frozen=True):
    """
    `text` is an exact part of its page's markdown, never empty. `headings` leads to it from the document's first
    level down; `page` is the page or slide number where the document has such. `question` is what the text answers,
    in the words of who asks: it is searched, and not read.
    """

    ordinal: int
    text: str
    headings: tuple[str, ...]
    page: int | None
    question: str | None = None


class Heading(msgspec.Struct, frozen=True):
    """`start` and `end` are offsets in the page; `end` is where the text under it begins."""

    start: int
    end: int
    level: int
    text: str


def chunk(parsed: Parsed, *, size_tokens: int = SIZE_TOKENS) -> list[Chunk]:
    """Chunks in reading order, each of at most about `size_tokens` (see estimate_tokens), none across two pages."""
    path: dict[int, str] = {}
    chunks: list[Chunk] = []
    for page in parsed.pages:
        for text, trail in cut(page.markdown, path, size_tokens):
            chunks.append(Chunk(len(chunks), text, trail, page.number))
    return chunks


def cut(text: str, path: dict[int, str], size_tokens: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Texts with the headings they stand under; `path`, by level, is carried from page to page."""
    headings = list(headings_of(text))
    followed = 0
    for start, end in spans(text, headings, size_tokens):
        body = body_start(text, headings, start, end)
        while followed < len(headings) and headings[followed].start < body:
            follow(path, headings[followed])
            followed += 1
        yield text[start:end], tuple(path[level] for level in sorted(path))
    for heading in headings[followed:]:
        follow(path, heading)


def follow(path: dict[int, str], heading: Heading) -> None:
    for level in [level for level in path if level >= heading.level]:
        del path[level]
    path[heading.level] = heading.text


def spans(text: str, headings: list[Heading], size_tokens: int) -> Iterator[tuple[int, int]]:
    """Where chunks begin and end. Headings without text go with the text that follows them."""
    splitter = MarkdownSplitter(max(1, round(size_tokens * len(text) / max(1, estimate_tokens(text)))))
    begun: int | None = None
    last: tuple[int, int] | None = None
    for start, end in led_in(text, pieces(splitter, text, headings)):
        begun = start if begun is None else begun
        if body_start(text, headings, begun, end) < end:
            if last:
                yield last
            last, begun = (begun, end), None
    if begun is not None:
        last = (last[0] if last else begun, len(text.rstrip()))
    if last:
        yield last


def pieces(splitter: MarkdownSplitter, text: str, headings: list[Heading]) -> Iterator[tuple[int, int]]:
    for offset, portion in portions(text, headings):
        for start, piece in splitter.chunk_indices(portion):
            if piece.strip():
                yield offset + start, offset + start + len(piece)


def led_in(text: str, cut: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """A list, a table or code that begins a piece takes along what introduces it: neither says anything alone."""
    last: tuple[int, int] | None = None
    for start, end in cut:
        begins = start
        if last:
            begins = lead_in(text, *last) if LED_IN.match(text, start) else start
            yield last[0], min(last[1], begins)
        last = begins, end
    if last:
        yield last


def lead_in(text: str, start: int, end: int) -> int:
    """Where the introduction that ends this piece begins, its paragraph or, of a long one, its last sentence; `end`
    where none does, or where it is all there is.
    """
    said = text[start:end].rstrip()
    paragraph = len(said) - len(said.rpartition("\n\n")[2])
    paragraph = max(paragraph, *(line.start() for line in ITEM.finditer(said, paragraph)), 0)
    sentence = max((found.end() for found in SENTENCE_END.finditer(said, paragraph)), default=paragraph)
    begins = paragraph if len(said) - paragraph <= LEAD_IN else sentence
    short = begins > 0 and len(said) - begins <= LEAD_IN
    return start + begins if short and said.endswith(COLONS) else end


def portions(text: str, headings: list[Heading]) -> Iterator[tuple[int, str]]:
    """A long text in parts: the splitter's work grows faster than the text (3.2 MB: 1.5 s whole, 0.2 s in parts)."""
    start = 0
    while len(text) - start > PORTION:
        end = portion_end(text, headings, start)
        yield start, text[start:end]
        start = end
    yield start, text[start:]


def portion_end(text: str, headings: list[Heading], start: int) -> int:
    """Before a heading if there is one, else at a blank line, else anywhere."""
    most = start + PORTION
    heading = max((heading.start for heading in headings if start < heading.start <= most), default=0)
    blank = text.rfind("\n\n", start, most)
    return heading or (blank + 2 if blank > start else most)


def body_start(text: str, headings: list[Heading], start: int, end: int) -> int:
    """Where the first text that is not a heading stands, or `end`."""
    place = start
    for at in range(bisect_left(headings, start, key=attrgetter("start")), len(headings)):
        heading = headings[at]
        if heading.start >= end or text[place : heading.start].strip():
            break
        if place <= heading.start:
            place = heading.end
    return place if text[place:end].strip() else end


def headings_of(text: str) -> Iterator[Heading]:
    """ATX and underlined headings, none inside code."""
    fence = ""
    start = 0
    before = ""
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        fence = fence_after(fence, line)
        if not fence:
            yield from heading_at(line, before, start, end)
        before, start = ("" if fence else line), end


def fence_after(fence: str, line: str) -> str:
    """The fence that is open after this line: one closes by at least as many of the same marks."""
    mark = FENCE.match(line)
    if not mark:
        return fence
    if not fence:
        return mark[1]
    return "" if mark[1].startswith(fence) and line.strip() == mark[1] else fence


def heading_at(line: str, before: str, start: int, end: int) -> Iterator[Heading]:
    found = ATX.match(line)
    if found:
        yield Heading(start, end, len(found[1]), plain(found[2]))
    elif (found := UNDERLINE.match(line)) and not NOT_A_TITLE.match(before):
        yield Heading(start - len(before), end, 1 if found[1].startswith("=") else 2, plain(before))


def plain(heading: str) -> str:
    """As a reader sees it."""
    return " ".join(MARKUP.sub("", LINK.sub(r"\1", heading)).split())


def estimate_tokens(text: str) -> int:
    """Within a quarter of what tokenizers of current models count, at no cost."""
    wide, middle = len(WIDE.findall(text)), len(MIDDLE.findall(text))
    return max(1, round(wide + middle / 2 + (len(text) - wide - middle) / 4)) if text else 0
