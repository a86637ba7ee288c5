"""Prepared clips, short ones, for ablations of seconds."""

import pytest
from talking import talking_corpus


@pytest.fixture(scope="session")
def short_corpus(tmp_path_factory):
    return talking_corpus(tmp_path_factory.mktemp("talking"))
