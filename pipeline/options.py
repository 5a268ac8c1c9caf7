"""Arguments and options of the command line, and the examples that ``--help`` shows."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, echo

from pipeline import __version__
from pipeline.machine.started import asked, started_by

PROGRAM = "diabetes-pipeline" if started_by() == "make" else started_by()
FIRST = f"""\b
Begin with one of these:
  {PROGRAM} train           train the network of configs/default.yaml
  {PROGRAM} init mine.csv   write a config for a file of yours
  {PROGRAM} report          see the newest run as a page
"""


def show_version(wanted: bool) -> None:
    """Print the version of the package and end, where it is asked for."""
    if wanted:
        echo(__version__)
        raise Exit


Version = Annotated[bool, Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")]
YamlFile = Annotated[Path, Argument(metavar="CONFIG", help="The YAML file.")]
RunFolder = Annotated[Path, Argument(metavar="RUN", help="A run: its folder, or its name in the list of runs.")]
Before = Annotated[str | None, Argument(metavar="RUN", help="The earlier run; by default the one before the newest.")]
Now = Annotated[str | None, Argument(metavar="RUN", help="The later run; by default the newest.")]
Source = Annotated[Path, Argument(metavar="INPUT", help="A CSV, Excel or Parquet file, or a folder of Parquet files.")]
Target = Annotated[Path, Argument(metavar="OUTPUT", help="The .csv or .parquet file to write, or the folder.")]
ModelFile = Annotated[Path, Argument(metavar="PATH", help="The file to write.")]
CsvFile = Annotated[Path, Argument(metavar="OUTPUT", help="The CSV file to write.")]
FindingCode = Annotated[str | None, Argument(metavar="CODE", help="A code such as C101.")]
Settings = Annotated[
    list[str] | None,
    Option("--set", metavar="KEY=VALUE", callback=asked, help="Change a setting for this run; ~KEY takes one out. Repeatable."),
]
Data = Annotated[str | None, Option(metavar="FILE", help="Read this file instead of data.path.")]
Tested = Annotated[str | None, Option("--data", metavar="FILE", help="Test the saved network on the rows of this file.")]
IfChanged = Annotated[bool, Option("--if-changed", help="Evaluate the newest run instead if config and data are unchanged.")]
RunOption = Annotated[Path, Option(metavar="RUN", help="A run: its folder, or its name in the list of runs.")]
Scorers = Annotated[str | None, Option(metavar="ADDRESS", help="Score the files of a folder on a Dask cluster, as in study.")]
Trainers = Annotated[str | None, Option(metavar="ADDRESS", help="Train on a Dask cluster; local:N starts N workers here.")]
Kind = Annotated[str, Option(metavar="onnx|keras|joblib", help="The kind of file.")]
Host = Annotated[str, Option(help="The address to listen on; with any but this machine's own, other machines can reach it.")]
Port = Annotated[int, Option(min=0, max=65535, help="0 takes a free one.")]
Strict = Annotated[bool, Option("--strict", help="Count warnings as errors.")]
Drafted = Annotated[str | None, Argument(metavar="DATA", help="A CSV, Excel or Parquet file; without one the package's own.")]
NewConfig = Annotated[str | None, Argument(metavar="CONFIG", help="The YAML file to write; by default DATA's name with .yaml.")]
Answered = Annotated[str | None, Option(metavar="COLUMN", help="The column of the answer, by its name or its number.")]
Force = Annotated[bool, Option("--force", help="Replace a file that is there.")]
Keep = Annotated[int | None, Option(min=1, metavar="N", help="Remove all but the newest N, after asking.")]
Yes = Annotated[bool, Option("--yes", help="Do not ask.")]
Full = Annotated[bool, Option("--full", help="Show everything: each finding with its fix, and all tables.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object on standard output.")]


def examples(*calls: str) -> str:
    """Return commands as the last lines of a ``--help`` page, which are not to be wrapped."""
    return "\n".join(["\b", "Examples:", *(f"  {PROGRAM} {call}" for call in calls)])
