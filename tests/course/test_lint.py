from __future__ import annotations

import pytest

from lipcourse.course.lint import lint
from lipcourse.course.source import read_source


def faults(folder):
    return "\n".join(lint(read_source(folder / "source" / "00_doubling.py")))


def whole(text):
    """The tiny source with three exercises and a quiz: it breaks no rule."""
    start = text.index('# %% [markdown] exercise="double"')
    end = text.index("# %% [markdown]\n# A picture.")
    exercise = text[start:end]
    more = "".join(exercise.replace("double", name) for name in ("treble", "fourfold"))
    return text[:end] + more + text[end:] + '\n# %% [markdown]\n# Quiz.\n\n# %%\nquizzes.ask("twice")\n'


def test_a_good_source_has_no_faults(add_source, doubling):
    assert faults(add_source(whole(doubling))) == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# builds: A function that doubles.\n", "", "no 'builds'"),
        ("# # 00 · Doubling", "# Doubling", "not the opening"),
        ('tags=["parameters"]', "", '0 cells have tags=["parameters"]'),
        ('profile = "class"\n', "", "does not set `profile`"),
        ("check.double(double)", "1", "no cell calls check.double"),
        ('quizzes.ask("twice")', "1", "no quiz"),
        ('solution="treble"', "", "exercise 'treble': 1 tasks and 0 solutions"),
        ("plt.plot([0, amount])", "plt.plot([0, double(1)])", "uses double, which the learner may not"),
        ("difficulty=2", "difficulty=6", "difficulty from 1 to 5"),
        ("minutes=3", "", "how many minutes"),
        ("# > hint: `x + x`", "#", "two different hints"),
        (" \\tag{1}", "", "has no number"),
        ("y = 2 x", "y = \\left( 2", "cannot be converted"),
        ("# A picture.", "# Of $x +\n# y$ a picture.", "a $ without another on its line"),
        ("# A picture.", "# Of $x$, $x +\n# y$, $z +\n# x$ and $z$.", "a $ without another on its line"),
        ("# A picture.", "# ![](picture.png)", "no alt text"),
        ("plt.show()", "\n".join(f"a = {n}" for n in range(20)), "a code cell has at most 20"),
        ("plt.show()", "class A: pass", "defines the class A"),
        ("plt.show()", "def f():\n" + "    1\n" * 15, "f has 16 lines"),
        ("plt.show()", "a b", "is not Python"),
        ("    # end solution\n", "", "stands between one line"),
        ('figure="A line that rises from 0 to amount"', "", "does not promise it"),
        ("A line that rises from 0 to amount", "A line", "says nothing"),
        ("plt.show()", "interact(f)", "uses interact: take widgets.explore"),
        ("plt.show()", "from tqdm.auto import tqdm", "leaves widgets behind"),
        ("plt.show()", "\n\n# %%\n1\n\n# %%\n2\n\n# %%\n3", "without a word between"),
        ('quizzes.ask("twice")', 'quizzes.ask("twice")\nwidgets.explore(f)', "must show a plain figure"),
    ],
)
def test_each_rule_is_told_when_broken(add_source, doubling, old, new, told):
    text = whole(doubling).replace("plt.show()", "pictures.show(figure, 'A line')\nplt.show()")
    assert old in text
    found = faults(add_source(text.replace(old, new, 1)))
    assert told in found


def test_magics_are_no_syntax_error(add_source, doubling):
    assert faults(add_source(whole(doubling).replace("plt.show()", "%matplotlib inline\nplt.show()"))) == ""


def test_dollars_in_code_blocks_and_prices_are_no_broken_formulas(add_source, doubling):
    text = whole(doubling).replace(
        "# A picture.", "# `$HOME` costs \\$5, and $x$\n# is $y$.\n#\n# $$ x +\n# y \\tag{2} $$"
    )
    assert "\\$5" in text
    assert faults(add_source(text)) == ""
