"""How often the intervals hold the truth, at nominal 95 %. Usage: coverage.py [REPETITIONS]

Three classes of 62, 17 and 21 % are drawn with normal scores around their own corner; the model knows the scores but states
its log odds a quarter too extreme, so that no figure has a round truth. The truth is that of 4 million rows. Groups have the
sizes of the 21 profiles of the article's file, and chances of being right drawn from a beta distribution, whose mean is the
truth. Prints a table and writes coverage.json beside this file.
"""

import json
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from rich.console import Console
from rich.table import Table

from pipeline.judge.grouped import grouped_interval
from pipeline.judge.metrics import score
from pipeline.judge.probability import score_probabilities

CLASSES = ("Normal", "Type1", "Type2")
SHARES = np.array([0.62, 0.17, 0.21])
DISTANCE, OVERCONFIDENCE = 1.4, 1.25
PROFILES = (94, 104, 2, 102, 108, 99, 119, 3, 39, 20, 25, 35, 13, 1, 40, 37, 38, 29, 31, 33, 37)
GROUPS = {"even groups (sd 0.07)": (24.0, 6.0), "uneven groups (sd 0.23)": (1.6, 0.4), "wild groups (sd 0.28)": (0.8, 0.2)}
LEVEL, SEED, REPETITIONS, ROWS = 0.95, 2024, 2000, (1000, 200)
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


def grouped(number: int) -> Intervals:
    """Return the interval of one draw of groups, under every kind of variation between them."""
    found, group = {}, np.repeat(np.arange(len(PROFILES)), PROFILES)
    for kind, (name, (right, wrong)) in enumerate(GROUPS.items()):
        random = np.random.default_rng([SEED, 3, kind, number])
        hits = random.random(len(group)) < random.beta(right, wrong, len(PROFILES))[group]
        found[name] = (float(hits.mean()), *grouped_interval(hits, group, LEVEL))
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


def measure(repetitions: int, processes: int = 2) -> dict[str, dict[str, dict[str, float]]]:
    """Return rows, or "21 groups" -> figure -> what ``summary`` says of it."""
    with Parallel(processes) as parallel:
        parts = parallel(delayed(part_of_truth)(seed) for seed in range(8))
        truth = {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}
        result = {
            f"{rows} rows": summary(truth, parallel(delayed(repetition)(rows, number) for number in range(repetitions)))
            for rows in ROWS
        }
        means = {name: right / (right + wrong) for name, (right, wrong) in GROUPS.items()}
        result["21 groups"] = summary(means, parallel(delayed(grouped)(number) for number in range(repetitions)))
    return result


def main() -> None:
    """Measure, print and write."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    measured = measure(repetitions)
    table = Table("figure", "of", "truth", "coverage, %", "interval above, %", "below, %", "median width")
    for sample, by_figure in measured.items():
        for name, each in by_figure.items():
            shares = (f"{100 * each[key]:.1f}" for key in ("coverage", "above", "below"))
            table.add_row(name, sample, f"{each['truth']:.4f}", *shares, f"{each['width']:.4f}")
    Console(width=130).print(table)
    kept = {"level": LEVEL, "seed": SEED, "repetitions": repetitions, "resamples": 1000, "figures": measured}
    target = Path(__file__).with_name("coverage.json")
    target.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
