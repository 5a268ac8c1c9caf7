"""What the network predicts along each feature, while the others stand still."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from pipeline.config.data_section import DataSection, Feature
from pipeline.config.schema import Config
from pipeline.data.preprocess import mask_implausible
from pipeline.data.table import Table
from pipeline.machine.arrays import Floats, Floats32, Integers
from pipeline.model import Model
from pipeline.network.coding import Coding
from pipeline.report.canvas import INK, MUTED, Picture, colour, dash, place_label, say_instead, sheet, to_svg
from pipeline.report.words import joined, number

_POINTS = 201
_NAMED = 7  # classes that get a colour and a name
_ASIDE = {2: 18, 3: 10}  # names side by side in a legend, and characters of each
_MARKERS = "osD^vP*"
_DOT = 160  # square points, of a category that all rows have
_TICKS, _ACROSS = 16, 34  # names of categories below an axis, and characters that stand side by side there
_LISTED = 6  # categories in a sentence


@dataclass(frozen=True)
class Response:
    """How the output moves along one feature.

    Attributes:
        values: (N,) from the lowest to the highest usable value of the data, or the number of each category.
        output: (N, outputs).
        answers: (N,) class index of each, -1 for none.
        seen, truth: (rows,) the usable values of the data, and the class index of each.
        texts: (N,) the categories; none for numbers.
    """

    feature: str
    unit: str
    values: Floats
    output: Floats32
    answers: Integers
    seen: Floats
    truth: Integers
    texts: tuple[str, ...] = ()

    @property
    def places(self) -> Floats:
        """Where the values stand on the axis: categories side by side."""
        return np.arange(len(self.values), dtype=np.float64) if self.texts else self.values


def standing(model: Model, table: Table, data: DataSection, rows: Integers) -> Floats:
    """Return (F,) where the other features stand.

    What fills a missing value; else the median of the usable training values, or the most frequent category.
    """
    fill, columns = model.preprocessor.fill, (column[~np.isnan(column)] for column in _usable(model, table)[rows].T)
    own = zip(data.features.values(), columns, strict=True)
    return np.where(np.isfinite(fill), fill, [_middle(feature, column) if len(column) else 0.0 for feature, column in own])


def _middle(feature: Feature, column: Floats) -> float:
    values, counts = np.unique(column, return_counts=True)
    return float(values[counts.argmax()] if feature.categories else np.median(column))


def responses(model: Model, table: Table, config: Config, rows: Integers) -> Iterator[Response]:
    """Yield the response along each feature; ``rows`` are the training rows."""
    still, usable, truth = standing(model, table, config.data, rows), _usable(model, table), table.truth
    for place, (name, feature) in enumerate(config.data.features.items()):
        filled = ~np.isnan(usable[:, place])
        seen = usable[filled, place]
        low, high = (seen.min(), seen.max()) if len(seen) else (still[place] - 1, still[place] + 1)
        numbers = sorted(set(feature.numbers().values()))
        values = np.array(numbers) if numbers else np.linspace(low, high if high > low else low + 1, _POINTS)
        grid = np.tile(still, (len(values), 1))
        grid[:, place] = values
        output = model.network.output(model.preprocessor.transform(grid))
        answers = model.answers(output, model.coding.classes)
        texts = tuple(str(feature.worded(number)) for number in numbers)
        yield Response(name, feature.unit or "", values, output, answers, seen, truth[filled], texts)


def response_picture(place: int, response: Response, coding: Coding, names: Sequence[str]) -> Picture:
    """Draw the response of a numbered feature, the regions of the classes, and where the data of all ``names`` lie."""
    more = max(0, min(len(names), _NAMED) - 3)  # than three lines of strokes
    with sheet(320, 270 + 11 * more) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(5, 1 + 0.3 * more))
        if not np.isfinite(response.output).any():
            say_instead(upper, "The output is not a number.")
        elif coding.softmax:
            _probabilities(upper, response, coding)
        else:
            _code(upper, response, coding)
        _rug(lower, response, names)
        upper.tick_params(labelbottom=False, length=0)
        upper.set_ylabel("probability" if coding.softmax else "output")
        unit = f" ({place_label(response.unit, 12)})" if response.unit else ""
        lower.set_xlabel(place_label(response.feature, 36 - len(unit)) + unit)
        if response.texts:
            _name_categories(lower, response.texts)
        strokes = "below, a stroke where a row lies, one line a class"
        description = f"The output as this feature runs over the range of the data; {strokes}."
        svg = to_svg(figure, f"feature{place}", f"Output along {response.feature}", description)
    caption = f"{response.feature}: {_answers_in_words(response, coding.classes)}."
    given = response.texts or response.values.tolist()
    classes = [[*coding.classes, "no class"][answer] for answer in response.answers]
    table = [[value, *output, name] for value, output, name in zip(given, response.output.tolist(), classes, strict=True)]
    head = [response.feature, *(coding.classes if coding.softmax else ["output"]), "predicted class"]
    return Picture(svg, caption, f"feature{place}", [head, *table])


def _usable(model: Model, table: Table) -> Floats:
    step = model.preprocessor
    return mask_implausible(table.values, step.lowest, step.highest)


def _code(axes: Axes, response: Response, coding: Coding) -> None:
    """Draw a single output over the bands in which each class's code is the nearest."""
    line = np.clip(response.output[:, 0].astype(float), -1e12, 1e12)
    order = np.argsort(coding.codes, kind="stable")
    codes = np.array(coding.codes)[order]
    edges = (codes[1:] + codes[:-1]) / 2
    pad = 0.35 * float(np.min(np.diff(codes), initial=np.inf)) if len(set(codes)) == len(codes) else 0.5
    low, high = min(codes[0], np.nanmin(line)) - pad, max(codes[-1], np.nanmax(line)) + pad
    for place, (bottom, top) in enumerate(zip([low, *edges], [*edges, high], strict=True)):
        index = int(order[place])
        axes.axhspan(bottom, top, color=colour(index), alpha=0.16, linewidth=0)
        if len(codes) <= _NAMED and top - bottom > 0.09 * (high - low):
            _name_band(axes, place_label(coding.classes[index], 14), line, (float(bottom), float(top)))
    for edge in edges:
        axes.axhline(edge, color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)))
    axes.plot(response.places, line, color=INK, **_line(response))
    axes.set_ylim(low, high)
    axes.grid(visible=False)


def _name_band(axes: Axes, name: str, line: Floats, band: tuple[float, float]) -> None:
    """Write a class's name into its band: at the right end, unless the line runs there."""
    ends = {"right": (0.985, line[-len(line) // 3 :]), "left": (0.015, line[: len(line) // 3])}
    heights = [band[0] + share * (band[1] - band[0]) for share in (0.5, 0.75, 0.25)]
    spots = [
        (float(np.nanmin(np.abs(near - y), initial=np.inf)), x, y, side) for side, (x, near) in ends.items() for y in heights
    ]
    clear = [spot for spot in spots if spot[0] > 0.2 * (band[1] - band[0])]
    _, x, y, side = clear[0] if clear else max(spots, key=lambda spot: spot[0])
    axes.text(x, y, name, ha=side, va="center", fontsize=9, transform=axes.get_yaxis_transform())


def _probabilities(axes: Axes, response: Response, coding: Coding) -> None:
    """Draw one line a class; where there are too many, those that get highest."""
    peaks = np.nan_to_num(response.output).max(axis=0)
    shown = sorted(np.argsort(-peaks, kind="stable")[:_NAMED].tolist())
    side = 2 if max(map(len, coding.classes)) > _ASIDE[3] else 3
    for index in shown:
        looks = {"color": colour(index), "linestyle": dash(index), "label": place_label(coding.classes[index], _ASIDE[side])}
        axes.plot(response.places, response.output[:, index], **looks | _line(response, _MARKERS[index % len(_MARKERS)]))
    axes.set_ylim(-0.03, 1.03)
    axes.figure.legend(loc="outside upper left", ncols=side, handlelength=1.8, columnspacing=1)


def _rug(axes: Axes, response: Response, names: Sequence[str]) -> None:
    """Draw a stroke at each value that occurs, one line a class, or one line in all where there are many classes.

    At a category, a dot as large as the share of the line's rows that are of it.
    """
    split = len(names) <= _NAMED
    lines = [response.seen[response.truth == index] for index in range(len(names))] if split else [response.seen]
    width = np.ptp(response.values) or 1.0
    for index, seen in enumerate(lines):
        tint = colour(index) if split else MUTED
        if response.texts:
            shares = (seen[:, None] == response.values).mean(axis=0) if len(seen) else np.zeros(len(response.values))
            axes.scatter(response.places, np.full(len(shares), -index), s=_DOT * shares, color=tint, linewidths=0, clip_on=False)
            continue
        spots = np.unique(np.round((seen - response.values[0]) / width, 3)) * width + response.values[0]
        x, y = np.repeat(spots, 3), np.tile([-index - 0.38, -index + 0.38, np.nan], len(spots))
        axes.plot(x, y, color=tint, linewidth=1, solid_capstyle="butt")  # one path for all
    labels = [place_label(name, 9) for name in names] if split else ["rows"]
    axes.set_yticks([-index for index in range(len(lines))], labels, fontsize=8)
    axes.set_ylim(-len(lines) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)


def _line(response: Response, marker: str = "o") -> dict[str, Any]:
    """Return the looks of an answer: a line along numbers, a mark at each category, since there is nothing between two."""
    return {"linestyle": "", "marker": marker, "markersize": 7} if response.texts else {"linewidth": 2}


def _name_categories(axes: Axes, texts: Sequence[str]) -> None:
    """Write the names of categories below the axis, aslant where they are long; of very many, only some."""
    step = -(-len(texts) // _TICKS)
    names = [place_label(text, 12) for text in texts[::step]]
    aslant: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(0, len(texts), step), names, fontsize=8, **(aslant if sum(map(len, names)) > _ACROSS else {}))
    axes.set_xlim(-0.5, len(texts) - 0.5)


def _answers_in_words(response: Response, classes: Sequence[str]) -> str:
    answers, values = response.answers, response.values
    if response.texts and len(set(answers.tolist())) > 1:
        return "; ".join(_for_categories(response, answer, [*classes, "no class"]) for answer in dict.fromkeys(answers.tolist()))
    turns = [0, *(np.flatnonzero(np.diff(answers)) + 1).tolist()]
    names = [classes[answers[turn]] if answers[turn] >= 0 else "no class" for turn in turns]
    if len(turns) == 1:
        return f"{names[0]} everywhere" if answers[0] >= 0 else "no class anywhere"
    if len(turns) > 5:
        return f"the predicted class changes {len(turns) - 1} times"
    ends = zip(names[1:], turns[1:], strict=True)
    later = joined(f"{name} from {number(float(f'{values[turn]:.3g}'))} on" for name, turn in ends)
    return f"{names[0]} at first, {later}"


def _for_categories(response: Response, answer: int, classes: Sequence[str]) -> str:
    """Return which categories get an answer; the last of the classes is for none."""
    texts = [response.texts[place] for place in np.flatnonzero(response.answers == answer)]
    return f"{classes[answer]} for {joined([*texts[:_LISTED], *['others'] * (len(texts) > _LISTED)])}"
