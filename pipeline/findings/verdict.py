"""The verdict in three sentences, for somebody who reads nothing else."""

from pipeline.errors import counted
from pipeline.findings import Finding
from pipeline.judge.baselines import RIVAL_NAMES
from pipeline.judge.evaluate import Evaluation

_FLATTERING = ("D205", "D206", "D207", "E403")
"""Findings because of which an accuracy says more about the file than about new rows."""

_WORTHLESS = ("T301", "C101", "C102", "C104", "T302", "T303", "E401")
"""Errors because of which an accuracy says nothing, those that explain the others first."""


def verdict(evaluation: Evaluation | None, findings: tuple[Finding, ...], level: float) -> tuple[str, str, str]:
    """Return what the figure is, what it is worth, and what follows; ``evaluation`` is None where training was refused.

    Findings that were accepted count too, for accepting a doubt does not remove it. ``level`` is the coverage of the intervals.
    """
    if evaluation is None:
        blocking = next(finding for finding in findings if finding.blocks)
        return ("Nothing was trained.", _sentence(blocking.message), _sentence(f"Do this first: {blocking.fix}"))
    figure, by_code = _figure(evaluation, level), {finding.code: finding for finding in findings}
    worst = next((by_code[code] for code in _WORTHLESS if code in by_code and by_code[code].level == "error"), None)
    if worst:
        return (figure, f"This means nothing: {worst.message}.", _sentence(f"Do this first: {worst.fix}"))
    return (figure, _worth(evaluation, by_code, level), _consequence(by_code))


def _figure(evaluation: Evaluation, level: float) -> str:
    test, majority = evaluation.test, evaluation.standings["majority"].test
    low, high = test.interval
    rule = "" if majority is None else f"; the largest class alone would be right on {majority:.1%}"
    interval = f"{100 * level:g}% interval {low:.1%} to {high:.1%}"
    return f"The network is right on {test.accuracy:.1%} of {counted(test.rows, 'test row')} ({interval}){rule}."


def _worth(evaluation: Evaluation, findings: dict[str, Finding], level: float) -> str:
    network = evaluation.standings["network"]
    copied = ""
    if "D205" in findings:
        seen = findings["D205"].evidence
        copied = f"{seen['copies']} of them repeat a training row"
        copied += "" if seen["profiles"] is None else f" and {seen['profiles']} share a profile with one"
    if network.unseen is not None and network.unseen_interval is not None:
        low, high = network.unseen_interval
        measured = f"on unseen profiles it is right on {network.unseen:.1%} ({low:.1%} to {high:.1%})"
        return f"But {copied}: {measured}." if copied else f"{measured[0].upper()}{measured[1:]}."
    if copied:
        return f"But {copied}, and accuracy on unseen profiles was not measured: set evaluation.unseen."
    if evaluation.train is None:
        return "These rows are from another file than the training rows; whether some of them are in both was not looked at."
    return "The test rows share no more with the training rows than chance explains."


def _consequence(findings: dict[str, Finding]) -> str:
    flattering = [code for code in _FLATTERING if code in findings]
    parts = [f"So the test figure describes this file, not new rows ({', '.join(flattering)})"] if flattering else []
    if "E402" in findings:
        parts.append(f"{RIVAL_NAMES[findings['E402'].evidence['best']]} does better with less (E402)")
    nothing = "Nothing was found that speaks against the figure; but it comes from one file, and no other was tried."
    return _sentence("; ".join(parts) or nothing)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
