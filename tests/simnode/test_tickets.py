"""Tickets and CSRF tokens: how long they are good, for whom, and with which key."""

from __future__ import annotations

import re

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode import tickets
from tests.simnode.door import NOW, Door

HOUR = 3600
ANN = "ann@pve"
CHALLENGE = '{"totp":true,"recovery":[0,1]}'


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_ticket_has_the_form_of_pves(door: Door) -> None:
    ticket = door.node.tickets.ticket(ANN)
    assert re.fullmatch(rf"PVE:ann@pve:{NOW:08X}::[A-Za-z0-9+/]{{342}}==", ticket)


def test_a_half_ticket_holds_the_challenge_and_not_the_user(door: Door) -> None:
    ticket = door.node.tickets.half_ticket(ANN, CHALLENGE)
    shown = '!tfa!{"totp"%3Atrue,"recovery"%3A[0,1]}'
    assert ticket.startswith(f"PVE:{shown}:{NOW:08X}::")
    assert ANN not in ticket
    assert door.node.tickets.challenge_of(ticket, ANN) == CHALLENGE


@pytest.mark.parametrize(
    ("later", "good"),
    [(0, True), (2 * HOUR - 1, True), (2 * HOUR, False), (-299, True), (-300, False)],
)
def test_a_ticket_is_good_for_two_hours_and_five_minutes_ahead(
    door: Door, later: int, good: bool
) -> None:
    ticket, csrf = door.node.tickets.ticket(ANN), door.node.tickets.csrf_token(ANN)
    door.clock.now += later
    assert (door.node.tickets.user_of(ticket) == ANN) is good
    assert door.node.tickets.is_csrf_token(ANN, csrf) is good


def test_nobody_else_can_answer_a_half_ticket(door: Door) -> None:
    ticket = door.node.tickets.half_ticket(ANN, CHALLENGE)
    with pytest.raises(ApiError, match="invalid PVE ticket"):
        door.node.tickets.challenge_of(ticket, "eve@pve")


def test_a_half_ticket_is_no_ticket_and_a_ticket_no_challenge(door: Door) -> None:
    made = door.node.tickets
    assert made.user_of(made.half_ticket(ANN, CHALLENGE)) is None
    with pytest.raises(ApiError, match="invalid PVE ticket"):
        made.challenge_of(made.ticket(ANN), ANN)


@pytest.mark.parametrize(
    "change",
    [
        lambda ticket: ticket.replace("ann@pve", "root@pam"),
        lambda ticket: ticket.replace("PVE:", "PMG:"),
        lambda ticket: ticket[:-9] + ("AAAA" if ticket[-9:-5] != "AAAA" else "BBBB") + ticket[-5:],
        lambda ticket: ticket.replace("::", ":"),
        lambda ticket: ticket.partition("::")[0] + "::",
        lambda ticket: f" {ticket}",
        lambda ticket: f"{ticket}\n",
        lambda ticket: "",
        lambda ticket: "PVE:\udcff:00000000::AAAA",
    ],
)
def test_a_changed_ticket_is_none(door: Door, change) -> None:
    assert door.node.tickets.user_of(change(door.node.tickets.ticket(ANN))) is None


@pytest.mark.parametrize("token", ["", "x", f"{NOW:08X}:", f"{NOW:08X}:AAAA", "ZZZZZZZZ:AAAA"])
def test_a_made_up_csrf_token_is_none(door: Door, token: str) -> None:
    assert not door.node.tickets.is_csrf_token(ANN, token)


def test_a_csrf_token_is_its_users_alone_and_this_clusters_alone(door: Door) -> None:
    token = door.node.tickets.csrf_token(ANN)
    assert not door.node.tickets.is_csrf_token("eve@pve", token)
    door.disk.write(tickets.WWW, b"another secret\n")
    assert not door.node.tickets.is_csrf_token(ANN, token)


def test_a_ticket_of_another_key_is_none(door: Door) -> None:
    ticket = door.node.tickets.ticket(ANN)
    for path, data in tickets.key_files().items():
        door.disk.write(path, data)
    assert door.node.tickets.user_of(ticket) is None
    assert door.node.tickets.user_of(door.node.tickets.ticket(ANN)) == ANN


def test_a_missing_key_is_made_where_pve_keeps_it(door: Door) -> None:
    for path in (tickets.PRIVATE, tickets.PUBLIC):
        door.disk.remove(path)
    assert door.node.tickets.user_of(door.node.tickets.ticket(ANN)) == ANN
    assert (door.disk.read(tickets.PRIVATE) or b"").startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    assert (door.disk.read(tickets.PUBLIC) or b"").startswith(b"-----BEGIN PUBLIC KEY-----")


def test_without_quorum_a_missing_key_cannot_be_made(door: Door) -> None:
    door.disk.remove(tickets.PRIVATE)
    door.faults.quorate = False
    with pytest.raises(ApiError, match="cfs-lock 'authkey' error: no quorum!"):
        door.node.tickets.ticket(ANN)


def test_after_a_day_there_is_a_new_key_and_young_tickets_stay_good(door: Door) -> None:
    made = door.node.tickets
    made.ticket(ANN)  # the key is seen for the first time: it counts as two hours old
    before = door.disk.read(tickets.PRIVATE)
    door.clock.now += 21 * HOUR + 59 * 60
    young = made.ticket(ANN)
    assert door.disk.read(tickets.PRIVATE) == before
    door.clock.now += 60
    assert made.user_of(made.ticket(ANN)) == ANN
    assert door.disk.read(tickets.PRIVATE) != before
    assert made.user_of(young) == ANN
    door.clock.now += 2 * HOUR
    assert made.user_of(young) is None


def test_without_quorum_the_key_lives_on(door: Door) -> None:
    made = door.node.tickets
    made.ticket(ANN)
    before = door.disk.read(tickets.PRIVATE)
    door.faults.quorate = False
    door.clock.now += 48 * HOUR
    assert made.user_of(made.ticket(ANN)) == ANN
    assert door.disk.read(tickets.PRIVATE) == before


def test_a_key_from_the_future_is_replaced_and_its_tickets_end(door: Door) -> None:
    made = door.node.tickets
    door.disk.remove(tickets.PUBLIC)
    door.disk.remove(tickets.PRIVATE)
    old = made.ticket(ANN)
    door.clock.now -= 24 * HOUR
    new = made.ticket(ANN)
    assert made.user_of(new) == ANN
    assert made.user_of(old) is None
