"""Draws the pictures of the README from the real thing: ``make pictures``.

A picture shows what a newcomer sees: the terminal after ``make train`` in a window of 80 x 24, and the first screen of the
report of that run.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from tests.browsing import chromium
from tests.conftest import ROOT, with_twin

PICTURES = ROOT / "pictures"
COLUMNS, ROWS = 80, 24
LARGEST = 150_000
"""Bytes of a picture."""
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: {background} }}
pre {{ width: max-content; margin: 0; padding: 12px 16px; color: {foreground}; font: 15px/1.25 "DejaVu Sans Mono", monospace }}
</style><pre>{code}</pre>"""


def printed_on_terminal(*words: str, folder: Path) -> str:
    """Run a command as make does, its standard output a terminal of 80 x 24, and return what it printed, colours included."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "DIABETES_PIPELINE_MAKE": "1"}
    command = [sys.executable, "-m", "pipeline", *words]
    running = subprocess.Popen(command, cwd=folder, env=environment, stdout=inner, stderr=subprocess.DEVNULL)
    os.close(inner)
    pieces = []
    try:
        while piece := os.read(outer, 65536):
            pieces.append(piece)
    except OSError:  # how Linux says that nobody writes to the terminal any more
        pass
    os.close(outer)
    assert running.wait() == 0, words
    return b"".join(pieces).decode().replace("\r\n", "\n")


def screen(typed: str, printed: str) -> str:
    """Return a page that looks as a terminal does once the command has ended: what does not fit has left at the top."""
    logical = Text.from_ansi(f"\x1b[1m$ {typed}\x1b[0m\n{printed.rstrip()}\n$ ").split("\n")
    lines = [row for line in logical for row in line.divide(range(COLUMNS, line.cell_len, COLUMNS))][-ROWS:]
    for line in lines:
        line.pad_right(COLUMNS - line.cell_len)
    lines.extend(Text(" " * COLUMNS) for _ in range(ROWS - len(lines)))
    console = Console(width=COLUMNS, record=True, file=StringIO())
    console.print(Text("\n").join(lines), soft_wrap=True, end="")
    return console.export_html(theme=DIMMED_MONOKAI, inline_styles=True, code_format=PAGE)


def draw(taken: bytes, path: Path) -> None:
    """Write a picture with as many colours as its limit of bytes allows."""
    for colours in (256, 128, 64, 32):
        packed = BytesIO()
        Image.open(BytesIO(taken)).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if len(packed.getvalue()) < LARGEST:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(packed.getvalue())
            return
    raise SystemExit(f"{path.name}: more than {LARGEST:,} bytes with 32 colours")


def photograph(browser: Any, printed: str, report: Path) -> None:
    """Take both pictures, in light colours."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", device_scale_factor=1)
    page = context.new_page()
    page.goto(report.as_uri())
    draw(page.screenshot(), PICTURES / "report.png")
    context.close()
    context = browser.new_context(device_scale_factor=2)
    page = context.new_page()
    page.set_content(screen("make train", printed))
    draw(page.locator("pre").screenshot(), PICTURES / "train.png")
    context.close()


def main() -> None:
    """Train and report in an empty folder, and photograph both."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        with_twin(folder)
        printed = printed_on_terminal("train", folder=folder)
        printed_on_terminal("report", folder=folder)
        photograph(browser, printed, (folder / "models" / "latest").resolve() / "report.html")
    for path in sorted(PICTURES.glob("*.png")):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
