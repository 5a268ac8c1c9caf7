"""Runs of many shapes that nothing was trained for: weights and ranges are drawn."""

from dataclasses import replace
from itertools import zip_longest

import numpy as np
import pandas as pd

from pipeline.config.data_section import Feature
from pipeline.config.schema import Config
from pipeline.data.preprocess import Preprocessor
from pipeline.export.agreement import ProgramAnswer, Scorer, drawn
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.network.layers import Network, parameters
from pipeline.predict.score import score_rows
from pipeline.runs.parts import DataSummary
from pipeline.runs.run_json import Record
from pipeline.runs.saved import Scoring
from tests.rounding import decided, within

CATEGORIES = {
    "x1": ["m", "f"],
    "x3": ["never", "1", "日本 <b>", 'a "quoted" \\ one', "true"],
    "x4": {"none": 0.5, "some": -1.0, "2.0": 7.25, "much": -1.0},
    "x5": ["[UNK]", "a", "of no kind"],
}
MISSING = {"x0": [-999, 0.25, 1e6], "x2": [0]}
CODES = {"Normal": 0.0, "Type1": 1.0, "Type2": -1.0}


def made(
    hidden=(3,),
    slopes=None,
    softmax=False,
    codes=CODES,
    seen=None,
    measured=True,
    features=6,
    pca=None,
    filled=True,
    scaled=True,
    bounded=True,
    weight=1.0,
    categories=None,
    names=None,
    missing=None,
) -> Scoring:
    """Return a run with drawn arrays; ``seen`` are the classes that the network knows; ``measured``: what held-out rows give.

    ``categories`` are those of some of the features, which are called ``names``, or x0, x1 and so on; ``missing`` are the numbers
    that mean so in some.
    """
    random, known = np.random.default_rng(features), list(seen or codes)
    names = names or tuple(f"x{number}" for number in range(features))
    texts = {name: Feature.model_validate({"categories": own}) for name, own in (categories or {}).items()}
    widths = [texts[name].width if name in texts else 1 for name in names]
    size = sum(widths)
    sizes = (pca or size, *hidden, len(known) if softmax else 1)
    slopes = slopes or (0.05,) * (len(hidden) + (not softmax))
    low, wide = random.uniform(-5, 5, features), random.uniform(1, 20, features)
    lowest, highest = (low - wide, low + 2 * wide) if bounded else (np.full(features, each) for each in (-np.inf, np.inf))
    declared = {
        name: {"unit": "mmol/L", "range": [float(a), float(b)]} if bounded else {}
        for name, a, b in zip(names, lowest, highest, strict=True)
    }
    fill, ends = low + wide / 2, np.array([low, low + wide])
    for name, feature in texts.items():
        place, numbers = names.index(name), [*feature.numbers().values()]
        declared[name] = {"categories": feature.categories}
        lowest[place], highest[place] = ends[:, place] = min(numbers), max(numbers)
        fill[place] = numbers[1]
    fill = fill if filled else np.full(features, np.nan)
    center, scale = (low + wide / 3, wide / 3) if scaled else (np.zeros(features), np.ones(features))
    center, scale = np.repeat(center, widths), np.repeat(scale, widths)
    rotation = np.linalg.qr(random.normal(size=(size, size)))[0]
    mean, components = (random.normal(size=size) / 9, rotation[:pca]) if pca else (None, None)
    steps = Preprocessor(names, lowest, highest, fill, center, scale, ends, mean, components)
    if missing:
        for name, numbers in missing.items():
            declared[name]["missing"] = numbers
        absent = [*zip_longest(*(missing.get(name, ()) for name in names), fillvalue=np.nan)]
        steps = replace(steps, absent=np.array(absent, dtype=float))
    if texts:
        columns = [f"c{number}" for number in range(size)]
        steps = replace(steps, widths=tuple(widths), columns=tuple(columns), met=np.arange(size) != 5)
    weights = (random.normal(size=parameters(sizes)) * weight).astype(np.float32)
    coding = Coding(tuple(known), tuple(codes[name] for name in known), softmax, slope=1.0 if softmax else slopes[-1])
    factors = ([0.7] if softmax else [1.5, 4.0, 2.5][: len(known) - 1]) if measured else None
    coding = replace(coding, steepness=factors and tuple(factors), least=(0.05, 0.2, 0.1)[: len(known)] if measured else None)
    data = {"path": "x.csv", "target": "Type", "codes": codes, "features": declared}
    config = Config.model_validate(
        {"data": data, "network": {"hidden": hidden, "output": "softmax" if softmax else "code"}, "preprocess": {"pca": pca}}
    )
    origin = DataSummary(path="x.csv", sha256="0" * 64, rows=1, train=1, test=0, classes={})
    verdict = ("Good.", "So.")
    record = Record.model_construct(run="models/x", created="2026-01-02", data=origin, verdict=verdict, sound=True)
    return Scoring(config, Model(steps, Network(sizes, slopes, softmax, weights), coding), record)


SHAPES = {
    "6-3-1": {},
    "softmax": {"softmax": True},
    "deep": {"hidden": (7, 4, 5), "slopes": (0.1, 0.0, 1.0, 0.3)},
    "deep softmax": {"hidden": (7, 4, 1), "slopes": (0.1, 0.0, 1.0), "softmax": True, "bounded": False},
    "no hidden layer": {"hidden": ()},
    "no hidden layer, softmax": {"hidden": (), "slopes": (), "softmax": True},
    "relu, anything goes": {"slopes": (0.0, 0.0), "bounded": False, "scaled": False},
    "leaky, anything goes": {"bounded": False},
    "nothing fills": {"filled": False},
    "nothing fills, softmax": {"filled": False, "softmax": True},
    "pca": {"pca": 3},
    "pca, anything goes": {"pca": 2, "bounded": False, "filled": False},
    "a class was never seen": {"codes": {"a": 2.0, "never": -7.0, "b": 0.5, "日本 <b>": -1e3}, "seen": ("a", "b", "日本 <b>")},
    "a class was never seen, softmax": {"softmax": True, "seen": ("Type2", "Normal")},
    "one feature": {"features": 1, "hidden": (1,)},
    "numbers that mean missing": {"missing": MISSING},
    "numbers that mean missing, nothing fills": {"missing": MISSING, "bounded": False, "filled": False},
    "nothing measured": {"measured": False},
    "nothing measured, softmax": {"measured": False, "softmax": True},
    "categories": {"categories": CATEGORIES},
    "categories, numbers that mean missing": {"categories": CATEGORIES, "missing": MISSING},
    "categories, softmax": {"categories": CATEGORIES, "softmax": True},
    "categories, pca": {"categories": CATEGORIES, "pca": 4},
    "categories, nothing fills": {"categories": CATEGORIES, "filled": False},
    "categories in an order only": {"categories": {"x4": CATEGORIES["x4"], "x1": CATEGORIES["x1"]}},
    "nothing but categories": {
        "features": 3,
        "names": ("class", "scaled / filled", "scaled _ filled"),
        "categories": dict(zip(("class", "scaled / filled", "scaled _ filled"), list(CATEGORIES.values())[:3], strict=True)),
    },
    "diverged": {"weight": 2e19},  # one output in ten overflows either way, one in three for certain, the rest not
    "nothing but NaN": {"weight": np.nan, "measured": False},
}


def own(run: Scoring) -> Scorer:
    """Return the run's own scoring."""
    names = np.array([*run.config.data.codes, ""])

    def call(values):
        scores = score_rows(run, values)
        return ProgramAnswer(scores.output, names[scores.answers], scores.probabilities, scores.possible)

    return call


def agrees(run: Scoring, scorer: Scorer, rows: int = 2000, flushed: bool = False, in_float64: bool = False) -> None:
    """Hold what a scorer and the run itself say of drawn rows to what float32 promises, and to each other.

    Args:
        run: what was exported.
        scorer: the exported file.
        rows: how many are drawn.
        flushed: leave out numbers that the scorer rounds to 0.
        in_float64: the probabilities are those of an output in float64, not of the scorer's own; the class tells between them.
    """
    values, network = drawn(run, rows, seed=1), run.model.network
    if flushed:
        values[np.abs(values) < 1e-300] = 0
    features = enumerate(run.config.data.features.values())
    named = {place: dict.fromkeys(map(float, own.missing), np.nan) for place, own in features if own.missing}
    assert all(np.isin([*numbers], values[:, place]).all() for place, numbers in named.items())
    blank = pd.DataFrame(values).replace(named).to_numpy()
    inputs, found, expected = run.model.preprocessor.transform(values), scorer(values), own(run)(values)
    assert within(network, inputs, found.output).all()
    assert within(network, inputs, expected.output).all()
    sure = decided(network, inputs, run.model.coding)
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(found.classes[sure], expected.classes[sure])
    output, held = found.output, slice(None)
    if in_float64:
        with np.errstate(over="ignore"):
            output, held = network.in_float64().output(inputs.astype(np.float32)), sure
    again = run.model.probabilities(output, tuple(run.config.data.codes))
    np.testing.assert_allclose(found.probabilities[held], again[held], rtol=1e-7, atol=1e-7)
    limits = np.array(run.model.limits(tuple(run.config.data.codes)))
    clear = ~(np.abs(again - limits) < 1e-6)[held]
    np.testing.assert_array_equal(found.possible[held][clear], ~(again[held] < limits)[clear])
    assert found.possible[held].any(axis=1).all()
    for name, said in vars(scorer(blank)).items() if named else ():
        np.testing.assert_array_equal(vars(found)[name], said)
    assert found.output.dtype == np.float32
    assert found.probabilities.dtype == np.float64
