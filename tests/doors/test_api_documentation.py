"""The API documentation says what really comes: each answer that a call gets is one that it names."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.doors.pages import Page
from tests.serving import RunningServer

UNREADABLE = {"Content-Type": "application/json"}
BODIES: dict[str, dict[str, Any]] = {
    "contact": {"email": "ann@example.org"},
    "messages": {"text": "Hello"},
    "read": {"seq": 1},
    "feedback": {"value": "up"},
    "typing": {"typing": True},
}


@pytest.fixture
async def document(server: RunningServer) -> dict[str, Any]:
    async with server.client() as client:
        found: dict[str, Any] = (await client.get("/schema/openapi.json")).json()
        return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """What may be called, and in the end what leaves nobody to call anything."""
    found = [
        (method, path, operation)
        for path, of_path in document["paths"].items()
        for method, operation in of_path.items()
    ]
    return sorted(found, key=lambda each: each[0] == "delete")


def check(operation: dict[str, Any], answer: httpx.Response, call: str) -> None:
    """Status, media type and code of the answer stand in the documentation."""
    status = str(answer.status_code)
    assert status in operation["responses"], f"{call} answers {status} {answer.text}"
    described = operation["responses"][status]
    if answer.content:
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in described["content"], f"{call} answers {status} as {media_type}"
    if answer.status_code >= 400:
        assert f"`{answer.json()['code']}`" in described["description"], f"{call}: {answer.text}"


async def test_every_answer_is_documented(page: Page, document: dict[str, Any]) -> None:
    conversation = (await page.start())["id"]
    await page.write(conversation, "Hello")
    stranger = str(uuid4())
    for method, path, operation in operations(document):
        if not path.startswith("/v1/"):
            continue
        body: dict[str, Any] = BODIES.get(path.rsplit("/", 1)[-1], {}) | {"client_id": str(uuid4())}
        if path.endswith(("/read", "/feedback", "/typing")):
            del body["client_id"]
        if path.endswith("/sessions"):
            body = {"site": page.key}
        for ids in (conversation, stranger):
            address = path.format(conversation_id=ids, message_id=ids, attachment_id=stranger, key=page.key)
            call = f"{method} {address}"
            sent: dict[str, Any] = {"json": body} if "requestBody" in operation else {}
            for headers in ({}, {"Origin": "https://evil.example"}, {"Authorization": "Bearer forged"}):
                answer = await page.client.request(method, address, headers=headers, **sent)
                check(operation, answer, call)
            if sent:
                for content in (b"{", b'{"odd": 1}', b" " * 2_000_000):
                    answer = await page.client.request(method, address, content=content, headers=UNREADABLE)
                    check(operation, answer, call)
    unknown = await page.client.get("/v1/sites/nope")
    check(document["paths"]["/v1/sites/{key}"]["get"], unknown, "an unknown site")
    for text in ("", "x" * 5001):
        refused = await page.write(conversation, text)
        check(document["paths"]["/v1/conversations/{conversation_id}/messages"]["post"], refused, "a message")


async def test_a_repeated_post_is_documented(page: Page, document: dict[str, Any]) -> None:
    conversation = (await page.start())["id"]
    client_id = uuid4()
    for _ in range(2):
        answer = await page.write(conversation, "Once", client_id)
        check(document["paths"]["/v1/conversations/{conversation_id}/messages"]["post"], answer, "a message")
    assert answer.status_code == 200


async def test_what_pages_load_is_documented_as_what_it_is(
    server: RunningServer, document: dict[str, Any]
) -> None:
    async with server.client() as client:
        for path in ("/widget.js", "/health/live", "/health/ready"):
            check(document["paths"][path]["get"], await client.get(path), path)


async def test_events_are_described(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/conversations/{conversation_id}/events"]["get"]
    assert "$ref" in operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"after", "Last-Event-ID"} <= {parameter["name"] for parameter in operation["parameters"]}
    for kind in ("message.posted", "answer.delta", "typing", "presence", "ready", "reset", "reconnect"):
        assert kind in operation["description"]


async def test_the_page_needs_nothing_from_elsewhere(server: RunningServer) -> None:
    async with server.client() as client:
        page = (await client.get("/schema/")).text
    assert "https://" not in page.replace("https://spec.openapis.org", "")
    assert "/static/swagger-ui-bundle.js" in page
