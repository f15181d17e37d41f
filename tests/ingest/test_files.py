"""The evaluation set's real files, where it is at hand: fixtures of other projects, none of them ours."""

import asyncio
import shutil

import pytest

from bench.files import ROOT, Outcome, agrees, manifest, outcome
from ingest.parsed import Limits, Page, Parsed, ParseFailure

# A Tesseract that was installed without Chinese makes Latin letters of these.
KNOWN = {"image/chi_sim_image.jpeg"} if shutil.which("tesseract") else set[str]()
PICTURE = "failure: image, no text without OCR"
TWO_AT_ONCE = asyncio.Semaphore(2)


async def one_of_two(file: str, expected: str) -> Outcome:
    async with TWO_AT_ONCE:
        return await outcome(file, expected)


@pytest.mark.skipif(not ROOT.is_dir(), reason="the evaluation files are not here (see FRONTDESK_EVAL)")
async def test_real_files_give_what_the_manifest_says() -> None:
    async with asyncio.timeout(600):
        outcomes = await asyncio.gather(*(one_of_two(file, expected) for file, expected in manifest()))
    assert {one.file for one in outcomes if not one.as_expected} <= KNOWN
    assert max(one.seconds for one in outcomes) < Limits().seconds


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("image/english-and-korean.png", "RULES AND INSTRUCTIONS\n1. Template for day 1"),
        ("image/chi_sim_image.jpeg", "适合 任何 肌 肤"),
    ],
)
def test_a_picture_is_read_by_its_words(file: str, read: str) -> None:
    assert agrees(file, PICTURE, scanned(read))
    assert not agrees(file, PICTURE, scanned("RVLEZ ~ ."))
    assert agrees(file, PICTURE, ParseFailure("scanned"))


def test_no_text_is_right_of_a_scan_without_words() -> None:
    assert not agrees("pdf/imagemagick-images.pdf", "failure: no text layer", scanned("~ ."))


def scanned(text: str) -> Parsed:
    return Parsed(kind="image", mime="", title=None, language=None, pages=[Page(number=1, markdown=text)])
