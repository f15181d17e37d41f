"""What a model writes, made fit for the visitor while it streams.

`[n]` is resolved: numbers without a source go, the others are counted anew from 1 in order of first use. Images go,
links keep their text and lose their target, addresses that no source has go, and so do HTML's tags. What cannot be
decided yet, such as the `[1` of a `[12]`, waits for the next delta: what was streamed is exactly what is stored.
"""

import re
from collections.abc import Callable, Iterable

from app.answering.numbers import cited
from app.answering.tags import BROKEN, COMMENT_END, TAG, hidden_until, is_markup

LABEL_LIMIT = 300
TARGET_LIMIT = 2000
HIDDEN_LIMIT = 500
SCHEMES = (
    *("http://", "https://", "ftp://", "ws://", "wss://", "www.", "mailto:", "data:image/", "data:text/"),
    *("javascript:", "vbscript:", "file://"),
)
# An address without its scheme, which a page would load with its own.
RELATIVE = re.compile(r"//[\w-]+(?:\.[\w-]+)+")
ADDRESS = re.compile(r"[^\s<>\"`\[\]()]+")
PATH = re.compile(r"[\w/]")
PLAIN = re.compile(r"[^\s\[\]!<`【/hfwmdjvHFWMDJV]+")
BLANKS = re.compile(r"[ \t]+")
TICKS = re.compile(r"`+")
# Between these two nothing may vanish without a trace: they would grow together to an address, image or number.
LEFT, RIGHT = re.compile(r"[\w:/!\[]"), re.compile(r"[\w:/\[\]]")
UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class Citations:
    """Feed it deltas, send what it returns, `close` it at the end.

    `used` lists the passages that were cited, as the numbers that the model knows (1 is the first), in the order in
    which the visitor counts them: the visitor's [1] is `used[0]`.
    """

    def __init__(self, passages: int, addresses: Iterable[str] = ()) -> None:
        self.used: list[int] = []
        self._passages = passages
        self._addresses = frozenset(addresses)
        self._rest = ""
        self._out: list[str] = []
        self._last = ""
        self._blank = ""
        self._gap = False
        self._marks: set[int] = set()
        self._code = ""

    def feed(self, text: str) -> str:
        return self._scan(text, final=False)

    def close(self) -> str:
        return self._scan("", final=True)

    def _scan(self, text: str, *, final: bool) -> str:
        self._rest += UNWANTED.sub("", text)
        self._out = []
        while self._rest and self._step(final=final):
            pass
        return "".join(self._out)

    def _step(self, *, final: bool) -> bool:
        """Decides about the head of what waits; False when more text is needed for that."""
        head = self._rest[0]
        if head == "`":
            return self._ticks(final=final)
        if head.lower() in "hfwmdjv":
            return self._address(final=final)
        if self._code:
            return self._code_text(final=final)
        steps: dict[str, Callable[..., bool]] = {
            " ": self._blanks,
            "\t": self._blanks,
            "[": self._bracket,
            "【": self._bracket,
            "]": self._stray_target,
            "!": self._image,
            "<": self._tag,
            "/": self._relative,
        }
        if step := steps.get(head):
            return step(final=final)
        plain = PLAIN.match(self._rest)
        return self._take(plain.end() if plain else 1)

    def _take(self, length: int) -> bool:
        self._emit(self._rest[:length])
        return self._skip(length)

    def _skip(self, length: int) -> bool:
        self._rest = self._rest[length:]
        return True

    def _remove(self, length: int) -> bool:
        """Drops the head and the blanks before it."""
        self._blank = ""
        self._gap = True
        return self._skip(length)

    def _emit(self, text: str) -> None:
        grown = self._last == "<" or (LEFT.match(self._last) and RIGHT.match(text))
        if self._gap and not self._blank and grown:
            self._blank = " "
        self._gap = False
        self._marks.clear()
        self._write(text)

    def _write(self, text: str) -> None:
        self._out.append(self._blank + text)
        self._blank = ""
        self._last = text[-1]

    def _blanks(self, *, final: bool) -> bool:
        run = BLANKS.match(self._rest)
        assert run is not None
        if run.end() == len(self._rest) and not final:
            return False
        self._blank += run.group()
        return self._skip(run.end())

    def _ticks(self, *, final: bool) -> bool:
        run = TICKS.match(self._rest)
        assert run is not None
        if run.end() == len(self._rest) and not final:
            return False
        if not self._code:
            self._code = run.group()
        elif len(self._code) == run.end() or len(self._code) >= len("```") <= run.end():
            self._code = ""
        return self._take(run.end())

    def _code_text(self, *, final: bool) -> bool:
        if self._rest[0] == "\n" and len(self._code) < len("```"):
            if self._rest == "\n" and not final:
                return False
            if self._rest[:2] == "\n\n":
                self._code = ""  # a tick that was never closed
        plain = PLAIN.match(self._rest)
        return self._take(plain.end() if plain else 1)

    def _address(self, *, final: bool) -> bool:
        lower = self._rest[:TARGET_LIMIT].lower()
        if not lower.startswith(SCHEMES):
            if not final and any(scheme.startswith(lower) for scheme in SCHEMES):
                return False
            return self._take(1)
        run = ADDRESS.match(self._rest)
        assert run is not None
        if run.end() == len(self._rest) and not final:
            return False
        address = run.group().rstrip(".,;:!?'*_")
        bare = any(scheme.startswith(address.lower()) for scheme in SCHEMES)
        return self._take(len(address)) if bare or address in self._addresses else self._remove(len(address))

    def _relative(self, *, final: bool) -> bool:
        """An address that begins with two slashes, and is no part of a path."""
        if self._rest == "/" and not final:
            return False
        within = not self._blank and not self._gap and PATH.match(self._last)
        if within or not self._rest.startswith("//"):
            return self._take(1)
        run = ADDRESS.match(self._rest)
        assert run is not None
        if run.end() == len(self._rest) and not final:
            return False
        return self._remove(run.end()) if RELATIVE.match(run.group()) else self._take(2)

    def _bracket(self, *, final: bool) -> bool:
        """A citation, a link, or just a bracket."""
        close = self._find("]】\n[", 1, LABEL_LIMIT)
        if close is None and not final and len(self._rest) <= LABEL_LIMIT:
            return False
        if close is None or self._rest[close] not in "]】":
            return self._remove(1) if self._rest.startswith("[![") else self._take(1)
        end = self._target_end(close + 1, final=final)
        if end is None:
            return False
        label = self._rest[1:close]
        if numbers := cited(label):
            return self._cite(numbers, end)
        if end == close + 1:
            return self._take(1)
        self._gap = True
        self._rest = label + self._rest[end:]
        return True

    def _cite(self, numbers: list[int], length: int) -> bool:
        marks = [mark for number in numbers if (mark := self._mark(number)) not in (*self._marks, 0)]
        if not marks:
            return self._remove(length)
        marks = list(dict.fromkeys(marks))
        self._gap = False
        self._write("".join(f"[{mark}]" for mark in marks))
        self._marks.update(marks)
        return self._skip(length)

    def _mark(self, number: int) -> int:
        """The visitor's number of a passage; 0 where there is no such passage."""
        if not 1 <= number <= self._passages:
            return 0
        if number not in self.used:
            self.used.append(number)
        return self.used.index(number) + 1

    def _stray_target(self, *, final: bool) -> bool:
        end = self._target_end(1, final=final)
        if end is None:
            return False
        return self._take(1) if end == 1 else self._remove(end)

    def _image(self, *, final: bool) -> bool:
        if self._rest == "!" and not final:
            return False
        if not self._rest.startswith("!["):
            return self._take(1)
        close = self._find("]\n", 2, LABEL_LIMIT)
        if close is None and not final and len(self._rest) <= LABEL_LIMIT:
            return False
        if close is None or self._rest[close] == "\n":
            return self._remove(1)
        return self._end_image(close, final=final)

    def _end_image(self, close: int, *, final: bool) -> bool:
        end = self._target_end(close + 1, final=final)
        if end is None:
            return False
        if end == close + 1 and cited(self._rest[2:close]):
            return self._take(1)  # an exclamation mark before a citation
        return self._remove(end)

    def _tag(self, *, final: bool) -> bool:
        """HTML goes, with what it hides, and also where it is not closed. <words> like these stay."""
        if not final and self._rest in ("<", "</", "<!", "<!-"):
            return False
        if not TAG.match(self._rest):
            return self._take(1)
        if self._rest.startswith("<!--"):
            return self._hidden(len("<!--"), COMMENT_END, final=final)
        return self._whole_tag(final=final)

    def _whole_tag(self, *, final: bool) -> bool:
        close = self._find("<>", 1, TARGET_LIMIT)
        if close is None and not final and len(self._rest) <= TARGET_LIMIT:
            return False
        if close is None or self._rest[close] == "<":
            return self._disarm()
        inner, tag = self._rest[1:close], self._rest[: close + 1]
        if inner in self._addresses:
            self._emit(inner)
            return self._skip(close + 1)
        if inner.lower().startswith(SCHEMES) or is_markup(tag):
            return self._hidden(len(tag), hidden_until(tag), final=final)
        return self._take(1)

    def _disarm(self) -> bool:
        """What nothing closes: the beginning of a tag goes, an angle bracket is kept from becoming one."""
        if broken := BROKEN.match(self._rest, 0, TARGET_LIMIT):
            return self._remove(broken.end())
        self._emit("<")
        self._blank = " "
        return self._skip(1)

    def _hidden(self, length: int, ending: re.Pattern[str] | None, *, final: bool) -> bool:
        """Removes a tag, and what it keeps from being read up to its end, where that is near."""
        if ending is None:
            return self._remove(length)
        found = ending.search(self._rest, length, length + HIDDEN_LIMIT)
        if found is None and not final and len(self._rest) <= length + HIDDEN_LIMIT:
            return False
        return self._remove(found.end() if found else length)

    def _target_end(self, start: int, *, final: bool) -> int | None:
        """Where the `(target)` at `start` ends; `start` where there is none; None when more text must tell."""
        if start >= len(self._rest):
            return start if final else None
        if self._rest[start] != "(":
            return start
        depth = 0
        for index in range(start, min(len(self._rest), start + TARGET_LIMIT)):
            char = self._rest[index]
            depth += (char == "(") - (char == ")")
            if depth == 0:
                return index + 1
            if char == "\n":
                return start
        return start if final or len(self._rest) >= start + TARGET_LIMIT else None

    def _find(self, chars: str, start: int, limit: int) -> int | None:
        """The first of `chars` at or after `start` and before `limit`."""
        found = [index for char in chars if (index := self._rest.find(char, start, limit)) >= 0]
        return min(found, default=None)
