"""One PostgreSQL for the office's tests; each has a database to itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.postgres import Cluster, cluster_or_skip

if TYPE_CHECKING:
    from tests.office_databases import LentDatabases


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    yield from cluster_or_skip()


@pytest.fixture(scope="session")
def lent_databases(cluster: Cluster) -> Iterator[LentDatabases]:
    from tests.office_databases import LentDatabases  # noqa: PLC0415

    with contextlib.closing(LentDatabases(cluster)) as databases:
        yield databases


@pytest.fixture
def database(lent_databases: LentDatabases) -> Iterator[str]:
    """With the office's tables, and nothing in them."""
    with lent_databases.lend() as url:
        yield url


@pytest.fixture
def empty_database(cluster: Cluster) -> str:
    """Without tables."""
    return cluster.create_database()
