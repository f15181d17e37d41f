"""Text from pictures, where Tesseract is installed: its engine is inside kreuzberg, its languages are not."""

import os
from pathlib import Path

from kreuzberg import OcrConfig

FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
# Each language costs time on every page; an operator who installed more gets the first ones.
LANGUAGES_MOST = 6
NOT_LANGUAGES = {"osd", "equ"}


def recognition() -> OcrConfig | None:
    """For every language installed, English first; None where there is none."""
    for folder in FOLDERS:
        installed = {file.stem for file in Path(folder).glob("*.traineddata")} - NOT_LANGUAGES
        if installed:
            os.environ["TESSDATA_PREFIX"] = folder
            chosen = sorted(installed, key=lambda language: (language != "eng", language))[:LANGUAGES_MOST]
            return OcrConfig(backend="tesseract", language="+".join(chosen))
    return None
