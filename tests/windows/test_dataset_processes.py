"""Two real processes share an epoch; a web server serves as well as a disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from small_corpora import LENGTHS, listed, windows, write_corpus

from lipcourse.errors import CorpusError
from lipcourse.windows.dataset import WindowLoader
from lipcourse.windows.shards import DamagedShardWarning

PROCESS = """
import json, sys
import torch.distributed as distributed
from lipcourse.windows.dataset import WindowLoader

folder, meeting, out, rank = *sys.argv[1:4], int(sys.argv[4])
distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
loader = WindowLoader(folder, "glance", batch=3, rank=rank, world=2, workers=1)
epoch = []
for batch in loader:
    shares = [None, None]
    sums = batch.video.sum((1, 2, 3, 4)).tolist()
    distributed.all_gather_object(shares, list(zip(batch.keys, batch.starts.tolist(), sums)))
    epoch.append(shares)
if rank == 0:
    with open(out, "w") as file:
        json.dump(epoch, file)
distributed.destroy_process_group()
"""


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "made")


@pytest.fixture
def address(corpus, monkeypatch):
    """Where a web server of this machine shows the corpus."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(corpus))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_two_processes_share_an_epoch(corpus, tmp_path):
    out = tmp_path / "epoch.json"
    given = [sys.executable, "-c", PROCESS, str(corpus), str(tmp_path / "meeting"), str(out)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    processes = [subprocess.Popen([*given, str(rank)], env=environment) for rank in (0, 1)]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    alone = [
        sorted(zip(batch.keys, batch.starts.tolist(), batch.video.sum((1, 2, 3, 4)).tolist(), strict=True))
        for batch in WindowLoader(corpus, "glance", batch=6)
    ]
    together = [
        sorted(tuple(one) for share in batch for one in share) for batch in json.loads(out.read_text())
    ]
    assert together == alone
    seen = sorted((int(key.rsplit("/")[-1]), start) for batch in together for key, start, _ in batch)
    assert seen == windows(LENGTHS)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_web_server_serves_the_same_batches(corpus, address, workers):
    loader = WindowLoader(address, "glance", workers=workers)
    for near, far in zip(WindowLoader(corpus, "glance"), loader, strict=True):
        assert listed(near) == listed(far)
        assert torch.equal(near.video, far.video)
        assert torch.equal(near.log_mel, far.log_mel)
    # What was copied here is given up with its last clip.
    assert not list(Path(loader._copies.name).glob("*.tar"))


def test_a_shard_missing_from_a_web_server_is_named(corpus, address):
    (corpus / "train-000002.tar").unlink()
    with pytest.warns(DamagedShardWarning, match=r"http.*train-000002\.tar"):
        given = sorted(window for batch in WindowLoader(address, "glance") for window in listed(batch))
    assert given == [window for window in windows(LENGTHS) if window[0] < 8]


def test_a_web_server_without_a_corpus_is_refused(corpus, address):
    (corpus / "index.json").unlink()
    with pytest.raises(CorpusError, match="no prepared corpus"):
        WindowLoader(address, "glance")
    with pytest.raises(CorpusError, match="no prepared corpus"):
        WindowLoader("http://127.0.0.1:9", "glance")
