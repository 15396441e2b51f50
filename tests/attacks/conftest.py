"""Attacks share a simulated Netgíró, which outlives the terminals that are attacked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.netgiro import NetgiroProcess


@pytest.fixture(scope="module")
def netgiro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetgiroProcess]:
    process = NetgiroProcess(tmp_path_factory.mktemp("netgiro"))
    yield process
    process.close()
