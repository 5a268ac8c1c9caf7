"""The templates of the pages, filled."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup

from pipeline.report import words

if TYPE_CHECKING:  # the page of "serve" does without matplotlib
    from pipeline.report.canvas import Picture

_ROOMS = Path(__file__).parent.parent
"""A template is named with its room: "report/page.html"."""


def render(template: str, **values: Any) -> str:
    """Return a template with its values; every text in them is text, whatever it holds."""
    return _environment().get_template(template).render(values)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_ROOMS),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
        finalize=words.visible,
    )
    environment.filters |= {word.__name__: word for word in words.FILTERS}
    environment.tests["absent"] = words.absent
    return environment


def marked(picture: Picture) -> Picture:
    """Let a template take the SVG as markup; names in it were escaped when it was written."""
    return replace(picture, svg=Markup(picture.svg))  # noqa: S704
