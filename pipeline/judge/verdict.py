"""The verdict in three sentences, for somebody who reads nothing else."""

from pipeline.findings import Finding
from pipeline.judge.baselines import NAMES, SIMPLE
from pipeline.judge.evaluate import Evaluation

_FLATTERING = ("D205", "D206", "D207", "E403")
"""Findings because of which an accuracy says more about the file than about new rows."""


def verdict(evaluation: Evaluation | None, findings: tuple[Finding, ...]) -> tuple[str, str, str]:
    """Return what the figure is, what it is worth, and what follows.

    Args:
        evaluation: None where training was refused.
        findings: all of them; those that were accepted count too, for accepting a doubt does not remove it.
    """
    blocking = [finding for finding in findings if finding.blocks]
    if evaluation is None:
        return ("Nothing was trained.", _sentence(blocking[0].message), _sentence(f"Do this first: {blocking[0].fix}"))
    errors = [finding for finding in findings if finding.level == "error"]
    figure = _figure(evaluation)
    if errors:
        worst = next((each for each in errors if each.code[0] in "CT"), errors[0])
        return (figure, f"This means nothing: {worst.message}.", _sentence(f"Do this first: {worst.fix}"))
    return (figure, _worth(evaluation, {finding.code: finding for finding in findings}), _consequence(evaluation, findings))


def _figure(evaluation: Evaluation) -> str:
    test, majority = evaluation.test, evaluation.standings["majority"].test
    low, high = test.interval
    rule = "" if majority is None else f"; naming the largest class would be on {majority:.1%}"
    return f"The network is right on {test.accuracy:.1%} of {test.rows} test rows ({low:.1%} to {high:.1%}){rule}."


def _worth(evaluation: Evaluation, findings: dict[str, Finding]) -> str:
    network = evaluation.standings["network"]
    copied = ""
    if "D205" in findings:
        seen = findings["D205"].evidence
        shared = max(seen["copies"], seen["profiles"] or 0)
        copied = f"{shared} of them have a twin among the training rows"
    if network.unseen is not None and network.unseen_interval is not None:
        low, high = network.unseen_interval
        measured = f"on unseen profiles it is right on {network.unseen:.1%} ({low:.1%} to {high:.1%})"
        return f"But {copied}: {measured}." if copied else f"{measured[0].upper()}{measured[1:]}."
    if copied:
        return f"But {copied}, and accuracy on unseen profiles was not measured: set evaluation.unseen."
    if evaluation.train is None:
        return "These rows come from another file than the training rows, which is the harder test."
    return "The test rows share no more with the training rows than chance explains."


def _consequence(evaluation: Evaluation, findings: tuple[Finding, ...]) -> str:
    codes = {finding.code for finding in findings}
    flattering = [code for code in _FLATTERING if code in codes]
    parts = [f"So the test figure describes this file, not new patients ({', '.join(flattering)})"] if flattering else []
    if "E402" in codes:
        unseen = evaluation.standings["network"].unseen is not None
        best = max(
            SIMPLE, key=lambda name: (evaluation.standings[name].unseen if unseen else evaluation.standings[name].test) or 0
        )
        parts.append(f"{NAMES[best]} does better with less (E402)")
    if not parts:
        return "Nothing was found that speaks against the figure; but it comes from one file, and no other was tried."
    return _sentence("; ".join(parts))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
