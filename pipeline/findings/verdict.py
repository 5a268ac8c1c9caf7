"""The verdict in at most three sentences, for somebody who reads nothing else, made of the findings.

That there is no reason to doubt the accuracy is said only where every check had the power to find something:

- sensitivity of each class: 20 test rows of it (D209);
- copies: no equal rows that may be chance (D204 and D205 for information); distinct rows need no power to be seen;
- a better model: some fitted baseline answered the same rows;
- a label that was made from the inputs, as a sum of scores above a limit: some unseen rows are classified wrongly;
- training rows among the test rows: the file is the one that was trained on, so that it is known which they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.data.profiles import UNSEEN_MEANS
from pipeline.errors import counted, listing_or_count
from pipeline.findings.finding import Finding, headline
from pipeline.judge.baselines import FITTED, RIVAL_NAMES, SIMPLE
from pipeline.judge.evaluate import Evaluation

_WORTHLESS = ("T301", "C101", "C102", "C104", "T302", "T303", "E401")
"""Errors because of which an accuracy says nothing, those that explain the others first."""

_FLATTERING = ("D205", "D206", "D207", "D210", "D211", "D216", "E403")
"""Findings because of which an accuracy says more about the file than about new rows."""

_BOTH = {"D206", "D207", "D210", "D211"}
"""Those of them that flatter the accuracy on unseen rows too."""

_AGAINST = {
    "E408": "a class is hardly ever found",
    "E402": "",  # told with its name
    "E407": "it is much less accurate in a subgroup",
    "E404": "training and test accuracy are far apart",
    "E406": "its probabilities are unreliable",
    "D204": "rows are repeated",
    "E405": "some labels look wrong to two other models",
    "D208": "equal rows have different labels",
    "T305": "the starts disagree",
    "T304": "hidden units are dead",
}
"""What else speaks against it, in the order of its consequence for the accuracy; whatever is not named here comes last."""


def consequence(code: str) -> int:
    """Return the place of a code in the order of its consequence for the accuracy; 0 is the worst."""
    order = (*_WORTHLESS, *_FLATTERING, *_AGAINST)
    return order.index(code) if code in order else len(order)


DO_FIRST = "Do this first: "
"""What a fix in the verdict begins with."""

_ALL_RIGHT = 0.98  # accuracy on unseen rows, by the lower end of its interval, that patients hardly allow
_SAID = 2  # of those; of the others the codes


@dataclass(frozen=True)
class Verdict:
    """What the figure is, what it is worth, and what follows; ``clear`` where nothing speaks against it."""

    sentences: tuple[str, ...]
    clear: bool


def by_consequence(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of their consequence for the accuracy: first what stops, then by level, then by code."""
    levels = ("error", "warning", "info")
    return tuple(sorted(findings, key=lambda each: (not each.blocks, levels.index(each.level), consequence(each.code))))


def verdict(evaluation: Evaluation | None, findings: tuple[Finding, ...]) -> Verdict:
    """Judge by the findings; ``evaluation`` is None where training was refused.

    Findings that were accepted count too, for accepting a doubt does not remove it.
    """
    if evaluation is None:
        blocking = next(finding for finding in by_consequence(findings) if finding.blocks)
        return Verdict((f"Nothing was trained: {headline(blocking.message)} ({blocking.code}).", _do_first(blocking)), False)
    figure, by_code = _figure(evaluation), {finding.code: finding for finding in findings}
    worst = next((by_code[code] for code in _WORTHLESS if code in by_code and by_code[code].level == "error"), None)
    if worst:
        return Verdict((figure, f"This means nothing: {headline(worst.message)} ({worst.code}).", _do_first(worst)), False)
    doubts = {code: finding for code, finding in by_code.items() if finding.level != "info"}
    if parts := [*_against(evaluation, doubts), *_inconclusive(evaluation, by_code)]:
        return Verdict((figure, _unseen(evaluation), _sentence("; ".join(parts))), False)
    nothing = "Nothing was found that speaks against this accuracy; but it comes from one file, and no other was tried."
    return Verdict((figure, _unseen(evaluation), nothing), True)


def _figure(evaluation: Evaluation) -> str:
    test, majority = evaluation.test, evaluation.standings["majority"].test
    rule = "" if majority is None else f"; always naming the largest class would reach {majority:.1%}"
    return (
        f"{test.accuracy:.1%} of {counted(test.rows, 'test row')} {'is' if test.rows == 1 else 'are'} classified correctly{rule}."
    )


def _unseen(evaluation: Evaluation) -> str:
    """Return the accuracy on rows that training rows do not tell."""
    network, words = evaluation.standings["network"], evaluation.unseen_words
    if evaluation.train is None:
        return "These rows are from another file than the training rows."
    if network.unseen is None or network.unseen_interval is None:
        return "The accuracy on unseen rows was not measured (evaluation.unseen)."
    low, high = network.unseen_interval
    return f"On {words} ({UNSEEN_MEANS[words]}) the accuracy is {network.unseen:.1%} ({100 * low:.1f} to {high:.1%})."


def _against(evaluation: Evaluation, doubts: dict[str, Finding]) -> list[str]:
    """Return what speaks against the figures."""
    flattering = [code for code in _FLATTERING if code in doubts]
    both = evaluation.standings["network"].unseen is not None and not _BOTH.isdisjoint(flattering)
    figure = "either accuracy" if both else f"{evaluation.test.accuracy:.1%}"
    parts = [f"don't expect {figure} on new patients ({', '.join(flattering)})"] if flattering else []
    texts = {code: text for code, text in _AGAINST.items() if code in doubts}
    if "E402" in texts:
        best = doubts["E402"].evidence["best"]
        wins = doubts["E402"].evidence["baselines"][best]
        where = " on the test rows" * (wins["unseen"] is None) + f" on {evaluation.unseen_words}" * (wins["test"] is None)
        texts["E402"] = f"{RIVAL_NAMES[best]} is {'simpler and ' * (best in SIMPLE)}more accurate{where}"
    said = list(texts)[:_SAID]
    parts += [f"{texts[code]} ({code})" for code in said]
    rest = [code for code in (*texts, *doubts) if code not in (*flattering, *said, "D209")]
    return [*parts, f"{'see also' if parts else 'see'} {', '.join(dict.fromkeys(rest))}"] if rest else parts


def _inconclusive(evaluation: Evaluation, findings: dict[str, Finding]) -> list[str]:
    """Return what the rows, or the settings, do not let anyone tell."""
    parts = []
    if "D209" in findings:
        names = list(findings["D209"].evidence["classes"])
        parts.append(f"how well {listing_or_count(names, 'class')} {'is' if len(names) == 1 else 'are'} found (D209)")
    if unsure := [code for code in ("D204", "D205") if code in findings and findings[code].level == "info"]:
        parts.append(f"whether equal rows are copies or chance ({', '.join(unsure)})")
    if all(evaluation.standings[name].test is None for name in FITTED):
        parts.append("whether another model is more accurate, for none was tried on these rows")
    unseen = evaluation.standings["network"].unseen_interval
    if unseen and unseen[0] >= _ALL_RIGHT and findings.keys().isdisjoint(_BOTH):
        parts.append("whether the label was made from the inputs, for hardly a row is classified wrongly")
    if evaluation.train is None:
        parts.append("whether training rows are among them")
    return [f"inconclusive: {', and '.join(parts)}"] if parts else []


def _do_first(finding: Finding) -> str:
    return f"{DO_FIRST}{finding.fix}"  # a command, which a full stop would spoil


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
