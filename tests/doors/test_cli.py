"""The `frontdesk` command, as a newcomer and as a script use it."""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.answering import prompt
from app.cli import COMMANDS, main
from app.kit.db import Database, fetch
from app.knowledge.publishing import ARRIVING
from app.quality.looking import JOB as LOOK
from tests.doors.terminal import Terminal
from tests.model_server import ModelServer
from tests.website import website

HANDBOOK = (
    "# Handbook\n\n## Parking\n\nVisitors park behind the mill. The barrier opens with the code 4711.\n"
)


async def test_help_names_every_command_with_a_sentence(terminal: Terminal) -> None:
    shown = (await terminal.run("--help")).out
    for command in COMMANDS:
        line = next(line for line in shown.splitlines() if line.strip().startswith(command))
        assert len(line.split()) > 3, f"{command} says nothing: {line}"
        helped = CliRunner().invoke(main, [command, "--help"])
        assert helped.exit_code == 0
        assert len(helped.output.split()) > 20, f"{command} explains nothing: {helped.output}"


def test_the_list_says_of_each_command_what_the_command_says_of_itself() -> None:
    context = click.Context(main)
    for name, (_, says) in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert (command.name, command.get_short_help_str(200)) == (name, says)


async def test_listing_the_commands_loads_none_of_them() -> None:
    """It took three seconds."""
    code = "import sys, app.cli; app.cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    loaded = (await process.communicate())[0].decode().splitlines()[-1].split()
    assert "app.cli" in loaded
    assert not {"sqlalchemy", "openai", "redis", "litestar", "app.cli.common"}.intersection(loaded)


async def test_a_page_of_this_machine_is_not_read(terminal: Terminal) -> None:
    ran = await terminal.run("ingest", "http://127.0.0.1:9/secret", "--org", terminal.org)
    assert ran.code == 1
    assert "127.0.0.1 is an address of this machine" in ran.out
    missing = await terminal.run("ingest", "no-such-file.pdf", "--org", terminal.org)
    assert (missing.code, "neither a file, nor a folder" in missing.err) == (2, True)


async def test_sites_and_sitemaps_are_read_page_by_page_and_say_what_was_not(terminal: Terminal) -> None:
    async with website() as site:
        site.page("/help/", "Help centre", "a", "gone", "/outside")
        site.page("/help/a", "Parking")
        site.sitemap("/sitemap.xml", "/help/a", "/blog", "http://elsewhere.example/x")
        site.page("/blog", "News")
        read = ("ingest", "--allow-private", "--json", "--org", terminal.org)
        quick = {"FRONTDESK_CRAWL_DELAY": "0.01"}
        by_links = await terminal.run(*read, "--site", f"{site.url}/help/", **quick)
        listed = await terminal.run(*read, "--sitemap", f"{site.url}/sitemap.xml", **quick)
    of_site, of_sitemap = (
        {row["file"].removeprefix(site.url): (row["state"], row["failure"]) for row in json.loads(ran.out)}
        for ran in (by_links, listed)
    )
    assert {path: state for path, (state, _) in of_site.items()} == {
        "/help/": "ready", "/help/a": "ready", "/help/gone": "gone"
    }  # fmt: skip
    assert "status 404" in of_site["/help/gone"][1]
    assert of_sitemap["/blog"][0] == "ready"
    assert "not part of this source" in of_sitemap["http://elsewhere.example/x"][1]


async def test_documents_are_added_found_and_quoted(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "handbook.md").write_text(HANDBOOK)
    (tmp_path / "empty.txt").write_text("")
    added = await terminal.run("ingest", str(tmp_path), "--org", terminal.org, "--json")
    rows = {Path(row["file"]).name: row for row in json.loads(added.out)}
    assert added.code == 1
    assert rows["handbook.md"]["state"] == "ready"
    assert (rows["empty.txt"]["state"], bool(rows["empty.txt"]["failure"])) == ("failed", True)

    found = await terminal.run("search", "Where do visitors park?", "--org", terminal.org, "--json")
    assert "behind the mill" in json.loads(found.out)[0]["text"]
    mistyped = await terminal.run("search", "Where do vistors park?", "--explain", "--org", terminal.org)
    assert "vistors" in mistyped.err
    assert "(in 0, read as visitor…)" in mistyped.err

    asked = await terminal.run("ask", "Where do visitors park?", "--org", terminal.org)
    assert asked.code == 0, asked.err
    assert "Visitors park behind the mill." in asked.out
    assert "[1] Handbook, Parking" in asked.out

    answer = json.loads(
        (await terminal.run("ask", "Where do visitors park?", "--org", terminal.org, "--json")).out
    )
    assert answer["outcome"] == "answered"
    assert answer["sources"][0]["title"] == "Handbook"


async def test_an_answer_is_explained(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "handbook.md").write_text(HANDBOOK)
    await terminal.run("ingest", str(tmp_path / "handbook.md"), "--org", terminal.org)
    async with ModelServer().running() as model:
        model.say("Behind the mill [1].")
        ask = ("ask", "Where do visitors park?", "--explain", "--org", terminal.org)
        told = await terminal.run(*ask, OPENAI_BASE_URL=model.url, OPENAI_MODEL="scripted")
    assert told.code == 0, told.err
    for named in (
        "evidence: 0.",
        "model: scripted",
        f"prompt_version: {prompt.VERSION}",
        "tokens_in: ",
        "cost_micros: ",
    ):
        assert named in told.out
    for named in (
        "cost_micros: ",
        "timings_ms: {'searched'",
        "'first_token'",
        "handbook.md",
        "dense_rank",
        "lexical_rank",
    ):
        assert named in told.out
    assert "sent to the model, as system:" in told.out
    assert '<passage number="1"' in told.out


async def _not_looked_at(database: Database, org_id: UUID) -> None:
    """Nobody looks at the organisation's golden questions by themselves, as a server does every few minutes."""
    async with database.transaction(None) as session:
        wanted = "DELETE FROM pgqueuer WHERE dedupe_key LIKE $1 RETURNING id"
        assert await fetch(session, wanted, f"{LOOK}:{org_id}:%")


async def test_golden_questions_are_brought_asked_and_compared(
    terminal: Terminal, database: Database, org_id: UUID, tmp_path: Path
) -> None:
    (tmp_path / "handbook.md").write_text(HANDBOOK)
    questions = tmp_path / "golden.csv"
    questions.write_text(
        "question,source,must_say,declined\nWhere do visitors park?,handbook,behind the mill,\n"
        "Who won the bicycle race in Lisbon?,,,yes\n"
    )
    brought = await terminal.run("golden", "import", str(questions), "--org", terminal.org)
    assert (brought.code, "2 golden questions" in brought.out) == (0, True), brought.err
    await _not_looked_at(database, org_id)
    before = await terminal.run("check", "--org", terminal.org)
    assert before.code == 1
    assert "1 of 2 right: 0 worse, 0 better, 2 new (the first run)" in before.out
    await terminal.run("ingest", str(tmp_path / "handbook.md"), "--org", terminal.org)
    after = await terminal.run("check", "--org", terminal.org, "--json")
    assert after.code == 0, after.out
    told = json.loads(after.out)
    assert (told["right"], told["better"], told["worse"]) == (2, 1, 0)
    questions.write_text("frage\nWo?\n")
    refused = await terminal.run("golden", "import", str(questions), "--org", terminal.org)
    assert (refused.code, "first line names the columns" in refused.err) == (1, True)


async def test_an_unknown_organisation_is_told_plainly(terminal: Terminal) -> None:
    ran = await terminal.run("ask", "Anything?", "--org", "nobody")
    assert ran.code == 1
    assert "There is no organisation 'nobody'" in ran.err
    assert "Traceback" not in ran.err


async def test_a_database_that_cannot_be_reached_is_told_plainly(terminal: Terminal) -> None:
    nowhere = "postgresql://nobody:x@127.0.0.1:1/nothing"
    for command in (("ask", "Anything?"), ("serve",), ("migrate",)):
        ran = await terminal.run(*command, DATABASE_URL=nowhere, DATABASE_OWNER_URL=nowhere, PORT="0")
        assert ran.code == 1
        assert "Check DATABASE_URL" in ran.err
        assert "Traceback" not in ran.err


async def test_a_port_in_use_is_told_plainly(terminal: Terminal) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    ran = await terminal.run("serve", PORT=port)
    server.close()
    assert ran.code == 1
    assert f"127.0.0.1:{port}" in ran.err
    assert "PORT=8001" in ran.err


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
async def test_a_host_of_another_machine_is_told_plainly(terminal: Terminal, host: str) -> None:
    ran = await terminal.run("serve", HOST=host, PORT="0")
    assert ran.code == 1
    assert "HOST is no address of this machine" in ran.err


async def test_the_doctor_finds_everything_well_and_says_what_is_not(
    terminal: Terminal, database: Database, org_id: UUID
) -> None:
    async with database.transaction(org_id) as session:
        await session.execute(text(ARRIVING.partition(";")[0]))
    # The application owns nothing but that, which goes with the connection.
    well = await terminal.run("doctor", "--json")
    assert well.code == 0, well.out
    nowhere = {
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_FALLBACK_BASE_URL": "http://127.0.0.1:2/v1",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    ill = await terminal.run("doctor", "--json", **nowhere)
    found = {finding["what"]: finding for finding in json.loads(ill.out)}
    assert ill.code == 1
    assert not found["model"]["ok"]
    assert "check OPENAI_BASE_URL" in found["model"]["said"]
    assert not found["fall-back"]["ok"]
    assert "check OPENAI_FALLBACK_BASE_URL" in found["fall-back"]["said"]
    assert not found["redis"]["ok"]
    assert "check REDIS_URL" in found["redis"]["said"]


async def test_a_member_is_added_with_a_password_that_works(terminal: Terminal) -> None:
    added = await terminal.run("member", "add", "new@northwind.example", "--org", terminal.org, "--json")
    made = json.loads(added.out)
    assert (made["email"], len(made["password"]) >= 10) == ("new@northwind.example", True)
    again = await terminal.run("member", "add", "new@northwind.example", "--org", terminal.org)
    assert (again.code, "is a member already" in again.err) == (1, True)
    short = await terminal.run(
        "member", "password", "new@northwind.example", "--password", "x", "--org", terminal.org
    )
    assert (short.code, "at least 10" in short.err) == (1, True)
