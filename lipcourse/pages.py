"""Web pages that show what a command found: one file or a folder, no network, no JavaScript."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 0.5rem; font-size: 1.2rem; }
th { text-align: left; padding-right: 2rem; vertical-align: top; font-weight: normal; color: #555; }
td + td, th + th { padding-left: 1.5rem; }
td.number, th.number { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; }
figure { margin: 2rem 0; }
video, img { max-width: 100%; display: block; }
"""


def page(title: str, body: str) -> str:
    """Return a web page; `body` is HTML."""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{STYLE}</style>
<h1>{escape(title)}</h1>
{body}
</html>
"""


def facts(told: Mapping[str, str]) -> str:
    """Return names and texts as a table of two columns."""
    rows = "".join(f"<tr><th>{escape(name)}<td>{escape(text)}" for name, text in told.items())
    return f"<table>{rows}</table>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; all columns but the first hold numbers."""
    lines = [_row("th", head), *(_row("td", row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def image(source: str, text: str) -> str:
    """Return a picture with its caption, which is its alt text as well."""
    return _figure(f'<img src="{source}" alt="{escape(text)}">', text)


def video(source: str, text: str) -> str:
    """Return a video with its caption."""
    return _figure(f'<video controls src="{source}"></video>', text)


def embedded(png: bytes) -> str:
    """Return a PNG picture as a source that needs no file beside the page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _figure(shown: str, text: str) -> str:
    return f"<figure>{shown}<figcaption>{escape(text)}</figcaption></figure>\n"


def _row(cell: str, texts: Sequence[str]) -> str:
    first, *others = texts
    return f"<tr><{cell}>{escape(first)}" + "".join(
        f'<{cell} class="number">{escape(text)}' for text in others
    )
