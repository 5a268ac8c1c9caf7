"""The command line: parse, call, print."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import ConfigError, PipelineError, did_you_mean
from pipeline.machine.outcome import outcome

app = typer.Typer(
    help="Train the Leaky ReLU diabetes classifier from one YAML file, and tell whether its accuracy means anything.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DEFAULT = Path("configs/default.yaml")
ConfigArgument = Annotated[Path, typer.Argument(help="The YAML file.")]
RunArgument = Annotated[Path, typer.Argument(help="The folder of a run.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting; may be repeated.")]
Data = Annotated[str | None, typer.Option("--data", metavar="CSV", help="Read this file instead of data.path.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


_WHY_TRAIN = "config or data changed, or there is no run yet: training"


@app.command("train")
def train_command(
    config: ConfigArgument = DEFAULT,
    settings: Settings = None,
    data: Data = None,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="Evaluate the newest run instead if config and data are unchanged.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run all stages and save a run.

    Example: diabetes-pipeline train configs/default.yaml --set network.alpha=0.2
    """
    with outcome(as_json) as out:
        from pipeline import stages
        from pipeline.config.read import load_config
        from pipeline.report.terminal import show_summary
        from pipeline.runs import history, reopen
        from pipeline.runs.summary import Origin
        from pipeline.track.command import told_of

        loaded = load_config(config, settings or (), data)
        origin = Origin(str(config), tuple(settings or ()), data)
        current = history.current_run(loaded, origin) if if_changed else None
        if if_changed:
            out.say(f"config and data are those of {current}: evaluating it" if current else _WHY_TRAIN)
        summary = reopen.reopen(current).summary if current else stages.train(loaded, origin, verbose=not as_json)
        out.show(summary.to_json(), lambda console: show_summary(console, summary))
        for line in told_of(summary.tracking, str(summary.run)):
            out.say(line)
        out.fail_unless(summary.sound)


@app.command("evaluate")
def evaluate_command(run: RunArgument = Path("models/latest"), data: Data = None, as_json: Json = False) -> None:
    """Print the figures of a saved run again, without training.

    Example: diabetes-pipeline evaluate models/latest --data other.csv
    """
    with outcome(as_json) as out:
        from pipeline.report.terminal import show_summary
        from pipeline.runs.reopen import reopen

        summary = reopen(run, data).summary
        out.show(summary.to_json(), lambda console: show_summary(console, summary))
        out.fail_unless(summary.sound)


@app.command("report")
def report_command(run: RunArgument = Path("models/latest"), as_json: Json = False) -> None:
    """Write one self-contained HTML file about a saved run into its folder.

    Example: diabetes-pipeline report models/latest
    """
    with outcome(as_json) as out:
        from pipeline.report.command import report as write_report

        written = write_report(run)
        out.show_line(written, written["report"])


@app.command("predict")
def predict_command(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A CSV or Parquet file, or a folder of Parquet files.")],
    target: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The .csv or .parquet file to write, or the folder.")],
    run: Annotated[Path, typer.Option("--run", metavar="RUN", help="The folder of a run.")] = Path("models/latest"),
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Score the files of a folder on a Dask cluster, as in study.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score a file with a saved run: adds the predicted class, a probability a class, and notes.

    Example: diabetes-pipeline predict patients.csv scored.csv
    """
    with outcome(as_json) as out:
        from pipeline.predict.command import scored
        from pipeline.predict.terminal import show_scored

        result = scored(run, source, target, dask, verbose=not as_json)
        out.show(result, lambda console: show_scored(console, result))


@app.command("export")
def export_command(
    run: RunArgument,
    output: Annotated[Path, typer.Argument(metavar="PATH", help="The file to write.")],
    to: Annotated[str, typer.Option("--to", metavar="onnx|keras|joblib", help="The kind of file.")],
    as_json: Json = False,
) -> None:
    """Write the model of a saved run, preprocessing included, for other programs; what it says is checked first.

    Example: diabetes-pipeline export models/latest --to onnx diabetes.onnx
    """
    with outcome(as_json) as out:
        from pipeline.export.command import export as write_model

        written = write_model(run, to, output)
        line = f"{output}: {written['bytes']:,} bytes; says of {written['checked_rows']:,} rows what the run says"
        out.show_line(written, line)


@app.command("serve")
def serve_command(
    run: RunArgument = Path("models/latest"),
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on; any but this machine's own opens it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8000,
    as_json: Json = False,
) -> None:
    """Answer over HTTP with a saved run, and show a web page, until Ctrl-C.

    Example: diabetes-pipeline serve models/latest --port 8080
    """
    with outcome(as_json) as out:
        try:
            from pipeline.serve.command import serve as listen
        except ModuleNotFoundError as error:
            raise PipelineError(f"serve: {error.name} is needed and not installed; pip install '.[serve]'") from None

        def ready(folder: str, url: str) -> None:
            out.say(f"serving {folder} on {url} (Ctrl-C stops)")
            out.show({"run": folder, "url": url}, lambda console: None)

        listen(run, host, port, ready)


@app.command("check")
def check_command(
    config: ConfigArgument = DEFAULT,
    settings: Settings = None,
    data: Data = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")] = False,
    as_json: Json = False,
) -> None:
    """Print the findings about config and data, without training.

    Example: diabetes-pipeline check --data mine.csv --strict
    """
    with outcome(as_json) as out:
        from pipeline.config.read import load_config
        from pipeline.report.terminal import show_findings
        from pipeline.stages import check as check_config

        findings = check_config(load_config(config, settings or (), data))
        if strict:
            findings = tuple(replace(each, level="error") if each.level == "warning" else each for each in findings)
        shown = {"findings": [asdict(finding) for finding in findings]}
        out.show(shown, lambda console: show_findings(console, findings))
        out.fail_unless(not any(finding.blocks for finding in findings))


@app.command("study")
def study_command(
    config: ConfigArgument = Path("configs/study.yaml"),
    settings: Settings = None,
    data: Data = None,
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Train on a Dask cluster; local:N starts N workers here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train thousands of networks over a grid of slopes and tell what the slope does.

    Example: diabetes-pipeline study configs/study.yaml --data complete.csv
    """
    with outcome(as_json) as out:
        from pipeline.config.read import load_config
        from pipeline.runs.summary import Origin
        from pipeline.study.command import study as carry_out
        from pipeline.study.terminal import show_study
        from pipeline.study.work import crew_of

        origin = Origin(str(config), tuple(settings or ()), data)
        result = carry_out(load_config(config, settings or (), data), origin, crew_of(dask), verbose=not as_json)
        out.show(result.to_dict(), lambda console: show_study(console, result))
        out.fail_unless(result.sound)


@app.command("explain")
def explain_command(
    code: Annotated[str | None, typer.Argument(help="A code such as C101.")] = None, as_json: Json = False
) -> None:
    """Tell what a finding means, why it matters and how to fix it.

    Example: diabetes-pipeline explain D201
    """
    with outcome(as_json) as out:
        from pipeline.findings import RULES
        from pipeline.report.terminal import show_rules

        if code is None:
            rules = [RULES[each] for each in sorted(RULES)]
            listed = [{"code": each.code, "level": each.level, "title": each.title} for each in rules]
            out.show({"findings": listed}, lambda console: show_rules(console, rules))
            return
        rule = RULES.get(code.upper())
        if rule is None:
            raise ConfigError(
                f"explain {code}: there is no such finding{did_you_mean(code, RULES) or '; explain without a code lists them'}"
            )
        shown = {"code": rule.code, "level": rule.level, "title": rule.title, "page": rule.page}
        out.show(shown, lambda console: console.print(f"{rule.code} {rule.level}: {rule.page}", markup=False, highlight=False))


@app.command("runs")
def runs_command(
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, metavar="N", help="Remove all but the newest N, after asking.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """List the runs side by side.

    Example: diabetes-pipeline runs --keep 10
    """
    with outcome(as_json) as out:
        from pipeline.report.terminal import show_runs
        from pipeline.runs import history
        from pipeline.runs.place import LATEST, resolve_run
        from pipeline.runs.write import remove_run

        entries = history.entries()
        whole = [entry.run for entry in entries if not entry.problem]
        old = [run for run in whole[:-keep] if run != resolve_run(LATEST)] if keep else []
        listed = [entry.to_json() for entry in entries]
        out.show({"runs": listed, "removable": [str(run) for run in old]}, lambda console: show_runs(console, entries))
        if old and (yes or typer.confirm(f"Remove {len(old)} of {len(whole)} runs?", err=True)):
            for run in old:
                remove_run(run)
            out.say(f"removed {len(old)} runs")


@app.command("synthesize")
def synthesize_command(
    output: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    config: ConfigArgument = Path("configs/twin.yaml"),
    as_json: Json = False,
) -> None:
    """Write the synthetic twin of the data.

    Example: diabetes-pipeline synthesize data/diabetes.csv
    """
    with outcome(as_json) as out:
        from pipeline.data.synthesize import write_twin
        from pipeline.data.twin_config import load_twin

        rows = write_twin(load_twin(config), output)
        out.show_line({"output": str(output), "rows": rows}, f"{output}: {rows} synthetic rows")


@app.command("fetch")
def fetch_command(as_json: Json = False) -> None:
    """Download the article's file to data/article.csv and check its SHA-256.

    Example: diabetes-pipeline fetch
    """
    with outcome(as_json) as out:
        from pipeline.data.fetch import SHA256
        from pipeline.data.fetch import fetch as download

        path = download(Path("data/article.csv"))
        out.show_line({"output": str(path), "sha256": SHA256}, f"{path}: SHA-256 as expected")


def main() -> None:
    """Run the command line."""
    app(prog_name="diabetes-pipeline")
