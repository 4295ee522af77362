"""The lab itself: its servers answer, nothing in it may set a clock, nothing of it stays."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from tests.lab.adlab import names
from tests.lab.adlab.inside import inside
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.places import Client, Place, Switch
from tests.lab.adlab.safety import may_set_the_clock

ROOT = Path(__file__).parent.parent.parent


def namespaces() -> dict[str, str]:
    return {kind: os.readlink(f"/proc/thread-self/ns/{kind}") for kind in ("net", "mnt")}


def test_a_domain_controller_is_found_by_name(lab: Lab) -> None:
    assert lab.dc
    found = lab.inside(lambda: socket.getaddrinfo(names.DC, 636, type=socket.SOCK_STREAM))
    assert [address[4] for address in found] == [(names.DC_ADDRESS, 636)]


def test_every_slapd_listens(lab: Lab) -> None:
    assert lab.slapds
    for name in names.SLAPDS.values():
        lab.inside(lambda name=name: socket.create_connection((name, 389), 5).close())


def test_the_provider_is_trusted_by_the_client(lab: Lab, monkeypatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert lab.provider

    def ask() -> bytes:
        url = f"{names.IDP_ORIGIN}/.well-known/openid-configuration"
        trust = ssl.create_default_context()
        with urlopen(url, context=trust, timeout=10) as answer:  # noqa: S310 (https)
            return bytes(answer.read())

    assert f'"issuer":"{names.IDP_ORIGIN}"'.encode() in lab.inside(ask)


def test_nothing_in_the_lab_may_set_the_clock(lab: Lab) -> None:
    """The clock is the computer's; what may set it is read, and never tried."""
    assert may_set_the_clock("thread-self"), "else this test shows nothing"
    assert not may_set_the_clock(lab.dc.machine.first())
    assert not may_set_the_clock(lab.client.pid)
    assert not lab.inside(lambda: may_set_the_clock("thread-self"))
    for enter in (lab.client.enter, lab.dc.machine.place.enter):
        shown = subprocess.run(
            [*enter, "cat", "/proc/self/status"], capture_output=True, text=True, check=True
        ).stdout
        effective = next(line for line in shown.splitlines() if line.startswith("CapEff"))
        assert not int(effective.split()[1], 16) >> 25 & 1
    status = lab.dc.machine.run("cat", "/proc/self/status").stdout
    assert not int(status.partition("CapEff:")[2].split()[0], 16) >> 25 & 1


def test_this_process_stays_where_it_is(lab: Lab) -> None:
    before = namespaces()
    there = lab.inside(namespaces)
    assert not set(there.values()) & set(before.values())
    assert namespaces() == before


def test_the_lab_has_no_way_out(lab: Lab) -> None:
    table = lab.inside(lambda: Path("/proc/thread-self/net/route").read_text())
    lines = [line.split()[:2] for line in table.splitlines()[1:]]
    assert lines == [["eth0", "000200C0"]], "192.0.2.0 alone, as the kernel writes it"


def test_two_labs_stand_beside_each_other(tmp_path: Path) -> None:
    """Names, addresses and mounts are each one's own."""
    switches = [Switch(), Switch()]
    try:
        for at, switch in enumerate(switches):
            client = Client(tmp_path / str(at), f"{names.NOBODY} lab{at}.test\n", "", b"")
            server = Place()
            try:
                switch.plug_in(client, [names.NODE_ADDRESS])
                switch.plug_in(server, [names.DC_ADDRESS])
                found = inside(client, lambda at=at: socket.gethostbyname(f"lab{at}.test"))
                assert found == names.NOBODY
            finally:
                server.close()
                client.close()
    finally:
        for switch in switches:
            switch.close()


_KILLED = """
import sys, time
from pathlib import Path
from tests.lab.adlab.lab import Lab
lab = Lab(Path(sys.argv[1]))
lab.dc, lab.slapds, lab.provider
print("ready", flush=True)
time.sleep(600)
"""


def test_nothing_is_left_of_a_lab_that_was_killed(tmp_path: Path) -> None:
    folder = str(tmp_path / "killed")
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, folder], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        assert _of(folder)
    finally:
        process.send_signal(signal.SIGKILL)
        with process:
            process.wait(30)
    end = time.monotonic() + 30
    while _of(folder) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _of(folder)
    assert folder not in Path("/proc/self/mounts").read_text()


def _of(folder: str) -> list[str]:
    """The processes that name that folder, among their words or their mounts."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                words = (process / "cmdline").read_text("utf-8", "replace")
                mounts = (process / "mounts").read_text("utf-8", "replace")
            except OSError:
                continue
            if words and folder in f"{words}{mounts}":
                found.append(words)
    return found
