"""What was chosen to be quoted, as it is read: paragraphs, lists and code, and behind each run where it is from."""

from dataclasses import dataclass, field

from app.answering.units import Unit


@dataclass(frozen=True)
class Quotation:
    """`pieces` are what is streamed, one after another; `used` the passages (from 0) behind [1], [2], …

    `places` are the headings under which each of those is first quoted. `torn` where the passages do not agree.
    """

    pieces: list[str]
    used: list[int]
    places: list[tuple[str, ...]] = field(default_factory=list)
    torn: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def written(chosen: list[Unit]) -> Quotation:
    used = list(dict.fromkeys(unit.passage for unit in chosen))
    pieces: list[str] = []
    last: Unit | None = None
    for unit, following in zip(chosen, [*chosen[1:], None], strict=False):
        mark = f" [{used.index(unit.passage) + 1}]" if _ends_quote(unit, following, last) else ""
        pieces.append(_between(last, unit) + _marker(unit, last, following) + _shown(unit, mark))
        last = unit
    first = {unit.passage: unit.place for unit in reversed(chosen)}
    return Quotation(pieces, used, [first[passage] for passage in used])


def _together(unit: Unit, other: Unit | None) -> bool:
    return other is not None and (other.passage, other.block) == (unit.passage, unit.block)


def _ends_quote(unit: Unit, following: Unit | None, last: Unit | None) -> bool:
    """A mark stands at the end of each run of quotes from one place, and before the list or code that they lead to."""
    if following is None or following.passage != unit.passage:
        return unit.kind != "code" or last is None or last.passage != unit.passage
    return unit.kind != "code" and not _together(unit, following)


def _between(last: Unit | None, unit: Unit) -> str:
    """Lines stay lines; what is left out between two sentences leaves a mark."""
    if last is None or not _together(last, unit):
        return "\n\n" if last else ""
    if unit.kind != "sentence" or last.is_line:
        return "\n"
    return " " if unit.position == last.position + 1 else " … "


def _marker(unit: Unit, last: Unit | None, following: Unit | None) -> str:
    """Steps keep their numbers where they follow one another; what was picked out of a list alone needs no bullet, but
    below its announcement.
    """
    beside = [other for other in (last, following) if other and _together(unit, other)]
    announced = last is not None and last.leads and last.passage == unit.passage
    if unit.kind not in ("item", "row") or not (beside or announced):
        return ""
    return f"{unit.step}. " if unit.step and any(_next_to(unit, other) for other in beside) else "- "


def _next_to(unit: Unit, other: Unit) -> bool:
    """Whether one step follows the other, also where what the first goes on with is left out."""
    steps = {int(unit.step), int(other.step or 0)}
    return abs(other.position - unit.position) == 1 or max(steps) - min(steps) == 1


def _shown(unit: Unit, mark: str) -> str:
    return f"{unit.text}\n{mark.strip()}".rstrip() if unit.kind == "code" else unit.text + mark
