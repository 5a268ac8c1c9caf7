"""How often the intervals hold the truth, at nominal 95 %. Usage: coverage.py [REPETITIONS] [--only rows|groups]

Three classes of 62, 17 and 21 % are drawn with normal scores around their own corner; the model knows the scores but states
its log odds a quarter too extreme, so that no figure has a round truth. The truth is that of 4 million rows. Groups have the
sizes of the 21 profiles of the article's file. Their chances of being right are drawn from a beta distribution, whose mean
is the truth, or are 99.5 % for profiles that are known and 30 % for others. The differences are of two classifiers with
chances of their own; "once in 19" has 5 points more in every profile, but 90 fewer in one of 19. Prints a table and writes
coverage.json beside this file; with --only the rest of that file stays.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from rich.console import Console
from rich.table import Table

from pipeline.judge.grouped import grouped_difference, grouped_interval
from pipeline.judge.metrics import score
from pipeline.judge.probability import score_probabilities

CLASSES = ("Normal", "Type1", "Type2")
SHARES = np.array([0.62, 0.17, 0.21])
DISTANCE, OVERCONFIDENCE = 1.4, 1.25
PROFILES = (94, 104, 2, 102, 108, 99, 119, 3, 39, 20, 25, 35, 13, 1, 40, 37, 38, 29, 31, 33, 37)
GROUPS = {"even groups (sd 0.07)": (24.0, 6.0), "uneven groups (sd 0.23)": (1.6, 0.4), "wild groups (sd 0.28)": (0.8, 0.2)}
KNOWN, MISSED = 0.995, 0.3
MIXTURES = {f"{share:.0%} of the profiles known": share for share in (0.8, 0.9, 0.95)}
PAIRS = {f"known {first:.0%} and {second:.0%}": (first, second) for first, second in ((0.8, 0.8), (0.95, 0.95), (0.9, 0.6))}
ONCE, GAIN, LOSS = 1 / 19, 0.05, 0.9
GROUP = np.repeat(np.arange(len(PROFILES)), PROFILES)
LEVEL, SEED, REPETITIONS, ROWS = 0.95, 2024, 2000, (1000, 200)
PARTS = ("rows", "groups")
TRUTHS = {name: right / (right + wrong) for name, (right, wrong) in GROUPS.items()} | {
    name: share * KNOWN + (1 - share) * MISSED for name, share in MIXTURES.items()
}
DIFFERENCES = {name: (first - second) * (KNOWN - MISSED) for name, (first, second) in PAIRS.items()} | {
    "uneven groups (sd 0.23)": 0.0,
    "once in 19": (1 - ONCE) * GAIN - ONCE * LOSS,
}
Intervals = dict[str, tuple[float, float, float]]


def draw(rows: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows,) true classes and (rows, 3) probabilities."""
    truth = random.choice(len(SHARES), rows, p=SHARES)
    scores = random.normal(size=(rows, len(SHARES))) + DISTANCE * np.eye(len(SHARES))[truth]
    odds = np.exp(OVERCONFIDENCE * (DISTANCE * scores + np.log(SHARES)))
    return truth, odds / odds.sum(axis=1, keepdims=True)


def figures(truth: np.ndarray, probabilities: np.ndarray, resamples: int, seed: int) -> Intervals:
    """Return (value, low, high) of every figure."""
    by_answer = score(truth, probabilities.argmax(axis=1), CLASSES, LEVEL, seed, resamples)
    by_probability = score_probabilities(truth, probabilities, CLASSES, LEVEL, seed, resamples)
    found: Intervals = {
        "accuracy": (by_answer.accuracy, *by_answer.interval),
        "macro F1": (by_answer.macro_f1, *by_answer.macro_f1_interval),
        "balanced accuracy": (by_answer.balanced_accuracy, *by_answer.balanced_accuracy_interval),
    }
    for index, name in enumerate(CLASSES):
        for figure in ("recall", "specificity", "precision", "negative_predictive_value"):
            ends = getattr(by_answer, f"{figure}_interval")[index]
            found[f"{figure.replace('_', ' ')} {name}"] = (getattr(by_answer, figure)[index], *ends)
    estimates = {"macro AUC": by_probability.macro_auc, "Brier": by_probability.brier, "log loss": by_probability.log_loss}
    for name, each in zip(CLASSES, by_probability.per_class, strict=True):
        estimates |= {f"AUC {name}": each.auc, f"slope {name}": each.slope, f"intercept {name}": each.intercept}
        estimates |= {f"in the large {name}": each.in_the_large}
    return found | {name: (each.value, each.low, each.high) for name, each in estimates.items()}


def part_of_truth(seed: int) -> dict[str, float]:
    """Return every figure of half a million rows."""
    rows = draw(500_000, np.random.default_rng([SEED, 1, seed]))
    return {name: value for name, (value, *_) in figures(*rows, resamples=2, seed=0).items()}


def repetition(rows: int, number: int) -> Intervals:
    """Return the intervals of one draw."""
    return figures(*draw(rows, np.random.default_rng([SEED, 2, rows, number])), resamples=1000, seed=number)


def known(share: float, random: np.random.Generator) -> np.ndarray:
    """Return each profile's chance of being right, where that share of them is known."""
    return np.where(random.random(len(PROFILES)) < share, KNOWN, MISSED)


def rows_right(chances: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return whether each row is right."""
    return random.random(len(GROUP)) < chances[GROUP]


def grouped(number: int) -> Intervals:
    """Return the interval of one draw of groups, under every kind of variation between them."""
    found = {}
    for kind, name in enumerate((*GROUPS, *MIXTURES)):
        random = np.random.default_rng([SEED, 3, kind, number])
        chances = known(MIXTURES[name], random) if name in MIXTURES else random.beta(*GROUPS[name], len(PROFILES))
        hits = rows_right(chances, random)
        found[name] = (float(hits.mean()), *grouped_interval(hits, GROUP, LEVEL))
    return found


def differences(number: int) -> Intervals:
    """Return the interval of the difference of two classifiers in one draw, under every kind of variation between groups."""
    found = {}
    for kind, name in enumerate(DIFFERENCES):
        random = np.random.default_rng([SEED, 4, kind, number])
        if name in PAIRS:
            chances = [known(share, random) for share in PAIRS[name]]
        elif name in GROUPS:
            chances = [random.beta(*GROUPS[name], len(PROFILES)) for _ in range(2)]
        else:
            lost = random.random(len(PROFILES)) < ONCE
            chances = [np.where(lost, 0.05, 0.9 + GAIN), np.where(lost, 0.05 + LOSS, 0.9)]
        first, second = (rows_right(each, random) for each in chances)
        ends = grouped_difference(first, second, GROUP, LEVEL)
        found[name] = (float(first.mean() - second.mean()), *ends)
    return found


def summary(truth: dict[str, float], found: list[Intervals]) -> dict[str, dict[str, float]]:
    """Return for each figure its truth, how often the interval held it, lay above and lay below, and the median width."""
    result = {}
    for name in found[0]:
        low, high = np.array([each[name][1:] for each in found]).T
        result[name] = {
            "truth": truth[name],
            "coverage": float(np.mean((low <= truth[name]) & (truth[name] <= high))),
            "above": float(np.mean(low > truth[name])),
            "below": float(np.mean(high < truth[name])),
            "unknown": float(np.mean(np.isnan(low) | np.isnan(high))),
            "width": float(np.nanmedian(high - low)),
        }
    return result


def measure(repetitions: int, processes: int = 2, parts: tuple[str, ...] = PARTS) -> dict[str, dict[str, dict[str, float]]]:
    """Return rows, or "21 groups" or "21 groups, difference" -> figure -> what ``summary`` says of it."""
    result, numbers = {}, range(repetitions)
    with Parallel(processes) as parallel:
        if "rows" in parts:
            pieces = parallel(delayed(part_of_truth)(seed) for seed in range(8))
            truth = {name: float(np.mean([piece[name] for piece in pieces])) for name in pieces[0]}
            for rows in ROWS:
                result[f"{rows} rows"] = summary(truth, parallel(delayed(repetition)(rows, number) for number in numbers))
        if "groups" in parts:
            result["21 groups"] = summary(TRUTHS, parallel(delayed(grouped)(number) for number in numbers))
            found = parallel(delayed(differences)(number) for number in numbers)
            result["21 groups, difference"] = summary(DIFFERENCES, found)
    return result


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="How often the intervals hold the truth, at nominal 95 %.")
    parser.add_argument("repetitions", nargs="?", type=int, default=REPETITIONS)
    parser.add_argument("--only", choices=PARTS, help="measure this part, keep the rest of coverage.json")
    asked, target = parser.parse_args(), Path(__file__).with_name("coverage.json")
    figures, about = {}, {"level": LEVEL, "seed": SEED, "repetitions": asked.repetitions, "resamples": 1000}
    if asked.only:
        kept = json.loads(target.read_text(encoding="utf-8"))
        figures = kept.pop("figures")
        if kept != about:
            parser.error(f"the rest of {target.name} is of {kept}, this would be of {about}")
    measured = measure(asked.repetitions, parts=(asked.only,) if asked.only else PARTS)
    table = Table("figure", "of", "truth", "coverage, %", "interval above, %", "below, %", "median width")
    for sample, by_figure in measured.items():
        for name, each in by_figure.items():
            shares = (f"{100 * each[key]:.1f}" for key in ("coverage", "above", "below"))
            table.add_row(name, sample, f"{each['truth']:.4f}", *shares, f"{each['width']:.4f}")
    Console(width=130).print(table)
    target.write_text(json.dumps(about | {"figures": figures | measured}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
