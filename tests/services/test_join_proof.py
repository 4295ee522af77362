"""A membership looked at, with what real tools of both Debians were recorded to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Directories, Network, ServiceRecord
from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.access import AT_START
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, JoinReport, JoinWish, Topic
from pve_auth_tui.services.joincheck import JoinChecker
from pve_auth_tui.services.joinproof import JoinProof
from tests.core.replay import SUITES
from tests.services.fakehost import FakeHost
from tests.services.replayhost import LAB, replayed
from tests.services.workbench import SteppedClock

pytestmark = pytest.mark.parametrize("suite", SUITES)


def words(report: JoinReport) -> Mapping[Topic, str]:
    return {check.topic: check.word for check in report.checks}


def proof(host: FakeHost, **more: tuple[str, ...]) -> JoinReport:
    return JoinProof(host, SteppedClock(), LAB, **more).run()


def test_one_who_may_and_one_who_must_not(suite: str) -> None:
    host = replayed(suite)
    host.held[START_FILE.lstrip("/")] = AT_START.encode()
    report = proof(host, may=("alice",), must_not=("bob",))
    assert report.worst == "ok", report
    assert (report.at(Topic.MAY).word, report.at(Topic.MUST_NOT).word) == ("ok", "ok")
    assert report.at(Topic.POLICY).text.startswith("1 user and 1 group may log in")


def test_a_plain_join_lets_everybody_in(suite: str) -> None:
    report = proof(replayed(suite, realm_list="list-joined"))
    assert [one.value for one in report.at(Topic.POLICY).causes] == ["everybody-may-log-in"]


def test_with_the_file_of_the_join_nobody_gets_in_whatever_realmd_says(suite: str) -> None:
    host = replayed(suite)
    host.held[SNIPPET.lstrip("/")] = b"[domain/ad.lab.test]\naccess_provider = deny\n"
    assert [one.value for one in proof(host).at(Topic.POLICY).causes] == ["nobody-may-log-in"]


def test_what_sssd_keeps_in_memory_lets_people_in_while_it_starts(suite: str) -> None:
    """R30: as every plain join leaves it. The last file that says anything of it counts."""
    host = replayed(suite)
    plain = proof(host, may=("alice",), must_not=("bob",))
    assert (plain.worst, plain.at(Topic.START).word) == ("LOOK", "LOOK")
    assert [one.value for one in plain.at(Topic.START).causes] == ["nobody-asked-at-start"]
    host.held[START_FILE.lstrip("/")] = AT_START.encode()
    host.held["etc/sssd/conf.d/zzz.conf"] = b"[nss]\nmemcache_timeout = 60\n"
    assert proof(host).at(Topic.START).word == "LOOK"


def test_without_a_dc_nothing_is_said_of_trust(suite: str) -> None:
    report = proof(replayed(suite, adcli_testjoin="testjoin-outage"))
    assert report.at(Topic.TRUST).word == "LOOK"


def test_a_node_that_is_no_member_is_told_at_once(suite: str) -> None:
    report = proof(replayed(suite, realm_list="list-unjoined"), may=("alice",))
    assert words(report) == {Topic.MEMBER: "BAD"}


def test_it_ends_between_two_rows_when_somebody_stops_it(suite: str) -> None:
    seen: list[Topic] = []
    report = JoinProof(
        replayed(suite),
        SteppedClock(),
        LAB,
        on_check=lambda check: seen.append(check.topic),
        stopped=lambda: len(seen) >= 2,
    ).run()
    assert report.stopped
    assert [check.topic for check in report.checks] == seen == [Topic.MEMBER, Topic.SSSD]


class Dead:
    """A network on which nobody answers."""

    def resolve(self, host: str, seconds: float) -> list[str]:
        raise DirectoryTrouble(Cause.DNS_SILENT, "no answer")

    def services(self, name: str, seconds: float) -> list[ServiceRecord]:
        raise DirectoryTrouble(Cause.DNS_SILENT, "no answer")


def test_with_dead_dns_and_tools_that_hang_every_row_is_told(suite: str) -> None:
    """Each question has its time, and what did not end is no `ok`."""
    host = replayed(suite)
    for name in ("realm discover", "realm list", "apt-get", "dpkg-query", "systemctl show"):
        host.answers[name] = Said("", None)
    report = JoinChecker(
        host, cast(Network, Dead()), cast(Directories, Dead()), SteppedClock(), JoinWish(LAB)
    ).run()
    told = words(report)
    assert told[Topic.DNS] == told[Topic.SRV] == told[Topic.DISCOVERY] == "BAD"
    assert told[Topic.PORTS] == told[Topic.CLOCK] == "-"
    assert told[Topic.PACKAGES] != "ok"
    assert len(report.state.troubles) >= 3
    assert all(argv[0].startswith("/") for argv in host.asked)
