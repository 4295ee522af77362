"""Around a call: who calls, in which form it is answered, and what dead daemons do to it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pytest

from pve_auth_tui.simnode.proxy import HttpReply, HttpRequest
from tests.simnode.door import ANN_PASSWORD, SECRET, Door, by_token, headers_of

ANN = "ann@pve"
INIT_FAILED = (
    "RPCEnvironment init request failed: Unable to load access control list: Connection refused"
)


@pytest.fixture
def door() -> Door:
    return Door()


def said(reply: HttpReply) -> tuple[int, str, bytes]:
    return reply.status, reply.reason, reply.content


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/access"),
        ("GET", "/nope"),
        ("POST", "/access/users"),
        ("GET", "/version"),
        ("PUT", "/access/ticket"),
        ("POST", "/access/domains"),
    ],
)
def test_nobody_gets_in_without_a_ticket(door: Door, method: str, path: str) -> None:
    door.faults.login_delay = 3.0
    reply = door.ask(method, path)
    assert said(reply) == (401, "No ticket", b"")
    assert reply.wait == 3.0


@pytest.mark.parametrize("path", ["/access/domains", "/access/ticket"])
def test_what_a_login_page_needs_is_open_to_all_even_with_a_bad_ticket(
    door: Door, path: str
) -> None:
    for headers in ({}, {"cookie": "PVEAuthCookie=rubbish"}):
        assert door.ask("GET", path, headers=headers).status == 200


def bad_tickets(door: Door) -> dict[str, Mapping[str, str]]:
    tickets = door.node.tickets
    made = {
        "rubbish": "rubbish",
        "half": tickets.half_ticket(ANN, '{"totp":true}'),
        "disabled user": tickets.ticket("eve@pve"),
        "expired user": tickets.ticket("old@pve"),
        "deleted user": tickets.ticket("gone@pve"),
        "no userid": tickets.ticket("ann"),
    }
    headers = {name: {"cookie": f"PVEAuthCookie={quote(ticket)}"} for name, ticket in made.items()}
    tokens = {
        "wrong secret": by_token("ann@pve!ci", SECRET[:-1] + "5"),
        "no secret": by_token("ann@pve!ci", ""),
        "unknown token": by_token("ann@pve!none"),
        "token without secret on file": by_token("ann@pve!past"),
        "token of a disabled user": by_token("eve@pve!ci"),
        "no token id": {"authorization": "PVEAPIToken=garbage"},
        "token of an impossible user": by_token("ann!ci"),
    }
    return {**headers, **tokens}


@pytest.mark.parametrize("kind", bad_tickets(Door()))
def test_a_ticket_or_token_that_is_not_good_fails(door: Door, kind: str) -> None:
    door.faults.login_delay = 3.0
    reply = door.ask("GET", "/version", headers=bad_tickets(door)[kind])
    assert said(reply) == (401, "Authentication failed!", b"")
    assert reply.wait == 3.0
    assert door.node.journal[-1].startswith("authentication failure: ")


def test_a_token_needs_no_csrf_token_and_cannot_do_what_takes_a_ticket(door: Door) -> None:
    assert door.ask("GET", "/version", headers=by_token("ann@pve!ci")).status == 200
    reply = door.ask("PUT", "/access/users/ann@pve", {"comment": "x"}, by_token("ann@pve!ci"))
    assert (reply.status, reply.userid) == (403, "ann@pve!ci")
    refused = door.ask("POST", "/access/ticket", {"username": ANN}, by_token("any!thing", ""))
    text = "URI '/access/ticket' not available with API token, need proper ticket.\n"
    assert refused.status == 403
    assert refused.body == {"data": None, "message": f"Permission check failed ({text})\n"}
    assert refused.reason == f"Permission check failed ({text.strip()}"


def test_a_ticket_comes_before_a_token_and_the_cookie_before_the_header(door: Door) -> None:
    good = door.as_root()
    ticket = good["cookie"]
    for headers in (
        {"authorization": ticket},
        {"authorization": ticket.replace("=", " ", 1)},
        {"cookie": f"other=1; {ticket}; more=2"},
        {"cookie": ticket, "authorization": "PVEAPIToken=bad!x=y"},
        {"cookie": "other=1", **by_token("ann@pve!ci")},
    ):
        assert door.ask("GET", "/version", headers=headers).status == 200, headers
    bad = {"cookie": "PVEAuthCookie=bad", **by_token("ann@pve!ci")}
    assert door.ask("GET", "/version", headers=bad).status == 401


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_what_changes_something_needs_the_csrf_token(door: Door, method: str) -> None:
    good = door.as_root()
    for csrf in ("", "x", door.node.tickets.csrf_token(ANN)):
        headers = {**good, "csrfpreventiontoken": csrf}
        reply = door.ask(method, "/access/users/ann@pve", headers=headers)
        assert said(reply) == (401, "Permission denied - invalid csrf token", b"")
    assert door.ask("PUT", "/access/users/ann@pve", {"comment": "x"}, good).status == 200


def test_an_old_ticket_ends(door: Door) -> None:
    headers = door.as_root()
    door.clock.now += 2 * 3600
    assert door.ask("GET", "/version", headers=headers).reason == "Authentication failed!"


def test_only_four_methods_are_known(door: Door) -> None:
    for method in ("PATCH", "HEAD", "OPTIONS", "get"):
        assert said(door.ask(method, "/access")) == (501, f"method '{method}' not available", b"")


def test_unknown_paths_and_methods_are_not_implemented(door: Door) -> None:
    reply = door.ask("DELETE", "/access/users", headers=door.as_root())
    text = "Method 'DELETE /access/users' not implemented"
    assert (reply.status, reply.reason) == (501, text)
    assert reply.body == {"data": None, "message": text}


def test_paths_are_unquoted_once(door: Door) -> None:
    headers = door.as_root()
    plain = door.ask("GET", "/access/users/ann@pve", headers=headers)
    assert door.ask("GET", "/access/users/ann%40pve", headers=headers) == plain
    twice = door.ask("GET", "/access/users/ann%2540pve", headers=headers)
    assert twice.status == 400
    blank = door.ask("GET", "/access/users/ann@pve%20", headers=headers)
    assert blank.reason == "Method 'GET /access/users/ann@pve ' not implemented"


def test_the_reason_is_the_first_line_and_the_message_is_all(door: Door) -> None:
    reply = door.ask("POST", "/access/users", {"userid": "x"}, door.as_root())
    assert (reply.status, reply.reason) == (400, "Parameter verification failed.")
    assert reply.body["message"] == "Parameter verification failed.\n"
    assert set(reply.body["errors"]) == {"userid"}
    assert reply.body["data"] is None


def test_a_line_break_never_gets_into_the_headers(door: Door) -> None:
    for sign in ("\r", "\n"):
        reply = door.ask("GET", f"/no{sign}Set-Cookie: x=1", headers=door.as_root())
        assert not {"\r", "\n"} & set(reply.reason)


def test_the_web_uis_own_form_answers_errors_with_200(door: Door) -> None:
    headers = door.as_root()
    good = door.ask("GET", "/access/groups", headers=headers, format="extjs")
    assert good.body == {"data": [{"groupid": "ops", "users": ANN}], "success": 1}
    bad = door.ask("GET", "/access/users/x@pve", headers=headers, format="extjs")
    text = "no such user ('x@pve')\n"
    assert (bad.status, bad.reason) == (200, "OK")
    assert bad.body == {"data": None, "message": text, "success": 0, "status": 500}
    assert said(door.ask("GET", "/access", headers=headers, format="png")) == (
        501,
        "no such uri",
        b"no such uri",
    )


def test_without_pvedaemon_only_what_pveproxy_does_itself_works(door: Door) -> None:
    headers, ann = door.as_root(), door.logged_in(ANN, ANN_PASSWORD)
    door.faults.dead.add("pvedaemon")
    assert door.ask("GET", "/access/groups", headers=headers).status == 200
    for method, path in (("GET", "/access/users"), ("POST", "/access/groups")):
        assert said(door.ask(method, path, headers=headers)) == (595, "Connection refused", b"")
    assert door.login(ANN, ANN_PASSWORD).status == 595
    assert door.ask("PUT", "/access/acl", {"path": "/"}, ann).status != 200
    assert door.ask("POST", "/access/groups", {"groupid": "x"}, ann).status == 403
    assert door.ask("GET", "/access/nope", headers=headers).status == 501
    assert door.ask("GET", "/access/users").status == 401


@pytest.mark.parametrize("dead", ["pmxcfs", "mount"])
def test_without_pmxcfs_nothing_works(door: Door, dead: str) -> None:
    headers = door.as_root()
    door.faults.dead.add(dead)  # type: ignore[arg-type]
    door.faults.login_delay = 3.0
    for reply in (
        door.login(ANN, ANN_PASSWORD),
        door.ask("GET", "/access/domains"),
        door.ask("GET", "/version", headers=headers),
    ):
        assert said(reply) == (500, INIT_FAILED, b"")
        assert reply.wait == 3.0


def test_other_nodes_do_not_answer(door: Door) -> None:
    headers = door.as_root()
    assert door.ask("GET", "/nodes/pve1/status", headers=headers).status == 200
    asleep = door.ask("GET", "/nodes/pve2/status", headers=headers)
    assert said(asleep) == (595, "No route to host", b"")
    unknown = door.ask("GET", "/nodes/other/status", headers=headers)
    assert unknown.status == 500
    assert unknown.reason.startswith("hostname lookup 'other' failed - failed to get address info")
    denied = door.ask("GET", "/nodes/pve2/status", headers=door.logged_in(ANN, ANN_PASSWORD))
    assert denied.status == 403


def test_a_body_that_cannot_be_taken_is_told_to_those_who_may_call(door: Door) -> None:
    flaw = (501, "for data too large")
    request = HttpRequest("POST", "/access/users", flaw=flaw)
    assert door.proxy.answer(request).reason == "No ticket"
    headers = headers_of(door.login(ANN, ANN_PASSWORD).body["data"])
    reply = door.proxy.answer(HttpRequest("POST", "/access/users", headers=headers, flaw=flaw))
    assert said(reply) == (501, flaw[1], flaw[1].encode())


def test_requests_and_replies_hide_what_they_carry(door: Door) -> None:
    reply = door.login(ANN, ANN_PASSWORD)
    request = HttpRequest("POST", "/access/ticket", {"password": ANN_PASSWORD}, {"cookie": "C00k"})
    shown = f"{request!r}{reply!r}"
    for secret in (ANN_PASSWORD, "C00k", reply.body["data"]["ticket"]):
        assert secret not in shown
