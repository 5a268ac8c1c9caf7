"""The house is as CONTRIBUTING.md says: names are unique, modules are short, private names stay at home."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.conftest import ROOT
from tests.documents import DOCUMENTS

MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "pipeline").rglob("*.py"))}
SHARED = {"__init__", "command", "figures", "page", "summary", "terminal"}
"""Names that mean the same in every room that has one."""


def public_functions() -> Iterator[str]:
    for tree in MODULES.values():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield node.name


def test_no_two_modules_and_no_two_public_functions_share_a_name() -> None:
    modules = Counter(path.stem for path in MODULES if path.stem not in SHARED)
    functions = Counter(public_functions())
    assert {name for names in (modules, functions) for name, count in names.items() if count > 1} == set()


def test_no_module_is_longer_than_250_lines_but_the_one_with_a_function_a_command() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path.name: length for path, length in lengths.items() if length > (300 if path.name == "cli.py" else 250)} == {}


def test_no_module_imports_a_private_name_of_another() -> None:
    imports = [node for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [
        f"{node.module}.{alias.name}" for node in imports for alias in node.names if (node.module or "").startswith("pipeline")
    ]
    assert [name for name in names if re.search(r"\._(?!_)", name)] == []


def test_every_module_that_a_document_names_is_there() -> None:
    named = {name for text in DOCUMENTS.values() for name in re.findall(r"`((?:pipeline|tests|configs)/[\w/.]+)`", text)}
    assert len(named) > 10
    assert {name for name in named if not (ROOT / name).exists()} == set()
