"""The opening card and the exercise cards, as Markdown that JupyterLab and plain viewers show well.

JupyterLab keeps simple inline styles in Markdown and removes the rest, so a card is a coloured edge,
the same on light pages and dark ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from lipcourse.course.source import Cell, make_answer, split_task

EDGE = "border-left: 5px solid {colour}; padding: 2px 16px; margin: 6px 0px;"
BLUE, GREEN = "#0072B2", "#009E73"  # Okabe-Ito


def opening_card(first: str, front: Mapping[str, object], picture: str | None) -> str:
    """The notebook's first cell: the author's heading and words, and what the front matter says.

    Args:
        first: The author's own text, which opens with a heading.
        front: The front matter.
        picture: The name of the attached picture, or None.
    """
    heading, _, words = first.partition("\n")
    minutes = front.get("minutes")
    times = minutes if isinstance(minutes, dict) else {}
    told = " · ".join(f"{value} min on a {_device(key)}" for key, value in times.items())
    rows = [("You build", front.get("builds")), ("You need", front.get("needs")), ("Running time", told)]
    lines = [heading, ""]
    if picture:
        alt = front["picture"]["alt"] if isinstance(front.get("picture"), dict) else ""  # type: ignore[index]
        lines += [f"![{alt}](attachment:{picture})", ""]
    lines += [words.strip(), "", f'<div style="{EDGE.format(colour=GREEN)}">', ""]
    lines += ["<br>\n".join(f"**{title}:** {text}" for title, text in rows if text), ""]
    equations = front.get("equations")
    if isinstance(equations, list):
        lines += ["**Equations from the papers:**\n", *[f"- {equation}" for equation in equations], ""]
    return "\n".join([*lines, "</div>"])


def exercise_card(cell: Cell, answer: Cell, *, folded_answer: bool) -> str:
    """The task of an exercise: difficulty and minutes, the words, two folded hints and the folded answer.

    Args:
        cell: The exercise.
        answer: The cell with its solution.
        folded_answer: Whether the answer is shown too (the learner's notebook).
    """
    task, hints = split_task(cell.text)
    heading, _, words = task.partition("\n")
    level = int(str(cell.options.get("difficulty", 1)))
    dots = "●" * level + "○" * (5 - level)
    lines = [f'<div style="{EDGE.format(colour=BLUE)}">', "", heading, ""]
    lines += [
        f"{dots} difficulty {level} of 5 · about {cell.options.get('minutes')} minutes",
        "",
        words.strip(),
        "",
    ]
    for number, hint in enumerate(hints, start=1):
        lines += _folded(f"Hint {number}", hint)
    if folded_answer:
        lines += _folded("One solution", f"```python\n{make_answer(answer.text)}\n```")
    return "\n".join([*lines, "</div>"])


def _folded(title: str, text: str) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", text, "", "</details>", ""]


def _device(name: str) -> str:
    return {"cpu": "CPU", "gpu": "GPU"}.get(name, name)
