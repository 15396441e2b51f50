"""One PostgreSQL for the office's tests, and a database of its own for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Cluster, cluster_or_skip


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    yield from cluster_or_skip()


@pytest.fixture
def database(cluster: Cluster) -> str:
    return cluster.create_database()
