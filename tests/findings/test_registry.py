"""The codes that a config may accept are those of the rules."""

from typing import get_args

from pipeline.config.schema import Code
from pipeline.findings.registry import RULES


def test_the_config_lists_every_code_and_no_other() -> None:
    assert set(get_args(Code)) == set(RULES)
