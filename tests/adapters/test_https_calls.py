"""What goes over the wire in a call, and what comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, UsageError
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.secret import Secret
from tests.adapters.https_parts import CSRF, PASSWORD, TICKET, https
from tests.adapters.tls_server import (
    Answer,
    Asked,
    Authority,
    Listener,
    json_answer,
    pve_listener,
)

NODE = Authority().issue()
PIN = Pin(NODE.pem)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """Answers every call with `"fine"`."""
    with pve_listener(NODE, tmp_path_factory.mktemp("node")) as listener:
        yield listener


def asked_of(listener: Listener, *call: object, **more: object) -> Asked:
    https(listener, PIN).call(*call, **more)  # type: ignore[arg-type]
    return listener.asked[-1]


def answered(answer: bytes | Answer, folder: Path, *call: object) -> object:
    reply = answer if callable(answer) else lambda _: answer
    with pve_listener(NODE, folder, reply) as listener:
        return https(listener, PIN).call(*(call or ("GET", ("version",))))  # type: ignore[arg-type]


def test_it_is_a_way_to_the_api(node: Listener) -> None:
    way = https(node, PIN)
    assert isinstance(way, Api)
    assert (way.way, way.user) == ("https", "root@pam")
    assert Https("pve1", 8006, PIN).user == ""


def test_a_reading_call_has_the_ticket_as_cookie_and_nothing_else(node: Listener) -> None:
    asked = asked_of(node, "GET", ("access", "users"), {"full": True, "enabled": 0})
    assert (asked.method, asked.body) == ("GET", b"")
    assert asked.target == "/api2/json/access/users?full=1&enabled=0"
    assert asked.headers["cookie"] == (
        "PVEAuthCookie=PVE%3Aroot%40pam%3A6B021E52%3A%3Acanary-ticket%2FXqNY%2B%3D%3D"
    )
    assert set(asked.headers) == {"accept", "accept-encoding", "cookie", "host", "user-agent"}
    assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_writing_call_has_its_values_in_the_body_and_the_token_in_a_header(
    node: Listener, method: str
) -> None:
    secrets = {"password": Secret("päß & wörd=1%")}
    asked = asked_of(
        node, method, ("access", "users"), {"userid": "ü@pve", "enable": True}, secrets
    )
    assert asked.target == "/api2/json/access/users"
    assert asked.form == {"userid": "ü@pve", "enable": "1", "password": "päß & wörd=1%"}
    assert asked.headers["csrfpreventiontoken"] == CSRF.reveal()
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_deleting_call_has_no_body_because_pve_refuses_one(node: Listener) -> None:
    asked = asked_of(node, "DELETE", ("access", "domains", "corp"), {"digest": "ab"})
    assert (asked.target, asked.body) == ("/api2/json/access/domains/corp?digest=ab", b"")
    assert asked.headers["csrfpreventiontoken"] == CSRF.reveal()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_secret_never_stands_in_an_address_which_pve_logs(node: Listener, method: str) -> None:
    before = len(node.received)
    with pytest.raises(Refused, match="PVE's log"):
        https(node, PIN).call(method, ("access", "tfa", "a@pve", "x"), {}, {"password": PASSWORD})
    assert len(node.received) == before


def test_without_a_login_no_cookie_and_no_token_are_sent(node: Listener) -> None:
    way = Https("127.0.0.1", node.port, PIN)
    way.call("GET", ("access", "domains"))
    way.call("POST", ("access", "openid", "auth-url"), {"realm": "idp"})
    for asked in node.asked[-2:]:
        assert not {"cookie", "csrfpreventiontoken", "authorization"} & set(asked.headers)


def test_pve_is_told_the_name_it_is_known_by(node: Listener) -> None:
    https(node, PIN, server_name="pve1.example.com").call("GET", ("version",))
    assert node.asked[-1].headers["host"] == f"pve1.example.com:{node.port}"
    assert "PVEAuthCookie=" in node.asked[-1].headers["cookie"]


NAMES = st.text(
    st.characters(exclude_characters=":/", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60)
@given(name=NAMES, realm=st.sampled_from(["pve", "corp"]))
def test_the_server_unquotes_the_very_userid_that_was_meant(
    node: Listener, name: str, realm: str
) -> None:
    userid = f"{name}@{realm}"
    asked = asked_of(node, "DELETE", ("access", "users", userid))
    in_user_cfg = userid.encode("latin-1" if max(userid) < "\u0100" else "utf-8")
    assert asked.path == b"/api2/json/access/users/" + in_user_cfg
    assert asked.query == {}


@pytest.mark.parametrize("part", ["", ".", "..", "a/../../root@pam"])
def test_what_can_be_no_part_of_a_path_is_not_sent(node: Listener, part: str) -> None:
    before = len(node.received)
    with pytest.raises(UsageError):
        https(node, PIN).call("DELETE", ("access", "users", part))
    with pytest.raises(UsageError, match="cannot be sent"):
        https(node, PIN).call("POST", ("access", "users"), {"comment": "\udcff"})
    assert len(node.received) == before


def test_one_connection_serves_many_calls(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path) as listener:
        way = https(listener, PIN)
        for _ in range(5):
            way.call("GET", ("version",))
        assert listener.connections == 1


def test_calls_of_several_threads_do_not_wait_for_each_other(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=5)

    def answer(asked: Asked) -> bytes:
        both.wait()  # neither is answered before both are asked
        return json_answer(asked.target)

    with pve_listener(NODE, tmp_path, answer) as listener:
        way, got = https(listener, PIN), []
        threads = [
            threading.Thread(target=lambda name=name: got.append(way.call("GET", (name,))))
            for name in ("a", "b")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(8)
    assert sorted(got) == ["/api2/json/a", "/api2/json/b"]


def test_a_cookie_that_the_server_sets_is_forgotten(tmp_path: Path) -> None:
    answer = json_answer(1, "200 OK", "Set-Cookie: PVEAuthCookie=evil; Path=/")
    with pve_listener(NODE, tmp_path, lambda _: answer) as listener:
        way = https(listener, PIN)
        for _ in range(2):
            way.call("GET", ("version",))
        assert "evil" not in listener.asked[-1].headers["cookie"]
        way.use_ticket("ann@pve", Secret("PVE:ann"), CSRF)
        way.call("GET", ("version",))
        assert listener.asked[-1].headers["cookie"] == "PVEAuthCookie=PVE%3Aann"


def test_a_refusal_keeps_the_text_and_the_problem_of_each_parameter(tmp_path: Path) -> None:
    refusal = json_answer(
        None,
        "400 Parameter verification failed.",
        "Connection: close",
        message="Parameter verification failed.\nand more\n",
        errors={"userid": "value does not look like a valid user name\n"},
    )
    with pytest.raises(ApiError) as caught:
        answered(refusal, tmp_path)
    assert (caught.value.code, str(caught.value)) == (
        400,
        "Parameter verification failed.\nand more",
    )
    assert set(caught.value.errors) == {"userid"}


def test_a_redirect_is_not_followed_and_has_the_same_limits(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path) as elsewhere:
        where = f"Location: https://127.0.0.1:{elsewhere.port}/api2/json/version"
        huge = f"HTTP/1.1 301 Moved\r\n{where}\r\nContent-Length: {2**40}\r\n\r\n".encode()
        for answer, problem in (
            (json_answer(None, "301 Moved", where), "a redirect"),
            (huge, "more than 16 MiB"),
        ):
            start = time.monotonic()
            with pytest.raises(Unreachable, match=problem):
                answered(answer, tmp_path)
            assert time.monotonic() - start < 5  # the server would let us wait for 10 s
        assert elsewhere.connections == 0


def test_after_close_nothing_is_sent(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path) as listener:
        way = https(listener, PIN)
        way.close()
        with pytest.raises(Unreachable, match="was closed"):
            way.call("GET", ("version",))
        way.close()
        assert listener.connections == 0


def test_no_secret_shows_in_what_the_way_is_made_of(node: Listener) -> None:
    way = https(node, PIN)
    way.call("GET", ("version",))
    shown = f"{way!r} {vars(way)!r} {vars(way._http)!r}"
    assert TICKET.reveal() not in shown
    assert CSRF.reveal() not in shown
