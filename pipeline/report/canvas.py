"""A figure as SVG to be set into a page: it takes the page's colours and brings no identifier that another figure has.

Only matplotlib's object-oriented interface is used: no window, no global state.
"""

import csv
import io
import re
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from pipeline.report.words import visible

# Colours that nothing else has; each stands for the CSS custom property of its name, which differs in light and dark.
_TOKENS = ("ink", "muted", "grid", "paper", "s0", "s1", "s2", "s3", "s4", "s5", "s6")
_COLOURS = {name: f"#0102{number + 3:02x}" for number, name in enumerate(_TOKENS)}
_PROPERTIES = {colour: f"var(--{name})" for name, colour in _COLOURS.items()}
INK, MUTED, GRID, PAPER = (_COLOURS[name] for name in ("ink", "muted", "grid", "paper"))
SERIES = tuple(_COLOURS[name] for name in _TOKENS if name[0] == "s")
"""Line colours that people with any colour vision can tell apart; a dash or a marker always says the same."""
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1)), (0, (8, 3)), (0, (4, 2, 1, 2, 1, 2)))

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be selected and takes the page's font
    "svg.hashsalt": "pipeline",
    "text.usetex": False,
    "text.parse_math": False,  # a column may be named $x$
    "font.family": ["DejaVu Sans"],  # matplotlib's own, to measure with; wider than what most pages show
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.facecolor": "none",
}
_NARROW = 380  # a wider figure is scrolled on a telephone, for its text would be too small to read
_BOTH_ENDS = 16  # characters
WIDE, SLIM = 590, 340
"""CSS pixels of a figure that is as wide as the text, and of its second drawing for a telephone."""


@dataclass(frozen=True)
class Picture:
    """A figure: one or two <svg> elements with title and description, its main figures in words, and all of them as a table."""

    svg: Markup
    caption: str
    name: str
    table: Sequence[Sequence[object]]

    @property
    def links(self) -> dict[str, str]:
        """The figure, in the light colours, and its table as addresses to save from, by the name of the file."""
        css = Path(__file__).with_name("style.css").read_text(encoding="utf-8").partition("}")[0]
        light = dict(re.findall(r"--(\w+): (#\w+)", css))
        svg = re.sub(r"var\(--(\w+)\)", lambda name: light[name[1]], str(self.svg).partition("</svg>")[0] + "</svg>")
        svg = svg.replace(
            " style=", f' xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" fill="{light["ink"]}" style=', 1
        )
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.table)
        files = {"svg": ("image/svg+xml", svg), "csv": ("text/csv;charset=utf-8", text.getvalue())}
        return {
            f"{self.name}.{end}": f"data:{kind};base64,{b64encode(content.encode()).decode()}"
            for end, (kind, content) in files.items()
        }


def in_two_widths(draw: Callable[[float], Picture]) -> Picture:
    """Return a figure as wide as the text, with a second drawing for a telephone; the style sheet shows one of them."""
    wide, slim = draw(WIDE), draw(SLIM)
    return replace(wide, svg=wide.svg + slim.svg)


@contextmanager
def sheet(width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure, in CSS pixels of a narrow screen; within the block, and only there, it takes the report's style."""
    with rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that the measuring font lacks: the reader's font draws it
        yield Figure((width / 72, height / 72), dpi=110, layout="constrained")


def colour(place: int) -> str:
    """Return the colour of a numbered series."""
    return SERIES[place % len(SERIES)]


def dash(place: int) -> Any:
    """Return the dash of a numbered series; series of the same colour differ in it."""
    return DASHES[(place + place // len(SERIES)) % len(DASHES)]


def say_instead(axes: Axes, text: str) -> None:
    """Write a sentence where nothing can be drawn."""
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=INK, wrap=True)


def place_label(name: object, length: int = 18) -> str:
    """Return a name from the user's files as one short line that an SVG can hold; where there is room, with both ends."""
    text = " ".join(visible(str(name)).split())
    end = (length - 1) // 2 if length >= _BOTH_ENDS else 0
    return text if len(text) <= length else f"{text[: length - 1 - end]}…{text[len(text) - end :]}"


def to_svg(figure: Figure, name: str, title: str, description: str) -> Markup:
    """Return a figure drawn within ``sheet`` as an <svg> element; the same figure gives the same text.

    The name starts every identifier, so no two figures of a page may share it. Screen readers read title and description.
    """
    file = io.BytesIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(file, metadata={"Date": None})  # savefig would draw everything twice
    root = ElementTree.fromstring(file.getvalue())  # noqa: S314 - our own drawing
    width = float(root.get("viewBox", "").split()[2])
    for child in [child for child in root if not child.tag.endswith("}g") and child.find(".//{*}clipPath") is None]:
        root.remove(child)  # metadata, and a style sheet that would reach the whole page
    _clean(root, name)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "style": f"min-width: {width:.0f}px" if width > _NARROW else f"max-width: {width * 1.3:.0f}px",
    }
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = place_label(text, 1000)
        root.insert(place, element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - it has escaped the names


def _clean(root: ElementTree.Element, name: str) -> None:
    """Drop namespaces, fonts and unused identifiers; name colours and used identifiers; round what is drawn."""
    elements = list(root.iter())
    used = set(re.findall(r"#(\w+)", " ".join(value for element in elements for value in element.attrib.values())))
    for element in elements:
        element.tag = element.tag.rpartition("}")[2]
        element.text = element.text if (element.text or "").strip() else None
        element.tail = None
        keys = {key: key.rpartition("}")[2] for key in element.attrib if key != "id" or element.attrib[key] in used}
        element.attrib = {short: _attribute(short, element.attrib[key], name) for key, short in keys.items()}


def _attribute(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "style":
        kept = [part for part in value.split("; ") if not part.startswith("font-family")]
        value = re.sub(r"#[0-9a-f]{6}", lambda colour: _PROPERTIES.get(colour[0], colour[0]), "; ".join(kept))
    if key in ("d", "x", "y", "width", "height", "transform", "points"):
        return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), " ".join(value.split()))
    return re.sub(r"(^|url\()#(\w+)", rf"\1#{name}-\2", value) if "#" in value else value
