"""How often the intervals held the truth in simulation, so that it can be said where they are shown."""

ROWS_1000 = (0.941, 0.9625)
ROWS_200 = (0.935, 0.956)
GROUPS_21 = (0.942, 0.9635)
"""Lowest and highest coverage of any figure at a level of 0.95, in 2,000 repetitions: ``make coverage``, coverage.json."""


def rows_note() -> str:
    """Return what the intervals over rows are worth, as a sentence."""
    large, small = (f"{low:.1%} to {high:.1%}" for low, high in (ROWS_1000, ROWS_200))
    return f"In simulation, intervals at 95% held the true figure in {large} of samples of 1,000 rows, in {small} of 200 rows."


def groups_note() -> str:
    """Return what the intervals over whole profiles are worth, as a sentence."""
    low, high = GROUPS_21
    return f"In simulation, such intervals at 95% held the true figure in {low:.1%} to {high:.1%} of samples of 21 profiles."
