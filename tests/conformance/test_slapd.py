"""What is said when there is no directory to ask. How it works is tested in tests/lab."""

import shutil
import socket

import pytest

from tests.conformance import slapd
from tests.conformance.slapd import HOST, NoDirectory, Ports, Slapd


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def test_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *names, **where: None)
    with pytest.raises(NoDirectory, match=r"^slapd is not installed: apt install slapd$"):
        Slapd(tmp_path / "slapd").__enter__()


@pytest.mark.parametrize("which", ["ldap", "ldaps"])
def test_it_says_that_a_port_is_taken(tmp_path, monkeypatch, which):
    monkeypatch.setattr(shutil, "which", lambda name, **where: f"/usr/sbin/{name}")
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = Ports(**{"ldap": free_port(), "ldaps": free_port(), which: taken})
        with pytest.raises(NoDirectory, match=f"port {taken} on 127.0.0.1 is taken"):
            Slapd(tmp_path / "slapd", ports).__enter__()
    assert not (tmp_path / "slapd").exists()


def test_one_waits_for_the_other_and_not_forever(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, **where: f"/usr/sbin/{name}")
    monkeypatch.setattr(slapd, "_PATIENCE", 0.1)
    ports = Ports(free_port(), free_port())
    turn = slapd._turn_at(ports)
    with pytest.raises(NoDirectory, match=f"port {ports.ldap} on 127.0.0.1 is taken"):
        Slapd(tmp_path / "slapd", ports).__enter__()
    turn.close()
    slapd._turn_at(ports).close()
