"""`pam check`: verdicts as a table or as JSON, 4 where anything needs a look."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from pve_auth_tui.arguments import FINDINGS, OK
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.services.pam import PamService
from tests.cli.desk import Desk
from tests.services.workbench import Bench

COMMON = "etc/pam.d/common-auth"


class PamDesk(Desk):
    """On a node in software whose PAM files a test may edit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bench = Bench()
        super().__init__(bench, monkeypatch)
        self.host = bench.node.host
        self.workshop = replace(self.workshop, pam=PamService(self.host))

    def top(self, line: str) -> None:
        """Put before everything else that common-auth has."""
        was = self.host.files.read(COMMON)
        text = f"{line}\n{was.decode()}"
        self.host.write(f"/{COMMON}", text, 0o644, hashlib.sha256(was).hexdigest())


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> PamDesk:
    return PamDesk(monkeypatch)


@pytest.mark.parametrize("words", [("pam",), ("pam", "check"), ("pam", "check", "--read-only")])
def test_a_node_that_is_well_ends_with_0(at: PamDesk, words: tuple[str, ...]) -> None:
    ran = at.run(*words)
    assert ran.code == OK, ran.out
    lines = ran.out.splitlines()
    assert lines[0].split() == ["State", "Service", "Phase", "Verdict"]
    assert lines[1].split(maxsplit=4)[:4] == ["ok", "Proxmox", "VE", "auth"]
    assert "ok    root logs in without AD.\n" in ran.out
    assert (
        "ok    With the modules of a join: root logs in without AD, before and after.\n" in ran.out
    )


def test_a_hole_ends_with_4_and_says_where_and_what_to_do(at: PamDesk) -> None:
    at.top("auth sufficient pam_permit.so")
    ran = at.run("pam", "check")
    assert ran.code == FINDINGS
    assert "BAD   a wrong password gets in by /etc/pam.d/common-auth:1 (pam_permit)." in ran.out
    assert "Take the line out" in ran.out
    assert "auth sufficient pam_permit.so  -> success: yes, and done" in ran.out


def test_the_json_value_has_every_check_and_finding(at: PamDesk) -> None:
    at.top("auth sufficient pam_permit.so")
    ran = at.run("pam", "check", "--json")
    assert ran.code == FINDINGS
    value = ran.value
    assert value["worst"] == "BAD"
    assert value["root"]["word"] == value["after_join"]["word"] == "BAD"
    assert {(one["service"], one["phase"]) for one in value["checks"]} == {
        ("proxmox-ve-auth", "auth"),
        ("proxmox-ve-auth", "account"),
        *((name, phase) for name in ("login", "sshd") for phase in ("auth", "account", "session")),
    }
    (first,) = [one for one in value["findings"] if one["cause"] == "anyone-gets-in"]
    assert first["places"] == [{"path": "/etc/pam.d/common-auth", "line": 1}]
    check = value["checks"][0]
    assert check["causes"] == ["anyone-gets-in"]
    assert check["lines"][0]["text"] == "auth sufficient pam_permit.so"


def test_what_stands_in_a_file_cannot_move_the_cursor(at: PamDesk) -> None:
    at.top("auth sufficient pam_permit.so \x1b[2J")
    ran = at.run("pam", "check")
    assert "\x1b" not in ran.out
    assert r"\x1b" in ran.out


def test_another_word_is_wrong_usage(at: PamDesk) -> None:
    with pytest.raises(UsageError, match="invalid choice"):
        at.run("pam", "mend")
