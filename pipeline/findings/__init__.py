"""Every doubt about a run, as a finding with a code."""

from pipeline.findings import config_rules, copy_rules, data_rules, evaluation_rules, leak_rules, split_rules, training_rules
from pipeline.findings.registry import RULES, Doubt, Finding, Level, Rule, find

__all__ = [
    "RULES",
    "Doubt",
    "Finding",
    "Level",
    "Rule",
    "config_rules",
    "copy_rules",
    "data_rules",
    "evaluation_rules",
    "find",
    "leak_rules",
    "split_rules",
    "training_rules",
]
