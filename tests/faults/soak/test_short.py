"""A short soak: real processes and databases, killed and restarted, and nothing is lost. `make soak` is longer."""

from random import Random

from bench.soak import CONVERGES_WITHIN_S, MUST_BE_ZERO, slope, soak
from bench.soaking.weather import LENGTHS, Fault, forecast


async def test_a_short_soak_loses_nothing() -> None:
    report = await soak(seconds=12, seed=3, visitors=6, agents=2)
    assert report["passed"], report
    assert report["acknowledged"] > 5
    assert all(report[name] == 0 for name in MUST_BE_ZERO)
    assert report["converged_s"] <= CONVERGES_WITHIN_S


def test_a_seed_gives_the_same_faults_again_and_a_long_run_meets_every_kind() -> None:
    faults = of_seed(5)
    assert faults == of_seed(5)
    assert {fault.kind for fault in faults} == set(LENGTHS)
    assert faults != of_seed(6)


def of_seed(seed: int) -> list[Fault]:
    return forecast(Random(seed), 120)  # noqa: S311 (repeatable on purpose)


def test_memory_that_grows_is_measured_in_megabytes_a_minute() -> None:
    steady = [(float(at), 100_000_000) for at in range(60)]
    growing = [(float(at), 100_000_000 + at * 1_000_000) for at in range(60)]
    assert slope(steady) == 0
    assert round(slope(growing) or 0) == 60
    assert slope(steady[:25]) is None
