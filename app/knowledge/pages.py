"""Fetches a page of a website, and never one of this machine or its network, wherever a name or a redirect points.

The address that was checked is the address that is connected to: a name that resolves differently the second time
gains nothing.
"""

import asyncio
import ipaddress
import socket
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from app.kit.errors import Problem

REDIRECTS = 5
SECONDS = 30.0
HEADERS = {
    "User-Agent": "Frontdesk/0.1 (reads a page for its organisation)",
    "Accept": "text/html, */*;q=0.8",
}


class PageUnavailable(Problem):
    """The page cannot be fetched."""

    status = 422
    code = "page_unavailable"
    title = "Page not available"


@dataclass(frozen=True)
class FetchedPage:
    """`url` is where the content came from in the end, after redirects."""

    name: str
    url: str
    content: bytes


async def fetch_page(url: str, *, limit: int, allow_private: bool = False) -> FetchedPage:
    """The content behind an http(s) address, at most `limit` bytes. Raises PageUnavailable with what to do."""
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(headers=HEADERS, timeout=SECONDS, trust_env=False) as client,
        ):
            return await _follow(client, url, limit, allow_private=allow_private)
    except TimeoutError as error:
        raise PageUnavailable(f"{url} did not answer within {SECONDS:.0f} s. Try again later.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PageUnavailable(f"{url} cannot be fetched: {str(error) or type(error).__name__}.") from error


async def _follow(client: httpx.AsyncClient, url: str, limit: int, *, allow_private: bool) -> FetchedPage:
    here = url
    for _ in range(REDIRECTS + 1):
        address = await _public_address(here, allow_private=allow_private)
        response = await client.send(_request(client, here, address), stream=True)
        async with aclosing(response):
            if response.is_redirect:
                here = urljoin(here, response.headers.get("location", ""))
                continue
            if response.status_code != httpx.codes.OK:
                raise PageUnavailable(
                    f"{here} answered with status {response.status_code}. Check the address."
                )
            return FetchedPage(_name(here), here, await _body(response, here, limit))
    raise PageUnavailable(f"{url} redirects more than {REDIRECTS} times. Give the address that it ends at.")


async def _public_address(url: str, *, allow_private: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PageUnavailable(
            f"{url} is not the address of a page: it has to begin with http:// or https://."
        )
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PageUnavailable(f"There is no host {parts.hostname}. Check the address.") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not allow_private and not all(address.is_global for address in addresses):
        raise PageUnavailable(
            f"{parts.hostname} is an address of this machine or its network, which is not read."
        )
    return str(addresses[0])


def _request(client: httpx.AsyncClient, url: str, address: str) -> httpx.Request:
    """Asks `address` for what `url` names, under the name that it has there."""
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host, fragment="").geturl()
    headers = {"Host": parts.netloc.rpartition("@")[2]}
    return client.build_request("GET", target, headers=headers, extensions={"sni_hostname": parts.hostname})


async def _body(response: httpx.Response, url: str, limit: int) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > limit:
            raise PageUnavailable(f"{url} is larger than {limit // 1024 // 1024} MB.")
    return bytes(body)


def _name(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or url
