"""`frontdesk budget`, `assistant` and `desk`: what an organisation has set, from the terminal."""

import json

from tests.doors.terminal import Terminal


async def test_budgets_are_shown_set_and_reset(terminal: Terminal) -> None:
    org = ("--org", terminal.org)
    shown = json.loads((await terminal.run("budget", "show", "--json", *org)).out)
    assert shown[0] == {
        "budget": "the organisation",
        "of": "requests/day",
        "allowed": 10_000,
        "used": 0,
        "left": 10_000,
    }
    assert shown[-1] == {
        "budget": "each visitor",
        "of": "requests/day",
        "allowed": 200,
        "used": None,
        "left": None,
    }
    refused = await terminal.run("budget", "set", "visitor", "many", *org)
    assert (refused.code, "write it like" in refused.err) == (1, True)
    unknown = await terminal.run("budget", "set", "visitor", "none", "--site", "site_none", *org)
    assert "no site with the key site_none" in unknown.err
    await terminal.run("budget", "set", "organisation", "5 requests/day, 20.5 money/month", *org)
    table = (await terminal.run("budget", "show", *org)).out
    assert ("20.5" in table, "10000" in table) == (True, False)
    assert (await terminal.run("budget", "reset", "organisation", *org)).out.strip() == (
        "organisation: 10000 requests/day"
    )


async def test_the_assistant_is_shown_set_and_reset(terminal: Terminal) -> None:
    org = ("--org", terminal.org)
    wrong = await terminal.run("assistant", "set", "--forbid", "the", *org)
    assert (wrong.code, "Name the subject" in wrong.err) == (1, True)
    homeless = await terminal.run("assistant", "set", "--greeting", "Ahoy", *org)
    assert "name the site with --site" in homeless.err
    await terminal.run("assistant", "set", "--tone", "formal", "--language", "de", "--forbid", "refund", *org)
    await terminal.run("assistant", "set", "--temperature", "0.5", *org)
    shown = json.loads((await terminal.run("assistant", "show", "--json", *org)).out)
    assert (shown["tone"], shown["languages"], shown["forbidden"]) == ("formal", ["de"], ["refund"])
    assert (shown["temperature"], shown["changed_by"]) == (0.5, "the operator")
    assert "tone           plain" in (await terminal.run("assistant", "reset", *org)).out


async def test_the_desk_is_shown_and_set(terminal: Terminal) -> None:
    org = ("--org", terminal.org)
    wrong = await terminal.run("desk", "set", "--hours", "nine to five", *org)
    assert (wrong.code, "Write them like `Mon-Fri 09:00-17:00" in wrong.err) == (1, True)
    await terminal.run("desk", "set", "--hours", "Mon-Fri 09:00-17:00", "--zone", "Europe/Berlin", *org)
    await terminal.run("desk", "set", "--topic", "refund", "--after-unknown", "0", *org)
    shown = json.loads((await terminal.run("desk", "show", "--json", *org)).out)
    assert (shown["hours"], shown["topics"], shown["after_unknown"]) == ("Mon-Fri 09:00-17:00", ["refund"], 0)
    assert shown["online"] is False
