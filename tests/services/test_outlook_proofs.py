"""What was seen of second factors, in both pictures; a broken file is told and in nobody's way."""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.adapters.proofs import MemoryProofs
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.services.outlook import OutlookService
from tests.services.workbench import Bench

MARK = Mark("ann@pve", "1", How.LOGIN, 5.0, "pve1", "example.com", 7)


class Broken:
    """A `core.ports.Proofs` that nobody can read."""

    def all(self) -> Mapping[tuple[str, str], Mark]:
        raise Unreadable("The proofs cannot be read.", "Remove them.")

    def put(self, mark: Mark) -> None:
        raise AssertionError


def test_marks_are_in_the_first_picture_and_in_the_second() -> None:
    bench = Bench()
    outlooks = OutlookService(bench.pictures, bench.nodes, MemoryProofs({("ann@pve", "1"): MARK}))
    for outlook in (outlooks.load(), outlooks.refine(), outlooks.fresh()):
        assert dict(outlook.snapshot.proofs) == {("ann@pve", "1"): MARK}


def test_what_was_noted_meanwhile_is_in_the_next_picture() -> None:
    bench, proofs = Bench(), MemoryProofs()
    outlooks = OutlookService(bench.pictures, bench.nodes, proofs)
    assert not outlooks.load().snapshot.proofs
    proofs.put(MARK)
    assert list(outlooks.fresh().snapshot.proofs.values()) == [MARK]


def test_what_cannot_be_read_is_told_once_and_ends_nothing() -> None:
    bench = Bench()
    outlooks = OutlookService(bench.pictures, bench.nodes, Broken())
    told = Finding("LOOK", "The proofs cannot be read", "Remove them.")
    for outlook in (outlooks.load(), outlooks.refine()):
        assert outlook.overview.findings.count(told) == 1
        assert not outlook.snapshot.proofs


def test_which_entries_there_are_is_known_once_they_were_read() -> None:
    bench = Bench()
    outlooks = OutlookService(bench.pictures, bench.nodes)
    assert outlooks.entries() is None
    access = outlooks.load().snapshot.access.value
    assert access is not None
    assert outlooks.entries() == {(userid, "") for userid in access.users}
