"""Other nodes asked over ssh, where https does not tell: with a stand-in for ssh."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.neighbours_parts import PVE2, PVE2_TOO, Roads, own_certificate, stand_in, status
from tests.adapters.tls_server import json_answer, pve_listener

PVE2_CERTIFICATE = own_certificate("pve2")
KEYS = b"pve2 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\n"
OLDER_KEYS = b"pve2,203.0.113.22 ssh-rsa AAAAB3NzaC1yc2E\n"
QUORATE = "echo 'Quorate:          Yes'"


@pytest.fixture
def roads(tmp_path: Path) -> Iterator[Roads]:
    """pve1 in a cluster with pve2, of which it has the ssh host key and no certificate."""
    roads = Roads(tmp_path / "root")
    roads.configure(pve2=(PVE2,))
    roads.host_keys("pve2", KEYS)
    with roads.listeners:
        yield roads


def test_the_command_is_pves_own_and_stricter(roads: Roads, tmp_path: Path) -> None:
    """R1: a list of words, an absolute path first, a clean environment, nothing on its stdin."""
    script = 'printf "%s\\n" "$@" > $OUT/argv; env > $OUT/env; cat > $OUT/stdin; ' + QUORATE
    found = roads.ask(roads.means(stand_in(tmp_path, script)))["pve2"]
    assert (found.alive, found.quorate, found.address) == (True, True, PVE2)
    argv = (tmp_path / "argv").read_text().split("\n")[:-1]
    known_hosts = argv.pop(13)
    assert re.fullmatch(rf"UserKnownHostsFile=/proc/{os.getpid()}/fd/[0-9]+", known_hosts)
    assert argv == [
        *("-o", "BatchMode=yes"),
        *("-o", "ConnectTimeout=3"),
        *("-o", "ServerAliveInterval=2"),
        *("-o", "ServerAliveCountMax=2"),
        *("-o", "StrictHostKeyChecking=yes"),
        *("-o", "HostKeyAlias=pve2"),
        "-o",  # UserKnownHostsFile, as above
        *("-o", "GlobalKnownHostsFile=none"),
        *("-o", "ForwardAgent=no"),
        *("-o", "ForwardX11=no"),
        *("-o", "ClearAllForwardings=yes"),
        *("-F", "none", f"root@{PVE2}", "--", "/usr/sbin/corosync-quorumtool", "-s"),
    ]
    told = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert set(told) <= {"HOME", "LC_ALL", "PATH", "PWD", "OLDPWD", "SHLVL", "_"}
    assert told["LC_ALL"] == "C"
    assert (tmp_path / "stdin").read_bytes() == b""


READ_KEYS = """\
for word in "$@"; do
    case $word in UserKnownHostsFile=*) cat "${word#*=}" > $OUT/keys; ;; esac
    case $word in UserKnownHostsFile=*) echo more >> "${word#*=}"; ;; esac
done
echo 'Quorate: No'
exit 2
"""


@pytest.mark.parametrize(
    ("places", "keys"),
    [
        (["etc/pve/nodes/pve2/ssh_known_hosts", "etc/pve/priv/known_hosts"], KEYS),
        (["etc/pve/priv/known_hosts", "etc/ssh/ssh_known_hosts"], OLDER_KEYS),
        (["etc/ssh/ssh_known_hosts"], OLDER_KEYS),
    ],
    ids=["of the node, since PVE 8", "of the cluster", "of this machine"],
)
def test_the_host_keys_are_those_of_pve_and_nobody_writes_to_them(
    roads: Roads, tmp_path: Path, places: list[str], keys: bytes
) -> None:
    (roads.root / "etc/pve/nodes/pve2/ssh_known_hosts").unlink()
    for place in places:
        roads.write(place, KEYS if "nodes" in place else OLDER_KEYS)
    found = roads.ask(roads.means(stand_in(tmp_path, READ_KEYS)))["pve2"]
    assert (found.alive, found.quorate) == (True, False)
    assert (tmp_path / "keys").read_bytes() == keys
    assert all((roads.root / place).read_bytes() in (KEYS, OLDER_KEYS) for place in places)


def test_without_a_host_key_ssh_is_not_even_started(roads: Roads, tmp_path: Path) -> None:
    (roads.root / "etc/pve/nodes/pve2/ssh_known_hosts").unlink()
    found = roads.ask(roads.means(stand_in(tmp_path, "touch $OUT/ran; " + QUORATE)))["pve2"]
    assert (found.alive, found.why) == (None, "no ssh host key of pve2 is known here")
    assert not (tmp_path / "ran").exists()


def test_ssh_tells_where_pveproxy_is_dead(roads: Roads, tmp_path: Path) -> None:
    roads.trust("pve2", PVE2_CERTIFICATE)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        roads.lead(PVE2, closed.getsockname()[1])
    found = roads.ask(roads.means(stand_in(tmp_path, QUORATE)))["pve2"]
    assert (found.alive, found.quorate, found.web, found.why) == (True, True, "", "")


def test_ssh_is_not_needed_where_https_told(roads: Roads, tmp_path: Path) -> None:
    roads.configure(pve2=(PVE2, PVE2_TOO))
    roads.trust("pve2", PVE2_CERTIFICATE)
    told = json_answer(status("pve2", 0))
    with pve_listener(PVE2_CERTIFICATE, tmp_path, lambda asked: told) as listener:
        roads.lead(PVE2, listener)
        ssh = stand_in(tmp_path, "touch $OUT/ran; " + QUORATE)
        found = roads.ask(roads.means(ssh))["pve2"]
    assert (found.alive, found.quorate, found.address) == (True, False, PVE2)
    time.sleep(0.1)
    assert not (tmp_path / "ran").exists()


def test_ssh_adds_the_quorum_to_what_https_proved(roads: Roads, tmp_path: Path) -> None:
    roads.trust("pve2", PVE2_CERTIFICATE)
    told = json_answer(None, "401 No ticket")
    with pve_listener(PVE2_CERTIFICATE, tmp_path, lambda asked: told) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask(roads.means(stand_in(tmp_path, QUORATE)))["pve2"]
    assert (found.alive, found.quorate, found.why) == (True, True, "")
    assert found.web == "https://pve2.example.com:8006"


@pytest.mark.parametrize(
    ("script", "alive", "why"),
    [
        ("echo 'Quorate: Yes'; exit 255", None, f"ssh to {PVE2} came to no clear end"),
        ("echo 'x port 22: No route to host' >&2; exit 255", False, f"nobody answers at {PVE2}"),
        ("echo 'Host key verification failed.' >&2; exit 255", None, "another ssh host key"),
        ("kill -SEGV $$", None, f"ssh to {PVE2} came to no clear end"),
        ("head -c 3000000 /dev/zero; exit 1", True, "corosync may be dead"),
        ("exit 127", True, "corosync may be dead"),
    ],
)
def test_only_a_command_that_ended_over_there_proves_life(
    roads: Roads, tmp_path: Path, script: str, alive: bool | None, why: str
) -> None:
    """R12: what is printed has an end, too."""
    found = roads.ask(roads.means(stand_in(tmp_path, script)))["pve2"]
    assert (found.alive, found.quorate) == (alive, None)
    assert why in found.why


def test_an_ssh_that_hangs_is_killed_with_all_that_it_started(roads: Roads, tmp_path: Path) -> None:
    """`Roads.ask` holds the ten seconds; whoever inherited the pipe must not hold us."""
    script = "sleep 600 & echo $! > $OUT/child; echo $$ > $OUT/self; echo 'Quorate: Yes'; sleep 600"
    found = roads.ask(roads.means(stand_in(tmp_path, script)))["pve2"]
    assert (found.alive, found.quorate) == (None, None)
    assert found.why == f"ssh to {PVE2} came to no clear end"
    for name in ("child", "self"):
        _wait_until_gone(int((tmp_path / name).read_text()))


def _wait_until_gone(process: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it still runs")


def test_a_machine_without_ssh_is_told(roads: Roads) -> None:
    found = roads.ask()["pve2"]
    assert (found.alive, found.why) == (None, "ssh cannot be started here")
