"""Files that appear whole, past whatever somebody else put in their way, and what is read with care."""

import os
from pathlib import Path

import pytest

from pipeline.machine import files


def test_a_link_that_waits_in_the_place_of_the_hidden_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    monkeypatch.setattr(files.secrets, "token_hex", lambda size: "guessed")
    (tmp_path / f"{files.UNFINISHED}{os.getpid()}-guessed-out.csv").symlink_to(outside)
    with pytest.raises(FileExistsError), files.whole(tmp_path / "out.csv") as hidden:
        hidden.write_text("lost")
    assert outside.read_text() == "kept"


def test_a_link_in_the_place_of_the_file_is_replaced(tmp_path: Path) -> None:
    outside, target = tmp_path / "outside", tmp_path / "out.csv"
    outside.write_text("kept")
    target.symlink_to(outside)
    with files.whole(target) as hidden:
        assert hidden.read_text() == ""
        hidden.write_text("new")
    assert outside.read_text() == "kept"
    assert not target.is_symlink()
    assert target.read_text() == "new"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out.csv", "outside"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def half() -> None:
        with files.whole(target) as hidden:
            hidden.write_text("new")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        half()
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "old"


def test_only_a_regular_file_of_the_expected_size_is_opened(tmp_path: Path) -> None:
    plain, link, pipe = (tmp_path / name for name in ("plain", "link", "pipe"))
    plain.write_bytes(b"four")
    link.symlink_to(plain)
    os.mkfifo(pipe)
    with files.regular(plain, 4) as file:
        assert file.read() == b"four"
    for path, most in ((plain, 3), (link, 4), (pipe, 4), (tmp_path, 4), (tmp_path / "none", 4)):
        with pytest.raises(OSError, match=r".+"), files.regular(path, most):
            pass
