"""A server on this machine that behaves like Zenodo, in good and in bad moods: material for tests."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

RECORD = "3625687"


class Mood(NamedTuple):
    """How one request is answered: with another status, or by falling silent after so many bytes."""

    status: int = 0
    headers: Mapping[str, str] = {}
    breaks_after: int | None = None


class Request(NamedTuple):
    path: str
    range: str | None


class FakeZenodo:
    """Serves a record and its files as Zenodo does: files by range, but not at the interface's own address.

    Attributes:
        files: What the record holds.
        moods: How the next requests for a file, or for "record", are answered; then the server is well again.
        ranges: Whether it serves parts of files.
        requests: What it was asked.
        on_request: Called before a file is sent.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.checksums: dict[str, str] = {}
        self.moods: dict[str, list[Mood]] = defaultdict(list)
        self.ranges = True
        self.requests: list[Request] = []
        self.on_request: Callable[[str], None] = lambda name: None
        self.old_interface = True
        zenodo = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                zenodo.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def record(self) -> bytes:
        def entry(name: str, data: bytes) -> dict[str, object]:
            checksum = self.checksums.get(name, hashlib.md5(data).hexdigest())
            if not self.old_interface:
                return {"filename": name, "size": len(data), "checksum": checksum}
            link = f"{self.address}/api/records/{RECORD}/files/{name}/content"
            return {"key": name, "size": len(data), "checksum": f"md5:{checksum}", "links": {"self": link}}

        files = [entry(name, data) for name, data in self.files.items()]
        return json.dumps({"id": int(RECORD), "doi": f"10.5281/zenodo.{RECORD}", "files": files}).encode()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path)
        asked = handler.headers.get("Range")
        self.requests.append(Request(path, asked))
        found = re.fullmatch(rf"/records/{RECORD}/files/(?P<name>.+)", path)
        name = "record" if path == f"/api/records/{RECORD}" else found["name"] if found else ""
        mood = self.moods[name].pop(0) if self.moods[name] else Mood()
        if mood.status:
            return self.send(handler, mood.status, b"no", mood.headers)
        if name == "record":
            return self.send(handler, 200, self.record(), {"Content-Type": "application/json"})
        if name not in self.files:
            return self.send(handler, 404, b'{"status": 404}')
        self.on_request(name)
        data = self.files[name]
        if asked is None or not self.ranges:
            return self.send(handler, 200, data, breaks_after=mood.breaks_after)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(data):
            return self.send(handler, 416, b"", {"Content-Range": f"bytes */{len(data)}"})
        part = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        return self.send(handler, 206, data[start:], part, breaks_after=mood.breaks_after)

    def send(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        headers: Mapping[str, str] = {},
        breaks_after: int | None = None,
    ) -> None:
        handler.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(body[:breaks_after])

    def asked_for(self, name: str) -> list[str | None]:
        """The ranges asked for of a file."""
        return [request.range for request in self.requests if request.path.endswith(f"/files/{name}")]
