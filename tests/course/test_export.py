from __future__ import annotations

import re
from html import escape, unescape

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lipcourse.course.export import to_html
from lipcourse.course.mathematics import Mathematics, to_mathml
from lipcourse.errors import CourseError


def page(*cells):
    return to_html(new_notebook(cells=list(cells), metadata={"lipcourse": {"title": "Doubling"}}))


def test_a_page_loads_nothing_from_elsewhere():
    script = new_output(
        "display_data", data={"application/javascript": "s.src = 'https://cdn.jsdelivr.net/x.js';"}
    )
    html = page(new_markdown_cell("# A\n$a$"), new_code_cell("1", outputs=[script]))
    assert not re.search(r"""(src|href)\s*=\s*["'](https?:)?//""", html)
    assert "cdn." not in html
    assert "require.min.js" not in html
    assert "<title>Doubling</title>" in html


def test_formulas_become_mathml_and_keep_their_number():
    html = page(new_markdown_cell("Inline $a_1*b*c_2$.\n\n$$ \\frac{a}{b} \\tag{atvg 4} $$"))
    assert html.count("<math") == 2
    assert "<mfrac>" in html
    assert '<span class="equation-number">(atvg 4)</span>' in html
    assert "<em>" not in html
    assert "$" not in html.split("<main>")[1]


def test_a_dollar_in_code_is_no_formula():
    mathematics = Mathematics()
    text = "`$a$` and\n```\n$b$\n```\nand \\$5, then $c$"
    taken = mathematics.take_out(text)
    assert taken.endswith("FORMULA0END")
    assert taken.startswith(text[: text.index("$c$")])


def test_a_formula_that_is_none_is_told():
    with pytest.raises(CourseError, match="cannot be converted"):
        to_mathml(r"\frac{a}{", block=True)


def test_pictures_keep_their_alt_texts():
    told = {"image/png": {"alt": 'A "line"'}}
    shown = new_output("display_data", data={"image/png": "AAAA"}, metadata=told)
    plain = new_output("display_data", data={"image/png": "CCCC"})
    attached = new_markdown_cell("![A dot](attachment:dot.png)")
    attached.attachments = {"dot.png": {"image/png": "BBBB"}}
    html = page(
        attached,
        new_code_cell("1", outputs=[shown]),
        new_code_cell("1", outputs=[plain], metadata={"lipcourse": {"figure": "Promised."}}),
    )
    for data, alt in (("AAAA", "A &quot;line&quot;"), ("BBBB", "A dot"), ("CCCC", "Promised.")):
        image = re.search(f"<img[^>]*{data}[^>]*>", html)
        assert image
        assert escape(unescape(image[0])).count(escape(unescape(alt))) == 1


def test_an_output_that_leaves_its_division_open_does_not_swallow_the_next():
    outputs = [
        new_output("display_data", data={"text/html": text}) for text in ('<div id="quiz">', "<b>next</b>")
    ]
    html = page(new_code_cell("1", outputs=outputs))
    assert re.search(r'<div id="quiz"></div>', html)
