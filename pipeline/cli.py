"""Train the Leaky ReLU diabetes classifier from one YAML file, and tell whether its accuracy means anything."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer, confirm

from pipeline.errors import PipelineError, counted
from pipeline.machine.outcome import outcome
from pipeline.machine.started import asked, started_by

app = Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

DEFAULT, STUDY, TWIN, NEWEST = map(Path, ["configs/default.yaml", "configs/study.yaml", "configs/twin.yaml", "models/latest"])
_CHANGED = "config or data changed, or there is no run yet: training"
YamlFile = Annotated[Path, Argument(help="The YAML file.")]
RunFolder = Annotated[Path, Argument(help="The folder of a run.")]
Source = Annotated[Path, Argument(metavar="INPUT", help="A CSV, Excel or Parquet file, or a folder of Parquet files.")]
Target = Annotated[Path, Argument(metavar="OUTPUT", help="The .csv or .parquet file to write, or the folder.")]
ModelFile = Annotated[Path, Argument(metavar="PATH", help="The file to write.")]
CsvFile = Annotated[Path, Argument(help="The CSV file to write.")]
FindingCode = Annotated[str | None, Argument(help="A code such as C101.")]
Settings = Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", callback=asked, help="Replace a setting.")]
Data = Annotated[str | None, Option(metavar="FILE", help="Read this file instead of data.path.")]
IfChanged = Annotated[bool, Option("--if-changed", help="Evaluate the newest run instead if config and data are unchanged.")]
RunOption = Annotated[Path, Option(metavar="RUN", help="The folder of a run.")]
Scorers = Annotated[str | None, Option(metavar="ADDRESS", help="Score the files of a folder on a Dask cluster, as in study.")]
Trainers = Annotated[str | None, Option(metavar="ADDRESS", help="Train on a Dask cluster; local:N starts N workers here.")]
Kind = Annotated[str, Option(metavar="onnx|keras|joblib", help="The kind of file.")]
Host = Annotated[str, Option(help="The address to listen on; any but this machine's own opens it.")]
Port = Annotated[int, Option(min=0, max=65535, help="0 takes a free one.")]
Strict = Annotated[bool, Option("--strict", help="Count warnings as errors.")]
Drafted = Annotated[str | None, Argument(metavar="[DATA]", help="A CSV, Excel or Parquet file; without one the package's own.")]
NewConfig = Annotated[str | None, Argument(metavar="[CONFIG]", help="The YAML file to write; by default DATA's name with .yaml.")]
Answered = Annotated[str | None, Option(metavar="COLUMN", help="The column of the answer, by its name or its number.")]
Force = Annotated[bool, Option("--force", help="Replace a file that is there.")]
Keep = Annotated[int | None, Option(min=1, metavar="N", help="Remove all but the newest N, after asking.")]
Yes = Annotated[bool, Option("--yes", help="Do not ask.")]
Full = Annotated[bool, Option("--full", help="Show all tables, and every finding with its fix.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object on standard output.")]


@app.command("train")
def train_command(
    config: YamlFile = DEFAULT,
    settings: Settings = None,
    data: Data = None,
    if_changed: IfChanged = False,
    full: Full = False,
    as_json: Json = False,
) -> None:
    """Run all stages and save a run.

    Example: diabetes-pipeline train configs/default.yaml --set network.alpha=0.2
    """
    with outcome(as_json, after=0) as out:
        from pipeline.config.read import load_config
        from pipeline.report.terminal import show_summary
        from pipeline.runs.history import current_run
        from pipeline.runs.reopen import reopen
        from pipeline.runs.summary import Origin
        from pipeline.stages import train
        from pipeline.track.command import tracking_lines

        loaded = load_config(config, settings or (), data)
        origin = Origin(str(config), tuple(settings or ()), data)
        current = current_run(loaded, origin) if if_changed else None
        if if_changed:
            out.say(f"config and data are those of {current}: evaluating it" if current else _CHANGED)
        summary = reopen(current, None, started_by()).summary if current else train(loaded, origin, out.steps, started_by())
        out.show(summary.to_json(), lambda console: show_summary(console, summary, origin.call(started_by()), full))
        out.say(*tracking_lines(summary.tracking, str(summary.run)))
        out.fail_unless(summary.sound)


@app.command("evaluate")
def evaluate_command(run: RunFolder = NEWEST, data: Data = None, full: Full = False, as_json: Json = False) -> None:
    """Print the figures of a saved run again, without training.

    Example: diabetes-pipeline evaluate models/latest --data other.csv
    """
    with outcome(as_json, after=0.3) as out:
        from pipeline.report.terminal import show_summary
        from pipeline.runs.reopen import reopen

        opened = reopen(run, data, started_by())
        summary, words = opened.summary, [str(run)] if run != NEWEST or data else []
        words += ["--data", data] if data else []
        out.show(summary.to_json(), lambda console: show_summary(console, summary, opened.call, full, run=words))
        out.fail_unless(summary.sound)


@app.command("report")
def report_command(run: RunFolder = NEWEST, as_json: Json = False) -> None:
    """Write one self-contained HTML file about a saved run into its folder.

    Example: diabetes-pipeline report models/latest
    """
    with outcome(as_json) as out:
        from pipeline.report.command import report

        written = report(run, started_by())
        out.show_line(written, written["report"])


@app.command("predict")
def predict_command(source: Source, target: Target, run: RunOption = NEWEST, dask: Scorers = None, as_json: Json = False) -> None:
    """Score a file, - for standard input or output, with a saved run: adds the predicted class, a probability a class, and notes.

    Example: diabetes-pipeline predict patients.csv scored.csv
    """
    with outcome(as_json, taken=target == Path("-")) as out:
        from pipeline.predict.command import scored
        from pipeline.predict.terminal import show_scored

        result = scored(run, source, target, dask, verbose=not as_json)
        out.say(*([] if as_json else result["notes"]))
        out.show(result, lambda console: show_scored(console, result))
        out.fail_unless(result["rows"] > 0 or not result["rejected"])


@app.command("export")
def export_command(run: RunFolder, output: ModelFile, to: Kind, as_json: Json = False) -> None:
    """Write the model of a saved run, preprocessing included, for other programs; what it says is checked first.

    Example: diabetes-pipeline export models/latest --to onnx diabetes.onnx
    """
    with outcome(as_json) as out:
        from pipeline.export.command import export
        from pipeline.runs.saved import UNSOUND

        written = export(run, to, output)
        line = f"{output}: {written['bytes']:,} bytes; says of {written['checked_rows']:,} rows what the run says"
        out.show_line(written, line)
        if not written["sound"]:
            out.say(f"warning: {UNSOUND}")


@app.command("serve")
def serve_command(run: RunFolder = NEWEST, host: Host = "127.0.0.1", port: Port = 8000, as_json: Json = False) -> None:
    """Answer over HTTP with a saved run, and show a web page, until Ctrl-C.

    Example: diabetes-pipeline serve models/latest --port 8080
    """
    with outcome(as_json) as out:
        try:
            from pipeline.serve.command import serve
        except ModuleNotFoundError as error:
            raise PipelineError(f"serve: {error.name} is needed and not installed; pip install '.[serve]'") from None

        def ready(folder: str, url: str) -> None:
            out.say(f"serving {folder} on {url} (Ctrl-C stops)")
            out.show({"run": folder, "url": url}, lambda console: None)

        serve(run, host, port, ready)


@app.command("check")
def check_command(
    config: YamlFile = DEFAULT,
    settings: Settings = None,
    data: Data = None,
    strict: Strict = False,
    full: Full = False,
    as_json: Json = False,
) -> None:
    """Print the findings about config and data, without training.

    Example: diabetes-pipeline check --data mine.csv --strict
    """
    with outcome(as_json, after=0.3) as out:
        from pipeline.config.read import load_config
        from pipeline.config.remedy import Call
        from pipeline.report.finding_lines import show_check
        from pipeline.stages import check

        loaded = load_config(config, settings or (), data)
        call = Call(started_by(), "check", str(config), tuple(settings or ()), data, loaded)
        findings, copies = check(loaded, call, strict)
        shown = {"findings": [asdict(finding) for finding in findings], "copies": asdict(copies)}
        out.show(shown, lambda console: show_check(console, findings, call, full))
        out.fail_unless(not any(finding.blocks for finding in findings))


@app.command("init")
def init_command(
    data: Drafted = None,
    config: NewConfig = None,
    target: Answered = None,
    force: Force = False,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Write a commented config for a file of yours; without DATA, the configs and the synthetic data of the package.

    Example: diabetes-pipeline init mine.csv --target Outcome
    """
    with outcome(as_json) as out:
        from pipeline.init.command import init, init_shipped, terminal_ask
        from pipeline.init.commented import following, show_draft

        if data is None:
            written = init_shipped(force, target, settings or ())
            out.show_line(written, f"wrote {', '.join(written['written'])}; next: {following(started_by(), None)}")
            return
        path, draft = init(data, config, target, force, settings or (), None if as_json else terminal_ask())
        out.show(draft.to_json(path), lambda console: show_draft(console, draft, path, following(started_by(), path)))


@app.command("study")
def study_command(
    config: YamlFile = STUDY,
    settings: Settings = None,
    data: Data = None,
    dask: Trainers = None,
    full: Full = False,
    as_json: Json = False,
) -> None:
    """Train thousands of networks over a grid of slopes and tell what the slope does.

    Example: diabetes-pipeline study configs/study.yaml --data complete.csv
    """
    with outcome(as_json, after=0) as out:
        from pipeline.config.read import load_config
        from pipeline.runs.summary import Origin
        from pipeline.study.command import study
        from pipeline.study.terminal import show_study
        from pipeline.study.work import crew_of

        origin = Origin(str(config), tuple(settings or ()), data)
        result = study(load_config(config, settings or (), data), origin, crew_of(dask), out.steps, started_by())
        out.show(result.to_dict(), lambda console: show_study(console, result, origin.call(started_by(), "study"), full))
        out.fail_unless(result.sound)


@app.command("explain")
def explain_command(code: FindingCode = None, as_json: Json = False) -> None:
    """Tell what a finding means, why it matters and how to fix it.

    Example: diabetes-pipeline explain D201
    """
    with outcome(as_json) as out:
        from pipeline.findings.registry import explained
        from pipeline.report.finding_lines import show_rules

        rules, shown = explained(code)
        if code is None:
            out.show(shown, lambda console: show_rules(console, rules))
        else:
            page = "{code} {level}: {page}".format(**shown)
            out.show(shown, lambda console: console.print(page, markup=False, highlight=False))


@app.command("runs")
def runs_command(keep: Keep = None, yes: Yes = False, as_json: Json = False) -> None:
    """List the runs side by side.

    Example: diabetes-pipeline runs --keep 10
    """
    with outcome(as_json) as out:
        from pipeline.report.terminal import show_runs
        from pipeline.runs.history import entries, removable
        from pipeline.runs.write import remove_runs

        old = removable(listed := entries(), keep)
        shown = {"runs": [entry.to_json() for entry in listed], "removable": [str(run) for run in old]}
        out.show(shown, lambda console: show_runs(console, listed))
        if old and (yes or confirm(f"Remove {len(old)} of {sum(not entry.problem for entry in listed)} runs?", err=True)):
            remove_runs(old)
            out.say(f"removed {counted(len(old), 'run')}")


@app.command("synthesize")
def synthesize_command(output: CsvFile, config: YamlFile = TWIN, as_json: Json = False) -> None:
    """Write the synthetic twin of the data.

    Example: diabetes-pipeline synthesize data/diabetes.csv
    """
    with outcome(as_json) as out:
        from pipeline.data.synthesize import write_twin
        from pipeline.data.twin_config import load_twin

        rows = write_twin(load_twin(config), output)
        out.show_line({"output": str(output), "rows": rows}, f"{output}: {counted(rows, 'synthetic row')}")


@app.command("fetch")
def fetch_command(as_json: Json = False) -> None:
    """Download the article's file to data/article.csv and check its SHA-256.

    Example: diabetes-pipeline fetch
    """
    with outcome(as_json) as out:
        from pipeline.data.fetch import SHA256, fetch

        path = fetch(Path("data/article.csv"))
        out.show_line({"output": str(path), "sha256": SHA256}, f"{path}: SHA-256 as expected")
