"""The page of ``serve`` as one HTML text."""

from math import isfinite
from typing import Any

from pipeline.report import words
from pipeline.report.templates import render
from pipeline.runs.run_json import Record
from pipeline.runs.saved import Scoring

_USUAL = {
    "median": ("The median patient", "median"),
    "mean": ("The mean patient", "mean"),
    "most_frequent": ("A patient of the most frequent values", "most frequent"),
    None: ("A patient in the middle of the ranges", "middle"),
}
"""Whom the pushes compare with, which depends on what fills missing values, and the word for that patient's values."""


def serve_page(run: Scoring, nonce: str | None, has_report: bool) -> str:
    """Return the page on which a person asks a run; it loads nothing and asks ``predict`` and ``predict.csv`` beside it.

    Args:
        run: the saved run.
        nonce: of the Content-Security-Policy that the page is sent with, which must also allow ``connect-src 'self'`` and
            ``img-src data:``; None if it is sent without one.
        has_report: whether ``report`` beside the page answers.
    """
    fields, coding, classes = _fields(run), run.model.coding, list(run.config.data.codes)
    ends = _ends(run, classes)
    return render(
        "serve/page.html",
        record=run.record,
        config=run.config,
        nonce=nonce,
        has_report=has_report,
        fields=fields,
        ends=None if ends is None else [classes[place] for place in ends],
        status=words.status(run.record),
        levels=_levels(run.record),
        facts={
            "fields": [{key: each[key] for key in ("name", "axis", "seen")} for each in fields],
            "classes": classes,
            "ends": ends,
            "usual": _USUAL[run.config.preprocess.impute],
            "outputs": list(coding.classes) if coding.softmax else None,
        },
    )


def _fields(run: Scoring) -> list[dict[str, Any]]:
    """Return what is told of each feature; ``axis`` and ``seen`` are the ends of what is drawn, null where they are not known."""
    steps, fields = run.model.preprocessor, []
    for place, (name, feature) in enumerate(run.config.data.features.items()):
        fill, seen = float(steps.fill[place]), [float(end) for end in steps.seen[:, place]]
        known = all(map(isfinite, seen))
        axis = feature.range or ((2 * seen[0] - seen[1], 2 * seen[1] - seen[0]) if known else None)
        fields.append(
            {
                "name": name,
                "unit": feature.unit,
                "range": feature.range,
                "axis": axis,
                "seen": seen if known else None,
                "empty": f"empty, will be filled with {fill:.6g}" if isfinite(fill) else "empty: without it there is no answer",
                "keys": "decimal"
                if (feature.range or seen)[0] >= 0
                else "text",  # telephones show no minus sign among decimal keys
            }
        )
    return fields


def _ends(run: Scoring, classes: list[str]) -> list[int] | None:
    """Return the places of the classes of the lowest and the highest code, to which pushes to the left and to the right lead."""
    coding = run.model.coding
    ranked = sorted(zip(coding.codes, coding.classes, strict=True))
    return None if coding.softmax else [classes.index(name) for _, name in (ranked[0], ranked[-1])]


def _levels(record: Record) -> dict[str, list[str]]:
    """Return the codes of the findings of each level that has any, the most serious first."""
    found = {
        level: [finding.code for finding in record.findings if finding.level == level] for level in ("error", "warning", "info")
    }
    return {level: codes for level, codes in found.items() if codes}
