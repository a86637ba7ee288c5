"""A server that behaves like Zenodo, for each test one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from fake_zenodo import FakeZenodo


@pytest.fixture
def zenodo() -> Iterator[FakeZenodo]:
    fake = FakeZenodo()
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    fake.server.shutdown()
    thread.join()
    fake.server.server_close()
