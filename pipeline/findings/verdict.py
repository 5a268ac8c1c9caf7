"""The verdict in a few sentences, for somebody who reads nothing else, made of the findings.

That nothing speaks against the figure is said only where every check had the power to find something:

- sensitivity of each class: 20 test rows of it (D209);
- copies: no equal rows that may be chance (D204 and D205 for information); distinct rows need no power to be seen;
- a better model: some fitted baseline answered the same rows;
- training rows among the test rows: the file is the one that was trained on, so that it is known which they are.
"""

from dataclasses import dataclass

from pipeline.data.profiles import UNSEEN_WORDS
from pipeline.errors import counted
from pipeline.findings import Finding
from pipeline.findings.copy_rules import Copies
from pipeline.judge.baselines import FITTED, RIVAL_NAMES, SIMPLE
from pipeline.judge.evaluate import Evaluation

_WORTHLESS = ("T301", "C101", "C102", "C104", "T302", "T303", "E401")
"""Errors because of which an accuracy says nothing, those that explain the others first."""

_FLATTERING = ("D205", "D206", "D207", "D210", "D211", "D216", "E403")
"""Findings because of which an accuracy says more about the file than about new rows."""

_AGAINST = {
    "E408": "a class is hardly ever found",
    "E402": "",  # told with its name
    "E407": "in a subgroup it is much worse",
    "E404": "training and test accuracy are far apart",
    "E406": "its probabilities do not mean what they say",
    "D204": "rows repeat one another",
    "E405": "some labels look wrong to every model",
    "D208": "equal rows have different labels",
    "T305": "the starts disagree",
    "T304": "hidden units are dead",
}
"""What else speaks against it, in the order of its consequence for the accuracy; whatever is not named here comes last."""


def consequence(code: str) -> int:
    """Return the place of a code in the order of its consequence for the accuracy; 0 is the worst."""
    order = (*_WORTHLESS, *_FLATTERING, *_AGAINST)
    return order.index(code) if code in order else len(order)


@dataclass(frozen=True)
class Verdict:
    """What the figure is, what it is worth, and what follows; ``clear`` where nothing speaks against it."""

    sentences: tuple[str, ...]
    clear: bool


def verdict(evaluation: Evaluation | None, findings: tuple[Finding, ...], copies: Copies, level: float) -> Verdict:
    """Judge by the findings; ``evaluation`` is None where training was refused.

    Findings that were accepted count too, for accepting a doubt does not remove it. ``level`` is the coverage of the intervals.
    """
    if evaluation is None:
        blocking = next(finding for finding in findings if finding.blocks)
        return Verdict(("Nothing was trained.", _sentence(blocking.message), _do_first(blocking)), False)
    figure, by_code = _figure(evaluation, level), {finding.code: finding for finding in findings}
    worst = next((by_code[code] for code in _WORTHLESS if code in by_code and by_code[code].level == "error"), None)
    if worst:
        return Verdict((figure, f"This means nothing: {worst.message}.", _do_first(worst)), False)
    doubts = {code: finding for code, finding in by_code.items() if finding.level != "info"}
    worth, against, untold = _worth(evaluation, copies, level), _against(doubts), _untold(evaluation, by_code)
    if against or untold:
        return Verdict((figure, worth, *against, *untold), False)
    nothing = "Nothing was found that speaks against the figure; but it comes from one file, and no other was tried."
    return Verdict((figure, worth, nothing), True)


def _figure(evaluation: Evaluation, level: float) -> str:
    test, majority = evaluation.test, evaluation.standings["majority"].test
    low, high = test.interval
    rule = "" if majority is None else f"; the largest class alone would be right on {majority:.1%}"
    interval = f"{100 * level:g}% interval {low:.1%} to {high:.1%}"
    return f"The network is right on {test.accuracy:.1%} of {counted(test.rows, 'test row')} ({interval}){rule}."


def _worth(evaluation: Evaluation, copies: Copies, level: float) -> str:
    """Return how many test rows training rows tell, and the accuracy on rows that they do not."""
    network = evaluation.standings["network"]
    if evaluation.train is None:
        return "These rows are from another file than the training rows; whether some of them are in both was not looked at."
    seen = f"Of the test rows, {copies.of_training_rows:,} repeat{'s' * (copies.of_training_rows == 1)} a training row"
    if copies.of_training_profiles is not None:
        seen += f" and {copies.of_training_profiles:,} share a profile with one"
    if network.unseen is not None and network.unseen_interval is not None:
        low, high = network.unseen_interval
        held = evaluation.unseen_words + " (held out with their copies)" * (evaluation.unseen_words == UNSEEN_WORDS["rows"])
        return f"{seen}; on {held} it is right on {network.unseen:.1%} ({low:.1%} to {high:.1%})."
    return f"{seen}; accuracy on unseen rows was not measured (evaluation.unseen)."


def _against(doubts: dict[str, Finding]) -> list[str]:
    """Return what speaks against the figure."""
    flattering, sentences = [code for code in _FLATTERING if code in doubts], []
    if flattering:
        sentences.append(f"Don't expect this accuracy on new patients ({', '.join(flattering)}).")
    others = {code: text for code, text in _AGAINST.items() if code in doubts}
    if "E402" in others:
        best = doubts["E402"].evidence["best"]
        others["E402"] = f"{RIVAL_NAMES[best]} is {'simpler and ' * (best in SIMPLE)}more accurate"
    parts = [f"{text} ({code})" for code, text in others.items()]
    told = {*flattering, *others, "D209"}
    if rest := [code for code in doubts if code not in told]:
        parts.append(f"{'also ' * bool(parts)}read {', '.join(rest)}")
    return [*sentences, _sentence("; ".join(parts))] if parts else sentences


def _untold(evaluation: Evaluation, findings: dict[str, Finding]) -> list[str]:
    """Return what the rows, or the settings, do not let anyone tell."""
    parts = []
    if "D209" in findings:
        names = " and ".join(f'"{name}"' for name in findings["D209"].evidence["classes"])
        parts.append(f"how well {names} {'is' if len(findings['D209'].evidence['classes']) == 1 else 'are'} found (D209)")
    if unsure := [code for code in ("D204", "D205") if code in findings and findings[code].level == "info"]:
        parts.append(f"whether equal rows are copies or chance ({', '.join(unsure)})")
    if all(evaluation.standings[name].test is None for name in FITTED):
        parts.append("whether another model does better, for none answered these rows")
    if evaluation.train is None:
        parts.append("whether training rows are among these")
    return [f"What could not be told: {'; '.join(parts)}."] if parts else []


def _do_first(finding: Finding) -> str:
    return f"Do this first: {finding.fix}"  # a command, which a full stop would spoil


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
