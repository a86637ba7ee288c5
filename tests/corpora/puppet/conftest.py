"""Clips of puppets are kept in a folder of the test run's own."""

from __future__ import annotations

import pytest

from lipcourse.cache import CACHE_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield
