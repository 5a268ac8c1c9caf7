"""The page of ``serve`` as one HTML text."""

from math import isfinite
from typing import Any

from pipeline.predict.score import met_categories
from pipeline.report import sections, words
from pipeline.report.templates import render
from pipeline.runs.saved import Scoring
from pipeline.serve.pushes import usual_row

# whom the pushes compare with, which depends on what fills missing values, the word for that patient's numbers, and categories
_USUAL = {
    "median": ("The median patient", "median", "most frequent"),
    "mean": ("The mean patient", "mean", "most frequent"),
    "most_frequent": ("A patient of the most frequent values", "most frequent", "most frequent"),
    None: ("A patient in the middle of the ranges", "middle", "compared with"),
}


def serve_page(run: Scoring, nonce: str | None, has_report: bool) -> str:
    """Return the page on which a person asks a run; it loads nothing and asks ``predict`` and ``predict.csv`` beside it.

    ``nonce`` is that of the Content-Security-Policy that the page is sent with, which must also allow ``connect-src 'self'``
    and ``img-src data:``, or None. ``has_report`` says whether to offer ``report`` beside the page.
    """
    fields, coding, classes = _fields(run), run.model.coding, list(run.config.data.codes)
    ranked = sorted(zip(coding.codes, coding.classes, strict=True))
    ends = None if coding.softmax else [ranked[0][1], ranked[-1][1]]  # pushes to the left and to the right lead to these
    return render(
        "serve/page.html",
        record=run.record,
        config=run.config,
        nonce=nonce,
        has_report=has_report,
        fields=fields,
        ends=ends,
        limited=any(coding.least or ()),
        status=words.status(run.record),
        findings=sections.findings(run.record.findings),
        usual=_USUAL[run.config.preprocess.impute][0],
        facts={
            "fields": [{key: field[key] for key in ("name", "axis", "seen", "texts", "example")} for field in fields],
            "classes": classes,
            "ends": None if ends is None else [classes.index(name) for name in ends],
            "sets": coding.least is not None,
            "usual": _USUAL[run.config.preprocess.impute],
            "outputs": list(coding.classes) if coding.softmax else None,
        },
    )


def _fields(run: Scoring) -> list[dict[str, Any]]:
    """Return what the page tells of each feature; ``axis`` holds the ends of what is drawn, None where they are not known."""
    steps, fields = run.model.preprocessor, []
    learnt = zip(steps.fill.tolist(), steps.seen.T.tolist(), usual_row(run).tolist(), strict=True)
    for (name, feature), (fill, (low, high), usual) in zip(run.config.data.features.items(), learnt, strict=True):
        texts = [*feature.numbers()]
        seen = (low, high) if isfinite(low) and isfinite(high) and not texts else None
        axis = feature.range or (seen and (2 * low - high, 2 * high - low))
        filled = feature.worded(fill)
        empty = "empty: without it there is no answer" if filled is None else f"empty, will be filled with {filled}"
        # telephones show no minus sign among decimal keys
        inputmode = "decimal" if (feature.range or (low,))[0] >= 0 else "text"
        places = [str(place) for place, number in enumerate(feature.numbers().values(), 1) if number == usual]
        example = "".join(places[:1]) if texts else feature.worded(usual) if isfinite(usual) else ""
        own = {"example": example, "axis": axis, "seen": seen, "empty": empty, "inputmode": inputmode, "texts": texts}
        fields.append({"name": name, **dict(feature), **own, "met": met_categories(run, name) if texts else []})
    return fields
