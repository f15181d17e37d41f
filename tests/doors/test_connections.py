"""Connections that nothing is asked on for a while."""

import asyncio

import httpx

from tests.serving import RunningServer

# Most servers give a silent connection up after five seconds, most proxies use one again after a minute or two.
SILENT_S = 6


async def test_a_connection_may_be_silent_for_as_long_as_a_proxy_keeps_it(server: RunningServer) -> None:
    """Given up sooner, it may end in the moment in which the proxy sends the next request on it."""
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
