"""The page's rules alone, read by regular expressions and worked out with pandas, predict what the network predicts."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.judge.regions import rules_of
from pipeline.report.rules import rules_section
from pipeline.report.templates import render
from pipeline.runs.reopen import Reopened

Shape = Callable[[str], Reopened]


def section_of(run: Reopened) -> str:
    """Return the text of the section, a line for each row of a table, paragraph and heading."""
    section = render("report/rules.html", rules=rules_section(run.run, run.table), config=run.run.config)
    lines = re.sub(
        "<(tr|p|br|h3|summary)", r"\n<\1", section.replace("\n", " ").replace("<td", "\t<td").replace('<th scope="col"', "\t<th")
    )
    return html.unescape(re.sub("<[^>]*>", "", lines)).replace("\xa0", " ")


def lab_values(run: Reopened) -> pd.DataFrame:
    """Return what the formulas are told of each row: pandas reads, masks, fills and makes 0 and 1 of categories."""
    columns, train = {}, run.run.split.train
    rows = pd.read_csv(run.table.path, keep_default_na=False, na_values=[""]).dropna(subset=run.run.config.data.target)
    for name, feature in run.run.config.data.features.items():
        if not feature.categories:
            low, high = feature.range or (-np.inf, np.inf)
            column = pd.to_numeric(rows[name]).where(lambda each: each.between(low, high))  # noqa: B023
            columns[name] = column.fillna(column.iloc[train].median())
            continue
        filled = rows[name].fillna(rows[name].iloc[train].mode()[0])
        if isinstance(feature.categories, dict):
            columns[name] = filled.map(feature.categories)
        else:
            first = 1 if len(feature.categories) == 2 else 0
            columns |= {f"{name}={text}": (filled == text).astype(float) for text in list(feature.categories)[first:]}
    return pd.DataFrame(columns).astype(float)


def seen(name: str) -> str:
    return re.sub("[\x00-\x1f\u202a-\u202e]", "\ufffd", name)


def worked_out(text: str, values: pd.DataFrame) -> pd.Series:
    """Return a sum such as "0.31 \xd7 HbA1c \u2212 0.2 \xd7 Age + 3" for each row."""
    total, rest = pd.Series(0.0, index=values.index), text.strip()
    while rest:
        sign, factor, rest = re.fullmatch(r"([\u2212+]?) ?([0-9.]+)(.*)", rest, re.DOTALL).groups()
        term = pd.Series(float(factor) * (-1 if sign == "\u2212" else 1), index=values.index)
        if rest.startswith(" \xd7 "):
            name = max((name for name in values if rest.startswith(f" \xd7 {seen(name)}")), key=len)
            term, rest = term * values[name], rest.removeprefix(f" \xd7 {seen(name)}")
        total, rest = total + term, rest.strip()
    return total


def tabulated(text: str, values: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the sums of a table with a column for each sum, and a row for each factor."""
    (_, _, *names), *rows = (line.split("\t") for line in text.splitlines() if "\t" in line)
    factors = pd.DataFrame([row[1:] for row in rows], [row[0].strip() for row in rows], [name.strip() for name in names])
    factors = factors.map(lambda cell: float(cell.replace("\u2212", "-")))
    own = values.rename(columns=seen).assign(**{"added at the end": 1.0})
    return {name: own[factors.index] @ factors[name] for name in factors}


def compared(text: str, sums: dict[str, pd.Series], values: pd.DataFrame) -> pd.Series:
    left, side, right = re.fullmatch(r"(.*) ([<>≤≥]) (\u2212?[0-9.]+)", text, re.DOTALL).groups()
    total, bound = sums[left] if left in sums else worked_out(left, values), float(right.replace("\u2212", "-"))
    return {"<": total < bound, ">": total > bound, "≤": total <= bound, "≥": total >= bound}[side]


def read(section: str, values: pd.DataFrame) -> list[tuple[pd.Series, dict[str, pd.Series], str]]:
    """Return of each region which rows lie in it, its values by their names, and its whole text."""
    sums = {name: worked_out(text, values) for name, text in re.findall(r"\n(sum \d+)\t(.+)", section)}
    if table := re.search(r"\n\s*\tcolumn\tsum 1.*?(?=\n *Region 1:)", section, re.DOTALL):
        sums = tabulated(table[0], values)
    regions = []
    for part in re.split(r"\n *(?=Region \d+:)", section)[1:]:
        conditions = re.search(r"\nIf (.*?),\s+(?:then|these numbers count:) ", part)
        inside = pd.Series(True, index=values.index)
        for condition in re.split(r"\s+and ", conditions[1]) if conditions else []:
            inside &= compared(condition.strip(), sums, values)
        formulas = re.findall(r"(?:then |Always: |\n)\s*value(?: of (.*?))? = ([^\n]*)", part)
        given = {name: worked_out(text, values) for name, text in formulas}
        if "these numbers count" in part:
            given = tabulated(part, values)
            given = {"": next(iter(given.values()))} if len(given) == 1 else given
        regions.append((inside, given, part))
    return regions


@pytest.mark.parametrize("name", ["small", "categories", pytest.param("softmax", marks=pytest.mark.slow)])
def test_the_rules_as_printed_predict_the_class_of_every_row(name: str, reopened: Reopened, shape: Shape) -> None:
    run = reopened if name == "small" else shape(name)
    values, model, data = lab_values(run), run.run.model, run.run.config.data
    section = section_of(run)
    answers = np.array(list(data.codes))[model.answers(model.output(run.table.values), tuple(data.codes))]
    truth, tested = np.array(list(data.codes))[run.table.truth], np.isin(np.arange(len(answers)), run.run.split.test)
    met, exact = np.zeros(len(answers), dtype=int), rules_of(model, run.table.values).regions
    for region, (inside, formulas, text) in zip(exact, read(section, values), strict=True):
        if model.coding.softmax:
            predicted = pd.DataFrame(formulas).idxmax(axis=1)
        else:
            value = formulas[""]
            after = value.where(value > 0, model.network.slopes[-1] * value)
            gaps = pd.DataFrame({label: (after - code).abs() for label, code in data.codes.items()})
            predicted = gaps.idxmin(axis=1)
        rows = inside.to_numpy()
        assert (predicted.to_numpy()[rows] == answers[rows]).all()
        met += rows
        rows = np.isin(np.arange(len(answers)), region.rows)
        assert (rows != inside).mean() < 0.01  # rounding moves rows of a profile that lies at a border
        right = rows & (answers == truth)
        assert f"{rows.sum()} rows, {right.sum()} classified correctly" in text
        assert f"Training rows: {(rows & ~tested).sum()}, classified correctly {(right & ~tested).sum()}." in text
        assert f"Test rows: {(rows & tested).sum()}, classified correctly {(right & tested).sum()}." in text
    assert (met >= 1).all()
    assert f"for {len(answers):,} of {len(answers):,} rows" in section


def test_a_row_to_try_has_the_value_that_its_formula_gives(reopened: Reopened) -> None:
    values = lab_values(reopened)
    section = section_of(reopened)
    for inside, formulas, text in read(section, values):
        row, value = re.search(r"row (\d+) of the file, .* has the value (\u2212?[0-9.]*[0-9])", text).groups()
        assert inside.iloc[int(row) - 1]
        assert float(value.replace("\u2212", "-")) == pytest.approx(formulas[""].iloc[int(row) - 1], rel=1e-3)


def test_the_ends_of_the_classes_are_where_the_nearest_code_changes(reopened: Reopened) -> None:
    """At slope 0.05, halfway between the codes -1 and 0 is -0.5 behind the output's Leaky ReLU, and -10 before it."""
    assert rules_section(reopened.run, reopened.table)["bands"] == [
        "Type2 up to \u221210",
        "Normal up to 0.5",
        "Type1 above that",
    ]
    model = reopened.run.model
    flat = replace(model, network=replace(model.network, slopes=(0.05, 0.0)), coding=replace(model.coding, slope=0.0))
    bands = rules_section(replace(reopened.run, model=flat), reopened.table)["bands"]
    assert bands == ["Normal up to 0.5", "Type1 above that"]


def test_digits_are_added_until_the_rules_agree_and_the_page_says_so_where_they_do_not(
    reopened: Reopened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.report.rules._FEWEST", 1)
    few = rules_section(reopened.run, reopened.table)
    assert few["digits"] > 1
    assert few["agreeing"] == few["tried"] == 1009
    monkeypatch.setattr("pipeline.report.rules._MOST", 1)
    poor = rules_section(reopened.run, reopened.table)
    assert poor["digits"] == 1
    assert poor["agreeing"] < 1009
    assert f"for {poor['agreeing']} of 1,009 rows" in section_of(reopened)


def test_a_network_without_hidden_layer_or_bend_is_one_formula(shape: Shape) -> None:
    run = shape("flat")
    section = section_of(run)
    assert "in 1 region." in section
    assert "Always:" in section
    assert "sum 1" not in section


def test_a_network_that_answers_nothing_has_no_rules(shape: Shape) -> None:
    run = shape("article")
    assert "there are no rules" in section_of(run)


def test_of_many_regions_those_with_most_rows_are_listed_and_their_share_is_said(
    reopened: Reopened, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = rules_section(reopened.run, reopened.table)
    monkeypatch.setattr("pipeline.report.rules._REGIONS", 1)
    section = section_of(reopened)
    rows = sum(count for count, _ in every["regions"][0].counts.values())
    assert f"Listed are the 1 with most rows; they hold {100 * rows / 1009:.1f}" in section
