"""Figures in words, for captions, tables and the template."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup, escape

from pipeline.errors import counted
from pipeline.findings.finding import headline
from pipeline.runs.summary import Summary

NOT_MEASURED = "not measured"
NOT_SUPPLIED = "not supplied"
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(value: Any) -> Any:
    """Return text with a mark for each control character: one in a column's name could turn the rest of a line around."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def absent(value: Any) -> bool:
    """Return whether there is nothing to show."""
    return value is None or isinstance(value, Undefined) or value == ""


def percent(share: Any) -> str:
    """Return a share as a percentage with one decimal."""
    return NOT_MEASURED if absent(share) else f"{share * 100:.1f}%"


def interval(ends: Any) -> str:
    """Return both ends of an interval of shares, as percentages."""
    return _both(ends, lambda share: f"{share * 100:.1f}", "%")


def ranged(share: Any, ends: Any) -> str:
    """Return a share with its interval."""
    return _beside(percent(share), interval(ends))


def points(difference: Any, ends: Any = None) -> str:
    """Return a difference of shares in percentage points with its sign, and its interval."""
    return NOT_MEASURED if absent(difference) else _beside(f"{_signed(difference)} points", points_span(ends))


def points_span(ends: Any) -> str:
    """Return both ends of an interval of differences, in percentage points."""
    return _both(ends, _signed)


def _signed(difference: float) -> str:
    return f"{round(difference * 100, 1) + 0.0:+.1f}".replace("-", "\N{MINUS SIGN}")


def number(value: Any, otherwise: str = NOT_MEASURED) -> str:
    """Return a number with four significant digits, or whole."""
    if absent(value) or value != value:
        return otherwise
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def span(ends: Any, otherwise: str = "") -> str:
    """Return both ends of an interval of plain numbers."""
    return _both(ends, number) or otherwise


def _both(ends: Any, write: Callable[[Any], str], unit: str = "") -> str:
    return "" if absent(ends) or any(end is None for end in ends) else f"{write(ends[0])} to {write(ends[1])}{unit}"


def _beside(figure: str, ends: str) -> str:
    return f"{figure} ({ends})" if ends else figure


def three_digits(value: Any) -> str:
    """Return a score, such as a log loss, with three digits after the point."""
    return NOT_MEASURED if absent(value) else f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def quantity(figure: Any) -> str:
    """Return a score that carries its interval."""
    if absent(figure) or absent(figure.value):
        return NOT_MEASURED
    return _beside(three_digits(figure.value), _both(figure.interval, three_digits))


def p_value(value: Any) -> str:
    """Return a p-value as it is printed, with two significant digits: never 0."""
    return "" if absent(value) else "< 0.0001" if value < 0.0001 else f"{value:#.2g}"


def joined(words: Iterable[object]) -> str:
    """Return words as a plain list: "a, b and c"."""
    texts = [str(word) for word in words]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def code(text: str) -> Markup:
    """Return what is typed; no line ends behind the hyphens of an option."""
    whole = re.sub(r"(?<!\S)-+\w[\w-]*", r"<span>\g<0></span>", str(escape(visible(text))))
    return Markup("<code>{}</code>").format(Markup(whole))  # noqa: S704 - escaped above


def with_code(text: str) -> Markup:
    """Return text with `code` marked as such; everything else in it is text."""
    return Markup("").join(code(part) if place % 2 else escape(part) for place, part in enumerate(text.split("`")))


def steps_of(fix: str) -> Markup:
    """Return a fix as items of a list, a choice each, with a command in it marked as code."""
    commands = ("diabetes-pipeline ", "python -m pipeline ", "make ")
    parts = [code(part) if part.startswith(commands) else with_code(part) for part in fix.split("; or ")]
    return Markup("").join(Markup("<li>{}</li>").format(part) for part in parts)


def shown(text: str) -> Markup:
    """Return text, greyed where it says that something is absent."""
    return Markup('<span class="absent">{}</span>').format(text) if text in (NOT_MEASURED, NOT_SUPPLIED) else escape(text)


def status(summary: Summary) -> tuple[str, str]:
    """Return how the verdict is coloured, and its heading."""
    counts = Counter(finding.level for finding in summary.findings)
    if not summary.sound:
        return "bad", "unsound, this accuracy means nothing"
    if counts["error"]:
        return "bad", f"{counted(counts['error'], 'error')}, accepted by the config"
    if counts["warning"]:
        return "doubtful", f"{counted(counts['warning'], 'warning')} about this accuracy"
    return ("good", "nothing speaks against this accuracy") if summary.clear else ("doubtful", "some checks are inconclusive")


_FIGURES = (percent, interval, ranged, points, points_span, number, span, three_digits, quantity, p_value)
FILTERS = (*_FIGURES, joined, code, with_code, headline, steps_of, shown)
"""What the template may call, by name."""
