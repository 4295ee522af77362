"""The https way against a whole simulated node: its certificate, its tickets, its second factor."""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from base64 import b32decode
from collections.abc import Iterator

import pytest

from pve_auth_tui.adapters.certificate import pveproxy_certificate
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import ApiError, LoginRefused
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.proxy import Proxy
from pve_auth_tui.simnode.server import Server
from pve_auth_tui.simnode.sources import system_sources

ANN = "ann@pve"
PASSWORD = Secret("Ann-Password-1")
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(at: float) -> str:
    """RFC 6238: six digits of SHA-1, a new one every 30 seconds."""
    digest = hmac.digest(b32decode(KEY), struct.pack(">Q", int(at) // 30), hashlib.sha1)
    number = struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


@pytest.fixture
def node() -> SimNode:
    """A node with one user, who has an authenticator app."""
    node = SimNode(MemoryDisk({"etc/hostname": b"pve1\n"}), system_sources())
    node.answer("POST", "/access/users", {"userid": ANN, "password": PASSWORD.reveal()})
    app = {
        "type": "totp",
        "description": "phone",
        "totp": f"otpauth://totp/PVE:ann?secret={KEY}",
        "value": code(time.time()),
    }
    node.answer("POST", f"/access/tfa/{ANN}", app)
    return node


@pytest.fixture
def way(node: SimNode) -> Iterator[Https]:
    """To that node, expecting the certificate in its own files."""
    with Server(Proxy(node)) as server:
        way = Https("127.0.0.1", server.port, pveproxy_certificate(node.tree.read, node.name))
        yield way
        way.close()


def test_a_login_with_a_code_leads_to_calls_of_that_user(way: Https, node: SimNode) -> None:
    asked: list[Challenge] = []

    def second(challenge: Challenge) -> Secret:
        asked.append(challenge)
        return Secret(f"totp:{code(time.time())}")

    way.login(ANN, PASSWORD, second)
    assert [challenge.kinds for challenge in asked] == [("totp",)]
    assert way.user == ANN
    (app,) = way.call("GET", ("access", "tfa", ANN))
    assert app["description"] == "phone"
    with pytest.raises(ApiError, match="Permission check failed"):
        way.call("POST", ("access", "groups"), {"groupid": "ops"})


def test_a_wrong_code_is_refused_and_counted_once(way: Https) -> None:
    wrong = f"{(int(code(time.time())) + 1) % 1_000_000:06}"
    with pytest.raises(LoginRefused, match="refused the second factor"):
        way.login(ANN, PASSWORD, lambda _: Secret(f"totp:{wrong}"))


def test_a_wrong_password_is_refused(way: Https) -> None:
    with pytest.raises(LoginRefused, match="PVE refused the login of ann@pve"):
        way.login(ANN, Secret("wrong"))


def test_dangerous_names_reach_the_right_user(way: Https, node: SimNode) -> None:
    for userid in ("root@pam#x@pve", "a?b%2F;c@pve", "dom\\user@pve"):
        node.answer("POST", "/access/users", {"userid": userid, "comment": userid})
    node.answer("PUT", "/access/acl", {"path": "/", "users": ANN, "roles": "PVEAdmin"})
    way.login(ANN, PASSWORD, lambda _: Secret(f"totp:{code(time.time())}"))
    for userid in ("root@pam#x@pve", "a?b%2F;c@pve", "dom\\user@pve"):
        assert way.call("GET", ("access", "users", userid))["comment"] == userid
        way.call("DELETE", ("access", "users", userid))
    assert {user["userid"] for user in way.call("GET", ("access", "users"))} == {ANN, "root@pam"}
