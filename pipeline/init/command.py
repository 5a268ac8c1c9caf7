"""What the command ``init`` does: read a file, draft a config for it, write that; or write what comes with the package."""

import re
import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.config.contradictions import contradictions
from pipeline.config.data_section import DataSection, ReadSection, ascending
from pipeline.config.read import load_config, validate
from pipeline.config.schema import Config
from pipeline.config.yaml_text import YamlSource, override
from pipeline.errors import ConfigError, DataError, PipelineError, counted
from pipeline.init.answer import answer_of, candidates, chosen
from pipeline.init.commented import commented, remark
from pipeline.init.draft import Draft, draft_of
from pipeline.init.kinds import kind_of
from pipeline.init.oddities import thousands_in
from pipeline.init.overview import Overview, look
from pipeline.init.refusals import refuse_what_is_no_row
from pipeline.machine.files import whole
from pipeline.read.columns import cell_text
from pipeline.read.header import looks_like_data
from pipeline.read.rows import Source, open_rows

Ask = Callable[[str], str]
_ENDING = re.compile(r"(?<=.)(\.(csv|tsv|txt|data|parquet|xlsx|xls|ods))?(\.(gz|zip))?$", re.IGNORECASE)
_SHIPPED = ["configs/default.yaml", "configs/article.yaml", "configs/study.yaml", "configs/twin.yaml", "data/diabetes.csv"]
_ROWS = 200  # by which a first line is told from data


def init(
    data: Path | str,
    config: Path | str | None = None,
    target: str | None = None,
    force: bool = False,
    settings: Sequence[str] = (),
    ask: Ask | None = None,
) -> tuple[str, Draft]:
    """Write a config for a file, by default its name with ``.yaml`` in the current folder; return its path and what it holds.

    ``target`` is a name or number, guessed where None; ``force`` replaces a config that is there; ``settings`` are as ``--set``
    has them; ``ask`` asks which of several columns is the target, None where nobody can answer.

    Raises:
        PipelineError: the file cannot be used as it is, or the config is there already.
    """
    data, path = str(data), Path(config or f"{_ENDING.sub('', Path(data).name)}.yaml")
    if target is not None and not target.strip():
        raise PipelineError("--target is empty; give the name of a column, or its number")
    if path.exists() and not force:
        raise PipelineError(f"{path} is there already, and nothing is overwritten; name another file, or add --force")
    draft = _drafted(data, str(path), _given(settings, target), ask)
    source = YamlSource(str(path), draft.values)
    override(source, settings)
    validate(Config, source, contradictions)
    first = f"Written by init for {data}. What was seen stands beside each line; correct what is wrong."
    above = [*remark(first), *(line for text in (*draft.look, *draft.assumed) for line in remark(f"- {text}"))]
    with whole(path) as hidden:
        hidden.write_text("\n".join([*above, "", commented(source.values, draft.comments, draft.after)]), encoding="utf-8")
    return str(path), draft


def _drafted(data: str, config: str, given: DataSection, ask: Ask | None) -> Draft:
    try:
        file = open(data, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise DataError(f"{data}: cannot read the data: {getattr(error, 'strerror', error)}; name a file of rows") from None
    with file:
        source, header = _opened(data, file, given.read)
        seen = look(data, source, header, given.features, config)
        if not given.read.thousands and (mark := thousands_in(seen)):
            source, header = _opened(data, file, given.read.model_copy(update={"thousands": mark}))
            seen = look(data, source, header, given.features, config)
        kinds = {name: kind_of(column) for name, column in seen.columns.items()}
        refuse_what_is_no_row(seen, kinds)
        if given.target:
            name, why = chosen(seen, given.target), "as --target says"
        else:
            names, why = candidates(seen, kinds)
            name = names[0] if len(names) == 1 else _asked(seen, names, ask)
        answer = answer_of(seen, seen.columns[name], kinds[name], given)
        return draft_of(seen, kinds, name, why, answer, given)


def _opened(data: str, file: BinaryIO, section: ReadSection) -> tuple[Source, tuple[str, ...] | None]:
    """Open a file, and again with made-up names where its first line is data."""
    named = section.header is not None or file.read(4) == b"PAR1"  # Parquet always names its columns
    file.seek(0)
    source = open_rows(data, file, section, ())
    first = [column.slice(0, _ROWS) for read in islice(source.pieces(), int(not named)) for column in read().columns.columns]
    rows = zip(*(map(cell_text, column) for column in first), strict=True)
    if named or not looks_like_data([*source.spelt.values()], [*rows]):
        return source, None
    names = tuple(f"column {number}" for number in range(1, len(source.spelt) + 1))
    return open_rows(data, file, section.model_copy(update={"header": names}), ()), names


def _given(settings: Sequence[str], target: str | None) -> DataSection:
    """Return what ``--set`` says of reading and of the target; ``target`` is what ``--target`` says, and empty for nothing."""
    source = YamlSource("--set")
    override(source, [setting for setting in settings if not setting.lstrip().startswith("~")])
    data = each if isinstance(each := source.values.get("data"), dict) else {}
    known = {key: data[key] for key in ("read", "patient", "merge", "cut", "features", "target") if key in data}
    known |= {} if target is None else {"target": target}
    source.values = {"path": "", "target": "", "codes": {"0": 0, "1": 1}, "features": {"": {}}} | known
    source.name, source.places = "--set data", {}
    given = validate(DataSection, source)
    if given.cut and not (len(given.cut.classes) == len(given.cut.at) + 1 and ascending(given.cut.at)):
        raise ConfigError("--set data.cut: must hold limits that ascend, and one class more than there are limits")
    return given


def _asked(seen: Overview, names: list[str], ask: Ask | None) -> str:
    """Return the one of several columns that the user says is the target."""
    if ask and (answer := ask(f"Which column is the target? {', '.join(names[:20])}: ").strip()):
        return chosen(seen, answer)
    listed = ", ".join(f'"{name}" ({place})' for place, name in enumerate(seen.source.spelt, start=1) if name in names[:20])
    listed += f" and {counted(len(names) - 20, 'other')}" if len(names) > 20 else ""
    raise PipelineError(f"{seen.path}: several columns can be the target: {listed}; name one with --target NAME, or its number")


def terminal_ask(quiet: Callable[[], None]) -> Ask | None:
    """Return what asks a question in a terminal, made ``quiet`` before; None where there is none."""

    def ask(question: str) -> str:
        quiet()
        print(question, end="", file=sys.stderr, flush=True)
        return sys.stdin.readline()

    return ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def init_shipped(force: bool, target: str | None, settings: Sequence[str]) -> dict[str, Any]:
    """Write what comes with the package into the current folder, for whoever has no checkout; return what ``--json`` prints.

    Raises:
        PipelineError: a file is there already, or something is given that needs a file of the user's.
    """
    if target is not None or settings:
        raise PipelineError("--target and --set have no effect without DATA; name a file, or leave them out")
    if (there := [name for name in _SHIPPED if Path(name).exists()]) and not force:
        raise PipelineError(f"{there[0]} is there already; add --force to replace it by the one of the package")
    room = Path(__file__).parents[1] / "shipped"
    origin = room if room.is_dir() else room.parents[1]  # a checkout has them beside the package
    for name in _SHIPPED:
        Path(name).parent.mkdir(exist_ok=True)
        with whole(Path(name)) as hidden:
            hidden.write_bytes((origin / name).read_bytes())
    data = load_config(_SHIPPED[0]).data
    return {"config": _SHIPPED[0], "target": data.target, "features": list(data.features), "assumed": [], "written": _SHIPPED}
