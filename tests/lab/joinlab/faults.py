"""All faults of joins, and on which Debian each of them is seeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tests.lab.joinlab import faults_after, faults_before, faults_node
from tests.lab.joinlab.rows import JoinFault
from tests.lab.joinlab.systems import SUITES


class Seeded(NamedTuple):
    fault: JoinFault
    suite: str

    @property
    def title(self) -> str:
        return f"{self.suite}, {self.fault.command}: {self.fault.name}"


def _spread(rows: Iterable[JoinFault]) -> Iterator[Seeded]:
    """Of each kind of node every other one on the other Debian."""
    counts: Counter[str] = Counter()
    for row in rows:
        yield Seeded(row, SUITES[counts[row.node] % len(SUITES)])
        counts[row.node] += 1


_ALL: Final = (*faults_before.FAULTS, *faults_node.FAULTS, *faults_after.FAULTS)
FAULTS: Final = tuple(_spread(_ALL))
