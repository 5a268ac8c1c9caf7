"""How often the intervals held the truth in simulation, so that it can be said where they are shown."""

LEVEL = 0.95
"""The level that was simulated: of another one nothing is known."""
ROWS_1000 = (0.941, 0.9625)
ROWS_200 = (0.935, 0.956)
GROUPS_21 = (0.9715, 0.9885)
"""Lowest and highest coverage of any figure at that level, in 2,000 repetitions: ``make coverage``, coverage.json."""


def rows_note(level: float) -> str:
    """Return what the intervals over rows are worth, as a sentence; nothing for a level that was not simulated."""
    large, small = (f"{low:.1%} to {high:.1%}" for low, high in (ROWS_1000, ROWS_200))
    told = f"In simulation, intervals at 95% held the true figure in {large} of samples of 1,000 rows, in {small} of 200 rows."
    return told if level == LEVEL else ""


def groups_note(level: float) -> str:
    """Return what the intervals over whole profiles are worth, as a sentence; nothing for a level that was not simulated."""
    low, high = GROUPS_21
    told = f"In simulation, such intervals at 95% held the true figure in {low:.1%} to {high:.1%} of samples of 21 profiles."
    return told if level == LEVEL else ""
