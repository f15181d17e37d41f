"""Knowledge: documents uploaded, watched, tried again and deleted, and who may do what."""

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from app.config import Settings
from app.kit.db import Database
from app.knowledge.models import DocumentVersion
from app.knowledge.queries import list_documents
from ingest.parsed import MESSAGES
from tests.doors.console import HTMX, Member, at_console, visible
from tests.doors.pages import Page
from tests.ingest import made
from tests.rooms.knowledge_factories import FILLER
from tests.serving import RunningServer

TEXT = b"# Returns\n\nYou have thirty days from delivery. <b>Free</b> in the EU.\n"


@pytest.fixture
async def admin(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id, role="admin", name="Ada Admin") as member:
        yield member


async def upload(member: Member, *files: tuple[str, bytes], status: int = 201) -> str:
    """Uploads as the page's script does, and gives back the words of the answer."""
    parts = [("files", (name, content)) for name, content in files]
    answer = await member.client.post("/console/knowledge/documents", files=parts, headers=HTMX)
    assert answer.status_code == status, answer.text
    return visible(answer.text)


async def ready(member: Member, count: int = 1) -> str:
    """The page once that many documents are ready."""
    async with asyncio.timeout(20):
        while (page := await member.page("/console/knowledge")).count("Ready ") < count:
            await asyncio.sleep(0.1)
    return page


async def the_document(database: Database, org_id: UUID) -> UUID:
    async with database.transaction(org_id) as session:
        (listed,) = await list_documents(session)
        return listed.document.id


async def fail(database: Database, org_id: UUID) -> None:
    """Makes the organisation's documents look as if they could not be read."""
    failure = {"state": "failed", "failure_code": "scanned", "failure_message": "This is a scan."}
    async with database.transaction(org_id) as session:
        await session.execute(update(DocumentVersion).where(DocumentVersion.org_id == org_id).values(failure))


async def test_the_empty_page_says_what_to_do(admin: Member) -> None:
    page = await admin.page("/console/knowledge")
    assert "The assistant knows nothing yet Upload a document above" in page
    assert f"at most {Settings().upload_limit_mb} MB each" in page


async def test_documents_go_from_upload_to_ready_and_show_their_passages(
    admin: Member, database: Database, org_id: UUID
) -> None:
    await upload(admin, ("returns.md", TEXT), ("notes.txt", b"The office is closed on Sundays."))
    page = await ready(admin, 2)
    assert "returns.md" in page
    assert "1 passage" in page
    async with database.transaction(org_id) as session:
        listed = {it.document.name: it.document.id for it in await list_documents(session)}
    passages = await admin.page(f"/console/knowledge/documents/{listed['returns.md']}")
    assert "You have thirty days from delivery." in passages
    assert "Reading the file" in passages


async def test_of_a_long_document_the_first_passages_are_shown_and_then_more(
    admin: Member, database: Database, org_id: UUID
) -> None:
    await upload(admin, ("three.md", b"\n\n".join(b"# Part %d" % at + FILLER for at in range(3))))
    await ready(admin)
    page = f"/console/knowledge/documents/{await the_document(database, org_id)}"
    first = await admin.page(f"{page}?limit=2")
    assert "Part 1" in first
    assert "Part 2" not in first
    assert "Show more of 3 passages" in first
    whole = await admin.page(f"{page}?limit=4")
    assert "Part 2" in whole
    assert "Show more" not in whole


async def test_without_scripts_an_upload_leads_back_to_the_list(admin: Member) -> None:
    answer = await admin.client.post("/console/knowledge/documents", files=[("files", ("a.md", TEXT))])
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/knowledge")


async def test_the_same_file_again_is_the_document_that_is_there(admin: Member) -> None:
    assert '"known":false' in await upload(admin, ("returns.md", TEXT))
    again = await upload(admin, ("copy.md", TEXT))
    assert '"known":true' in again
    assert "returns.md" in again


async def test_a_file_of_the_same_name_takes_the_place_of_the_document(
    admin: Member, database: Database, org_id: UUID
) -> None:
    await upload(admin, ("returns.md", TEXT))
    await ready(admin)
    document = await the_document(database, org_id)
    assert '"known":false' in await upload(admin, ("returns.md", TEXT.replace(b"thirty", b"ninety")))
    assert await the_document(database, org_id) == document
    async with asyncio.timeout(20):
        while "ninety days" not in (page := await admin.page(f"/console/knowledge/documents/{document}")):
            await asyncio.sleep(0.1)
    assert "thirty days" not in page


async def test_a_document_shows_the_questions_that_it_answered(
    admin: Member, page: Page, database: Database, org_id: UUID
) -> None:
    await upload(admin, ("returns.md", TEXT))
    await ready(admin)
    returns = await the_document(database, org_id)
    await upload(admin, ("notes.txt", b"The office is closed on Sundays."))
    await ready(admin, 2)
    asked = ("How many days from delivery may I return it?", "Who sells bicycles?")
    for question in asked:
        conversation = (await page.start())["id"]
        await page.write(conversation, question)
        await page.answered(conversation)
    async with database.transaction(org_id) as session:
        [notes] = [it.document.id for it in await list_documents(session) if it.document.id != returns]
    html = (await admin.client.get(f"/console/knowledge/documents/{returns}")).text
    assert f"Questions it answered {asked[0]}" in visible(html)
    assert re.search(rf'href="/console/conversations/[0-9a-f-]+" dir="auto">{re.escape(asked[0])}<', html)
    assert asked[1] not in html
    assert asked[0] not in await admin.page(f"/console/knowledge/documents/{notes}")


async def test_uploads_that_cannot_be_used_say_why(admin: Member) -> None:
    assert "This file is empty." in await upload(admin, ("empty.md", b""), status=422)
    assert "No file was sent." in await upload(admin, status=422)


async def test_without_scripts_one_bad_file_does_not_keep_the_others_out(admin: Member) -> None:
    files = [("files", ("a.md", TEXT)), ("files", ("empty.md", b"")), ("files", ("b.md", TEXT))]
    answer = await admin.client.post("/console/knowledge/documents", files=files)
    page = visible(answer.text)
    assert answer.status_code in {200, 201}
    assert "a.md Uploaded." in page
    assert "empty.md This file is empty." in page
    assert "b.md Already here, as a.md." in page


async def test_names_read_as_they_are_written(admin: Member) -> None:
    await upload(admin, ("invoice\u202efdp.md", TEXT))
    assert "invoice fdp.md" in await admin.page("/console/knowledge")


async def test_a_file_over_the_limit_is_refused_before_it_is_read(
    admin: Member, server: RunningServer
) -> None:
    limit = server.runtime.settings.upload_limit
    assert "An upload takes at most 25 MB." in await upload(
        admin, ("big.txt", b"x" * (limit + 100_000)), status=413
    )
    assert "larger than 25 MB" in await upload(admin, ("big.txt", b"x" * (limit + 1)), status=413)


async def test_a_body_of_unknown_length_is_not_read(admin: Member) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 1000

    answer = await admin.client.post("/console/knowledge/documents", content=endless(), headers=HTMX)
    assert answer.status_code == 411


async def test_of_several_files_each_bad_one_says_why_in_the_list(admin: Member) -> None:
    bad = {
        "truncated.docx": ("broken", made.word()[:2000]),
        "noise.pdf": ("broken", b"%PDF-1.7\n" + bytes(range(256)) * 20),
        "locked.pdf": ("encrypted", made.pdf([["Secret", "text"]], password="sesame")),
        "white.txt": ("empty", b" \n\t \n"),
        "bomb.docx": ("bomb", made.zipped({"word/document.xml": bytes(100 * 1024 * 1024)})),
        "endless.pdf": ("too_many_pages", made.endless_pdf(20_000)),
        "pictures.zip": ("archive", made.zipped({"a.html": "<p>x</p>"})),
        "program.bin": ("unknown_type", bytes(range(256)) * 50),
    }
    html = b"<!doctype html><html><body><p>A page that says it is a PDF.</p></body></html>"
    files = {"page.pdf": html, "mixed.txt": "größer\n".encode() * 3 + b"caf\xe9\n"}
    await upload(admin, *files.items(), *((name, data) for name, (_, data) in bad.items()))
    async with asyncio.timeout(120):
        while (page := await admin.page("/console/knowledge")).count("Failed") < len(bad):
            await asyncio.sleep(0.2)
    for name, (code, _) in bad.items():
        assert re.search(rf"{re.escape(name)} Failed .{{0,60}} {re.escape(MESSAGES[code])}", page), name
    assert (await ready(admin, 2)).count("Ready ") == 2


async def test_a_failure_says_why_and_can_be_tried_again(
    admin: Member, database: Database, org_id: UUID
) -> None:
    await upload(admin, ("returns.md", TEXT))
    await ready(admin)
    document = await the_document(database, org_id)
    await fail(database, org_id)
    page = await admin.page("/console/knowledge")
    assert "Failed" in page
    assert "This is a scan." in page
    assert (await admin.press(f"/console/knowledge/documents/{document}/retry")).status_code == 200
    assert "Failed" not in await ready(admin)


async def test_what_has_not_failed_cannot_be_tried_again(
    admin: Member, database: Database, org_id: UUID
) -> None:
    await upload(admin, ("returns.md", TEXT))
    await ready(admin)
    document = await the_document(database, org_id)
    refused = await admin.press(f"/console/knowledge/documents/{document}/retry")
    assert refused.status_code == 409
    assert "Only a document that failed can be tried again." in visible(refused.text)


async def test_a_deleted_document_is_gone(admin: Member, database: Database, org_id: UUID) -> None:
    await upload(admin, ("returns.md", TEXT))
    document = await the_document(database, org_id)
    deleted = await admin.press(f"/console/knowledge/documents/{document}/delete")
    assert deleted.headers["hx-push-url"] == "/console/knowledge"
    assert "returns.md" not in visible(deleted.text)
    assert "nothing at this address" in await admin.page(f"/console/knowledge/documents/{document}", 404)
    assert (await admin.press(f"/console/knowledge/documents/{document}/delete")).status_code == 404


async def test_agents_read_and_admins_change(
    server: RunningServer, database: Database, org_id: UUID, admin: Member
) -> None:
    await upload(admin, ("returns.md", TEXT))
    document = await the_document(database, org_id)
    async with at_console(server, database, org_id) as agent:
        page = await agent.page("/console/knowledge")
        assert "returns.md" in page
        assert "Only admins add and delete documents." in page
        assert "Delete" not in page
        await agent.page(f"/console/knowledge/documents/{document}")
        assert "Only an admin" in await upload(agent, ("more.md", TEXT), status=403)
        for verb in ("retry", "delete"):
            refused = await agent.press(f"/console/knowledge/documents/{document}/{verb}")
            assert (refused.status_code, "Only an admin" in visible(refused.text)) == (403, True)


async def test_documents_of_others_do_not_exist_here(
    server: RunningServer, database: Database, org_id: UUID, other_org_id: UUID, admin: Member
) -> None:
    await upload(admin, ("returns.md", TEXT))
    document = await the_document(database, org_id)
    async with at_console(server, database, other_org_id, role="admin") as stranger:
        assert "returns.md" not in await stranger.page("/console/knowledge")
        await stranger.page(f"/console/knowledge/documents/{document}", 404)
        for verb in ("retry", "delete"):
            assert (
                await stranger.press(f"/console/knowledge/documents/{document}/{verb}")
            ).status_code == 404
        await stranger.page(f"/console/knowledge/documents/{uuid4()}", 404)
    assert "returns.md" in await admin.page("/console/knowledge")


async def test_a_question_is_tried_out(admin: Member) -> None:
    await upload(admin, ("returns.md", TEXT))
    await ready(admin)
    page = await admin.page("/console/knowledge/try?q=How+many+days+from+delivery")
    assert "Enough to answer" in page
    assert "You have thirty days from delivery" in page
    for name in ("Fused", "Meaning", "Words", "Covers"):
        assert name in page
    unknown = await admin.page("/console/knowledge/try?q=Who+sells+bicycles")
    assert "Too little to answer" in unknown
    assert "in no passage" in unknown
    mistyped = await admin.page("/console/knowledge/try?q=How+many+days+from+delivrey")
    assert "in no passage, read as deliveri…" in mistyped
    assert "You have thirty days from delivery" in mistyped
    assert "Try a question" in await admin.page("/console/knowledge")


async def test_a_question_that_is_too_long_is_refused(admin: Member) -> None:
    answer = await admin.client.get("/console/knowledge/try", params={"q": "x" * 2_000})
    assert answer.status_code == 400
