"""Settings in the console: the assistant, hours and hand-off, budgets; admins change them, agents read them."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.answering.assistant import assistant_of
from app.handoff.desk import desk_of
from app.kit.db import Database
from app.tenancy.models import Site
from app.tenancy.organisations import create_site, site_of_key
from tests.doors.console import Member, at_console, visible
from tests.serving import RunningServer

HOME = "/console/settings"
ASSISTANT = {
    "tone": "formal",
    "model": "small-one",
    "temperature": "0,3",
    "languages": ["de", "en"],
    "first": "en",
    "instructions": "Call customers guests.",
    "forbidden": "legal advice\n\n competitors ",
}
DESK = {"zone": "Europe/Berlin", "after_unknown": "3", "after_thumbs_down": "0"}


@pytest.fixture
async def admin(server: RunningServer, database: Database, org_id: UUID) -> AsyncIterator[Member]:
    async with at_console(server, database, org_id, role="admin", name="Ada Admin") as member:
        yield member


@pytest.fixture
async def site(database: Database, org_id: UUID) -> Site:
    async with database.transaction(org_id) as session:
        return await create_site(session, name="Northwind shop", origins=[])


async def test_the_assistant_is_set_for_all_sites_and_for_one(
    admin: Member, database: Database, org_id: UUID, site: Site
) -> None:
    saved = await admin.client.post(f"{HOME}/assistant", data=ASSISTANT, follow_redirects=True)
    assert "Saved" in visible(saved.text)
    assert "Last changed by Ada Admin" in visible(saved.text)
    async with database.transaction(org_id) as session:
        found = await assistant_of(session, site.id)
    assert (found.languages, found.temperature) == (("en", "de"), 0.3)
    assert found.forbidden == ("legal advice", "competitors")
    own = f"{HOME}/assistant?site={site.key}"
    assert "the settings of all sites" in await admin.page(own)
    await admin.client.post(own, data=ASSISTANT | {"greeting": "Ahoy!"})
    assert "the settings of all sites" in await admin.page(own), "a greeting alone makes nothing its own"
    await admin.client.post(own, data=ASSISTANT | {"tone": "friendly", "greeting": "Ahoy!"})
    async with database.transaction(org_id) as session:
        assert (await assistant_of(session, site.id)).tone == "friendly"
        assert (await assistant_of(session, None)).tone == "formal"
        assert (await site_of_key(session, site.key)).greeting == "Ahoy!"
    await admin.press(f"{HOME}/assistant/reset?site={site.key}")
    async with database.transaction(org_id) as session:
        assert (await assistant_of(session, site.id)).tone == "formal"


async def test_hours_and_rules_are_set(admin: Member, database: Database, org_id: UUID, site: Site) -> None:
    assert "No opening hours are set" in await admin.page(f"{HOME}/desk")
    hours = DESK | {"hours": "Mon-Sun 00:00-24:00", "topics": "press\ncomplaint"}
    saved = await admin.client.post(f"{HOME}/desk", data=hours, follow_redirects=True)
    assert "It is within the opening hours." in visible(saved.text)
    async with database.transaction(org_id) as session:
        rules = await desk_of(session, site.id)
    assert (rules.topics, rules.after_unknown, rules.zone) == (("press", "complaint"), 3, "Europe/Berlin")
    await admin.press(f"{HOME}/desk/reset")
    assert "No opening hours are set" in await admin.page(f"{HOME}/desk")


async def test_budgets_are_set_and_left_to_the_default(admin: Member, site: Site) -> None:
    page = (await admin.client.get(f"{HOME}/budgets")).text
    assert 'placeholder="10000 requests/day"' in page
    await admin.press(f"{HOME}/budgets", organisation="5 requests/day", visitor="none")
    page = (await admin.client.get(f"{HOME}/budgets")).text
    assert 'value="5 requests/day"' in page
    own = (await admin.client.get(f"{HOME}/budgets?site={site.key}")).text
    assert 'name="organisation"' not in own
    assert 'name="visitor" placeholder="none" value=""' in own
    await admin.press(f"{HOME}/budgets")
    assert 'value="5 requests/day"' not in (await admin.client.get(f"{HOME}/budgets")).text


@pytest.mark.parametrize(
    ("part", "fields", "says"),
    [
        ("assistant", {"temperature": "warm"}, "'warm' is no number."),
        ("assistant", {"temperature": "9"}, "The temperature is a number from 0 to 2"),
        ("assistant", {"tone": "loud"}, "'loud' is no tone."),
        ("assistant", {"languages": "xx"}, "does not speak 'xx'"),
        ("assistant", {"forbidden": "the"}, "'the' has no word"),
        ("desk", DESK | {"hours": "always"}, "'always' are no opening hours."),
        ("desk", DESK | {"zone": "Mars"}, "'Mars' is no time zone."),
        ("desk", DESK | {"closed_on": "Xmas"}, "'Xmas' are no days."),
        ("desk", DESK | {"after_unknown": "99"}, "after 1 to 20 times"),
        ("budgets", {"visitor": "many"}, "many"),
    ],
)
async def test_what_cannot_be_set_is_refused_in_a_sentence(
    admin: Member, part: str, fields: dict[str, str], says: str
) -> None:
    refused = await admin.press(f"{HOME}/{part}", **fields)
    assert refused.status_code == 422
    assert says in visible(refused.text)


async def test_agents_read_and_change_nothing(
    server: RunningServer, database: Database, org_id: UUID
) -> None:
    async with at_console(server, database, org_id) as agent:
        assert (await agent.client.get(HOME)).headers["location"] == f"{HOME}/assistant"
        for part in ("assistant", "desk", "budgets"):
            assert "Only admins change these." in await agent.page(f"{HOME}/{part}")
            fields = DESK if part == "desk" else {}
            assert (await agent.press(f"{HOME}/{part}", **fields)).status_code == 403
        for part in ("assistant", "desk"):
            assert (await agent.press(f"{HOME}/{part}/reset")).status_code == 403


async def test_another_organisations_site_is_nobodys(admin: Member, database: Database) -> None:
    assert (await admin.client.get(f"{HOME}/assistant?site=site_none")).status_code == 404
