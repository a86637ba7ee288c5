"""What a check answers: a card in the notebook, plain text elsewhere, and a status that the runner reads."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import Literal

Status = Literal["passed", "todo", "wrong"]

# Okabe-Ito colours, and a sign for those who do not see them.
LOOKS: dict[Status, tuple[str, str, str]] = {
    "passed": ("#009E73", "✓", "Right"),
    "todo": ("#56B4E9", "○", "Not done yet"),
    "wrong": ("#D55E00", "✗", "Not right yet"),
}


@dataclass(frozen=True)
class Row:
    """One case in the table of numbers: what the function was given, what is right, what it gave."""

    given: str
    target: str
    yours: str
    right: bool


@dataclass(frozen=True)
class Verdict:
    """The answer of a check.

    Attributes:
        name: The exercise's name.
        status: "passed", "todo" (the function still raises NotImplementedError) or "wrong".
        headline: What was seen, in one sentence.
        mistake: The name of the mutant, or of the general mistake, that the answer shows.
        hint: What to think about next, or "".
        line: The line of the learner's own where it raised, or "".
        rows: Target and yours as numbers, one row a case.
        picture: Target and yours as a PNG, or None.
        alt: The picture's alt text.
    """

    name: str
    status: Status
    headline: str
    mistake: str | None = None
    hint: str = ""
    line: str = ""
    rows: tuple[Row, ...] = ()
    picture: bytes | None = None
    alt: str = ""

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.status == "passed"

    def __repr__(self) -> str:
        _, sign, word = LOOKS[self.status]
        lines = [f"{sign} {self.name}: {word}. {self.headline}"]
        lines += [f"  {self.line}"] if self.line else []
        lines += [f"  Likely mistake: {self.mistake}."] if self.mistake else []
        lines += [f"  {self.hint}"] if self.hint else []
        lines += [f"  {row.given}: target {row.target}, yours {row.yours}" for row in self.rows]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, object]]:
        """Text and HTML for the notebook; the metadata lets the runner read the status."""
        data = {"text/plain": repr(self), "text/html": self.html()}
        return data, {"lipcourse": {"check": self.name, "status": self.status}}

    def html(self) -> str:
        """The card, on its own: no script, no network; colours that sit on light and dark pages."""
        colour, sign, word = LOOKS[self.status]
        parts = [
            f'<div role="status" style="border:1px solid {colour}55; border-left:6px solid {colour};'
            f" border-radius:6px; background:{colour}14; padding:10px 16px;"
            f' margin:4px 0; max-width:960px; line-height:1.5;">',
            f'<div><b><span style="color:{colour};">{sign}</span> {word}</b>'
            f' <code style="opacity:.75; background:none;">{escape(self.name)}</code></div>',
            f'<div style="margin-top:4px;">{escape(self.headline)}</div>',
        ]
        if self.line:
            parts.append(
                f'<pre style="margin:6px 0; padding:6px 10px; background:#8882;">{escape(self.line)}</pre>'
            )
        if self.mistake:
            parts.append(f'<div style="margin-top:4px;">Likely mistake: <b>{escape(self.mistake)}</b></div>')
        if self.hint:
            parts.append(f'<div style="margin-top:4px;">{escape(self.hint)}</div>')
        if self.rows:
            parts.append(self._table())
        if self.picture:
            data = base64.b64encode(self.picture).decode()
            parts.append(
                f'<img alt="{escape(self.alt, quote=True)}" src="data:image/png;base64,{data}"'
                ' style="display:block; max-width:100%; margin-top:8px; border-radius:4px;">'
            )
        return "".join(parts) + "</div>"

    def _table(self) -> str:
        cell = "padding:2px 14px 2px 0; text-align:left; font-variant-numeric:tabular-nums;"
        head = "".join(f'<th style="{cell}">{word}</th>' for word in ("given", "target", "yours", ""))
        body = "".join(
            f'<tr style="background:none;"><td style="{cell}"><code style="background:none;">'
            f'{escape(row.given)}</code></td><td style="{cell}">{escape(row.target)}</td>'
            f'<td style="{cell}">{escape(row.yours)}</td>'
            f'<td style="{cell}">{"✓" if row.right else "✗"}</td></tr>'
            for row in self.rows
        )
        return f'<table style="margin-top:8px; border-collapse:collapse;"><tr>{head}</tr>{body}</table>'
