"""The configs and the synthetic data that come with the package, for whoever has no checkout."""

from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.machine.files import whole

_FILES = ("configs/default.yaml", "configs/article.yaml", "configs/study.yaml", "configs/twin.yaml", "data/diabetes.csv")


def write_shipped(force: bool) -> list[str]:
    """Write the default, article, study and twin configs and the synthetic data into the current folder.

    Raises:
        PipelineError: one of them is there, and ``force`` is not given.
    """
    there = [name for name in _FILES if Path(name).exists()]
    if there and not force:
        raise PipelineError(
            f"{there[0]} is there already, and nothing is overwritten; add --force to replace it by the one of the package"
        )
    room = Path(__file__).parents[1] / "shipped"
    origin = room if room.is_dir() else room.parents[1]  # a checkout has them beside the package
    for name in _FILES:
        content = (origin / name).read_bytes()
        Path(name).parent.mkdir(exist_ok=True)
        with whole(Path(name)) as hidden:
            hidden.write_bytes(content)
    return list(_FILES)
