"""What a learner is told: the failure of a test cell in two lines, and a page for each notebook.

A page is one file without scripts. Its content security policy keeps a browser from asking any
other host for anything, whatever a submission's output contains; formulas stay TeX.
"""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbconvert.filters import markdown2html, strip_ansi
from nbgrader.utils import is_solution
from pygments import highlight  # type: ignore[import-untyped, unused-ignore]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped, unused-ignore]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped, unused-ignore]
from traitlets import default

from handtorch_classroom.notebooks import Notebook
from handtorch_classroom.outputs import is_test

TEMPLATE = Path(__file__).with_name("static") / "feedback.html.j2"
LONGEST_PROSE = 50_000  # characters of a Markdown cell
PART = re.compile(r"\s+(expected|got|why|likely)\s{2,}(.*)")
CHECKS = ("AssertionError", "CheckFailed")  # their text is written for the learner
SAYS_ENOUGH = ("CellTimeoutError", "KernelDied", "NotRun", "TestDidNotFinish")
FRAME = re.compile(r"Cell In\[\d+\], line (\d+)")


@dataclass(frozen=True)
class Problem:
    """Why a test cell failed: what is wrong, and a hint ("" if there is none)."""

    what: str
    hint: str


def problem(cell: Notebook) -> Problem | None:
    """Why a test cell failed, or None if it passed (or is not judged by running it)."""
    if cell.cell_type != "code" or is_solution(cell):
        return None
    for output in cell.outputs:
        if output.output_type == "error":
            return _problem(output)
    return None


def _problem(error: Notebook) -> Problem:
    text = error.evalue.strip()
    if error.ename in CHECKS:
        first, parts = message_parts(text)
        return Problem(first or "an assertion failed", parts.get("likely") or parts.get("why", ""))
    if error.ename == "NotImplementedError":
        return Problem("not written yet", "")
    first = text.splitlines()[0] if text else ""
    if error.ename in SAYS_ENOUGH:
        return Problem(first, "")
    return Problem(f"{error.ename}: {first}".rstrip(": "), _where(error.traceback))


def message_parts(message: str) -> tuple[str, dict[str, str]]:
    """The first line of a failed check's message, and its named parts; a part may go on in the
    lines after it.
    """
    first, *rest = message.splitlines() or [""]
    parts: dict[str, str] = {}
    name = ""
    for line in rest:
        if match := PART.fullmatch(line):
            name = match[1]
            parts[name] = match[2].strip()
        elif name:
            parts[name] += " " + line.strip()
    return first.strip(), parts


def _where(traceback: list[str]) -> str:
    """The line of the learner's own code that an error came from."""
    for entry in reversed(traceback):
        if match := FRAME.search(entry):
            arrow = re.search(r"-+> \d+ (.*)", entry)
            line = f": {arrow[1].strip()}" if arrow else ""
            return f"raised in line {match[1]} of your cell{line}"
    return ""


def points(value: float) -> str:
    """Points without needless decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def python(source: str) -> str:
    """Python as HTML, its tokens in spans."""
    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


class FeedbackExporter(Exporter):  # type: ignore[misc, unused-ignore]
    """Writes the feedback page of a graded notebook."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: Notebook, resources: Any = None, **kw: Any) -> Any:
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        html = _template().render(nb=nb, resources=resources, css=Markup(_light_and_dark()))
        return html, resources


def _prose(text: str) -> str:
    """Markdown as HTML; a text of a length that nobody writes, as it is."""
    return Markup(markdown2html(text)) if len(text) < LONGEST_PROSE else text


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True)
    environment.filters |= {
        "is_judged": is_test,
        "markdown2html": _prose,
        "points": points,
        "problem": problem,
        "python": lambda source: Markup(python(source)),
        "strip_ansi": strip_ansi,
    }
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


@functools.cache
def _light_and_dark() -> str:
    """The colors of Python's tokens."""
    light, dark = (_token_colors(style) for style in ("default", "github-dark"))
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _token_colors(style: str) -> str:
    rules = HtmlFormatter(style=style).get_style_defs("pre.highlight").splitlines()
    return "\n".join(rule for rule in rules if rule.startswith("pre.highlight ."))
