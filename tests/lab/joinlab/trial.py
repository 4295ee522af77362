"""What is done to a node and seen of it in tests of joins."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.lab.adlab import names
from tests.lab.joinlab.node import PROGRAM, JoinNode

ADMIN: Final = f"{names.ADMIN_PASSWORD}\n"
USER: Final = f"{names.AD_USER_PASSWORD}\n"
GROUP: Final = "ProxmoxAdmins"
MAY: Final = f"alice@{names.DOMAIN}"  # of that group
MUST_NOT: Final = f"bob@{names.DOMAIN}"
LOGIN: Final = ("--user", "Administrator", "--password-stdin")
RUN: Final = ("join", "run", names.DOMAIN, *LOGIN, "--permit-group", GROUP, "--yes")
_INTRUDER: Final = "/root/intruder.py"
_SEEN: Final = r"""
cd /
for place in etc home var/lib/sss/db; do
    find "$place" -xdev -printf '%p %y %m %u %g %l\n'
done
find etc -xdev -type f -exec sha256sum {} +
echo "member of $(realm list --name-only)"
for unit in sssd packagekit; do
    echo "$unit $(systemctl is-enabled "$unit")"
done
echo "sssd $(systemctl is-active sssd)"
"""
# sssd makes them at every start, even when no domain is configured; they know nothing of one. So
# does trixie's with the modes of its folders.
_SSSDS_OWN: Final = (
    "var/lib/sss/db/config.ldb",
    "var/lib/sss/db/sssd.ldb",
    "etc/sssd d ",
    "etc/sssd/conf.d d ",
)


class Attempts(NamedTuple):
    """Of one who tried all the time. `counts`: PAM's answer -> how often; `entered`: when."""

    user: str
    how: str
    counts: Mapping[str, int]
    entered: list[float]


def state_of(node: JoinNode) -> frozenset[str]:
    """What a join changes, in lines: files with owners, modes and content, units, memberships."""
    lines = node.sh(_SEEN).splitlines()
    return frozenset(line for line in lines if not line.startswith(_SSSDS_OWN))


def changed(before: frozenset[str], node: JoinNode) -> list[str]:
    """What is different now: `- ` before what is gone, `+ ` before what is new."""
    now = state_of(node)
    return [*(f"- {one}" for one in before - now), *(f"+ {one}" for one in now - before)]


def logs_in(node: JoinNode, user: str, password: str = USER) -> str:
    """`in`, or which step of PAM said which number; with a session."""
    _bring(node)
    words = ("/usr/bin/python3", _INTRUDER, "--once", "sshd", user, "x")
    return node.run(*words, stdin=password).stdout.strip()


def let_in_by_key(node: JoinNode, user: str) -> str:
    """As `logs_in`, without a password: PAM is asked for the account alone."""
    _bring(node)
    return node.run("/usr/bin/python3", _INTRUDER, "--once", "sshd", user).stdout.strip()


def without_its_socket(node: JoinNode) -> None:
    """sssd as it is for a moment at each start: what it told before is known, itself it is not."""
    for user in (MAY, MUST_NOT):
        node.run("/usr/bin/getent", "passwd", user)
    node.run("/usr/bin/systemctl", "stop", "sssd")
    node.sh("rm -f /var/lib/sss/pipes/pam /var/lib/sss/pipes/private/pam")


@contextmanager
def polled(node: JoinNode, *users: str) -> Iterator[list[Attempts]]:
    """They try to get in all the time, with their password and as with a key; what came of it is
    in the list afterwards.
    """
    _bring(node)
    process = node.start("/usr/bin/python3", _INTRUDER, "sshd", names.AD_USER_PASSWORD, *users)
    assert process.stdout is not None
    assert process.stdout.readline() == "polling\n"
    found: list[Attempts] = []
    try:
        yield found
    finally:
        said, complaint = process.communicate(timeout=60)
    assert said, complaint
    found.extend(Attempts(**one) for one in json.loads(said))


def _bring(node: JoinNode) -> None:
    node.put(_INTRUDER, Path(__file__).with_name("intruder.py").read_text())


def everybody_may_who_is_let(node: JoinNode) -> None:
    """The lab's DC has no SYSVOL, without which sssd lets nobody in where a join left it as it was.

    Without this a test of an open window would show nothing.
    """
    path = "/etc/sssd/conf.d/aa-lab.conf"
    node.put(path, f"[domain/{names.DOMAIN}]\nad_gpo_access_control = disabled\n", 0o600)


def sssd_fails(node: JoinNode) -> None:
    """From now on it does not start, whoever asks for it."""
    folder = "/etc/systemd/system/sssd.service.d"
    node.put(f"{folder}/lab.conf", "[Service]\nExecStartPre=/bin/false\n")
    node.run("/usr/bin/systemctl", "daemon-reload")


class Running(NamedTuple):
    """The program at work."""

    node: JoinNode
    process: subprocess.Popen[str]

    def joins(self) -> bool:
        """Whether adcli is at it."""
        return self.node.run("/usr/bin/pgrep", "-x", "adcli").returncode == 0

    def signal(self, name: str, program: str) -> None:
        done = self.node.run("/usr/bin/pkill", f"-{name}", "-f", program)
        assert done.returncode == 0, f"{program} does not run"

    def interrupt(self) -> None:
        self.signal("INT", f"{PROGRAM} join run")

    def ended(self, seconds: float = 300.0) -> tuple[int, Any]:
        """Its exit code, and what it says as JSON."""
        said, complaint = self.process.communicate(timeout=seconds)
        try:
            return self.process.returncode, json.loads(said)
        except ValueError:
            raise AssertionError(f"{self.process.returncode}: {said}{complaint}") from None


def begun(node: JoinNode, *words: str, password: str = ADMIN) -> Running:
    process = node.start(PROGRAM, *words, "--json")
    assert process.stdin is not None
    process.stdin.write(password)
    process.stdin.close()
    process.stdin = None
    return Running(node, process)
