"""Cuts prose into sentences, in any language that marks their end."""

import re

# Begins with the signs of both kinds, which makes the search for one five times as fast as that for either.
END = re.compile(
    r"""[.!?…؟।。！？](?:(?<=[.!?…؟।])[.!?…؟।]*["'”’»)\]*]*(?=\s)|(?<=[。！？])[。！？]*[”』」）]*)"""
)
# What follows the end of a sentence starts one: anything but a small Latin, Greek or Cyrillic letter.
START = re.compile(r"\s*[\"'“‘«(\[*`¿¡]*[^\W_a-zß-öø-ÿα-ωа-я]")
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|nos|fig|figs|dr|mr|mrs|ms|prof|st|sr|jr|inc|ltd|co|u\.s|a\.m|p\.m|al"
    r"|z\.\s?b|d\.\s?h|u\.\s?a|o\.\s?ä|bzw|ca|nr|abb|ggf|vgl|inkl|bspw|usw|p\.\s?ex|m|mme|env|art|p|pp|vol|sra?|ud)"
    r"|\b[^\W\d_]|^\s*\d{1,3})\.$",
    re.IGNORECASE,
)
CODE = re.compile(r"`[^`]*`")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph that stands on one line; together they are the paragraph."""
    hidden = CODE.sub(lambda code: "X" * len(code.group()), text)
    cuts = [0]
    for end in END.finditer(hidden):
        wide = end.group()[0] in "。！？"
        if wide or (START.match(hidden, end.end()) and not ABBREVIATION.search(hidden[cuts[-1] : end.end()])):
            cuts.append(end.end())
    pieces = (text[start:end].strip() for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True))
    return [piece for piece in pieces if piece]


def joined_lines(lines: list[str]) -> list[str]:
    """Undoes hard wrapping: lines of one paragraph are joined, unless a line break was meant as an end.

    A break is meant where the line ends early, compared with the longest, and the next begins like a sentence; and
    wherever lines are so long that nobody wrapped them.
    """
    longest = max((len(line) for line in lines), default=0)
    joined: list[str] = []
    last = ""
    for line in lines:
        early = len(last) < longest * 0.75 or longest > 160  # noqa: PLR2004  # wider than anybody wraps
        if joined and not (early and START.match(line)):
            joined[-1] += f" {line}"
        else:
            joined.append(line)
        last = line
    return joined
