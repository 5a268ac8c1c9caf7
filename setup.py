"""Puts the configs and the synthetic data into the wheel, for whoever has no checkout; all else is in pyproject.toml."""

from pathlib import Path
from shutil import copyfile

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("configs/default.yaml", "configs/article.yaml", "configs/study.yaml", "configs/twin.yaml", "data/diabetes.csv")


class WithShippedFiles(build_py):
    """Copies the package, and beside it the files that ``init`` writes; an editable install finds them in the checkout."""

    def run(self) -> None:
        """Build as always, then copy."""
        super().run()
        for name in () if self.editable_mode else SHIPPED:
            place = Path(self.build_lib, "pipeline", "shipped", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            copyfile(name, place)


setup(cmdclass={"build_py": WithShippedFiles})
