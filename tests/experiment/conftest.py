"""A home of its own, and a cluster that is only pretended."""

import pytest
from pretended import Pretended

from rebal_core.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


@pytest.fixture
def cluster(store):
    return Pretended(store.home.path)
