"""PDF files that are written from right to left, drawn letter by letter as different programs do it."""

from collections.abc import Iterator, Sequence

from tests.ingest.made import pdf_of

WIDTH, HEIGHT, RIGHT, TOP = 6, 10, 540, 760
MIRRORED = str.maketrans("()[]", ")(][")
# The objects after catalog, pages, content and the one page: a font without a file, whose codes are characters.
SYSTEM = b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
FONT = (
    b"<</Type/Font/Subtype/Type0/BaseFont/Drawn/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 8 0 R>>",
    b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Drawn/CIDSystemInfo%b/FontDescriptor 7 0 R/DW 600>>"
    % SYSTEM,
    b"<</Type/FontDescriptor/FontName/Drawn/Flags 4/FontBBox[0 -200 600 800]/Ascent 800/Descent -200>>",
)


def from_the_right(lines: Sequence[Sequence[str]], *, as_read: bool) -> bytes:
    """A page of lines, each the words of a line in the order in which they are read; those that are written from the
    left are one word. `as_read`: letter by letter from the right; otherwise a line at a time from the left.
    """
    shown = [seen(line) for line in lines]
    drawn = b" ".join(
        piece for place, line in enumerate(shown) for piece in pieces(line, TOP - 24 * place, as_read=as_read)
    )
    content = b"BT /F1 %d Tf %b ET" % (HEIGHT, drawn)
    unicode = to_unicode(sorted(set("".join(shown))))
    return pdf_of(stream(content), pages=1, font=b"5 0 R", more=(*FONT, stream(unicode)))


def seen(words: Sequence[str]) -> str:
    """From the left, as it stands on the page."""
    return " ".join(
        word if word[0].isascii() and word[0].isalnum() else word[::-1].translate(MIRRORED)
        for word in reversed(words)
    )


def pieces(line: str, y: int, *, as_read: bool) -> Iterator[bytes]:
    left = RIGHT - WIDTH * len(line)
    if not as_read:
        yield b"1 0 0 1 %d %d Tm <%b> Tj" % (left, y, coded(line))
        return
    back = b" %d " % (2 * 1000 * WIDTH / HEIGHT)
    letters = back.join(b"<%b>" % coded(letter) for letter in reversed(line))
    yield b"1 0 0 1 %d %d Tm [%b] TJ" % (RIGHT - WIDTH, y, letters)


def coded(text: str) -> bytes:
    return text.encode("utf-16-be").hex().encode()


def to_unicode(letters: Sequence[str]) -> bytes:
    rows = b"\n".join(b"<%b> <%b>" % (coded(letter), coded(letter)) for letter in letters)
    return (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        b"%d beginbfchar\n%b\nendbfchar endcmap end end" % (len(letters), rows)
    )


def stream(content: bytes) -> bytes:
    return b"<</Length %d>>stream\n%b\nendstream" % (len(content), content)
