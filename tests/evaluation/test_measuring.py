"""A task is cut so that nothing is lost, and all processes end together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipcourse.evaluation.measuring import LARGEST_PIECE, Task, pieces
from lipcourse.evaluation.references import Reference, References


class Named(References):
    """Clips that nobody reads."""

    def __getitem__(self, key: str) -> Reference:
        raise AssertionError(f"{key} is read")


def task(count: int, *, landmarks: bool = False) -> Task:
    references = Named({f"clip {number}": "somebody" for number in range(count)}, "clips")
    return Task(references, {}, (), {}, landmarks, experts=False)


@given(count=st.integers(0, 2000), jobs=st.integers(1, 64))
def test_every_clip_is_in_one_piece_and_pieces_become_smaller(count: int, jobs: int) -> None:
    cut = pieces(task(count), jobs)
    assert [key for piece in cut for key in piece] == [f"clip {number}" for number in range(count)]
    sizes = [len(piece) for piece in cut]
    assert sizes == sorted(sizes, reverse=True)
    assert all(1 <= size <= LARGEST_PIECE for size in sizes)
    if count >= 4 * jobs:
        assert len(cut) >= 4 * jobs
        assert sizes[-1] == 1


@pytest.mark.parametrize("count", [1, 20])
def test_lips_are_found_a_clip_at_a_time(count: int) -> None:
    assert [len(piece) for piece in pieces(task(count, landmarks=True), 2)] == [1] * count
