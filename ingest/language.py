"""Which language a text is in, told offline."""

import re
from collections import Counter

from kreuzberg import ExtractionConfig, LanguageDetectionConfig, PostProcessorConfig, extract_bytes_sync

# What the detector names, in ISO 639-1; languages without a two-letter code count as unknown,
# and so does Latin: what is detected as Latin is filler text.
CODES = (
    "epo:eo eng:en rus:ru cmn:zh spa:es por:pt ita:it ben:bn fra:fr deu:de ukr:uk kat:ka ara:ar hin:hi jpn:ja "
    "heb:he yid:yi pol:pl amh:am jav:jv kor:ko nob:no dan:da swe:sv fin:fi tur:tr nld:nl hun:hu ces:cs ell:el "
    "bul:bg bel:be mar:mr kan:kn ron:ro slv:sl hrv:hr srp:sr mkd:mk lit:lt lav:lv est:et tam:ta vie:vi urd:ur "
    "tha:th guj:gu uzb:uz pan:pa aze:az ind:id tel:te pes:fa mal:ml ori:or mya:my nep:ne sin:si khm:km tuk:tk "
    "aka:ak zul:zu sna:sn afr:af slk:sk cat:ca tgl:tl hye:hy"
)
ISO_639_1 = dict(pair.split(":") for pair in CODES.split())
NOT_PROSE = re.compile(r"```.*?```|^\s*\|.*$|https?://\S+|[`*_#>\[\]()|\d]", re.DOTALL | re.MULTILINE)
SLICE = 700
SLICES = 9
# Fewer letters than this say too little; one ideograph says more than one letter.
LETTERS_NEEDED = 80
ANY_CONFIDENCE = LanguageDetectionConfig(min_confidence=0.0)
CONFIG = ExtractionConfig(
    use_cache=False,
    enable_quality_processing=False,
    language_detection=ANY_CONFIDENCE,
    postprocessor=PostProcessorConfig(enabled=True),
)


def detect(text: str) -> str | None:
    """ISO 639-1 of the language that most of `text` is in; None where there are few letters or no majority."""
    votes = Counter(language_of(part) for part in slices(NOT_PROSE.sub(" ", text)))
    if not votes:
        return None
    language, count = votes.most_common(1)[0]
    return language if count * 2 > votes.total() else None


def slices(text: str) -> list[str]:
    """Parts spread evenly over the text, so that a foreign preface or appendix doesn't decide."""
    step = max(SLICE, len(text) // SLICES)
    parts = [text[start : start + SLICE] for start in range(0, len(text), step)][:SLICES]
    return [part for part in parts if telling_weight(part) >= LETTERS_NEEDED]


def telling_weight(part: str) -> int:
    return sum(1 if letter < "\u0900" else 3 for letter in part if letter.isalpha())


def language_of(part: str) -> str | None:
    found = extract_bytes_sync(part.encode(), "text/plain", CONFIG).detected_languages
    return ISO_639_1.get(found[0]) if found else None
