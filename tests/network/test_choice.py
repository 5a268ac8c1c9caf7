"""What is chosen by held-out rows is what scikit-learn, pandas and SciPy make of networks trained without them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import sem
from sklearn.datasets import load_iris, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import scale

from pipeline.config.schema import NetworkSection, TrainingSection
from pipeline.network.choice import choose, looked_at
from pipeline.network.classifier import LeakyReLUClassifier
from pipeline.network.coding import Coding, default_codes
from pipeline.network.folds import dealt
from pipeline.network.layers import Network
from pipeline.network.recipe import recipe_of
from pipeline.network.steepness import calibrated
from pipeline.network.train import train_networks

CLASSES = ("setosa", "versicolor", "virginica")
GROUPS = np.repeat(np.arange(75), 2)  # neighbours in the file


def asked(softmax: bool, rows: int = 150, **training):
    coding = Coding(CLASSES, default_codes(3), softmax, slope=1.0 if softmax else 0.05)
    network = NetworkSection(output="softmax" if softmax else "code")
    recipe = recipe_of(network, TrainingSection(**{"starts": 4, "epochs": 15} | training), 4, coding, rows)
    return replace(recipe, every_kernel=softmax), coding


@pytest.mark.parametrize("softmax", [True, False])
def test_the_penalty_is_chosen_by_networks_that_never_saw_the_rows(softmax):
    inputs, positions = load_iris(return_X_y=True)
    inputs, (recipe, coding) = scale(inputs).astype(np.float32), asked(softmax)
    choice = choose(inputs, positions, GROUPS, recipe, coding, "auto")
    path, folds = choice.path, dealt(positions, GROUPS, 5)
    assert path.networks == 5 * 4 * len(path.penalties)
    assert pd.Series(folds).groupby(GROUPS).nunique().eq(1).all()
    wrong, losses, outputs = [], [], []
    for penalty in path.penalties:
        output, shares = np.empty((150, recipe.sizes[-1])), np.empty(150)
        for fold in range(5):
            kept, held = folds != fold, folds == fold
            learnt = train_networks(inputs[kept], coding.targets(positions[kept]), [replace(recipe, l2=penalty)])[0]
            answers = [
                coding.decode(Network(recipe.sizes, recipe.slopes, softmax, weights).output(inputs[held]))
                for weights in learnt.weights
            ]
            shares[held] = np.not_equal(answers, positions[held]).mean(axis=0)
            best = Network(recipe.sizes, recipe.slopes, softmax, learnt.weights[learnt.chosen])
            output[held] = best.in_float64().output(inputs[held])
        outputs.append(output)
        wrong.append(shares)
        probabilities = calibrated(coding, output, positions).probabilities(output)
        losses.append(log_loss(positions, probabilities, labels=range(3)))  # every group has two rows: rows count alike
    np.testing.assert_allclose(path.losses, losses, rtol=1e-6)
    np.testing.assert_allclose(path.wrong, np.mean(wrong, axis=1))
    of_groups = pd.DataFrame(np.transpose(wrong)).groupby(GROUPS).mean()
    above = of_groups.sub(of_groups[of_groups.mean().argmin()], axis=0)
    good = softmax | (above.mean() <= sem(above, ddof=0)).to_numpy()
    number = int(np.argmin(np.where(good, losses, np.inf)))
    assert path.l2 == path.penalties[number]
    np.testing.assert_allclose(choice.output, outputs[number])
    assert choice.coding == calibrated(coding, choice.output, positions)


def test_where_nothing_can_be_learnt_the_penalty_is_larger_than_where_all_can():
    inputs, positions = load_iris(return_X_y=True)
    chosen, noise = [], np.random.default_rng(3).integers(3, size=150)
    for labels in (positions, noise):
        recipe, coding = asked(True, epochs=60)
        chosen.append(choose(scale(inputs).astype(np.float32), labels, GROUPS, recipe, coding, "auto").path.l2)
    assert chosen[0] <= 0.01 < 0.1 <= chosen[1]


def test_a_given_penalty_is_kept_and_rows_without_weight_say_nothing():
    inputs, positions = load_iris(return_X_y=True)
    inputs, (recipe, coding) = scale(inputs).astype(np.float32), asked(True)
    weights = np.ones(150, np.float32)
    weights[::7] = 0
    choice = choose(inputs, positions, GROUPS, recipe, coding, 0.02, weights)
    spoilt = np.where(weights > 0, positions, (positions + 1) % 3)
    assert (choice.path.l2, choice.path.penalties) == (0.02, (0.02,))
    held = weights > 0
    assert choice.path.losses[0] == pytest.approx(
        log_loss(positions[held], choice.coding.probabilities(choice.output[held]), labels=range(3)), rel=1e-6
    )
    assert calibrated(coding, choice.output, spoilt, weights).steepness == choice.coding.steepness


def test_too_few_groups_hold_nothing_out():
    recipe, coding = asked(False, rows=6)
    choice = choose(np.ones((6, 4), np.float32), np.repeat([0, 1, 2], 2), np.repeat([0, 1, 2], 2), recipe, coding, "auto")
    assert choice.path.penalties == ()
    assert choice.coding.steepness == coding.asked()
    assert np.isnan(choice.output).all()


def test_of_many_rows_some_whole_groups_are_looked_at():
    groups = np.random.default_rng(0).integers(4000, size=20_000)
    groups = np.unique(groups, return_inverse=True)[1]
    positions = np.arange(20_000) % 2
    rows = looked_at(positions, groups, None)
    assert 4900 < len(rows) <= 5100
    assert not set(groups[rows]) & set(np.delete(groups, rows))
    weights = (groups % 2).astype(np.float32)
    assert (groups[looked_at(positions, groups, weights)] % 2 == 1).all()


def test_of_rare_classes_more_is_looked_at_and_of_large_groups_less():
    positions = (np.arange(100_000) % 800 == 0).astype(int)  # 125 rows
    rows = looked_at(positions, np.arange(100_000), None)
    assert 20 <= positions[rows].sum() < 40
    assert 10_000 < len(rows) <= 20_000
    few = np.arange(60_000) % 10
    rows = looked_at(few % 2, few, None)
    assert pd.Series(few[rows]).value_counts().tolist() == [100] * 10


@pytest.mark.parametrize("weights", [None, np.ones(6000), np.tile([0.0, 1.0], 3000)])
def test_over_more_rows_the_penalty_weighs_as_much_as_over_those_that_were_looked_at(weights):
    inputs, labels = make_classification(6000, 4, random_state=0)
    model = LeakyReLUClassifier(epochs=1, starts=2, random_state=0).fit(inputs, labels, sample_weight=weights)
    path = model.choice_.path
    assert path.rows == (3000 if weights is not None and not weights.all() else 5000)
    assert path.l2 in [pytest.approx(penalty * path.rows / 6000) for penalty in path.penalties]
    assert "choice_" not in model.__getstate__()


@pytest.mark.parametrize("confidence", [0, 1, 1.0, -0.1, "0.9", None])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(ValueError, match="'confidence' parameter must be a number between 0 and 1"):
        LeakyReLUClassifier(confidence=confidence).fit([[0.0], [1.0]], [0, 1])


def test_what_a_sample_tells_of_probabilities_and_sets_holds_for_the_network_of_all_rows():
    random = np.random.default_rng(1)
    inputs = random.normal(size=(50_000, 11))
    labels = random.random(50_000) < expit(inputs[:, 0] + 0.7 * inputs[:, 1] - 0.5 * inputs[:, 2])
    model = LeakyReLUClassifier(output="softmax", epochs=10, starts=2, random_state=0).fit(inputs[:30_000], labels[:30_000])
    shares = logit(model.predict_proba(inputs[30_000:])[:, 1])
    slope = LogisticRegression(C=np.inf).fit(shares[:, None], labels[30_000:]).coef_[0, 0]
    assert slope == pytest.approx(1, abs=0.08)  # 0.78 where the network is shrunk less than those that were looked at
    held = model.predict_set(inputs[30_000:])[np.arange(20_000), labels[30_000:].astype(int)]
    assert held.mean() == pytest.approx(0.9, abs=0.012)
