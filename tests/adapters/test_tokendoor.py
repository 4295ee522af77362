"""Calls with an API token's header, over TLS, that leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.adapters.tokendoor import HttpsTokenDoor
from pve_auth_tui.core.errors import ApiError, Unreachable, Untrusted
from pve_auth_tui.core.intents import tokens, users
from pve_auth_tui.core.ports import TokenDoor
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tokenheader import authorization
from tests.adapters.test_door import Opened
from tests.services.factor_node import FactorNode

GRAFANA = "mon@pve!grafana"
VERSION = [("version",)]


@pytest.fixture
def lab() -> FactorNode:
    return FactorNode()


def test_the_token_asks_with_its_own_header_and_is_forgotten(lab: FactorNode) -> None:
    opened = Opened(lab)
    door: TokenDoor = HttpsTokenDoor(opened, "https://pve1:8006")
    secret = lab.token_test.stored(GRAFANA)
    version, own = door.ask(GRAFANA, secret, [*VERSION, ("access", "permissions")])
    assert version["release"]
    assert own == {}
    (https,) = opened.connections
    assert https.user == ""
    with pytest.raises(Unreachable, match="closed"):
        https.call("GET", ("version",))
    assert secret.reveal() not in repr(vars(https))
    assert (door.address, lab.refusals) == ("https://pve1:8006", 0)


def test_a_refusal_is_pves_and_ends_no_session(lab: FactorNode) -> None:
    with pytest.raises(ApiError) as caught:
        HttpsTokenDoor(Opened(lab), "").ask(GRAFANA, Secret("0" * 36), VERSION)
    assert (caught.value.code, caught.value.original) == (401, "Authentication failed!")


@pytest.mark.parametrize("userid", ["jürgen%41@pve", "a;b=c@pve"])
def test_a_userid_with_signs_of_the_header_is_quoted_as_pve_unquotes_it(
    lab: FactorNode, userid: str
) -> None:
    lab.apply(users.add(userid))
    answer = lab.apply(tokens.add(userid, "ci"))
    (version,) = HttpsTokenDoor(Opened(lab), "").ask(
        f"{userid}!ci", Secret(answer["value"]), VERSION
    )
    assert version["release"]


def test_usual_tokens_stand_in_the_header_as_they_are() -> None:
    header = authorization("ann@pve!ci", Secret("12345678-abcd"))
    assert header.reveal() == "PVEAPIToken=ann@pve!ci=12345678-abcd"


def test_nobody_with_another_certificate_is_told_a_secret(lab: FactorNode) -> None:
    from pve_auth_tui.simnode import certificates
    from pve_auth_tui.simnode.disk import MemoryDisk
    from pve_auth_tui.simnode.front import Front

    other = MemoryDisk({})
    certificates.ensure(other, "pve1", 1_800_000_000.0)
    pin = Pin(certificate_pem=other.read(certificates.certificate_path("pve1")))
    asked: list[str] = []

    class Listening(Https):
        def use_token(self, tokenid: str, secret: Secret) -> None:
            asked.append(tokenid)

    @contextmanager
    def wrong() -> Iterator[Https]:
        with Front(lab.node) as front, closing(Listening(front.host, front.port, pin)) as https:
            yield https

    with pytest.raises(Untrusted):
        HttpsTokenDoor(wrong, "").ask(GRAFANA, Secret("0" * 36), VERSION)
    assert asked == []
