"""Turning LaTeX in Markdown into MathML, which browsers show without a script or a network."""

from __future__ import annotations

import re
from html import escape

import latex2mathml.exceptions
from latex2mathml.converter import convert

from lipcourse.errors import CourseError

# Code comes first: a dollar sign in it is no mathematics.
PATTERN = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)|\$\$(?P<block>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+?)\$", re.DOTALL
)
TAG = re.compile(r"\\tag\{([^}]*)\}")
# The library's exceptions have no common parent of their own.
FAULTS = tuple(
    kind
    for kind in vars(latex2mathml.exceptions).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)


class Mathematics:
    """Takes the formulas out of Markdown before it is converted, and puts them into the page after."""

    def __init__(self) -> None:
        self._formulas: list[str] = []

    def take_out(self, markdown: str) -> str:
        """Replace each formula by a word that no converter changes.

        Raises:
            CourseError: A formula is not LaTeX that can be converted.
        """
        return PATTERN.sub(self._replace, markdown)

    def put_in(self, page: str) -> str:
        """Replace each such word by its formula in MathML."""
        return re.sub(r"FORMULA(\d+)END", lambda found: self._formulas[int(found[1])], page)

    def _replace(self, found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        self._formulas.append(to_mathml(found["block"] or found["inline"], block=found["block"] is not None))
        return f"FORMULA{len(self._formulas) - 1}END"


def to_mathml(latex: str, *, block: bool) -> str:
    r"""Convert one formula; a block's `\tag{...}` is set at the right, in parentheses.

    Raises:
        CourseError: The formula is not LaTeX that can be converted.
    """
    tag = TAG.search(latex)
    try:
        mathml = str(convert(TAG.sub("", latex).strip(), display="block" if block else "inline"))
    except FAULTS as fault:
        raise CourseError(f"a formula cannot be converted: {latex.strip()}") from fault
    number = f'<span class="equation-number">({escape(tag[1])})</span>' if tag else ""
    return f'<span class="equation">{mathml}{number}</span>' if block else mathml
