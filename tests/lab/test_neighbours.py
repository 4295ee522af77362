"""A real ssh asks a real sshd, as the nodes of a cluster do; both are private to the test.

sshd listens on loopback, and only ssh's own options, in front of ours, lead there: it is asked
under a made-up address. What answers in corosync-quorumtool's place is a script that sshd forces.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.neighbours_parts import PVE2, Roads, stand_in

SSHD = "/usr/sbin/sshd"
QUORUMTOOL = """\
#!/bin/sh
[ "$SSH_ORIGINAL_COMMAND" = "/usr/sbin/corosync-quorumtool -s" ] || exit 99
echo "$SSH_CLIENT" >> {folder}/ran
printf 'Quorum information\\n------------------\\nQuorate:          {word}\\n'
exit {code}
"""


@dataclass
class Sshd:
    """`host_key`: its public key, as one line; `log`: what it said."""

    folder: Path
    port: int

    @property
    def host_key(self) -> str:
        kind, key, *_ = (self.folder / "host.pub").read_text().split()
        return f"{kind} {key}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def ran(self) -> bool:
        return (self.folder / "ran").exists()

    def says(self, word: str, code: int) -> None:
        script = self.folder / "quorumtool"
        script.write_text(QUORUMTOOL.format(folder=self.folder, word=word, code=code))
        script.chmod(0o755)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """Takes root's key, and runs nothing but the stand-in."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    for name in ("host", "root", "other"):
        keygen = ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True, timeout=30)
    (folder / "authorized_keys").write_bytes((folder / "root.pub").read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPermitRootLogin yes\nStrictModes no\n"
        f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
        f"ForceCommand {folder}/quorumtool\n"
    )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd separates its privileges
    running = Sshd(folder, port)
    running.says("Yes", 0)
    command = [SSHD, "-D", "-f", str(folder / "config"), "-E", str(folder / "log")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _until_it_listens(process, port)
        yield running
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not listen")


@pytest.fixture
def roads(tmp_path: Path) -> Iterator[Roads]:
    """pve1 in a cluster with pve2, of which it has no certificate: so ssh is what is left."""
    if os.geteuid() != 0:
        pytest.fail("sshd lets root in only where root runs it")
    roads = Roads(tmp_path / "root")
    roads.configure(pve2=(PVE2,))
    with roads.listeners:
        yield roads


def ssh(tmp_path: Path, sshd: Sshd, key: str = "root") -> str:
    """The real ssh; of an option that is given twice it takes the first."""
    where = f"-o HostName=127.0.0.1 -o Port={sshd.port} -i {sshd.folder}/{key}"
    return stand_in(tmp_path, f'exec /usr/bin/ssh {where} -o IdentitiesOnly=yes "$@"')


@pytest.mark.parametrize("quorate", [True, False])
def test_the_host_key_that_the_cluster_knows_leads_to_an_answer(
    roads: Roads, sshd: Sshd, tmp_path: Path, quorate: bool
) -> None:
    sshd.says(*("Yes", 0) if quorate else ("No", 2))
    roads.host_keys("pve2", f"pve2 {sshd.host_key}\n".encode())
    found = roads.ask(roads.means(ssh(tmp_path, sshd)))["pve2"]
    assert (found.alive, found.quorate, found.address) == (True, quorate, PVE2)
    assert sshd.ran


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ("pve2 {other}", f"another ssh host key is shown at {PVE2}"),
        ("pve3 {host}", f"the ssh host key shown at {PVE2} is not known here"),
        (f"{PVE2} {{host}}", f"the ssh host key shown at {PVE2} is not known here"),
        ("# nothing", f"the ssh host key shown at {PVE2} is not known here"),
    ],
    ids=["another key", "of another node", "by its address alone", "none"],
)
def test_another_host_key_is_no_answer(
    roads: Roads, sshd: Sshd, tmp_path: Path, known: str, why: str
) -> None:
    """Neither root's key nor the command is offered to whoever it is."""
    kind, other, *_ = (sshd.folder / "other.pub").read_text().split()
    line = known.format(other=f"{kind} {other}", host=sshd.host_key)
    roads.host_keys("pve2", f"{line}\n".encode())
    found = roads.ask(roads.means(ssh(tmp_path, sshd)))["pve2"]
    assert (found.alive, found.quorate, found.why) == (None, None, why)
    assert not sshd.ran
    assert "Accepted" not in sshd.log


def test_a_host_that_does_not_take_roots_key_proves_nothing(
    roads: Roads, sshd: Sshd, tmp_path: Path
) -> None:
    """Its host key was right; yet ssh tells that apart from other failures only in words."""
    roads.host_keys("pve2", f"pve2 {sshd.host_key}\n".encode())
    found = roads.ask(roads.means(ssh(tmp_path, sshd, "other")))["pve2"]
    assert (found.alive, found.why) == (None, f"{PVE2} takes ssh, but not root's key of this node")
    assert not sshd.ran


def test_a_port_where_nobody_listens_is_refused(roads: Roads, sshd: Sshd, tmp_path: Path) -> None:
    roads.host_keys("pve2", f"pve2 {sshd.host_key}\n".encode())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        sshd.port = closed.getsockname()[1]
    found = roads.ask(roads.means(ssh(tmp_path, sshd)))["pve2"]
    assert (found.alive, found.why) == (None, f"{PVE2} refuses ssh")
