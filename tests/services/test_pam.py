"""What PAM is looked at through: this node's files, and nothing else of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pve_auth_tui.core.errors import Missing, Refused, Unreadable
from pve_auth_tui.core.host.ports import Look
from pve_auth_tui.core.pam.model import Phase
from pve_auth_tui.core.pam.report import PVE
from pve_auth_tui.services.pam import ELSEWHERE, PamService
from pve_auth_tui.simnode.host.simhost import SimHost
from tests.core.pamnode import JOINED, PamNode
from tests.services.workbench import Bench


class Files:
    """A node's files that count how often each is read; `dead`: one that cannot be."""

    source = "files"

    def __init__(self, node: PamNode) -> None:
        self.node = node
        self.reads: list[str] = []
        self.dead = ""

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        if path == self.dead:
            raise Unreadable("It cannot be read.")
        text = self.node.files.get(f"/{path}")
        if text is None:
            raise Missing("It is not there.")
        return text.encode("utf-8", "surrogateescape")

    def names(self, folder: str) -> Sequence[str]:
        raise AssertionError("nobody lists folders")


class LookingHost:
    """Runs nothing and writes nothing."""

    def __init__(self, node: PamNode) -> None:
        self.node = node
        self.files = Files(node)
        self.blind = False

    def look(self, path: str) -> Look | None:
        if self.blind:
            raise Unreadable("It cannot be looked at.")
        return self.node.look(path)

    def ask(self, argv: Sequence[str], **more: Any) -> Any:
        raise AssertionError("no command is run")

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        raise AssertionError("nothing is written")


@pytest.fixture
def host() -> LookingHost:
    return LookingHost(PamNode(JOINED))


def test_it_reads_each_file_once_and_runs_nothing(host: LookingHost) -> None:
    report = PamService(host).check()
    assert report.worst == "ok"
    assert len(host.files.reads) == len(set(host.files.reads))
    assert not any(path.startswith("/") for path in host.files.reads)


def test_each_check_reads_anew(host: LookingHost) -> None:
    service = PamService(host)
    assert service.check().root.word == "ok"
    host.node.top("common-auth", "auth sufficient pam_permit.so")
    assert service.check().root.word == "BAD"


def test_a_file_that_cannot_be_read_is_not_taken_for_a_missing_one(host: LookingHost) -> None:
    host.files.dead = "etc/pam.d/common-auth"
    with pytest.raises(Unreadable):
        PamService(host).check()


def test_what_cannot_be_looked_at_is_told_and_no_module_called_missing(host: LookingHost) -> None:
    host.blind = True
    assert [one.cause for one in PamService(host).check().everything] == ["modules-not-found"]


def test_bytes_that_are_no_text_do_no_harm(host: LookingHost) -> None:
    host.node.top("common-auth", "auth requ\udcffired pam_permit.so")
    assert PamService(host).check().root.word == "BAD"


def test_elsewhere_it_is_refused() -> None:
    service = PamService(None)
    assert service.why_not() == ELSEWHERE
    with pytest.raises(Refused, match="on the node itself only"):
        service.check()


# --- the demo's node -----------------------------------------------------------------------------


def sim() -> SimHost:
    return Bench().node.host


def test_a_fresh_node_of_the_demo_is_well() -> None:
    report = PamService(sim()).check()
    assert [one.text for one in report.everything] == []
    assert report.for_join.text == "root logs in without AD, before and after"


def test_the_demo_node_stays_well_when_pam_sss_is_put_in() -> None:
    host = sim()
    environment = ("/usr/bin/apt-get", "-y", "--no-install-recommends", "install", "libpam-sss")
    host.ask(environment)
    host.ask(("/usr/sbin/pam-auth-update", "--package", "--enable", "mkhomedir"))
    report = PamService(host).check()
    found = report.of(PVE, Phase.AUTH)
    assert found is not None
    assert "pam_sss" in host.files.read("etc/pam.d/common-auth").decode()
    assert [one.text for one in report.everything] == []
    assert found.text == "root gets in without the directory; a wrong password does not"
