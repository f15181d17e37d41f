"""Why a page cannot be had, in words for who asked for it."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import httpx

from app.kit.clock import now
from app.kit.errors import Problem

GONE = {404, 410}
BUSY = {429, 503}
MEGABYTE = 1024 * 1024


class PageUnavailable(Problem):
    """The page cannot be fetched.

    `reason` is one word for it. `passing`: it may be there again later. `wait_s`: when the server asks to come back,
    which is that of `url`, where redirects have led elsewhere.
    """

    status = 422
    code = "page_unavailable"
    title = "Page not available"

    def __init__(
        self,
        detail: str,
        *,
        reason: str,
        passing: bool = False,
        answered: int = 0,
        wait_s: float = 0,
        url: str = "",
    ) -> None:
        super().__init__(detail)
        self.reason, self.passing, self.answered = reason, passing, answered
        self.wait_s, self.url = wait_s, url


def too_large(url: str, limit: int) -> PageUnavailable:
    return PageUnavailable(
        f"{url} is larger than {limit // MEGABYTE} MB and was cut off. Split the page, or upload it as a file.",
        reason="too_large",
    )


def cut_off(url: str) -> PageUnavailable:
    return PageUnavailable(
        f"{url} was cut off while it arrived. Try again later; if it stays so, have the site's server corrected.",
        reason="cut_off",
        passing=True,
    )


def refused_by(url: str, status: int, headers: Mapping[str, str]) -> PageUnavailable:
    if headers.get("cf-mitigated") == "challenge":
        return PageUnavailable(
            f"{url} asks for a proof that a person is reading (Cloudflare). Let Frontdesk through there, or upload "
            "the page as a file.",
            reason="challenge", passing=True, answered=status,
        )  # fmt: skip
    if status in GONE:
        return PageUnavailable(
            f"{url} is not there (status {status}). Check the address.", reason="gone", answered=status
        )
    if status in {401, 403, 407}:
        said = (
            f"{url} may not be read by everybody (status {status}). Make it public, or upload it as a file."
        )
        return PageUnavailable(said, reason="forbidden", passing=True, answered=status)
    return PageUnavailable(
        f"{url} answered with status {status}. Try again later; if it stays so, check the address.",
        reason="busy" if status in BUSY else "status",
        passing=True,
        answered=status,
        wait_s=_wait(headers.get("retry-after", "")) if status in BUSY else 0,
        url=url,
    )


def still_busy(url: str, wait_s: float) -> PageUnavailable:
    """As if it had been asked again, which it wants nobody to do so soon."""
    return PageUnavailable(
        f"{url} has asked to be left alone for a while. It is tried again at the next fetch.",
        reason="busy", passing=True, answered=httpx.codes.TOO_MANY_REQUESTS, wait_s=wait_s, url=url,
    )  # fmt: skip


def _wait(header: str) -> float:
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def told(url: str, error: Exception) -> PageUnavailable:
    if isinstance(error, httpx.TimeoutException):
        return PageUnavailable(
            f"{url} did not answer in time. Try again later.", reason="timeout", passing=True
        )
    said = str(error) or type(error).__name__
    if "certificate" in said.lower() or "ssl" in said.lower():
        return PageUnavailable(
            f"{url} cannot be trusted: {said}. Have the site's certificate renewed or corrected.",
            reason="certificate",
            passing=True,
        )
    return PageUnavailable(
        f"{url} cannot be fetched: {said.rstrip('.')}. Check the address, or try again later.",
        reason="connection",
        passing=True,
    )
