"""Train the Leaky ReLU diabetes classifier from one YAML file, and tell whether its accuracy means anything."""

from dataclasses import asdict
from pathlib import Path

from typer import Typer, confirm

from pipeline.errors import PipelineError, counted
from pipeline.machine.outcome import outcome
from pipeline.options import (
    FIRST,
    Answered,
    Before,
    CsvFile,
    Data,
    Drafted,
    FindingCode,
    Force,
    Full,
    Host,
    IfChanged,
    Json,
    Keep,
    Kind,
    ModelFile,
    NewConfig,
    Now,
    Port,
    RunFolder,
    RunOption,
    Scorers,
    Settings,
    Source,
    Strict,
    Target,
    Tested,
    Trainers,
    Version,
    YamlFile,
    Yes,
    examples,
)

app = Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

DEFAULT, STUDY, TWIN, NEWEST = map(Path, ["configs/default.yaml", "configs/study.yaml", "configs/twin.yaml", "models/latest"])
_CHANGED = "config or data changed, or there is no run yet: training"


@app.callback(help=f"{__doc__}\n\n{FIRST}")
def diabetes_pipeline(version: Version = False) -> None:
    """Only ``--version`` stands before a command."""


@app.command("train", epilog=examples("train", "train --set network.alpha=0.2"))
def train_command(
    config: YamlFile = DEFAULT,
    settings: Settings = None,
    data: Data = None,
    if_changed: IfChanged = False,
    full: Full = False,
    as_json: Json = False,
) -> None:
    """Train, test and judge a network, and save the run."""
    with outcome(as_json, after=0) as out:
        from pipeline.config.read import load_config
        from pipeline.report.terminal import show_summary
        from pipeline.runs.change import since
        from pipeline.runs.history import current_run
        from pipeline.runs.place import resolve_run
        from pipeline.runs.reopen import reopen
        from pipeline.runs.summary import Origin
        from pipeline.stages import train
        from pipeline.track.command import tracking_lines

        loaded = load_config(config, settings or (), data)
        origin = Origin(str(config), tuple(settings or ()), data)
        current = current_run(loaded, origin) if if_changed else None
        if if_changed:
            out.say(f"config and data are those of {current}: evaluating it" if current else _CHANGED)
        summary = reopen(current).summary if current else train(loaded, origin, out.steps)
        call, words = origin.call(), [str(current)] if current and current != resolve_run(NEWEST) else []
        out.show(summary.to_json(), lambda console: show_summary(console, summary, call, full, since(summary.run), words))
        out.say(*tracking_lines(summary.tracking, str(summary.run)))
        out.fail_unless(summary.sound)


@app.command("evaluate", epilog=examples("evaluate", "evaluate models/latest --data data/diabetes.csv"))
def evaluate_command(run: RunFolder = NEWEST, data: Tested = None, full: Full = False, as_json: Json = False) -> None:
    """Show the figures of a saved run again, without training."""
    with outcome(as_json) as out:
        from pipeline.report.terminal import show_summary
        from pipeline.runs.reopen import reopen

        opened = reopen(run, data)
        summary, words = opened.summary, [str(run)] if run != NEWEST or data else []
        words += ["--data", data] if data else []
        out.show(summary.to_json(), lambda console: show_summary(console, summary, opened.call, full, run=words))
        out.fail_unless(summary.sound)


@app.command("report", epilog=examples("report", "report models/latest"))
def report_command(run: RunFolder = NEWEST, as_json: Json = False) -> None:
    """Write one HTML page about a saved run into its folder."""
    with outcome(as_json) as out, out.steps.step("drawing the report"):
        from pipeline.report.command import report

        written = report(run)
        out.show_line(written, written["report"])


@app.command("predict", epilog=examples("predict mine.csv scored.csv", "predict mine.csv - --run models/latest"))
def predict_command(source: Source, target: Target, run: RunOption = NEWEST, dask: Scorers = None, as_json: Json = False) -> None:
    """Predict the class of each row of a file with a saved run.

    Adds the predicted class, the probability of each class, and notes; - is standard input or output.
    """
    with outcome(as_json, taken=target == Path("-")) as out:
        from pipeline.predict.command import scored
        from pipeline.predict.terminal import show_scored

        out.steps.stop()  # scoring has a clock of its own
        result = scored(run, source, target, dask, verbose=not as_json)
        out.say(*([] if as_json else result["notes"]))
        out.show(result, lambda console: show_scored(console, result))
        out.fail_unless(result["rows"] > 0 or not result["rejected"])


@app.command("export", epilog=examples("export models/latest --to onnx mine.onnx", "export models/latest --to keras mine.keras"))
def export_command(run: RunFolder, output: ModelFile, to: Kind, as_json: Json = False) -> None:
    """Write the model of a saved run as a file for other programs.

    Preprocessing is included. First it is checked that the file predicts what the run does.
    """
    with outcome(as_json) as out, out.steps.step(f"writing {output} and comparing it with the run"):
        from pipeline.export.command import export
        from pipeline.runs.saved import UNSOUND

        written = export(run, to, output)
        line = f"{output}: {written['bytes']:,} bytes; predicts what the run does, checked on {written['checked_rows']:,} rows"
        out.show_line(written, line)
        if not written["sound"]:
            out.say(f"warning: {UNSOUND}")


@app.command("serve", epilog=examples("serve", "serve models/latest --port 8080"))
def serve_command(run: RunFolder = NEWEST, host: Host = "127.0.0.1", port: Port = 8000, as_json: Json = False) -> None:
    """Answer over HTTP with a saved run, and show a web page."""
    with outcome(as_json) as out:
        try:
            from pipeline.serve.command import serve
        except ModuleNotFoundError as error:
            raise PipelineError(f"serve: {error.name} is needed and not installed; pip install '.[serve]'") from None

        def ready(folder: str, url: str) -> None:
            out.say(f"serving {folder} on {url} (Ctrl-C stops)")
            out.show({"run": folder, "url": url}, lambda console: None)

        serve(run, host, port, ready)


@app.command("check", epilog=examples("check", "check configs/default.yaml --set split.seed=1"))
def check_command(
    config: YamlFile = DEFAULT,
    settings: Settings = None,
    data: Data = None,
    strict: Strict = False,
    full: Full = False,
    as_json: Json = False,
) -> None:
    """Show the findings about config and data, without training."""
    with outcome(as_json) as out:
        from pipeline.config.read import load_config
        from pipeline.config.remedy import Call
        from pipeline.report.finding_lines import show_check
        from pipeline.stages import check

        loaded = load_config(config, settings or (), data)
        call = Call(command="check", path=str(config), settings=tuple(settings or ()), data=data, config=loaded)
        findings, copies = check(loaded, call, strict)
        shown = {"findings": [asdict(finding) for finding in findings], "copies": asdict(copies)}
        out.show(shown, lambda console: show_check(console, findings, call, full))
        out.fail_unless(not any(finding.blocks for finding in findings))


@app.command("init", epilog=examples("init mine.csv", "init mine.csv mine.yaml --target Type"))
def init_command(
    data: Drafted = None,
    config: NewConfig = None,
    target: Answered = None,
    force: Force = False,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Write a commented config for a file of yours.

    Without DATA: copies the configs and the synthetic data that come with the program.
    """
    with outcome(as_json) as out, out.steps.step(f"reading {data or 'what comes with the package'}"):
        from pipeline.init.command import init, init_shipped, terminal_ask
        from pipeline.init.commented import draft_lines, following

        if data is None:
            written = init_shipped(force, target, settings or ())
            out.show_line(written, f"wrote {', '.join(written['written'])}; next: {following(None)}")
            return
        path, draft = init(data, config, target, force, settings or (), None if as_json else terminal_ask(out.steps.stop))
        out.show_line(draft.to_json(path), "\n".join(draft_lines(draft, path, following(path))))


@app.command("study", epilog=examples("study", "study configs/study.yaml --set study.seeds=2"))
def study_command(
    config: YamlFile = STUDY,
    settings: Settings = None,
    data: Data = None,
    dask: Trainers = None,
    full: Full = False,
    as_json: Json = False,
) -> None:
    """Train thousands of networks to tell what the slope does."""
    with outcome(as_json, after=0) as out:
        from pipeline.config.read import load_config
        from pipeline.runs.summary import Origin
        from pipeline.study.command import study
        from pipeline.study.terminal import show_study
        from pipeline.study.work import crew_of

        origin = Origin(str(config), tuple(settings or ()), data)
        result = study(load_config(config, settings or (), data), origin, crew_of(dask), out.steps)
        out.show(result.to_dict(), lambda console: show_study(console, result, origin.call("study"), full))
        out.fail_unless(result.sound)


@app.command("explain", epilog=examples("explain", "explain D205"))
def explain_command(code: FindingCode = None, as_json: Json = False) -> None:
    """Explain a finding: what it means, and how to fix it."""
    with outcome(as_json) as out:
        from pipeline.findings.registry import explained
        from pipeline.report.finding_lines import show_rules

        rules, shown = explained(code)
        out.show(shown, lambda console: show_rules(console, rules, code is not None))


@app.command("runs", epilog=examples("runs", "runs --keep 10"))
def runs_command(keep: Keep = None, yes: Yes = False, as_json: Json = False) -> None:
    """List the saved runs with their accuracies."""
    with outcome(as_json) as out:
        from pipeline.runs.history import entries, removable
        from pipeline.runs.terminal import show_runs
        from pipeline.runs.write import remove_runs

        old = removable(listed := entries(), keep)
        shown = {"runs": [entry.to_json() for entry in listed], "removable": [str(run) for run in old]}
        out.show(shown, lambda console: show_runs(console, listed))
        if old and (yes or confirm(f"Remove {len(old)} of {sum(not entry.problem for entry in listed)} runs?", err=True)):
            remove_runs(old)
            out.say(f"removed {counted(len(old), 'run')}")


@app.command("compare", epilog=examples("compare", "compare --json"))
def compare_command(before: Before = None, now: Now = None, as_json: Json = False) -> None:
    """Compare two runs: settings, figures and findings."""
    with outcome(as_json) as out:
        from pipeline.runs.change import compare, two_runs
        from pipeline.runs.terminal import show_change

        change = compare(*two_runs(before, now))
        out.show(change.to_json(), lambda console: show_change(console, change))


@app.command("synthesize", epilog=examples("synthesize twin.csv", "synthesize twin.csv configs/twin.yaml"))
def synthesize_command(output: CsvFile, config: YamlFile = TWIN, as_json: Json = False) -> None:
    """Write made-up rows that behave like the data.

    No row of the data is copied.
    """
    with outcome(as_json) as out:
        from pipeline.data.synthesize import write_twin
        from pipeline.data.twin_config import load_twin

        rows = write_twin(load_twin(config), output)
        out.show_line({"output": str(output), "rows": rows}, f"{output}: {counted(rows, 'synthetic row')}")


@app.command("fetch", epilog=examples("fetch", "fetch --json"))
def fetch_command(as_json: Json = False) -> None:
    """Download the article's data to data/article.csv."""
    with outcome(as_json) as out:
        from pipeline.data.fetch import SHA256, fetch

        path = fetch(Path("data/article.csv"))
        out.show_line({"output": str(path), "sha256": SHA256}, f"{path}: SHA-256 as expected")
