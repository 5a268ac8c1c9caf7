"""What the command ``init`` does: read a file, draft a config for it, write that."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pipeline.config.contradictions import contradictions
from pipeline.config.data_section import DataSection, ReadSection, ascending
from pipeline.config.read import validate
from pipeline.config.schema import Config
from pipeline.config.yaml_text import YamlSource, override
from pipeline.errors import ConfigError, DataError, PipelineError, counted
from pipeline.init.answer import answer_of, candidates, chosen
from pipeline.init.commented import commented, remark
from pipeline.init.draft import Draft, draft_of
from pipeline.init.kinds import kind_of
from pipeline.init.overview import Overview, look
from pipeline.init.refusals import refuse_what_is_no_row
from pipeline.machine.files import whole
from pipeline.read.columns import cell_text
from pipeline.read.header import looks_like_data
from pipeline.read.rows import Source, open_rows

Ask = Callable[[str], str]
_ENDING = re.compile(r"(?<=.)(\.(csv|tsv|txt|data|parquet|xlsx|xls|ods))?(\.(gz|zip))?$", re.IGNORECASE)
_ROWS = 200  # by which a first line is told from data


def init(
    data: Path | str,
    config: Path | str | None = None,
    target: str | None = None,
    force: bool = False,
    settings: Sequence[str] = (),
    ask: Ask | None = None,
) -> tuple[str, Draft]:
    """Write a config for a file; return its path, and what it holds.

    Args:
        data: the file.
        config: the YAML file to write; by default the file's name with ``.yaml``, in the current folder.
        target: the column of the answer, by its name or number; None: it is guessed.
        force: replace a config that is there.
        settings: as ``--set`` has them.
        ask: asks which of several columns is the target; None where nobody can answer.

    Raises:
        PipelineError: the file cannot be used as it is, or the config is there already.
    """
    data, path = str(data), Path(config or f"{_ENDING.sub('', Path(data).name)}.yaml")
    if target is not None and not target.strip():
        raise PipelineError("--target is empty; give the name of a column, or its number")
    if path.exists() and not force:
        raise PipelineError(f"{path} is there already, and nothing is overwritten; name another file, or add --force")
    draft = drafted(data, _given(settings, target), ask)
    source = YamlSource(str(path), draft.values)
    override(source, settings)
    validate(Config, source, contradictions)
    above = [
        *remark(f"Written by init for {data}. What was seen stands beside each line; change what is not so."),
        *(line for text in (*draft.look, *draft.assumed) for line in remark(f"- {text}")),
    ]
    text = "\n".join([*above, "", commented(source.values, draft.comments, draft.after)])
    with whole(path) as hidden:
        hidden.write_text(text, encoding="utf-8")
    return str(path), draft


def drafted(data: str, given: DataSection, ask: Ask | None) -> Draft:
    """Read a file and return a config for it, keeping to what is ``given``; ``ask`` and errors as in ``init``."""
    try:
        file = open(data, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise DataError(f"{data}: cannot read the data: {getattr(error, 'strerror', error)}; name a file of rows") from None
    with file:
        source, header = _opened(data, file, given.read)
        seen = look(data, source, header, given.features)
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
    names = tuple(f"column {number}" for number in range(1, len(source.spelt) + 1))
    if named or not looks_like_data([*source.spelt.values()], list(_first_rows(source))):
        return source, None
    return open_rows(data, file, section.model_copy(update={"header": names}), ()), names


def _first_rows(source: Source) -> Iterator[tuple[str, ...]]:
    """Yield some rows as texts."""
    for read in islice(source.pieces(), 1):
        columns = (map(cell_text, column.slice(0, _ROWS)) for column in read().columns.columns)
        yield from zip(*columns, strict=True)


def _given(settings: Sequence[str], target: str | None) -> DataSection:
    """Return what ``--set`` says of reading and of the target; ``target`` is what ``--target`` says, and empty for nothing."""
    source = YamlSource("--set")
    override(source, [setting for setting in settings if not setting.lstrip().startswith("~")])
    data = source.values.get("data")
    known = {key: data[key] for key in ("read", "patient", "merge", "cut", "features") if isinstance(data, dict) and key in data}
    name = target if target is not None else data.get("target", "") if isinstance(data, dict) else ""
    source.values = {"path": "", "target": name, "codes": {"0": 0, "1": 1}, "features": {"": {}}} | known
    source.name, source.places = "--set data", {}
    given = validate(DataSection, source)
    if given.cut and not (len(given.cut.classes) == len(given.cut.at) + 1 and ascending(given.cut.at)):
        raise ConfigError("--set data.cut: must hold limits that ascend, and one class more than there are limits")
    return given


def _asked(seen: Overview, names: list[str], ask: Ask | None) -> str:
    """Return the one of several columns that the user says is the target."""
    if ask:
        return chosen(seen, ask(f"Which column is the target? {', '.join(names[:20])}: "))
    listed = ", ".join(f'"{name}" ({place})' for place, name in enumerate(seen.source.spelt, start=1) if name in names[:20])
    more = f" and {counted(len(names) - 20, 'other')}" if len(names) > 20 else ""
    raise PipelineError(
        f"{seen.path}: several columns can be the target: {listed}{more}; name one with --target NAME, or its number"
    )


def terminal_ask() -> Ask | None:
    """Return what asks a question in a terminal; None where there is none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(question: str) -> str:
        print(question, end="", file=sys.stderr, flush=True)
        with suppress(EOFError):
            return input()
        raise PipelineError("no column was named; give --target")

    return ask
