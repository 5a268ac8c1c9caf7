"""The templates of the pages, filled."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from pipeline.report import words


def render(template: str, **values: Any) -> str:
    """Return a template, named with its room ("report/page.html"), with its values; every text in them is text."""
    return _environment().get_template(template).render(values)


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
        finalize=words.visible,
    )
    environment.filters |= {word.__name__: word for word in words.FILTERS}
    environment.tests["absent"] = words.absent
    return environment
