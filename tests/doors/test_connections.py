"""Connections that nothing is asked on for a while."""

import asyncio

import httpx

from tests.serving import RunningServer

# The library that serves gives a silent connection up after five seconds, unless it is told otherwise.
SILENT_S = 6


async def test_a_silent_connection_is_not_given_up_after_a_few_seconds(server: RunningServer) -> None:
    """A proxy keeps it for longer, and may send the next request in the moment in which it ends."""
    limits = httpx.Limits(max_connections=1, keepalive_expiry=600)
    async with server.client(limits=limits) as client:
        first = await asked_from(client)
        await asyncio.sleep(SILENT_S)
        assert await asked_from(client) == first


async def asked_from(client: httpx.AsyncClient) -> object:
    """The address of the connection on which the server has answered."""
    answer = await client.get("/health/live")
    assert answer.status_code == httpx.codes.OK
    return answer.extensions["network_stream"].get_extra_info("client_addr")
