"""What holds of every finding, whichever test provokes it."""

from typing import Any

import pytest

from pipeline.findings import registry
from pipeline.findings.finding import Finding, headline

LONGEST = 62  # characters, so that code, level and headline fit on a line of 80


@pytest.fixture(autouse=True)
def headlines_fit_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a rule finds something whose message does not begin with a short headline."""

    def checked(code: str, level: str, message: str, *others: Any) -> Finding:
        head = headline(message)
        assert 10 <= len(head) <= LONGEST, f"{code}: {head}"
        assert message == head or message[len(head)] in ":;", message
        assert message[0].isdigit() or message[0] == '"' or message[0].islower() or message.startswith("Keras"), message
        return Finding(code, level, message, *others)

    monkeypatch.setattr(registry, "Finding", checked)
