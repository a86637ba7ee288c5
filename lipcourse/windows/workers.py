"""Work for many processes, on this machine or on a Dask cluster, that survives the death of any of them.

One loop serves loky (joblib's processes) and Dask: both take a task and hand back a future. joblib's own
door to Dask is not used, nor Dask's executor: where a task kills its worker time and again Dask gives it up,
and both of them wait for it forever.

Taught in notebook 05.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future
from concurrent.futures import wait as futures_wait
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import cv2
from joblib import cpu_count
from joblib.externals.loky import ProcessPoolExecutor

from lipcourse.errors import CorpusError, OptionError

MOST_DEATHS = 10
"""After so many deaths of processes in a run, something is wrong with the machine, not with a clip."""

CONNECT_SECONDS = 10

IDLE_SECONDS = 10
"""A process without work for so long ends: the run that it belonged to may have been killed."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Each process has a processor: threads would only get in each other's way."""

Task = TypeVar("Task")


class _WorkerDiedError(Exception):
    """A process died while it was at work."""


class _Workers(NamedTuple):
    """Processes that are there, of this machine or of a cluster.

    Attributes:
        places: How many tasks they do at a time.
        submit: Takes a function and its task, returns a future.
        wait: Waits until one of some futures is done, returns those that are.
        error: What went wrong with a future that is done, or None.
        deaths: The errors that tell of a death.
    """

    places: int
    submit: Callable[..., Any]
    wait: Callable[[Iterable[Any]], Iterable[Any]]
    error: Callable[[Any], BaseException | None]
    deaths: tuple[type[Exception], ...]


def run_tasks(
    function: Callable[[Task], object],
    tasks: Iterable[Task],
    *,
    jobs: int = 1,
    dask: str | None = None,
    is_done: Callable[[Task], bool],
    give_up: Callable[[Task], object],
) -> Generator[Task, None, None]:
    """Do all tasks, in any order.

    When a process dies, the tasks that were under way are done again one at a time, so that it shows which
    of them kills it: that one is given up, and the others go on.

    Args:
        function: Does a task. What it raises ends the run.
        tasks: What to do, taken when its turn comes; tasks and function can be pickled.
        jobs: How many processes; 1 for this one alone, in which case its death is the run's; -1 for one a
            processor.
        dask: The address of a Dask scheduler, whose workers are used instead.
        is_done: Tells whether a task that was under way when a process died had been done.
        give_up: Called with a task that kills its process.

    Yields:
        Each task when it is done or given up.

    Raises:
        CorpusError: Processes die again and again, or the cluster has no workers.
        OptionError: Nothing answers at that address.
    """
    if dask is None and jobs == 1:
        for task in tasks:
            function(task)
            yield task
        return
    waiting, suspects, deaths = iter(tasks), deque[Task](), 0
    while True:
        alone, under_way = bool(suspects), list[Task]()
        try:
            with _open_workers(1 if alone else jobs, dask) as workers:
                yield from _run(function, _taken(suspects) if alone else waiting, under_way, workers, alone)
            if not alone:
                return
        except _WorkerDiedError as error:
            deaths += 1
            if deaths > MOST_DEATHS:
                raise CorpusError(
                    f"processes died {deaths} times",
                    remedy="see whether there is memory enough, and run it again: what is done is kept",
                ) from error
            for task in under_way:
                done = is_done(task)
                if alone and not done:
                    give_up(task)
                if alone or done:
                    yield task
                else:
                    suspects.append(task)


def _run(
    function: Callable[[Task], object],
    queue: Iterator[Task],
    under_way: list[Task],
    workers: _Workers,
    alone: bool,
) -> Iterator[Task]:
    """Do tasks, one or a few at a time, and yield them when they are done; `under_way` holds the others.

    Raises:
        _WorkerDiedError: A process died.
    """
    at_once = 1 if alone else 2 * workers.places
    running: dict[Any, Task] = {}
    try:
        while True:
            for task in islice(queue, at_once - len(running)):
                under_way.append(task)
                running[workers.submit(function, task)] = task
            if not running:
                return
            for future in workers.wait(running):
                error = workers.error(future)
                if error:
                    raise error
                task = running.pop(future)
                under_way.remove(task)
                yield task
    except workers.deaths as error:
        raise _WorkerDiedError from error


def _taken(tasks: deque[Task]) -> Iterator[Task]:
    """Take tasks from a queue, one when each is asked for."""
    while tasks:
        yield tasks.popleft()


@contextmanager
def _open_workers(jobs: int, dask: str | None) -> Iterator[_Workers]:
    """Start processes here, or reach those of a cluster."""
    if dask is not None:
        with _connect(dask) as workers:
            yield workers
        return
    count = cpu_count() if jobs == -1 else jobs
    pool = ProcessPoolExecutor(
        count, timeout=IDLE_SECONDS, initializer=cv2.setNumThreads, initargs=(1,), env=ONE_THREAD
    )
    try:
        yield _Workers(
            count,
            pool.submit,
            lambda futures: futures_wait(futures, return_when=FIRST_COMPLETED).done,
            Future.exception,
            (BrokenExecutor,),
        )
    finally:
        pool.shutdown(wait=True, kill_workers=True)


@contextmanager
def _connect(address: str) -> Iterator[_Workers]:
    """Reach a Dask cluster."""
    # Not above: to import it takes a second and 50 MB.
    import distributed
    from distributed.scheduler import KilledWorker

    untyped: Any = distributed

    try:
        client = untyped.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise OptionError(
            "no Dask scheduler answers there",
            where=address,
            remedy="start one (dask scheduler) and workers (dask worker ADDRESS), or leave --dask out",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise CorpusError(
                "the Dask cluster has no worker", where=address, remedy=f"start one: dask worker {address}"
            ) from error
        yield _Workers(
            sum(client.ncores().values()),
            partial(client.submit, pure=False),
            lambda futures: untyped.wait(list(futures), return_when="FIRST_COMPLETED").done,
            # Whether it is done is asked, not its result, which dies with the worker that has it.
            lambda future: future.exception() if future.status == "error" else None,
            (KilledWorker, CancelledError),
        )
