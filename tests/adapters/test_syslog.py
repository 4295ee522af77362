"""One line for syslog: a real datagram, sent to a socket of our own."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pve_auth_tui.adapters.syslog import Syslog
from pve_auth_tui.core.errors import Unwritable

NOW = 1_785_600_000.0


@pytest.fixture
def log(tmp_path: Path) -> Iterator[socket.socket]:
    """What journald or rsyslog has at /dev/log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "log"))
        receiver.settimeout(5.0)
        yield receiver


def test_a_line_is_one_datagram_with_authpriv_and_our_name(
    log: socket.socket, tmp_path: Path
) -> None:
    Syslog(tmp_path / "log").send("plan p1 begin: disable jörg@pve", NOW)
    pattern = (
        r"<85>[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d "
        r"pve-auth-tui\[\d+\]: plan p1 begin: disable jörg@pve"
    )
    assert re.fullmatch(pattern, log.recv(65536).decode())


def test_no_name_makes_a_second_line(log: socket.socket, tmp_path: Path) -> None:
    Syslog(tmp_path / "log").send("joe\n<86>Aug  1 00:00:00 sshd[1]: \x00\r\x1b[2J\udc80", NOW)
    text = log.recv(65536).decode()
    assert text.isprintable()
    assert r"joe\n<86>Aug" in text
    log.setblocking(False)
    with pytest.raises(BlockingIOError):
        log.recv(1)


def test_without_a_receiver_it_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match=r"log: No such file or directory\.$"):
        Syslog(tmp_path / "log").send("x", NOW)


def test_a_socket_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.bind(str(tmp_path / "log"))
        stream.listen()
        with pytest.raises(Unwritable, match="wrong type"):
            Syslog(tmp_path / "log").send("x", NOW)


def test_a_receiver_that_takes_nothing_any_more_holds_nobody_up(
    log: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pve_auth_tui.adapters.syslog._SECONDS", 0.01)
    sender = Syslog(tmp_path / "log")

    def fill() -> None:
        for _ in range(100_000):
            sender.send("x" * 900, NOW)

    with pytest.raises(Unwritable, match="took nothing in time"):
        fill()
