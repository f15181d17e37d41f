"""Fetches what is on the web, and never of this machine or its network, wherever a name or a redirect points.

The address that was checked is the address that is connected to: a name that resolves differently the second time
gains nothing. What is too large or unpacks to too much is cut off while it arrives.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cache, partial
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from app.config import Settings
from app.knowledge.addresses import AddressRefused, host_of, tidy
from app.knowledge.unavailable import PageUnavailable, cut_off, refused_by, told, too_large
from app.knowledge.unpacking import unpacked

REDIRECTS = 5
SECONDS = 30.0
# Addresses of one host that are tried, should the first not be reached.
ADDRESSES = 3
AGENT = "Frontdesk"
# Awaited with an address before that is requested; raises PageUnavailable where it must not be.
Before = Callable[[str], Awaitable[None]]
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
HEADERS = {
    "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, application/pdf;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}


@dataclass(frozen=True)
class FetchedPage:
    """`url` is where the content came from in the end, after redirects. `unchanged`: it is what was known already."""

    name: str
    url: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False


async def at_once(_: str) -> None:
    """Nobody need be asked."""


@dataclass(frozen=True)
class Fetcher:
    """How pages are asked for. `home` tells whoever asks who reads them; `private_hosts` may be read although they
    are of this machine or its network, each as `host` or `host:port`; `limit` is in bytes.
    """

    limit: int
    home: str = ""
    private_hosts: Collection[str] = ()
    seconds: float = SECONDS

    @classmethod
    def of(cls, settings: Settings) -> "Fetcher":
        return cls(
            limit=settings.upload_limit,
            home=settings.public_url or "",
            private_hosts=frozenset(filter(None, re.split(r"[\s,]+", settings.private_hosts))),
        )

    @property
    def agent(self) -> str:
        return (
            f"{AGENT}/0.1 (+{self.home})" if self.home else f"{AGENT}/0.1 (reads a page for its organisation)"
        )

    def may_be_private(self, url: str) -> bool:
        return bool({host_of(url), urlsplit(url).hostname} & set(self.private_hosts))

    def and_private(self, host: str) -> "Fetcher":
        return replace(self, private_hosts={*self.private_hosts, host})

    async def fetch(
        self, url: str, *, known: Mapping[str, str] | None = None, before: Before = at_once
    ) -> FetchedPage:
        """The content behind an http(s) address. `known`: headers that ask for it only if it has changed; `before` is
        asked for each address that a redirect leads to.

        Raises PageUnavailable with a reason and what to do.
        """
        timeout = httpx.Timeout(self.seconds)
        try:
            async with (
                asyncio.timeout(self.seconds) as deadline,
                httpx.AsyncClient(timeout=timeout, trust_env=False, verify=_trusted()) as client,
            ):
                headers = {**HEADERS, "User-Agent": self.agent, **(known or {})}
                return await self._follow(client, tidy(url), headers, partial(_uncounted, deadline, before))
        except AddressRefused as refused:
            raise PageUnavailable(refused.detail, reason=refused.reason) from refused
        except TimeoutError as error:
            said = f"{url} did not answer within {self.seconds:.0f} s. Try again later."
            raise PageUnavailable(said, reason="timeout", passing=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise told(url, error) from error

    async def _follow(
        self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], before: Before
    ) -> FetchedPage:
        here = url
        seen = {here}
        for hop in range(REDIRECTS + 1):
            if hop:
                await before(here)
            response = await self._ask(client, here, headers)
            async with aclosing(response):
                if response.has_redirect_location:
                    here = tidy(urljoin(here, response.headers.get("location", "")))
                    if here in seen:
                        raise PageUnavailable(
                            f"{url} redirects in a circle and never answers. Have the site's redirects corrected.",
                            reason="redirect_loop",
                        )
                    seen.add(here)
                    continue
                return await self._answer(response, here)
        raise PageUnavailable(
            f"{url} redirects more than {REDIRECTS} times. Give the address that it ends at.",
            reason="redirects",
        )

    async def _ask(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> httpx.Response:
        addresses = await self._addresses(url)
        for address in addresses[:-1]:
            try:
                return await client.send(_request(client, url, address, headers), stream=True)
            except httpx.ConnectError as error:
                if isinstance(error.__cause__.__cause__ if error.__cause__ else None, ssl.SSLError):
                    raise
        return await client.send(_request(client, url, addresses[-1], headers), stream=True)

    async def _addresses(self, url: str) -> list[str]:
        """Those that the host's name stands for now; none of them may be of this machine or its network."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise PageUnavailable(
                f"There is no host {host}. Check the address.", reason="no_host", passing=True
            ) from error
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not self.may_be_private(url) and not all(map(_is_public, addresses)):
            raise PageUnavailable(
                f"{host} is an address of this machine or its network, which is not read. If its pages are meant for "
                "the public, have the operator name it in FRONTDESK_PRIVATE_HOSTS.",
                reason="private",
            )
        return list(dict.fromkeys(map(str, addresses)))[:ADDRESSES]

    async def _answer(self, response: httpx.Response, url: str) -> FetchedPage:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return FetchedPage(_name(url), url, b"", headers, unchanged=True)
        if response.status_code != httpx.codes.OK:
            raise refused_by(url, response.status_code, headers)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.limit:
            raise too_large(url, self.limit)
        return FetchedPage(_name(url), url, await self._body(response, url), headers)

    async def _body(self, response: httpx.Response, url: str) -> bytes:
        body = bytearray()
        try:
            async for part in unpacked(response, url):
                body += part
                if len(body) > self.limit:
                    raise too_large(url, self.limit)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            raise cut_off(url) from error
        return bytes(body)


async def _uncounted(deadline: asyncio.Timeout, before: Before, url: str) -> None:
    """The deadline is for those who answer: what is waited for here is no time of theirs."""
    due, started = deadline.when(), asyncio.get_running_loop().time()
    deadline.reschedule(None)
    await before(url)
    if due is not None:
        deadline.reschedule(due + asyncio.get_running_loop().time() - started)


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Addresses that carry an older one inside are as public as that."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = (
            _translated(address)
            or address.ipv4_mapped
            or address.sixtofour
            or (address.teredo[1] if address.teredo else None)
        )
        if inside is not None:
            return inside.is_global
    return address.is_global and not address.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The older address that a NAT64 gateway would go to."""
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def _request(client: httpx.AsyncClient, url: str, address: str, headers: Mapping[str, str]) -> httpx.Request:
    """Asks `address` for what `url` names, under the name that it has there."""
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
    return client.build_request(
        "GET",
        target,
        headers={**headers, "Host": parts.netloc},
        extensions={"sni_hostname": parts.hostname},
    )


def _name(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or url
