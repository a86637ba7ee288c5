"""Processes that die in the middle: nothing is lost, nothing done is done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import dask
import psutil
import pytest
from distributed import Client, LocalCluster
from samples import MadeCorpus

from lipcourse.errors import CorpusError, OptionError
from lipcourse.windows import workers
from lipcourse.windows.corpus import prepare

NAMES = "abcdefghij"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a run without any accident makes."""
    folder = tmp_path_factory.mktemp("whole")
    prepare(MadeCorpus(NAMES), folder, clips_a_shard=4)
    return contents(folder)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread each, with nannies that start them anew."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        yield cluster


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != ".lock"}


def read(log):
    """How often each clip was read, and by which processes."""
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return Counter(name for name, _ in lines), {int(process) for _, process in lines}


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def kill_one_at_work(log):
    """Wait until three clips are read, then kill one of the processes that read them."""
    wait_for(lambda: sum(read(log)[0].values()) >= 3)
    os.kill(min(read(log)[1]), signal.SIGKILL)


@pytest.mark.parametrize("kind", ["processes", "cluster"])
def test_the_death_of_a_worker_loses_nothing_and_repeats_nothing(kind, tmp_path, whole, request):
    log = tmp_path / "log"
    options = (
        {"jobs": 2} if kind == "processes" else {"dask": request.getfixturevalue("cluster").scheduler_address}
    )
    killer = threading.Thread(target=kill_one_at_work, args=(log,))
    killer.start()
    corpus = MadeCorpus(NAMES, log=log, seconds=0.2)
    made = prepare(corpus, tmp_path / "out", clips_a_shard=4, **options)
    killer.join()
    assert contents(tmp_path / "out") == whole
    assert (made.clips, made.done) == (10, 10)
    times, processes = read(log)
    # A clip is read, then written: of those that were under way, two at most, one may be read again.
    assert times.keys() == set(NAMES)
    assert sum(times.values()) <= 12
    assert len(processes) >= 2
    assert prepare(MadeCorpus(NAMES, log=log), tmp_path / "out", clips_a_shard=4, **options).done == 0


def test_a_clip_that_kills_its_process_is_left_out_and_the_others_are_not(tmp_path):
    log = tmp_path / "log"
    made = prepare(MadeCorpus(NAMES, log=log, deadly="cf"), tmp_path / "out", jobs=2)
    assert [key for key, _ in made.skipped] == ["made/c", "made/f"]
    assert all("died" in reason for _, reason in made.skipped)
    assert made.clips == 8
    assert read(log)[0].keys() == set(NAMES) - {"c", "f"}
    assert prepare(MadeCorpus(NAMES, log=log, deadly="cf"), tmp_path / "out", jobs=2).done == 0


def test_a_clip_that_kills_the_workers_of_a_cluster_is_left_out(tmp_path, cluster):
    log = tmp_path / "log"
    made = prepare(MadeCorpus(NAMES, log=log, deadly="c"), tmp_path / "out", dask=cluster.scheduler_address)
    assert [key for key, _ in made.skipped] == ["made/c"]
    assert made.clips == 9


def test_processes_that_always_die_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "MOST_DEATHS", 2)
    with pytest.raises(CorpusError, match=r"processes died 3 times; see whether there is memory"):
        prepare(MadeCorpus(NAMES, deadly=NAMES), tmp_path / "out", jobs=2)


RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from samples import MadeCorpus
from lipcourse.windows.corpus import prepare
corpus = MadeCorpus(sys.argv[3], log=sys.argv[2] + "/log", seconds=0.2)
prepare(corpus, Path(sys.argv[2]) / "out", jobs=int(sys.argv[4]), clips_a_shard=4)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_was_killed_goes_on_where_it_was(jobs, tmp_path, whole):
    log = tmp_path / "log"
    command = [sys.executable, "-c", RUN, str(Path(__file__).parent), str(tmp_path), NAMES, str(jobs)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(lambda: sum(read(log)[0].values()) >= 5)
    children = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    for child in children:  # The workers end by themselves when nobody listens any more.
        with suppress(psutil.NoSuchProcess):
            child.wait(60)
    before = read(log)[0]
    assert not (tmp_path / "out" / "index.json").exists()
    subprocess.run(command, check=True)
    assert contents(tmp_path / "out") == whole
    times = read(log)[0]
    assert times.keys() == set(NAMES)
    assert sum(times.values()) <= 10 + jobs  # those that were read but not yet written
    assert sum((times - before).values()) < 10


def test_what_is_no_cluster_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT_SECONDS", 1)
    with pytest.raises(OptionError, match=r"127\.0\.0\.1:9.*no Dask scheduler answers there; start one"):
        prepare(MadeCorpus("ab"), tmp_path / "out", dask="tcp://127.0.0.1:9")
    with pytest.raises(OptionError, match="no Dask scheduler answers"):
        prepare(MadeCorpus("ab"), tmp_path / "out", dask="nonsense://a")


def test_a_cluster_without_workers_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT_SECONDS", 1)
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=":0") as empty,
        pytest.raises(CorpusError, match="has no worker; start one: dask worker"),
    ):
        prepare(MadeCorpus("ab"), tmp_path / "out", dask=empty.scheduler_address)


def test_a_cluster_and_one_process_make_the_same(tmp_path, whole, cluster):
    with Client(cluster.scheduler_address) as client:
        client.wait_for_workers(2, timeout=60)
    prepare(MadeCorpus(NAMES), tmp_path, clips_a_shard=4, dask=cluster.scheduler_address)
    assert contents(tmp_path) == whole
