"""
Tables of a PDF page that are drawn with lines: found by where lines cross, read cell by cell.

What is set in columns without lines stays lines of text: without lines a list, an address or a formula looks the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from ctypes import c_float
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pypdfium2
from pypdfium2 import raw

from ingest.readers.tables import table

# Points. Lines end beside one another rather than on one another, and a thin rectangle is a line.
NEAR = 2.5
SHORTEST = 6
# A page with more than this is a drawing, and so is a shape with more edges.
OBJECTS_MOST, SHAPES_MOST, EDGES_MOST = 20_000, 2_000, 400
CELLS_MOST = 3_000
# Boxes that hold more than this are the page's layout.
CELL_CHARACTERS = 1_000
# How many cells are not empty, and which share of all: plots have a grid, too.
FILLED, FILLED_SHARE = 3, 0.5
# The first of the private characters that stand for tables in a text.
MARKS = 0xF0000


@dataclass(frozen=True)
class Line:
    """Level or upright: `at` is where on the other axis, from `start` to `end` on its own."""

    at: float
    start: float
    end: float

    def covers(self, start: float, end: float) -> bool:
        return self.start - NEAR <= start and end <= self.end + NEAR


@dataclass(frozen=True)
class Box:
    left: float
    bottom: float
    right: float
    top: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.bottom <= y <= self.top


@dataclass(frozen=True)
class Grid:
    """Lines that hang together, with where they divide: `xs` from the left, `ys` from the top."""

    level: Sequence[Line]
    upright: Sequence[Line]
    xs: Sequence[float]
    ys: Sequence[float]

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.ys[-1], self.xs[-1], self.ys[0])


@dataclass(frozen=True)
class Found:
    """A table in markdown, and where it stands."""

    box: Box
    markdown: str


Marked = tuple[dict[int, str], dict[str, str]]


def with_tables(data: bytes) -> Marked:
    """The texts of pages that hold tables, by their number, with a mark for each table; and what each mark means."""
    texts: dict[int, str] = {}
    meanings: dict[str, str] = {}
    # What this library cannot open has no tables, as far as anybody can tell.
    with suppress(pypdfium2.PdfiumError), pypdfium2.PdfDocument(data) as document:
        for number, page in enumerate(document, 1):
            if page.get_rotation() == 0 and (found := tables_of(page)):
                marks = [chr(MARKS + len(meanings) + at) for at in range(len(found))]
                meanings |= {mark: one.markdown for mark, one in zip(marks, found, strict=True)}
                texts[number] = marked(page.get_textpage(), [one.box for one in found], marks)
            page.close()
    return texts, meanings


def marked(text: pypdfium2.PdfTextPage, boxes: Sequence[Box], marks: Sequence[str]) -> str:
    """The page's text in its order, with a mark on a line of its own where a table's text began."""
    parts: list[str] = []
    for inside, run in groupby(range(text.count_chars()), key=Places(text, boxes).of):
        characters = list(run)
        if inside is None:
            parts.append(text.get_text_range(characters[0], len(characters)))
        elif (mark := f"\n{marks[inside]}\n") not in parts:
            parts.append(mark)
    return "".join(parts)


class Places:
    """Of a text's characters, in order: which table each stands in. Blanks have no place and follow what is before."""

    def __init__(self, text: pypdfium2.PdfTextPage, boxes: Sequence[Box]) -> None:
        self._text, self._boxes = text, boxes
        self._last: int | None = None

    def of(self, character: int) -> int | None:
        left, bottom, right, top = self._text.get_charbox(character)
        if left < right or bottom < top:
            x, y = (left + right) / 2, (bottom + top) / 2
            self._last = next((at for at, box in enumerate(self._boxes) if box.holds(x, y)), None)
        return self._last


def tables_of(page: pypdfium2.PdfPage) -> list[Found]:
    grids = [grid for grid in grids_of(*lines_of(page)) if is_table(grid)]
    if not grids:
        return []
    text = page.get_textpage()
    read = ((grid.box, rows_of(grid, text)) for grid in grids)
    return [Found(box, table(rows)) for box, rows in read if says_something(rows)]


def lines_of(page: pypdfium2.PdfPage) -> tuple[list[Line], list[Line]]:
    """The page's level lines and its upright ones, those that go on in one another made one."""
    level: list[Line] = []
    upright: list[Line] = []
    for (x, y), (to_x, to_y) in (stroke for shape in shapes_of(page) for stroke in strokes(shape)):
        if abs(y - to_y) <= NEAR / 2 < SHORTEST <= abs(x - to_x):
            level.append(Line((y + to_y) / 2, min(x, to_x), max(x, to_x)))
        elif abs(x - to_x) <= NEAR / 2 < SHORTEST <= abs(y - to_y):
            upright.append(Line((x + to_x) / 2, min(y, to_y), max(y, to_y)))
    return joined(level), joined(upright)


def shapes_of(page: pypdfium2.PdfPage) -> list[Any]:
    """Paths that may be a line or a box, none where the page is a drawing. The raw interface is ten times as fast."""
    count = raw.FPDFPage_CountObjects(page)
    objects = (raw.FPDFPage_GetObject(page, at) for at in range(min(count, OBJECTS_MOST)))
    paths = [one for one in objects if raw.FPDFPageObj_GetType(one) == raw.FPDF_PAGEOBJ_PATH]
    if len(paths) > SHAPES_MOST:
        return []
    return [path for path in paths if 1 < raw.FPDFPath_CountSegments(path) <= EDGES_MOST]


Point = tuple[float, float]


def strokes(shape: Any) -> Iterator[tuple[Point, Point]]:
    """The straight edges of a path, where they are on the page."""
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(shape, matrix)
    first = last = None
    for at in range(raw.FPDFPath_CountSegments(shape)):
        segment = raw.FPDFPath_GetPathSegment(shape, at)
        kind = raw.FPDFPathSegment_GetType(segment)
        point = point_of(segment, matrix)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO and last is not None:
            yield last, point
        if first is not None and raw.FPDFPathSegment_GetClose(segment):
            yield point, first
        last = point


def point_of(segment: Any, matrix: Any) -> Point:
    x, y = c_float(), c_float()
    raw.FPDFPathSegment_GetPoint(segment, x, y)
    return (
        matrix.a * x.value + matrix.c * y.value + matrix.e,
        matrix.b * x.value + matrix.d * y.value + matrix.f,
    )


def joined(lines: list[Line]) -> list[Line]:
    found: list[Line] = []
    for at in grouped(sorted(line.at for line in lines)):
        beside = sorted((line for line in lines if abs(line.at - at) <= NEAR), key=lambda line: line.start)
        for line in beside:
            if found and found[-1].at == at and line.start <= found[-1].end + NEAR:
                found[-1] = Line(at, found[-1].start, max(found[-1].end, line.end))
            else:
                found.append(Line(at, line.start, line.end))
    return found


def grouped(places: Sequence[float]) -> list[float]:
    """Places in their order; of those that are as good as the same, the first."""
    kept: list[float] = []
    for place in places:
        if not kept or place - kept[-1] > NEAR:
            kept.append(place)
    return kept


def grids_of(level: Sequence[Line], upright: Sequence[Line]) -> Iterator[Grid]:
    """Lines that cross or touch one another, directly or by others."""
    left = set(range(len(level)))
    crossed = {
        at: {to for to, other in enumerate(upright) if cross(line, other)} for at, line in enumerate(level)
    }
    while left:
        rows, columns, new = set[int](), set[int](), {left.pop()}
        while new:
            rows |= new
            columns |= set().union(*(crossed[at] for at in new))
            new = {at for at in left if crossed[at] & columns}
            left -= new
        across, down = [level[at] for at in rows], [upright[at] for at in columns]
        yield Grid(
            across,
            down,
            grouped(sorted(line.at for line in down)),
            grouped(sorted(line.at for line in across))[::-1],
        )


def cross(level: Line, upright: Line) -> bool:
    return level.covers(upright.at, upright.at) and upright.covers(level.at, level.at)


def is_table(grid: Grid) -> bool:
    """Two columns and two rows at least."""
    columns, rows = len(grid.xs) - 1, len(grid.ys) - 1
    return columns > 1 and rows > 1 and columns * rows <= CELLS_MOST


def rows_of(grid: Grid, text: pypdfium2.PdfTextPage) -> list[list[str]]:
    """What stands in each cell; of cells that are one, in the first."""
    rows = [[""] * (len(grid.xs) - 1) for _ in grid.ys[1:]]
    taken: set[tuple[int, int]] = set()
    for row in range(len(rows)):
        for column in range(len(rows[row])):
            if (row, column) not in taken:
                below, right = extent(grid, row, column)
                taken |= {(r, c) for r in range(row, below) for c in range(column, right)}
                box = Box(grid.xs[column], grid.ys[below], grid.xs[right], grid.ys[row])
                rows[row][column] = said_in(text, box)
    return rows


def extent(grid: Grid, row: int, column: int) -> tuple[int, int]:
    """Past which row and column the cell that begins here ends: where a line is."""
    right = column + 1
    while right < len(grid.xs) - 1 and not parted(
        grid.upright, grid.xs[right], grid.ys[row + 1], grid.ys[row]
    ):
        right += 1
    below = row + 1
    while below < len(grid.ys) - 1 and not parted(
        grid.level, grid.ys[below], grid.xs[column], grid.xs[column + 1]
    ):
        below += 1
    return below, right


def parted(lines: Sequence[Line], at: float, start: float, end: float) -> bool:
    return any(abs(line.at - at) <= NEAR and line.covers(start, end) for line in lines)


def said_in(text: pypdfium2.PdfTextPage, box: Box) -> str:
    """Without what only touches the lines around it."""
    said: str = text.get_text_bounded(box.left + 1, box.bottom + 1, box.right - 1, box.top - 1)
    return said


def says_something(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row]
    filled = [cell for cell in cells if cell.strip()]
    columns = sum(any(row[at].strip() for row in rows) for at in range(len(rows[0])))
    lines = sum(any(cell.strip() for cell in row) for row in rows)
    return (
        columns > 1
        and lines > 1
        and len(filled) >= max(FILLED, FILLED_SHARE * len(cells))
        and max(map(len, filled)) <= CELL_CHARACTERS
    )
