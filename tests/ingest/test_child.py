"""What a file can do to the process that parses it, and what it can't do to ours."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingest.child import RESERVED_MB
from ingest.parse import parse
from ingest.parsed import MEGABYTE, Limits, ParseFailure
from tests.ingest import made
from tests.ingest.children import children, started_child

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def long_pdf() -> bytes:
    """Takes some seconds to read."""
    return made.pdf([["Page", *(f"Line {line} of a long document." for line in range(25))]] * 600)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return made.swollen_pdf(500)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def limits_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/limits").read_text().splitlines()


def network_of(pid: int | str) -> tuple[Path, list[str]]:
    """The network that a process is in, and its devices."""
    devices = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    return Path(f"/proc/{pid}/ns/net").readlink(), [line.partition(":")[0].strip() for line in devices]


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def code_of(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ParseFailure) as caught:
        await parse(data, name="file.pdf", limits=limits)
    return caught.value.code


@linux_only
async def test_a_bomb_is_stopped_at_the_memory_limit(bomb: bytes) -> None:
    before = resident_bytes()
    assert await code_of(bomb, Limits(memory_mb=256)) == "out_of_memory"
    assert resident_bytes() - before < 50 * 1024 * 1024


async def test_a_slow_file_is_stopped_at_the_time_limit(long_pdf: bytes) -> None:
    start = time.perf_counter()
    assert await code_of(long_pdf, Limits(seconds=0.3)) == "timeout"
    assert time.perf_counter() - start < 2
    assert sys.platform != "linux" or not children()


@linux_only
async def test_a_crash_is_reported_and_the_next_file_is_read(long_pdf: bytes) -> None:
    reading = asyncio.create_task(code_of(long_pdf))
    os.kill(await started_child(), signal.SIGSEGV)
    assert await reading == "crashed"
    assert (await parse(b"All is well.", name="a.txt")).pages[0].markdown == "All is well."


@linux_only
async def test_cancelling_leaves_no_process_behind(long_pdf: bytes) -> None:
    reading = asyncio.create_task(parse(long_pdf, name="file.pdf"))
    pid = await started_child()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not is_alive(pid)


@asynccontextmanager
async def reading(data: bytes, limits: Limits | None = None) -> AsyncIterator[int]:
    """The pid of a child that has confined itself and reads."""
    task = asyncio.create_task(parse(data, name="file.pdf", limits=limits))
    try:
        yield await started_child()
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@linux_only
async def test_the_child_inherits_no_secret(long_pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    async with reading(long_pdf) as pid:
        environment = environment_of(pid)
    assert b"sk-very-secret" not in environment
    assert b"OPENAI" not in environment


@linux_only
async def test_the_child_has_lost_the_network(long_pdf: bytes) -> None:
    if not may_leave_the_network():
        pytest.skip("this system lets nobody leave the network")
    async with reading(long_pdf) as pid:
        network, devices = network_of(pid)
    assert network != network_of("self")[0]
    assert devices == ["lo"], "which leads nowhere"


def may_leave_the_network() -> bool:
    """What the system allows to anybody, asked without any of our own code."""
    ways = (["unshare", "--net"], ["unshare", "--map-root-user", "--net"])
    return any(
        subprocess.run([*way, "true"], check=False, capture_output=True).returncode == 0 for way in ways
    )


@linux_only
async def test_the_child_has_its_memory_limit_from_the_system(long_pdf: bytes) -> None:
    async with reading(long_pdf, Limits(memory_mb=300)) as pid:
        rows = limits_of(pid)
    [said] = [row.split()[3:5] for row in rows if row.startswith("Max data size")]
    most = (300 + RESERVED_MB) * MEGABYTE
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    assert said == [str(most if hard == resource.RLIM_INFINITY else min(most, hard))] * 2


@linux_only
def test_the_child_dies_with_its_parent(long_pdf: bytes, tmp_path: Path) -> None:
    file = tmp_path / "long.pdf"
    file.write_bytes(long_pdf)
    program = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from ingest.parse import parse
        from tests.ingest.children import started_child

        async def main():
            reading = asyncio.create_task(parse(Path(sys.argv[1]).read_bytes(), name="long.pdf"))
            print(await started_child(), flush=True)
            await reading

        asyncio.run(main())
    """)
    parent = subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert any(not is_alive(child) for _ in waited(2))


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def waited(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)


async def test_others_go_on_while_a_bomb_burns(bomb: bytes) -> None:
    burning = asyncio.create_task(code_of(bomb, Limits(memory_mb=256)))
    good = await asyncio.gather(*(parse(b"A good file.", name=f"{number}.txt") for number in range(3)))
    assert [parsed.pages[0].markdown for parsed in good] == ["A good file."] * 3
    assert await burning == "out_of_memory"
