"""``python -m pipeline``, and the command ``diabetes-pipeline``."""

import atexit
import gc
import os
import sys
import warnings

from pipeline.machine.interrupt import ends_on_interrupt


def main() -> None:
    """Run the command line; what takes long to import is imported where Ctrl-C is heard already."""
    gc.set_threshold(200_000)  # importing makes many objects and no garbage: a fifth of the time of a short command
    atexit.register(gc.freeze)  # nor is there any to look for at the end, for as long again
    bytes(31 * 2**20)  # made and freed, so that glibc keeps what arrays free: pages that are new take longer than most sums
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # to look for them is to read about every package installed
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for programmers; python -W shows them
    with ends_on_interrupt():
        from pipeline.cli import app
        from pipeline.options import PROGRAM

        app(prog_name=PROGRAM)


if __name__ == "__main__":
    main()
