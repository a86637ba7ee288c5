"""The loss-weight board of notebook 10 in JupyterLab and a real browser: what a learner does, and sees."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from lipcourse.course.builder import make_notebook
from lipcourse.course.source import read_sources

api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "browser"
PATIENCE = 120_000
"""Milliseconds for any one thing to happen: machines that test are busy."""


@pytest.fixture
def notebook(tmp_path):
    """Notebook 10 as a learner opens it, in a folder of its own."""
    source = next(source for source in read_sources(ROOT / "notebooks") if source.name == "10_loss_weights")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    made = make_notebook(source, "learner")
    cell = next(cell for cell in made.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source = cell.source.replace('"class"', '"fast"')
    nbformat.write(made, folder / "10.ipynb")
    return folder


@pytest.fixture
def page(chromium):
    """A page of the browser, which keeps what the page complained of."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium)
        page = browser.new_page(viewport={"width": 1500, "height": 1100})
        page.set_default_timeout(PATIENCE)
        api.expect.set_options(timeout=PATIENCE)
        yield page
        browser.close()


class OnPage:
    """The board, found as a person finds it: by what is written on it."""

    def __init__(self, page):
        self.page = page
        self.box = page.locator(".widget-vbox").filter(has_text="lambda_u").first
        self.status = self.box.get_by_text(re.compile(r"step \d+ ·"))

    def press(self, name):
        self.box.locator("button").filter(has_text=re.compile(rf"^\s*{name}\s*$")).click()

    def slider(self, name):
        label = self.page.get_by_text(name, exact=True)
        return self.box.locator(".widget-hslider").filter(has=label)

    def told(self, pattern):
        api.expect(self.status).to_have_text(re.compile(pattern, re.DOTALL))

    def steps(self):
        return int(re.search(r"step (\d+)", self.status.inner_text()).group(1))

    @property
    def curve(self):
        return self.box.locator('img[alt^="Four loss curves"]')


def kernels(server):
    """The processes of the server's kernels."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if any("ipykernel" in word for word in child.cmdline())]


def test_a_learner_turns_a_weight_and_sees_what_it_does(page, lab, notebook, record_property):
    with lab(notebook) as server:
        page.goto(f"{server.address}/lab/tree/10.ipynb?token={server.token}&reset")
        page.locator(".jp-Notebook").wait_for()
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        board = OnPage(page)
        board.told("paused")
        first = board.curve.get_attribute("src")

        board.press("run")
        board.told("running")
        begun = board.steps()
        board.told(rf"step (?!{begun} )\d+ ·")
        api.expect(board.curve).not_to_have_attribute("src", first)

        slider = board.slider("pixel")
        api.expect(slider.locator(".widget-readout")).to_have_text("0.5")
        began = time.monotonic()
        slider.locator(".noUi-handle").press("ArrowRight")
        board.told("that step used .*pixel 1,")
        seconds = time.monotonic() - began
        record_property("seconds from slider to effect", seconds)
        print(f"{seconds:.2f} s from the key to the page that shows a step with the new weight")
        api.expect(slider.locator(".widget-readout")).to_have_text("1")

        board.press("pause")
        board.told("paused")
        PICTURES.mkdir(parents=True, exist_ok=True)
        board.box.screenshot(path=PICTURES / "board.png")
        page.screenshot(path=PICTURES / "lab.png")

        board.press("run")
        board.told("running")
        assert kernels(server)
        for kernel in json.loads(server.ask("api/kernels")):
            server.ask(f"api/kernels/{kernel['id']}", method="DELETE")
        until = time.monotonic() + 30
        while kernels(server) and time.monotonic() < until:
            time.sleep(0.1)
        assert not kernels(server), "a stopped kernel left a process behind"
