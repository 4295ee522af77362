"""A node whose tools answer what was recorded of real ones (tests/core/transcripts), and whose few
files are in memory.
"""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core.host.ports import Said
from tests.core.replay import said
from tests.services.fakehost import Answer, FakeHost

LAB = "ad.lab.test"
QUIET: Mapping[str, bytes] = {
    "etc/hostname": b"pve1\n",
    "etc/hosts": b"192.0.2.20 pve1.ad.lab.test pve1\n",
    "etc/resolv.conf": b"nameserver 192.0.2.10\n",
    "etc/nsswitch.conf": b"passwd: files sss\n",
    "etc/pam.d/common-session": b"session optional pam_mkhomedir.so\n",
}


def replayed(suite: str, **names: str) -> FakeHost:
    """A member of the lab's domain. `names`: a question (`realm_list`) -> the run that answers."""
    runs = {
        "realm list": "list-permitted",
        "adcli testjoin": "testjoin",
        "id alice@ad.lab.test": "id-ok",
        "id bob@ad.lab.test": "id-before-outage",
        "sssctl user-checks alice@ad.lab.test": "sssctl-user",
        "sssctl user-checks bob@ad.lab.test": "sssctl-user-denied",
    }
    runs |= {question.replace("_", " "): name for question, name in names.items()}
    answers: dict[str, Answer | list[Answer]] = {
        question: said(name, suite) for question, name in runs.items()
    }
    answers["systemctl is-active"] = Said("systemctl", 0, ("active",))
    answers["systemctl show"] = Said(
        "systemctl",
        0,
        ("LoadState=loaded", "ActiveState=active", "UnitFileState=enabled", "Result=success"),
    )
    answers["dpkg-query"] = said("dpkg-query", "trixie")
    answers["hostname"] = Said("hostname", 0, ("pve1.ad.lab.test",))
    held = {**QUIET, "usr/sbin/realm": b""}
    return FakeHost(answers, held)
