"""Whether another program says of rows what the run itself says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.data_section import UNKNOWN, DataSection, plain
from pipeline.errors import RunError
from pipeline.machine.arrays import Flags, Floats, Floats32
from pipeline.network.layers import unflatten
from pipeline.predict.score import score_rows
from pipeline.runs.saved import Scoring

TOLERANCE = 1e-5
_EXTREMES = (1e300, -1e300, 5e-324, -5e-324, 0.0, np.inf, -np.inf)


@dataclass(frozen=True)
class ProgramAnswer:
    """What a program says of R rows; K classes are those of ``data.codes``, in their order."""

    output: Floats32  # (R, outputs) of the network
    classes: NDArray[np.str_]  # (R,) names; empty where the output is NaN
    probabilities: Floats  # (R, K); NaN where the output is
    possible: Flags  # (R, K) which cannot be excluded


Scorer = Callable[[Floats], ProgramAnswer]  # from (R, F) raw values


def drawn(run: Scoring, rows: int, seed: int = 0) -> Floats:
    """Draw (rows, F) raw values: half within the range seen in training, half beyond it by up to its width on either side.

    In a third of the rows no value is odd, in a third one in F, in a third every other one: missing, a number that means so, an
    end of a range, the next number outside it, or an extreme. One category in five is missing or unknown.
    """
    random, seen = np.random.default_rng(seed), run.model.preprocessor.seen
    size = (rows, seen.shape[1])
    place = np.where(np.arange(rows)[:, None] % 2, random.uniform(-1, 2, size), random.uniform(0, 1, size))
    with np.errstate(over="ignore"):
        values = seen[0] * (1 - place) + seen[1] * place
    lowest, highest = run.config.data.bounds()
    ends = [lowest, highest, np.nextafter(lowest, -np.inf), np.nextafter(highest, np.inf), *seen]
    ends += [] if (absent := run.model.preprocessor.absent) is None else [*absent]
    odd = np.array([*ends, *(np.full(size[1], value) for value in (np.nan,) * 6 + _EXTREMES)])
    share = random.choice([0, 1 / size[1], 0.5], (rows, 1))
    values = np.where(random.random(size) < share, odd[random.integers(len(odd), size=size), np.arange(size[1])], values)
    for name, numbers in run.config.data.categories().items():
        known = random.choice([*numbers.values()], rows)
        strange = random.choice([np.nan, UNKNOWN], rows)
        values[:, list(run.config.data.features).index(name)] = np.where(random.random(rows) < 0.8, known, strange)
    return values


def as_columns(values: Floats, data: DataSection) -> dict[str, NDArray[Any]]:
    """Return (R, F) values as other programs are given them, by name: (R,) numbers, and texts, empty where one is missing."""
    columns: dict[str, NDArray[Any]] = dict(zip(data.features, np.ascontiguousarray(values.T), strict=True))
    for name, numbers in data.categories().items():
        strange = "of no kind"
        while strange in map(plain, numbers):
            strange += "'"
        texts = {number: text for text, number in reversed(numbers.items())} | {UNKNOWN: strange}
        columns[name] = np.array([texts.get(value, "") for value in columns[name].tolist()], dtype=object)
    return columns


def largest_difference(run: Scoring, values: Floats, scorer: Scorer) -> float:
    """Return by how much the output differs at most from the run's own where both are finite; of outputs beyond 1, the share.

    Raises:
        RunError: in a row this exceeds 1e-5 (and what float32 leaves open), the class is not that of the output, or
            probabilities and possible classes are not those of an output as near. So classes differ only at a tie, and sets only
            where a probability lies at its limit.
    """
    given, expected, names = scorer(values), score_rows(run, values), tuple(run.config.data.codes)
    same = (given.output == expected.output) | (np.isnan(given.output) & np.isnan(expected.output))
    size = np.maximum(1, np.abs(expected.output.astype(np.float64)))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0, np.abs(given.output.astype(np.float64) - expected.output))
    coarse = _coarseness(run, values)[:, None]
    alike = (same | (apart <= np.maximum(TOLERANCE * size, coarse)) | np.isinf(coarse)).all(axis=1)
    named = np.array([*names, ""])
    classes = named[run.model.answers(given.output, names)]
    room = np.where(np.isfinite(size), np.maximum(TOLERANCE * size, np.where(np.isinf(coarse), 0, coarse)), 0)
    low, middle, high = (run.model.probabilities(given.output + shift, names) for shift in (-room, 0, room))
    near = TOLERANCE + np.abs(high - low)
    unlike = np.abs(given.probabilities - middle) > near
    unlike |= given.possible & ~run.model.possible(middle + near, names)
    unlike |= run.model.possible(middle - near, names) & ~given.possible
    close = ~(unlike | (np.isnan(given.probabilities) != np.isnan(middle))).any(axis=1)
    close |= np.isinf(coarse).all(axis=1)  # what overflows in float32 may not in float64
    wrong = np.flatnonzero(~alike | (given.classes != classes) | ~close)
    if len(wrong):
        row = wrong[0]
        raise RunError(
            f"the exported model disagrees with the run itself in {len(wrong)} of {len(values)} rows, a fault of this program: "
            f"for {values[row].tolist()} it says {given.output[row].tolist()}, {str(given.classes[row])!r} instead of "
            f"{expected.output[row].tolist()}, {str(named[expected.answers[row]])!r}; nothing was written"
        )
    return float(np.max(apart / size, initial=0.0, where=np.isfinite(apart) & np.isfinite(size)))


def _coarseness(run: Scoring, values: Floats) -> Floats:
    """Return one float32 unit in the last place of the largest sum of absolute terms that each of the (R, F) raw rows meets.

    Two orders of a sum differ by about that much, so that no two runtimes can be held to less. It is infinite where finite
    inputs may overflow on the way, and 0 where an input is infinite, for then nothing is rounded.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = run.model.preprocessor.transform(values).astype(np.float32)
        reach = np.abs(inputs.astype(np.float64))
        for kernel, bias in unflatten(run.model.network.weights, run.model.network.sizes):
            reach = reach @ np.abs(kernel.astype(np.float64)) + np.abs(bias)
        most = reach.max(axis=1)
    most[most > np.finfo(np.float32).max] = np.inf
    return np.where(np.isfinite(inputs).all(axis=1), most * 2.0**-23, 0.0)
