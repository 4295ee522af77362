"""A login over TLS that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.door import HttpsDoor
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.errors import LoginRefused, Unreachable, Untrusted
from pve_auth_tui.core.ports import Door
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.demo import PASSWORD
from tests.services.factor_node import WITHOUT, FactorNode


class Opened:
    """Remembers the connections that a door has opened."""

    def __init__(self, lab: FactorNode) -> None:
        self.connections: list[Https] = []
        self._lab = lab

    @contextmanager
    def __call__(self) -> Iterator[Https]:
        with self._lab._https() as https:
            self.connections.append(https)
            yield https


@pytest.fixture
def lab() -> FactorNode:
    return FactorNode()


def test_after_the_login_nobody_is_logged_in(lab: FactorNode) -> None:
    opened = Opened(lab)
    door: Door = HttpsDoor(opened, "https://pve1:8006")
    door.login(WITHOUT, Secret(PASSWORD), lambda _: None)
    (https,) = opened.connections
    assert https.user == ""
    with pytest.raises(Unreachable, match="closed"):
        https.call("GET", ("version",))
    assert lab.refusals == 0
    assert door.address == "https://pve1:8006"


def test_each_login_has_a_connection_of_its_own(lab: FactorNode) -> None:
    opened = Opened(lab)
    door = HttpsDoor(opened, "")
    for password in (PASSWORD, PASSWORD):
        door.login(WITHOUT, Secret(password), lambda _: None)
    with pytest.raises(LoginRefused):
        door.login(WITHOUT, Secret("wrong"), lambda _: None)
    assert len(opened.connections) == 3
    assert [https.user for https in opened.connections] == ["", "", ""]
    assert lab.refusals == 1


def test_nobody_with_another_certificate_is_told_a_password(lab: FactorNode) -> None:
    from pve_auth_tui.simnode import certificates
    from pve_auth_tui.simnode.disk import MemoryDisk
    from pve_auth_tui.simnode.front import Front

    other = MemoryDisk({})
    certificates.ensure(other, "pve1", 1_800_000_000.0)
    pem = other.read(certificates.certificate_path("pve1"))

    @contextmanager
    def wrong() -> Iterator[Https]:
        pin = Pin(certificate_pem=pem)
        with Front(lab.node) as front, closing(Https(front.host, front.port, pin)) as https:
            yield https

    with pytest.raises(Untrusted):
        HttpsDoor(wrong, "").login(WITHOUT, Secret(PASSWORD), lambda _: None)
    assert not any("successful auth" in line for line in lab.node.journal)


def test_the_demos_door_is_open_for_one_login_alone(lab: FactorNode) -> None:
    from pve_auth_tui.simnode.front import Front

    with Front(lab.node) as front:
        assert front.host == "127.0.0.1"
        pin = Pin(certificate_pem=front.certificate_pem)
        with closing(Https(front.host, front.port, pin)) as https:
            https.greet()
    with closing(Https(front.host, front.port, pin)) as https, pytest.raises(Unreachable):
        https.greet()


def test_a_dead_pveproxy_opens_to_nobody(lab: FactorNode) -> None:
    lab.node.faults.dead.add("pveproxy")
    with pytest.raises(Unreachable):
        HttpsDoor(Opened(lab), "").login(WITHOUT, Secret(PASSWORD), lambda _: None)
    assert lab.refusals == 0
