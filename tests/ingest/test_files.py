"""The evaluation set's real files, where it is at hand: fixtures of other projects, none of them ours."""

import asyncio

import pytest

from bench.files import ROOT, Outcome, manifest, outcome
from ingest.parsed import Limits

# The PDF library puts letters after a vowel mark in the order they are drawn, from the left.
KNOWN = {"pdf/habibi.pdf"}


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
