"""A login that proved a way in stands in the journal, whatever it was made with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pve_auth_tui.adapters.proofs import FileProofs
from pve_auth_tui.core.errors import LoginRefused
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.services.prove import ProveService
from tests.services.factor_node import ADDRESS, WITHOUT, FactorNode
from tests.services.workbench import ListJournal


def node_with(journal: ListJournal) -> FactorNode:
    lab = FactorNode()
    lab.proofs = ProveService(lab.door, lab.app, lab.clock, journal=journal)
    return lab


def test_who_where_and_with_what() -> None:
    """R17: it is a line of the journal, so syslog and the cluster's log have it, too."""
    journal = ListJournal()
    lab = node_with(journal)
    lab.prove("totp:000000")  # is not asked for
    code = lab.phone(lab.enrolled())
    lab.prove(f"totp:{code}")
    alone, with_app = journal.entries
    assert (alone.event, alone.outcome) == ("proved", "ok")
    assert alone.text == f"{WITHOUT} logged in at {ADDRESS} with the password alone"
    assert with_app.text.endswith("with the password and a code of the authenticator app")
    assert code not in repr(journal.entries)


def test_a_refused_login_is_none() -> None:
    journal = ListJournal()
    with pytest.raises(LoginRefused):
        node_with(journal).prove("totp:000000", password="not this one")
    assert journal.entries == []


def test_the_proof_stands_where_the_journal_is_full() -> None:
    journal = ListJournal()
    journal.full_after = 0
    proof = node_with(journal).prove("totp:000000")
    assert proof.proved[0] == f"{ADDRESS} took the password of {WITHOUT}."
    assert proof.remarks == ("The journal does not have it: No space left on device.",)


def test_marks_of_logins_without_a_second_factor_stay_while_the_user_is_there(
    tmp_path: Path,
) -> None:
    there = {("ann@pve", ""), ("bob@pve", ""), ("bob@pve", "1")}
    proofs = FileProofs(tmp_path / "own", there=lambda: there)
    proofs.put(Mark("ann@pve", "", How.LOGIN, 5.0))
    proofs.put(Mark("bob@pve", "1", How.LOGIN, 6.0))
    assert set(proofs.all()) == {("ann@pve", ""), ("bob@pve", "1")}
    there.remove(("ann@pve", ""))
    proofs.put(Mark("bob@pve", "", How.LOGIN, 7.0))
    assert set(proofs.all()) == {("bob@pve", ""), ("bob@pve", "1")}
