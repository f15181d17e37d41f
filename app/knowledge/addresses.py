"""Addresses of pages: in one form, checked, and told whether they belong to a source."""

import re
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

import idna

from app.kit.errors import Problem

PORTS = {"http": 80, "https": 443}
LONGEST = 2_000
# What links carry to tell how somebody came: the page is the same without.
TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|msclkid|mc_cid|mc_eid|_ga)$", re.IGNORECASE)
SAFE = "/:@!$&'()*+,;=~-._%"


class AddressRefused(Problem):
    """This is not the address of a page: it has to begin with http:// or https://."""

    status = 422
    code = "address_refused"
    title = "Address refused"

    def __init__(self, detail: str | None = None, *, reason: str = "address") -> None:
        super().__init__(detail)
        self.reason = reason


def tidy(address: str) -> str:
    """The one form of an address: ASCII host, no default port, no fragment, nothing that only tracks.

    Raises AddressRefused.
    """
    parts = _parts(address.strip())
    host = _host(parts)
    port = parts.port
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in {None, PORTS[parts.scheme]} else f"{shown}:{port}"
    query = _query(parts.query)
    path = quote(parts.path or "/", safe=SAFE)
    return SplitResult(parts.scheme, netloc, path, query, "").geturl()


def typed(address: str) -> str:
    """As `tidy`, for what a person types, who leaves `https://` out. Raises AddressRefused."""
    address = address.strip()
    return tidy(
        address if "://" in address or not re.match(r"^[\w-]+(\.[\w-]+)+", address) else f"https://{address}"
    )


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"{address[:200]} is not an address. Check it for mistakes.") from error
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise AddressRefused(
            f"{address[:200]} is not the address of a page: it has to begin with http:// or https://."
        )
    if len(address) > LONGEST:
        raise AddressRefused(f"An address has at most {LONGEST} characters.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            "The address holds a user name or password. Leave them out: only pages that everybody may read are read.",
            reason="credentials",
        )
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise AddressRefused(f"{host} is not the name of a host. Check the address.") from error


def _query(query: str) -> str:
    if not query or not any(TRACKING.match(name) for name, _ in parse_qsl(query, keep_blank_values=True)):
        return quote(query, safe=SAFE + "?")
    kept = [
        (name, value) for name, value in parse_qsl(query, keep_blank_values=True) if not TRACKING.match(name)
    ]
    return urlencode(kept)


def host_of(address: str) -> str:
    """With its port, as requests to it are paced by."""
    return urlsplit(address).netloc


def root_of(address: str) -> str:
    """Its scheme and host."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def prefix_of(address: str) -> str:
    """What a crawl that begins here stays below: the page's folder, or the page where it is one."""
    parts = urlsplit(address)
    folder, _, last = parts.path.rpartition("/")
    path = f"{folder}/" if "." in last or not last else parts.path
    return parts._replace(path=path, query="").geturl()


def is_below(address: str, prefix: str) -> bool:
    """Whether an address is the prefix or under it; http and https are the same site."""
    here, above = urlsplit(address), urlsplit(prefix)
    if here.netloc != above.netloc:
        return False
    folder = above.path if above.path.endswith("/") else f"{above.path}/"
    return here.path == above.path or here.path.startswith(folder)
