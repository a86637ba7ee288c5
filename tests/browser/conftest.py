"""A real browser, and a JupyterLab for it on this machine alone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

OFFLINE = Path(__file__).parents[1] / "notebooks" / "offline"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Cells out of sight are left undrawn otherwise, and a test would have to scroll to them.
SETTINGS = {"@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}
# News and updates would be asked for in the network.
QUIET = {"@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"}}


@dataclass(frozen=True)
class Lab:
    """A server that runs."""

    address: str
    token: str
    process: subprocess.Popen[bytes]

    def ask(self, path: str, method: str = "GET") -> bytes:
        """Ask the server's own interface."""
        request = urllib.request.Request(
            f"{self.address}/{path}", headers={"Authorization": f"token {self.token}"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())


@pytest.fixture(scope="session")
def chromium() -> dict[str, Any]:
    """How Playwright starts the browser; the test is skipped where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)} is installed")
    return {"executable_path": found, "args": FLAGS}


@pytest.fixture
def lab(tmp_path: Path) -> Callable[[Path], AbstractContextManager[Lab]]:
    """Start JupyterLab on a folder, for as long as a block."""
    return lambda folder: start_lab(folder, tmp_path / "jupyter")


@contextmanager
def start_lab(folder: Path, own: Path) -> Iterator[Lab]:
    """Run JupyterLab, with nothing of the user's settings, until the block ends."""
    for name, content in {**SETTINGS, **QUIET}.items():
        path = own / "config" / "lab" / "user-settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = "only-on-this-machine"
    places = {f"JUPYTER_{name}_DIR": str(own / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder, "ServerApp.allow_root": True, "ServerApp.open_browser": False,
        "IdentityProvider.token": token, "LabApp.expose_app_in_browser": True,
        "LabApp.extension_manager": "readonly",
    }  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    environment |= places | {"PYTHONPATH": str(OFFLINE), "LIPCOURSE_PROFILE": "fast", "HOME": str(own)}
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with (own / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    server = Lab(f"http://127.0.0.1:{port}", token, process)
    try:
        wait_for(server, own / "server.log")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(server: Lab, log: Path) -> None:
    """Wait until the server answers, or say what it wrote instead."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.process.poll() is None:
        with suppress(OSError):
            server.ask("api/status")
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")
