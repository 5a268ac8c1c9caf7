"""Whether this tree gives the same figures as an earlier commit, to the last digit: `make same-figures SINCE=COMMIT`.

Both trees run the same commands on the synthetic twin and, where DIABETES_DATA_DIR says where they are, on the real files:
``train``, ``evaluate``, ``check``, ``study``, ``predict`` and every export, whose answers are compared, not its bytes. What
a run cannot repeat, such as times, names and hashes of files, is left out.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PASSING = {
    *("seconds", "networks_per_second", "run", "created", "digest", "files"),
    *("versions", "report", "bytes", "study", "output", "profiles"),
}
"""Keys whose values differ from run to run; and the profiles of D205, see ``_plain``."""
ANSWERS = {
    "onnx": "import onnxruntime as o; s = o.InferenceSession('m.onnx'); "
    "out = [x.tolist() for x in s.run(None, {s.get_inputs()[0].name: rows.to_numpy()})]",
    "keras": "from pipeline.network.backend import keras; out = keras().models.load_model('m.keras')(rows.to_numpy()); "
    "out = [x.numpy().tolist() for x in (out.values() if isinstance(out, dict) else [out])]",
    "joblib": "import joblib; m = joblib.load('m.joblib'); out = [m.predict(rows).tolist(), m.predict_proba(rows).tolist()]",
}
"""How each export is asked, of the ``rows`` of the twin."""
ASK = (
    "import json, pandas as pd; rows = pd.read_csv('data/diabetes.csv')[{features}].astype(float); "
    "rows = rows.fillna(rows.median()); {answer}; print(json.dumps(out))"
)


def call(tree: Path, folder: Path, *words: str) -> str:
    """Run a command of a tree in a folder and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode} in {tree}:\n{done.stderr}")
    return done.stdout


def figures(tree: Path, folder: Path, files: dict[str, Path]) -> Iterator[tuple[str, Any]]:
    """Yield the name of each command and what it says."""
    for name in ("configs", "data"):
        shutil.copytree(tree / name, folder / name)
    pipeline = ("-m", "pipeline")
    for name, path in files.items():
        data = ("--data", str(path))
        yield f"check {name}", json.loads(call(tree, folder, *pipeline, "check", *data, "--json"))
        if name != "twin":
            yield (
                f"article.yaml {name}",
                json.loads(call(tree, folder, *pipeline, "train", "configs/article.yaml", *data, "--json")),
            )
        yield f"default.yaml {name}", json.loads(call(tree, folder, *pipeline, "train", *data, "--json"))
        yield f"evaluate {name}", json.loads(call(tree, folder, *pipeline, "evaluate", "--json"))
        for kind in ("csv", "parquet"):
            told = json.loads(call(tree, folder, *pipeline, "predict", str(path), f"scored.{kind}", "--json"))
            read = f"import pandas as pd; print(pd.read_{kind}('scored.{kind}').to_csv(index=False))"
            yield f"predict {name} to {kind}", [told, call(tree, folder, "-c", read)]
        features = list(json.loads((folder / "models/latest/run.json").read_text())["columns"])
        for kind, answer in ANSWERS.items():
            call(tree, folder, *pipeline, "export", "models/latest", "--to", kind, f"m.{kind}", "--json")
            asked = ASK.format(features=features, answer=answer)
            yield f"export {name} to {kind}", json.loads(call(tree, folder, "-c", asked).splitlines()[-1])
            (folder / f"m.{kind}").unlink()
    yield "study", json.loads(call(tree, folder, *pipeline, "study", "--json"))


def differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Yield where two JSON values differ, and how; the order of keys counts."""
    if isinstance(before, dict) and isinstance(now, dict):
        if list(before) != list(now):
            yield f"{place}: the keys were {list(before)} and are {list(now)}"
        for key in before.keys() & now.keys() - PASSING:
            yield from differences(before[key], now[key], f"{place}.{key}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, pair in enumerate(zip(before, now, strict=True)):
            yield from differences(*pair, f"{place}[{index}]")
    elif _plain(before) != _plain(now):
        yield f"{place}: was {str(before)[:200]} and is {str(now)[:200]}"


def _plain(value: Any) -> Any:
    """Return a value without what an earlier D205 said of profiles: there an empty cell was a value of its own."""
    return re.sub(r"\d+ share .* with one", "share a profile with one", value) if isinstance(value, str) else value


def main() -> None:
    """Compare the commit that is named with the tree that this file lies in."""
    real = os.environ.get("DIABETES_DATA_DIR")
    files = {"twin": Path("data/diabetes.csv")}
    files |= {name: Path(real) / f"{name}.csv" for name in ("article", "complete")} if real else {}
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        archive = subprocess.run(["git", "archive", sys.argv[1]], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(here / "tree", filter="data")
        for place in ("before", "now"):
            (here / place).mkdir()
        pairs = zip(figures(here / "tree", here / "before", files), figures(ROOT, here / "now", files), strict=True)
        count = 0
        for (command, before), (_, now) in pairs:
            different = list(differences(before, now))
            count += len(different)
            print(f"{'same' if not different else 'DIFFERENT'}: {command}", flush=True)
            for line in different[:20]:
                print(f"    {line}", flush=True)
    print(f"{count} differences")
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
