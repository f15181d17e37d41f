"""A passage that an answer was made from, or that a search found, is shown where it stands in its document."""

import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from app.kit.db import Database
from app.knowledge.documents import put_document
from app.knowledge.embedders import Models
from app.knowledge.indexing import index_version
from app.knowledge.queries import latest_version
from tests.doors.console import Member, at_console, visible
from tests.doors.pages import Page
from tests.rooms.knowledge_factories import FILLER, index_document
from tests.serving import RunningServer

PARTS = [
    b"# Part %d\n\nThe %s part is open." % (at, b"violet" if at == 4 else b"plain") + FILLER
    for at in range(8)
]
IN_PLACE = re.compile(r'href="(/console/knowledge/documents/[^"#]+passage=[0-9a-f-]+)#c-[0-9a-f-]+"')


@pytest.fixture
async def admin(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id, role="admin", name="Ada Admin") as member:
        await index_document(database, org_id, "eight.md", b"\n\n".join(PARTS))
        yield member


async def link_from(admin: Member, page: str) -> str:
    found: list[str] = IN_PLACE.findall((await admin.client.get(page)).text)
    return found[0]


async def test_what_was_found_is_shown_with_what_stands_around_it(admin: Member) -> None:
    html = (await admin.client.get(await link_from(admin, "/console/knowledge/try?q=violet"))).text
    assert [f"Part {at}" in html for at in range(8)] == [2 <= at <= 6 for at in range(8)]
    assert "Passages 3 to 7 of 8." in visible(html)
    assert "The violet part" in html.partition("chunk sought")[2].partition("</article>")[0]


async def test_what_an_answer_was_made_from_leads_there(admin: Member, page: Page) -> None:
    conversation = (await page.start())["id"]
    await page.write(conversation, "Is the violet part open?")
    [answer] = [
        one for one in (await page.answered(conversation))["messages"] if one["author"]["kind"] == "bot"
    ]
    link = await link_from(admin, f"/console/answers/{answer['id']}")
    assert "Passages 3 to 7 of 8." in await admin.page(link)


async def test_of_a_version_that_was_replaced_the_new_one_is_shown(
    admin: Member, database: Database, org_id: UUID
) -> None:
    link = await link_from(admin, "/console/knowledge/try?q=violet")
    async with database.transaction(org_id) as session:
        replaced = await put_document(
            session, name="eight.md", content=b"# Part 9\n\nAnother text.", added_by=None
        )
        version = await latest_version(session, replaced.id)
    await index_version(database, org_id, version.id, Models())
    page = await admin.page(link)
    assert "of an earlier version" in page
    assert "Another text." in page


async def test_a_passage_of_another_document_and_one_that_is_no_id(
    admin: Member, database: Database, org_id: UUID
) -> None:
    link = await link_from(admin, "/console/knowledge/try?q=violet")
    other = await index_document(database, org_id, "other.md", b"# Other\n\nSomething else.")
    page = await admin.page(re.sub(r"documents/[^/]+", f"documents/{other.id}", link))
    assert "Something else." in page
    assert "violet" not in page
    assert (await admin.client.get(link.replace("passage=", "passage=x"))).status_code == 400
    gone = await admin.client.get(re.sub(r"documents/[^/]+", f"documents/{uuid4()}", link))
    assert gone.status_code == 404
