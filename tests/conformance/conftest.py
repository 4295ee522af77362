"""What the tests of the replays share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.start import host_files

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def host() -> dict[str, bytes]:
    """The files of a node that has no directory to ask."""
    return host_files()
