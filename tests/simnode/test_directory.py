"""What is said to a directory, and what is not; a real one answers in tests/lab."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode import directory
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.directory import Directory
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources

REALM = Realm("lab", "ldap", {"user_attr": "uid", "base_dn": "dc=lab"})


class Told:
    """Takes the place of ldap3's connection: notes what it should send, and finds nobody."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.result: dict[str, Any] = {"result": 0}
        self.response: list[Any] = []

    def search(self, base: str, wanted: str, scope: str, **more: object) -> None:
        self.sent.append(wanted)

    def rebind(self, *credentials: object, **more: object) -> None:
        self.sent.append("bind")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ann", "(uid=ann)"),
        ("*", r"(uid=\2a)"),
        ("x)(uid=*", r"(uid=x\29\28uid=\2a)"),
        ("a\\2a\0", r"(uid=a\5c2a\00)"),
    ],
)
def test_a_login_name_is_never_a_part_of_the_filter(name: str, wanted: str) -> None:
    told = Told()
    assert Directory(REALM, told).dn_of(name) == ""  # type: ignore[arg-type]
    assert told.sent == [wanted]


def test_without_a_password_nobody_is_bound_who_would_be_nobody() -> None:
    """To a server a name with an empty password is an anonymous bind, which succeeds."""
    told = Told()
    with pytest.raises(ApiError, match="No password"):
        Directory(REALM, told).bind("uid=ann,dc=lab", "")  # type: ignore[arg-type]
    assert not told.sent


def test_no_server_can_send_us_to_another_one() -> None:
    node = SimNode(MemoryDisk(demo_tree().files), system_sources())
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = {
            **REALM.options,
            "server1": "127.0.0.1",
            "port": str(server.getsockname()[1]),
            "mode": "ldap",
        }
        realm = Realm("lab", "ldap", options)
        opened = directory._connection(node, realm, *directory._reached(node, realm))
        assert opened.auto_referrals is False
        opened.socket.close()
