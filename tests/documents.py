"""The documents that people read: README.md, CONTRIBUTING.md, and a README.md beside what it describes."""

import re

from tests.conftest import ROOT

_BESIDE = sorted(
    path for folder in ("configs", "data", "models", "pipeline", "tests") for path in (ROOT / folder).rglob("README.md")
)
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *_BESIDE)
}
"""Path from the root of the repository -> text."""


def typed_lines(text: str) -> list[str]:
    """Return the commands in the indented blocks of a document, without their comments."""
    lines = re.findall(r"^    ((?:make|diabetes-pipeline) .*)$", text, re.MULTILINE)
    return [line.split("#")[0].strip() for line in lines]


def examples(text: str) -> list[str]:
    """Return the programs in Python that a document shows whole."""
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
