"""A logistic model fitted and tried on what it was not fitted on. Small enough to need no library."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]

# What holds the coefficients of standardised columns back, in rows.
RIDGE = 20.0
STEPS = 8


def fit(rows: Scores, truth: Flags, weights: Scores) -> Scores:
    """Coefficients of each column, then the offset. `weights` are made to have a mean of one."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    inputs = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])
    held = np.diag([*[RIDGE] * rows.shape[1], 1e-6])
    found = np.zeros(inputs.shape[1])
    weights = weights / weights.mean()
    for _ in range(STEPS):  # Newton's
        made = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ ((made - truth) * weights) + held @ found
        bend = (inputs * (weights * made * (1 - made))[:, None]).T @ inputs + held
        found -= np.linalg.solve(bend, slope)
    slopes = found[:-1] / spread
    return np.append(slopes, found[-1] - slopes @ mean)


def likely(rows: Scores, coefficients: Scores) -> Scores:
    made: Scores = 1 / (1 + np.exp(-(rows @ coefficients[:-1] + coefficients[-1])))
    return made


def folds(groups: Sequence[str], *, parts: int = 5, times: int = 4) -> Iterator[tuple[Flags, Flags]]:
    """What to fit on and what to try, group by group, all of it `times` over."""
    names = np.array(groups)
    for seed in range(times):
        order = sorted(set(groups))
        Random(seed).shuffle(order)  # noqa: S311 - nothing secret
        for part in range(parts):
            tried = np.isin(names, order[part::parts])
            yield ~tried, tried


def unseen(
    rows: Scores, truth: Flags, groups: Sequence[str], weigh: Callable[[Flags], Scores], *, parts: int = 5
) -> Scores:
    """How likely each row is by models that were not fitted on its group."""
    total, times = np.zeros(len(rows)), np.zeros(len(rows))
    for fitted, tried in folds(groups, parts=parts):
        model = fit(rows[fitted], truth[fitted], weigh(fitted))
        total[tried] += likely(rows[tried], model)
        times[tried] += 1
    made: Scores = total / times
    return made
