"""A served node for all tests of canaries; each finds it as it was planted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.canaries import Canaries
from tests.canary.desk import Desk
from tests.canary.evidence import Evidence, watching
from tests.canary.node import Home, Served, listening, made_home, serving, stand_on
from tests.canary.planted import plant


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One node for all; whoever changes it restores it."""
    with serving(tmp_path_factory.mktemp("served")) as node:
        yield node


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path)


@pytest.fixture
def evidence() -> Evidence:
    return Evidence(Canaries())


@pytest.fixture
def desk(
    served: Served, home: Home, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The command line on that node; what it does is noted until `finished` is called."""
    served.restore()
    plant(evidence.canaries, served.files)
    stand_on(served, home, monkeypatch, evidence)
    with listening(home, monkeypatch, evidence):
        yield Desk(served, home, monkeypatch, evidence)


__all__ = ["watching"]
