"""Every rule: its code, its level, and the function that looks for it. To add one, write the function and list it here."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.config.remedy import TRAIN, Call
from pipeline.errors import ConfigError, did_you_mean
from pipeline.findings import (
    column_rules,
    config_rules,
    copy_rules,
    data_rules,
    error_rules,
    evaluation_rules,
    leak_rules,
    order_rules,
    split_rules,
    training_rules,
    value_rules,
)
from pipeline.findings.finding import Doubt, Finding, Level
from pipeline.machine.arrays import finite


@dataclass(frozen=True)
class Rule:
    """A code, its level, and the function that looks for it in the facts of its stage; its docstring is the rule's page."""

    code: str
    level: Level
    look: Callable[[Any], Iterator[Doubt]]

    @property
    def page(self) -> str:
        """What ``explain`` shows: a paragraph a line, an empty line between two."""
        paragraphs = re.split(r"\n+(?=\S)", inspect.getdoc(self.look) or self.code)  # their later lines are indented
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @property
    def title(self) -> str:
        """The first line of the page."""
        return self.page.partition("\n")[0].rstrip(".")


RULES = {
    rule.code: rule
    for rule in (
        Rule("C101", "error", config_rules.loss_cannot_learn),
        Rule("C102", "error", config_rules.class_unreachable),
        Rule("C103", "warning", config_rules.keras_accuracy_miscounts),
        Rule("C104", "error", config_rules.labels_outside_domain),
        Rule("D201", "warning", data_rules.missing_values),
        Rule("D202", "warning", data_rules.implausible_values),
        Rule("D203", "info", data_rules.redundant_output),
        Rule("D204", "warning", copy_rules.duplicate_rows),
        Rule("D205", "warning", copy_rules.copied_test_rows),
        Rule("D206", "warning", leak_rules.column_gives_a_class_away),
        Rule("D207", "warning", leak_rules.criterion_decides),
        Rule("D208", "warning", copy_rules.equal_rows_of_different_classes),
        Rule("D209", "warning", split_rules.class_too_small_to_test),
        Rule("D210", "warning", copy_rules.nearly_equal_rows),
        Rule("D211", "warning", order_rules.column_numbers_the_rows),
        Rule("D212", "info", column_rules.column_adds_nothing),
        Rule("D213", "warning", value_rules.number_for_missing),
        Rule("D214", "warning", value_rules.two_units),
        Rule("D215", "warning", order_rules.order_tells_something),
        Rule("D216", "warning", split_rules.test_part_unlike_training),
        Rule("D217", "warning", column_rules.mostly_empty),
        Rule("T301", "error", training_rules.not_finite),
        Rule("T302", "error", training_rules.weights_did_not_move),
        Rule("T303", "error", training_rules.one_answer),
        Rule("T304", "warning", training_rules.dead_hidden_units),
        Rule("T305", "warning", training_rules.starts_disagree),
        Rule("E401", "error", evaluation_rules.no_better_than_majority),
        Rule("E402", "warning", evaluation_rules.baseline_better),
        Rule("E403", "warning", evaluation_rules.worse_on_unseen_profiles),
        Rule("E404", "warning", evaluation_rules.train_and_test_apart),
        Rule("E405", "warning", error_rules.labels_doubted),
        Rule("E406", "warning", error_rules.miscalibrated),
        Rule("E407", "warning", error_rules.worse_in_a_subgroup),
        Rule("E408", "warning", error_rules.class_hardly_found),
    )
}


def find(
    stage: Literal["C", "D", "T", "E"], facts: Any, accept: Sequence[str], call: Call = TRAIN, threads: int = 1
) -> tuple[Finding, ...]:
    """Run every rule of a stage, the first letter of its codes, on what the rules of that stage read; see their modules.

    ``accept`` are the codes that the user accepts; the commands of the fixes are in the form of ``call``. Rules that read many
    rows gain from several ``threads``.
    """
    rules = [rule for code, rule in RULES.items() if code.startswith(stage)]
    with ThreadPoolExecutor(threads) as pool:
        doubts = list(pool.map(lambda rule: list(rule.look(facts)), rules))
    told = [(rule, doubt) for rule, given in zip(rules, doubts, strict=True) for doubt in given]
    return tuple(
        Finding(
            one.code, doubt.level or one.level, doubt.message, finite(doubt.evidence), call.told(doubt.fix), one.code in accept
        )
        for one, doubt in told
    )


def explained(code: str | None) -> tuple[list[Rule], dict[str, Any]]:
    """Return the rule of a code, in capitals or not, or every rule in the order of the codes; and what ``--json`` prints.

    Raises:
        ConfigError: there is no such code.
    """
    if code is None:
        rules = [RULES[name] for name in sorted(RULES)]
        return rules, {"findings": [{"code": rule.code, "level": rule.level, "title": rule.title} for rule in rules]}
    rule = RULES.get(code.upper())
    if rule is None:
        hint = did_you_mean(code, RULES) or "; explain without a code lists them"
        raise ConfigError(f"explain {code}: there is no such finding{hint}")
    return [rule], {"code": rule.code, "level": rule.level, "title": rule.title, "page": rule.page}
