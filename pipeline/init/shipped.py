"""The configs and the synthetic data that come with the package, for whoever has no checkout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.config.read import load_config
from pipeline.errors import PipelineError
from pipeline.machine.files import whole

_FILES = ["configs/default.yaml", "configs/article.yaml", "configs/study.yaml", "configs/twin.yaml", "data/diabetes.csv"]


def init_shipped(force: bool, target: str | None, settings: Sequence[str]) -> dict[str, Any]:
    """Write what comes with the package into the current folder; return what ``--json`` prints.

    Raises:
        PipelineError: a file is there already, or something is given that needs a file of the user's.
    """
    if target is not None or settings:
        raise PipelineError("--target and --set have no effect without DATA; name a file, or leave them out")
    if (there := [name for name in _FILES if Path(name).exists()]) and not force:
        raise PipelineError(f"{there[0]} is there already; add --force to replace it by the one of the package")
    room = Path(__file__).parents[1] / "shipped"
    origin = room if room.is_dir() else room.parents[1]  # a checkout has them beside the package
    for name in _FILES:
        Path(name).parent.mkdir(exist_ok=True)
        with whole(Path(name)) as hidden:
            hidden.write_bytes((origin / name).read_bytes())
    data = load_config(_FILES[0]).data
    return {"config": _FILES[0], "target": data.target, "features": list(data.features), "assumed": [], "written": _FILES}
