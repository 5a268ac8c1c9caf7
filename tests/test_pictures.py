"""The pictures of the README are small, and show what the terminal showed."""

import os
import re
import subprocess
from typing import Any

import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.pictures import COLUMNS, ROWS, printed_on_terminal, screen

SHOWN = re.findall(r"^!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_the_readme_shows_terminal_and_report_in_small_files() -> None:
    assert len(SHOWN) >= 2
    for name in SHOWN:
        assert (ROOT / name).stat().st_size < 150_000
        with Image.open(ROOT / name) as picture:
            assert picture.format == "PNG"
            assert picture.width >= 1280  # a terminal of two pixels a point, or a page


def test_the_repository_is_below_4_mb() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is not a checkout of git")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert sum(path.stat().st_size for path in paths if path.is_file()) < 4_000_000


def shown_by(browser: Any, typed: str, printed: str) -> tuple[str, dict[str, float]]:
    """Return the text of a drawn screen, and how wide and high its text and the place for it are in characters."""
    page = browser.new_page()
    page.set_content(screen(typed, printed))
    text = page.locator("pre").inner_text()
    sizes = page.evaluate(
        """() => {
            const pre = document.querySelector("pre"), style = getComputedStyle(pre), one = document.createElement("span");
            one.textContent = "0".repeat(10);
            pre.after(one);
            one.style.font = style.font;
            const width = one.getBoundingClientRect().width / 10, height = parseFloat(style.lineHeight);
            const inside = (size, ...sides) => size - sides.reduce((sum, side) => sum + parseFloat(style[side]), 0);
            return {columns: inside(pre.scrollWidth, "paddingLeft", "paddingRight") / width,
                    rows: inside(pre.scrollHeight, "paddingTop", "paddingBottom") / height};
        }"""
    )
    page.close()
    return text, sizes


def test_a_drawn_terminal_shows_what_was_printed_and_nothing_is_cut(browser: Any) -> None:
    text, sizes = shown_by(browser, "make train", "one <b>\n\n\x1b[1;33mtwo\x1b[0m " + "x" * 100 + "\n")
    rows = [line.rstrip() for line in text.split("\n")]
    assert rows[:5] == ["$ make train", "one <b>", "", "two " + "x" * 76, "x" * 24]
    assert rows[5:] == ["$"] + [""] * (ROWS - 6)
    assert sizes == {"columns": pytest.approx(COLUMNS, abs=0.1), "rows": pytest.approx(ROWS, abs=0.1)}


def test_what_does_not_fit_has_left_a_drawn_terminal_at_the_top(browser: Any) -> None:
    text, _ = shown_by(browser, "make train", "\n".join(map(str, range(100))))
    assert [line.rstrip() for line in text.split("\n")] == [*map(str, range(100 - ROWS + 1, 100)), "$"]


def test_the_program_sees_a_terminal_of_80_columns(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", "200")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed_on_terminal("explain", folder=tmp_path)).splitlines()
    assert COLUMNS - 10 < max(map(len, lines)) <= COLUMNS
