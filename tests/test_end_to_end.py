"""The whole on the real files: the article to the digit, and what the default config reaches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.arithmetic

Call = Callable[..., tuple[int, dict, str]]


def codes(out: dict) -> dict[str, bool]:
    return {each["code"]: each["accepted"] for each in out["findings"]}


def test_the_articles_result_to_the_digit_and_its_truth(article: Path, workplace: Path, in_process: Call) -> None:
    code, out, err = in_process("train", "configs/article.yaml", "--data", article)
    assert code == 0, err
    assert out["keras_accuracy"]["train"] == 500 / 807
    assert out["keras_accuracy"]["test"] == 131 / 202
    assert f"{out['keras_accuracy']['train']:.6f} {out['keras_accuracy']['test']:.6f}" == "0.619579 0.648515"
    assert out["accuracy"]["train"] == out["accuracy"]["test"] == 0.0
    assert out["sound"] is True  # every error is accepted
    found = codes(out)
    assert all(found[each] for each in ("C101", "C104", "D201", "T301", "T303", "E401"))
    assert out["data"]["sha256"] == "fc36ff73d2b211bc45d07b31891ccc505ce30ee19a47d4926a750e2d23b652ee"
    (gaps,) = [each for each in out["findings"] if each["code"] == "D201"]
    assert gaps["evidence"]["columns"] == {"BS pp": 58, "Plasma F": 80}
    assert in_process("evaluate") == (0, out, "")


def test_without_gaps_the_article_trains_nothing(complete: Path, workplace: Path, in_process: Call) -> None:
    code, out, _ = in_process("train", "configs/article.yaml", "--data", complete, "--set", "training.epochs=3")
    assert code == 0
    assert codes(out)["T302"]
    with np.load(Path(out["run"]) / "weights.npz") as arrays:
        assert np.array_equal(arrays["weights"], arrays["initial"])


@pytest.mark.slow
@pytest.mark.parametrize(("slope", "at_least"), [(0.05, 0.95), (0.2, 0.99)])
def test_the_default_config_on_the_articles_split(
    slope: float, at_least: float, complete: Path, workplace: Path, in_process: Call
) -> None:
    code, out, _ = in_process("train", "--data", complete, "--set", f"network.alpha={slope}")
    assert code == 0
    assert out["network"]["parameters"] == 25
    assert out["data"]["train"] == 807
    assert out["accuracy"]["test"] >= at_least
    low, high = out["accuracy"]["unseen_interval"]
    assert low < out["accuracy"]["unseen_profiles"] < high
    assert out["accuracy"]["unseen_profiles"] >= 0.92  # what logistic regression reaches
    assert [out["unseen"][key] for key in ("groups", "rows", "folds")] == [21, 1009, 6]
    assert sum(each["rows"] for each in out["unseen"]["per_fold"]) == 1009
    assert set(out["comparison"]) - {"network"} == set(out["baselines"])
    assert all(each["unseen"] > 0.6 for each in out["comparison"].values())
    first, worth, consequence = out["verdict"]
    assert first.startswith(f"{out['accuracy']['test']:.1%} of 202 test rows are classified correctly; ")
    assert (out["copies"]["of_training_rows"], out["copies"]["of_training_profiles"]) == (101, 201)
    assert f"never occurred in training) the accuracy is {out['accuracy']['unseen_profiles']:.1%} (" in worth
    assert "D205, D206, D207" in consequence
    assert in_process("evaluate") == (0, out, "")


@pytest.mark.slow
def test_the_default_config_over_ten_splits(complete: Path, workplace: Path, in_process: Call) -> None:
    runs = [in_process("train", "--data", complete, "--set", f"split.seed={seed}")[1] for seed in range(10)]
    accuracies = [run["accuracy"]["test"] for run in runs]
    print("test accuracy over split seeds 0 to 9:", np.mean(accuracies), min(accuracies), max(accuracies))
    assert np.mean(accuracies) >= 0.95


def test_relu_on_the_output_is_refused_and_names_type2(workplace: Path, in_process: Call) -> None:
    code, out, _ = in_process("train", "--set", "network.alpha=0")
    assert code == 1
    (finding,) = [each for each in out["findings"] if each["code"] == "C102"]
    assert "Type2" in finding["message"]


def test_check_on_the_real_files(article: Path, complete: Path, workplace: Path, in_process: Call) -> None:
    found = {each["code"]: each for each in in_process("check", "--data", complete)[1]["findings"]}
    assert found["D202"]["evidence"]["columns"] == {"BS Fast": 267}
    assert found["D203"]["level"] == "info"
    assert found["D203"]["evidence"]["columns"] == ["Class"]
    assert "D201" not in found
    assert found["D204"]["evidence"]["rows"] == 386
    assert {key: found["D205"]["evidence"][key] for key in ("copies", "profiles", "test")} == {
        "copies": 101,
        "profiles": 201,
        "test": 202,
    }
    assert found["D206"]["evidence"]["columns"] == ["BS Fast", "BS pp"]
    assert "Plasma R" in found["D207"]["evidence"]["columns"]
    found = {each["code"]: each for each in in_process("check", "--data", article)[1]["findings"]}
    assert found["D201"]["evidence"]["columns"] == {"BS pp": 58, "Plasma F": 80}
    assert found["D201"]["level"] == "warning"
