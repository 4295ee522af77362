"""`survive` from files alone, and `drill`: a login that is noted with its date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.actions import drill
from pve_auth_tui.adapters.proofs import MemoryProofs
from pve_auth_tui.arguments import FAILED, FINDINGS, OK, parse
from pve_auth_tui.core.errors import LoginRefused, Refused
from pve_auth_tui.core.proofs import How
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.prove import ProveService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import PASSWORD, demo_tree
from tests.cli.conftest import Run
from tests.cli.enrolling import Bench, Ran, Typist, run_with

ADMIN = "nina@pve"  # a password alone
WITH_APP = "erik@pve"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    demo_tree().written_to(folder)
    return folder


# --- survive ------------------------------------------------------------------------------


def test_the_matrix_is_read_from_files_alone(demo: Path, run: Run) -> None:
    done = run("--root", demo, "survive")
    assert done.code == OK
    lines = done.out.splitlines()
    assert lines[0].startswith("ok    4 independent ways in: root (console)")
    heads = next(line for line in lines if line.startswith("Administrator")).split()
    assert heads == [
        *("Administrator", "With", "IdP", "LDAP", "DNS", "Phone", "Quor.", "Clock", "Alone"),
        *("Cert", "Proved"),
    ]
    row = next(line for line in lines if line.startswith("carl@corp"))
    assert row.split()[3:] == ["yes", *["NO"] * 6, "yes", "never"]
    assert "  directory down: NO, the directory of realm corp checks the password." in lines


def test_as_json_every_cell_has_its_reason(demo: Path, run: Run) -> None:
    value = run("--root", demo, "survive", "--json").value
    assert list(value) == ["independent", "ways", "troubles", "without", "findings"]
    assert value["independent"] == 4
    (key,) = (way for way in value["ways"] if way["with"] == "key")
    assert list(key) == [
        *("user", "with", "entry", "description", "first", "certainty", "reason", "independent"),
        *("proved", "proof", "cells"),
    ]
    names = [trouble["name"] for trouble in value["troubles"]]
    assert list(key["cells"]) == names
    assert names == [
        *("idp", "ldap", "dns", "phone", "quorum", "clock", "isolated", "certificate"),
    ]
    assert key["cells"]["quorum"] == {
        "word": "yes",
        "why": "a password is only read, and a login with a key writes nothing",
    }
    assert key["proved"] is None


def test_one_way_in_is_a_finding(root: Path, run: Run) -> None:
    """A node with root@pam and an app: the exit code tells a monitor."""
    shadow = root / "etc/shadow"
    shadow.write_text("root:$y$j9T$salt$hash:20000:0:99999:7:::\n")
    done = run("--root", root, "survive")
    assert done.code == FINDINGS
    assert done.out.startswith("BAD   only 1 independent way in: root (console)")
    assert "LOOK  phone lost: only the console or SSH as root is left" in done.out
    value = run("--root", root, "survive", "--json").value
    assert value["findings"][0]["word"] == "BAD"
    phone = next(one for one in value["troubles"] if one["name"] == "phone")
    assert (phone["ways"], phone["logins"]) == (1, 0)


def test_without_users_there_is_no_answer(root: Path, run: Run) -> None:
    (root / "etc/pve/user.cfg").unlink()
    (root / "etc/pve/user.cfg").mkdir()
    done = run("--root", root, "survive")
    assert (done.code, done.out) == (FAILED, "")
    assert done.err


def test_no_secret_of_the_settings_is_told(root: Path, run: Run) -> None:
    """R9"""
    for options in ((), ("--json",)):
        done = run("--root", root, "survive", *options)
        assert "canary" not in done.out + done.err


# --- drill --------------------------------------------------------------------------------


class DrillBench(Bench):
    """A bench on which proofs are noted, as they are on a node."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = MemoryProofs()
        pictures = SnapshotService(self.node.tree, self.clock, demo=True)
        nodes = self.workshop.outlooks._nodes
        prove = ProveService(
            self.door, self.app, self.clock, proofs=self.marks, journal=self.journal
        )
        changes: dict[str, Any] = {
            "outlooks": OutlookService(pictures, nodes, self.marks),
            "prove": prove,
            "proofs": self.marks,
        }
        self.workshop = self.workshop.__class__(**{**self.workshop.__dict__, **changes})


@pytest.fixture
def bench() -> DrillBench:
    return DrillBench()


@pytest.fixture
def drilled(bench: DrillBench, monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(*lines: str, words: tuple[str, ...] = (ADMIN,)) -> Ran:
        given = ("drill", *words, "--password-stdin")
        return run_with(monkeypatch, drill.run, bench, *given, typist=Typist(*lines))

    return run


def test_a_password_alone_is_proved_and_noted(bench: DrillBench, drilled: Any) -> None:
    ran = drilled(PASSWORD)
    assert ran.code == OK
    assert f"{ADMIN}, password: never proved here." in ran.err
    assert f"{ADMIN}, password: proved by a login just now" in ran.out
    (mark,) = bench.marks.all().values()
    assert (mark.userid, mark.entry, mark.how, mark.at) == (ADMIN, "", How.LOGIN, bench.clock.at)
    assert [entry.event for entry in bench.journal.entries] == ["proved"]


def test_the_next_one_tells_of_the_last(bench: DrillBench, drilled: Any) -> None:
    drilled(PASSWORD)
    bench.clock.at += 12 * 86400
    assert f"{ADMIN}, password: proved by a login 12 d ago" in drilled(PASSWORD).err
    value = drilled(PASSWORD, words=(ADMIN, "--json")).value
    assert [one["proved"] for one in value["before"]] == [bench.clock.at]
    assert value["now"] == [
        {"with": "password", "entry": None, "proved": bench.clock.at, "proof": "login"}
    ]
    assert value["logged_in"] is True


def test_with_an_app_the_app_is_noted(bench: DrillBench, drilled: Any) -> None:
    totp = bench.enrolled(ADMIN)
    ran = drilled(PASSWORD, bench.phone(totp))
    assert ran.code == OK
    (mark,) = bench.marks.all().values()
    assert mark.entry
    assert f"{ADMIN}, totp phone: proved by a login just now" in ran.out


def test_without_a_login_nothing_was_proved(bench: DrillBench, drilled: Any) -> None:
    ran = drilled("")
    assert ran.code == FINDINGS
    assert "LOOK  Nobody has logged in, so no way in was proved." in ran.out
    assert not bench.marks.all()
    assert bench.journal.entries == []


def test_a_refused_login_is_one_attempt_and_leaves_no_date(bench: DrillBench, drilled: Any) -> None:
    """R23"""
    with pytest.raises(LoginRefused):
        drilled("not this one")
    assert (bench.logins, bench.refusals) == (1, 1)
    assert not bench.marks.all()


@pytest.mark.parametrize(
    ("userid", "part"),
    [
        ("helpdesk@pve", "is no administrator"),
        ("nobody@pve", "is no administrator"),
        ("anna.admin@corp", "TOTP is locked"),
        ("old-admin@pve", "is no administrator who"),
    ],
)
def test_what_is_no_way_in_is_no_drill(drilled: Any, userid: str, part: str) -> None:
    with pytest.raises(Refused, match=part):
        drilled(PASSWORD, words=(userid,))


def test_a_password_is_asked_for_and_never_an_argument() -> None:
    options = parse(["drill", ADMIN])
    assert (options.command, options.userid, options.key) == ("drill", ADMIN, "")


def test_files_alone_let_nobody_log_in(demo: Path, run: Run) -> None:
    done = run("--root", demo, "drill", ADMIN)
    assert done.code == FINDINGS
    assert "Nobody logs in here" in done.err
