"""Runs that somebody made to do harm, with a right digest and right hashes."""

import hashlib
import io
import json
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

Harm = Callable[[Path], None]
OPTIONAL = ("steepness", "least", "slope")  # arrays that a run of an earlier version has not
FILES = ("config.yaml", "network.keras", "preprocessor.joblib", "weights.npz")


def seal(run: Path, edit: Callable[[dict[str, Any]], None] = lambda record: None) -> None:
    """Give a run the hashes of its files as they are now, and the digest of its record."""
    record = json.loads((run / "run.json").read_text())
    for name in FILES:
        if (run / name).is_file():
            content = (run / name).read_bytes()
            record["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edit(record)
    seal_text(run, json.dumps(record | {"digest": "0" * 64}, indent=2))


def seal_text(run: Path, text: str) -> None:
    """Write a text with one empty digest as the record."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    (run / "run.json").write_text(text.replace('"digest": "' + "0" * 64, '"digest": "' + digest, 1))


def written(name: str, content: bytes) -> Harm:
    """Put a content in the place of a file."""

    def harm(run: Path) -> None:
        (run / name).write_bytes(content)
        seal(run)

    return harm


def recorded(edit: Callable[[dict[str, Any]], Any]) -> Harm:
    """Edit the record."""
    return lambda run: seal(run, lambda record: void(edit(record)))


def void(_: object) -> None:
    """Drop a value."""


def replaced(old: str, new: str) -> Harm:
    """Edit the text of the record."""

    def harm(run: Path) -> None:
        record = json.loads((run / "run.json").read_text()) | {"digest": "0" * 64}
        text = json.dumps(record, indent=2)
        assert old in text
        seal_text(run, text.replace(old, new, 1))

    return harm


def arrays(edit: Callable[[dict[str, Any]], None], save: Callable[..., None] = np.savez) -> Harm:
    """Edit the arrays."""

    def harm(run: Path) -> None:
        with np.load(run / "weights.npz") as file:
            kept = dict(file)
        edit(kept)
        save(run / "weights.npz", **kept)
        seal(run)

    return harm


def configured(old: str, new: str) -> Harm:
    """Edit the config."""

    def harm(run: Path) -> None:
        text = (run / "config.yaml").read_text()
        assert old in text
        (run / "config.yaml").write_text(text.replace(old, new, 1))
        seal(run)

    return harm


class Evil:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.mark}'",)


def never_loaded(mark: Path) -> dict[str, Harm]:
    """Return harm in files that no command loads: all goes on as if it were not there."""
    lambda_layer = json.dumps(
        {
            "class_name": "Sequential",
            "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["4wE=", None, None]}}]},
        }
    )
    return {
        "preprocessor.joblib: a pickle that runs a command": written("preprocessor.joblib", pickle.dumps(Evil(mark))),
        "network.keras: a Lambda layer": written("network.keras", zipped(("config.json", lambda_layer.encode()))),
        "network.keras: a name with ../": written("network.keras", zipped((f"../../{mark.name}", b"x"))),
    }


def refused(mark: Path) -> dict[str, Harm]:
    """Return harm that must be refused; the key begins with what the refusal names."""
    pickled = np.array([Evil(mark)], dtype=object)
    npy = "weights.npz"
    cases: dict[str, Harm] = {
        "weights.npz: an array of objects": arrays(lambda kept: kept.update(weights=pickled)),
        "weights.npz: only a pickle": written(npy, pickle.dumps(Evil(mark))),
        "weights.npz: a pickle as a member": written(npy, zipped(("weights.npy", pickle.dumps(Evil(mark))))),
        "weights.npz: compressed": arrays(lambda kept: None, np.savez_compressed),
        "weights.npz: a bomb": lambda run: written(npy, bomb())(run),
        "weights.npz: a size that is a lie": written(npy, lying()),
        "weights.npz: a giant shape": written(npy, zipped(("weights.npy", header("(1000000000000, 25)") + bytes(100)))),
        "weights.npz: giant text": written(npy, zipped(("weights.npy", header("(1,)", "<U900000000") + bytes(100)))),
        "weights.npz: no size": written(npy, zipped(("weights.npy", header("(0, 999999999999999999)")))),
        "weights.npz: a negative shape": written(npy, zipped(("weights.npy", header("(-1, -25)") + bytes(100)))),
        "weights.npz: too short for its shape": written(npy, zipped(("weights.npy", header("(8, 25)") + bytes(100)))),
        "weights.npz: too long for its shape": written(npy, zipped(("weights.npy", header("(1, 25)") + bytes(101)))),
        "weights.npz: records": written(npy, zipped(("weights.npy", header("(1,)", "|V4") + bytes(4)))),
        "weights.npz: a header that nests": written(npy, zipped(("weights.npy", header("(" * 5000)))),
        "weights.npz: twice the same": written(npy, zipped(*[("weights.npy", header("(1,)") + bytes(4))] * 2)),
        "weights.npz: no zip": written(npy, b"PK\x03\x04" + bytes(100)),
        "weights.npz: empty": written(npy, b""),
        "run.json: another file": recorded(lambda record: record["files"].update({"../outside": record["files"]["weights.npz"]})),
        "run.json: an absolute name": recorded(lambda record: record["files"].update({"/etc/hostname": record["files"][npy]})),
        "run.json: a file less": recorded(lambda record: record["files"].pop("preprocessor.joblib")),
        "run.json: no files": recorded(lambda record: record.update(files={})),
        "run.json: nested deeply": replaced('"sound": true', '"sound": ' + "[" * 100_000 + "]" * 100_000),
        "run.json: NaN": replaced('"sound": true', '"sound": true, "more": NaN'),
        "run.json: infinite": replaced('"sound": true', '"sound": true, "more": 1e999'),
        "run.json: a number of many digits": replaced('"sound": true', '"sound": true, "more": ' + "1" * 5000),
        "run.json: half a character": replaced('"sound": true', '"sound": true, "more": "\\ud800"'),
        "run.json: a NUL in a name": replaced('"path": "configs/', '"path": "\\u0000'),
        "weights.npz: of a record with other rows": recorded(lambda record: record["data"].update(rows=5000)),
        "run.json: huge": lambda run: os.truncate(run / "run.json", 2**40),
        "weights.npz: huge": lambda run: sparse(run, npy),
        "network.keras: huge": lambda run: sparse(run, "network.keras"),
        "config.yaml: aliases": configured("data:", "a: &a [x, x]\nb: &b [*a, *a]\ndata:"),
        "config.yaml: a tag": configured("target: Type", "target: !!python/object/apply:os.system [touch owned]"),
        "config.yaml: nested deeply": written("config.yaml", b"[" * 100_000),
        "config.yaml: huge": written("config.yaml", b"#" * 2**23),
        "weights.npz: of a config with a wide layer": configured("hidden:\n  - 3", "hidden:\n  - 1000000000000"),
        "config.yaml: a column that is not there": configured(
            "unseen:\n    group_by:\n    - BS pp", "unseen:\n    group_by:\n    - x"
        ),
        "weights.npz: of a config with another class": configured("Type2: -1.0", "Type9: -1.0"),
        "weights.npz: of a config with another code": configured("Type2: -1.0", "Type2: -7.0"),
        "weights.npz: of a config with another width": configured("hidden:\n  - 3", "hidden:\n  - 4"),
        "config.yaml: other features": configured("    Age:\n", "    Weight:\n"),
        "config.yaml: no UTF-8": written("config.yaml", b"\xff\xfe"),
    }
    for name in (*FILES, "run.json"):
        cases |= {f"{name}: {kind}": lambda run, name=name, put=put: swap(run / name, put) for kind, put in KINDS.items()}
    return cases | {f"weights.npz: {text}": arrays(edit) for text, edit in edits()}


def swap(path: Path, put: Callable[[Path], object]) -> None:
    """Move a file out of the run and put something else in its place."""
    path.rename(path.parent.parent / f"moved-{path.name}")
    put(path)


KINDS: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to(f"../moved-{path.name}"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "nothing": lambda path: None,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


def edits() -> Iterator[tuple[str, Callable[[dict[str, Any]], None]]]:
    """Yield changes of the arrays after which they do not fit one another any more."""
    ways: dict[str, Callable[[Any], Any]] = {
        "an axis more": lambda each: each[None],
        "other numbers": lambda each: each.astype(np.complex128) if each.dtype.kind != "U" else each.astype("S9"),
        "longer": lambda each: np.concatenate([np.atleast_1d(each)] * 2),
        "empty": lambda each: np.atleast_1d(each)[:0],
        "other bytes first": lambda each: each.astype(each.dtype.newbyteorder(">")) if each.dtype.itemsize > 1 else each[None],
    }
    names = ("weights", "initial", "final_loss", "sizes", "slopes", "softmax", "chosen", "classes", "codes", "features", "lowest")
    names += ("highest", "fill", "center", "scale", "seen", "train_rows", "counted_classes", "baselines_names")
    names += ("class_counts", "baselines_answers", "unseen_groups", "unseen_folds", "unseen_names", "unseen_answers")
    names += ("chances", "chances_names", *OPTIONAL)
    for name in names:
        yield (
            f"{name} is missing" if name not in OPTIONAL else f"{name} is NaN",
            lambda kept, name=name: (
                void(kept.pop(name)) if name not in OPTIONAL else kept.update({name: np.full_like(kept[name], np.nan)})
            ),
        )
        for text, way in ways.items():
            if not (text == "longer" and name == "train_rows") and not (text == "other bytes first" and name.endswith("names")):
                yield f"{name} {text}", lambda kept, name=name, way=way: kept.update({name: way(kept[name])})
    values = {"chosen": 8, "sizes": -1, "slopes": np.nan, "codes": np.inf, "lowest": np.nan, "seen": np.nan, "train_rows": 5000}
    values |= {"test_rows": -1, "class_counts": -1, "baselines_answers": 3, "unseen_folds": -1, "unseen_answers": -2}
    values |= {"steepness": 0, "least": -1, "slope": 2}
    for name, value in values.items():
        yield f"{name} of {value}", lambda kept, name=name, value=value: kept.update({name: np.full_like(kept[name], value)})
    yield "spread of 0", lambda kept: kept.update(spread=np.float64(0))
    yield "classes twice", lambda kept: kept.update(classes=kept["classes"][[0, 0, 1]])


def header(shape: str, dtype: str = "<f4") -> bytes:
    """Return what numpy.save writes before the values."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may stand twice on purpose
        for name, content in members:
            made.writestr(name, content)
    return file.getvalue()


@cache
def bomb() -> bytes:
    """Return a small npz of an array of 1.25 GiB."""
    file, block = io.BytesIO(), bytes(2**20)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made, made.open("weights.npy", "w") as member:
        member.write(header("(335544320, 1)"))
        for _ in range(5 * 2**28 // len(block)):
            member.write(block)
    return file.getvalue()


def lying() -> bytes:
    """Return an npz that claims more bytes for a member than it has."""
    content = zipped(("weights.npy", header("(1000000, 25)") + bytes(100)))
    size = (len(header("(1000000, 25)")) + 100).to_bytes(4, "little")
    return content.replace(size + size, (10**8).to_bytes(4, "little") * 2)


def sparse(run: Path, name: str) -> None:
    """Make a file of a TiB that takes no room, and say so in the record."""
    os.truncate(run / name, 2**40)
    record = json.loads((run / "run.json").read_text())
    record["files"][name]["bytes"] = 2**40
    seal_text(run, json.dumps(record | {"digest": "0" * 64}, indent=2))


def retyped(record: dict[str, Any]) -> Iterator[tuple[str, Callable[[dict[str, Any]], None]]]:
    """Yield edits of the record that put a value of another type in the place of each key, three levels deep."""
    values: tuple[Any, ...] = (None, 0, -1, 2**70, 1e308, "x", "\x1b[2J", True, [], {}, [[]], {"a": None})

    def walk(at: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        if path:
            yield path
        if len(path) < 3 and isinstance(at, dict | list):
            for key in list(at) if isinstance(at, dict) else range(min(1, len(at))):
                yield from walk(at[key], (*path, key))

    def put(record: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
        at: Any = record
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = value

    for path in walk(record, ()):
        if path[0] not in ("digest", "files"):
            for value in values:
                yield f"{'.'.join(map(str, path))} = {value!r}", lambda told, path=path, value=value: put(told, path, value)
