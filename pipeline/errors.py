"""What can go wrong through no fault of the program.

PipelineError            the user's input cannot be used; shown as one line each, exit code 2
├── ConfigError          the YAML file or a --set override
├── DataError            the CSV file
└── RunError             a saved run: absent, damaged, or written by something else
"""

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class PipelineError(Exception):
    """One or more problems with the user's input, each a single line.

    Args:
        problems: lines that say what was required, what was given, where, and what to do.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(map(_line, problems))
        super().__init__("\n".join(self.problems))


class ConfigError(PipelineError):
    """The configuration cannot be used."""


class DataError(PipelineError):
    """The data file cannot be used."""


class RunError(PipelineError):
    """The saved run cannot be used."""


def _line(text: str) -> str:
    """Return the text as one line: line breaks, control characters and what UTF-8 cannot write are escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` for the closest choice, or an empty string; letters of other scripts look the same."""
    words = {choice.lower(): choice for choice in choices}
    close = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if not close:
        return ""
    choice = words[close[0]]
    odd = [char for char in dict.fromkeys(choice + word) if not char.isascii() and (char in word) != (char in choice)]
    names = [f"U+{ord(char):04X} {name}" for char in odd if not (name := unicodedata.name(char, "")).startswith("LATIN")]
    return f'; did you mean "{choice}"?' + (f" They differ by {' and '.join(names)}" if names else "")


def counted(count: int, noun: str) -> str:
    """Return a count and its noun."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{plural * (count != 1)}"


def such_as(rows: Sequence[int], total: bool = True) -> str:
    """Return the first of some row numbers, and how many there are: ``rows 1, 2, 3, 4, 5, ... (57 in all)``."""
    more = f", ... ({len(rows):,} in all)" if total else ", ..."
    shown = ", ".join(map(str, rows[:5])) + more * (len(rows) > 5)
    return f"row{'s' * (len(rows) != 1)} {shown}"


def listing(words: Iterable[str]) -> str:
    """Return the words quoted and joined for a sentence: ``"a", "b" and "c"``."""
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1] if quoted else "none"


def listing_or_count(words: Sequence[str], noun: str, room: int = 30) -> str:
    """Return the words as ``listing`` does, or how many of a ``noun`` they are where they take more than ``room`` characters."""
    listed = listing(words)
    return listed if len(listed) <= room else counted(len(words), noun)
