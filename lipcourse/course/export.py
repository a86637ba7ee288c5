"""Writing an executed notebook as a page that stands on its own and needs no network."""

from __future__ import annotations

import copy
import re
from html import escape
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from lipcourse.course.mathematics import Mathematics
from lipcourse.whole import beside

# The lab template without what it would load from the network (require.js, MathJax, Mermaid, widgets).
TEMPLATE = """\
{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
{% block html_head_css %}<style>
main { max-width: 1000px; margin: 0 auto; padding: 16px; }
.jp-InputPrompt, .jp-OutputPrompt { display: none; }
.equation { display: flex; align-items: center; margin: 10px 0; }
.equation math { flex: 1; }
details > summary { cursor: pointer; }
</style>{% endblock %}
"""


def write_html(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook as one HTML file, whole or not at all.

    Raises:
        CourseError: A formula in it cannot be converted.
    """
    html = to_html(notebook)
    with beside(path) as unfinished:
        unfinished.write_text(html, encoding="utf-8")


def to_html(notebook: NotebookNode) -> str:
    """Convert a notebook: formulas to MathML, pictures embedded with their alt texts.

    Raises:
        CourseError: A formula in it cannot be converted.
    """
    page = copy.deepcopy(notebook)
    mathematics = Mathematics()
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = mathematics.take_out(_embed(cell))
            cell.pop("attachments", None)
        for output in cell.get("outputs", ()):
            _close_divisions(output)
            _describe_picture(output, cell.metadata.get("lipcourse", {}).get("figure"))
    page.metadata["title"] = page.metadata.get("lipcourse", {}).get("title", "Notebook")
    exporter = HTMLExporter(raw_template=TEMPLATE, sanitize_html=False)
    html, _ = exporter.from_notebook_node(nbformat.v4.upgrade(page))
    # jupyterquiz can fetch MathJax where an old one is on the page; none is, and nothing is to be fetched.
    return mathematics.put_in(re.sub(r"https://cdn\.[^\"']+", "", html))


def _embed(cell: NotebookNode) -> str:
    """The cell's text with its attached pictures written into it."""
    text = str(cell.source)
    for name, bundle in cell.get("attachments", {}).items():
        for kind, data in bundle.items():
            text = text.replace(f"attachment:{name}", f"data:{kind};base64,{data}")
    return text


def _close_divisions(output: NotebookNode) -> None:
    """Close what jupyterquiz leaves open: on a page, what follows would become part of the quiz."""
    html = output.get("data", {}).get("text/html")
    if html:
        left_open = html.count("<div") - html.count("</div>")
        output.data["text/html"] = html + "</div>" * left_open


def _describe_picture(output: NotebookNode, promised: str | None) -> None:
    """Turn a picture into an image with its alt text, or the one that the cell promised."""
    data = output.get("data", {})
    alt = output.get("metadata", {}).get("image/png", {}).get("alt") or promised
    if "image/png" in data and alt:
        encoded = "".join(str(data["image/png"]).split())
        data["text/html"] = f'<img alt="{escape(alt, quote=True)}" src="data:image/png;base64,{encoded}">'
        del data["image/png"]
