"""Every doubt about a run, as a finding with a code."""

from pipeline.findings.finding import Doubt, Finding, Level
from pipeline.findings.registry import RULES, Rule, find

__all__ = ["RULES", "Doubt", "Finding", "Level", "Rule", "find"]
