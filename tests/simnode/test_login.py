"""Logins through the door: two steps, what realms demand, what the journal knows."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from tests.simnode.door import ANN_PASSWORD, ROOT_PASSWORD, Door, headers_of
from tests.simnode.softkey import ORIGIN, RP, SoftKey

ANN = "ann@pve"
REFUSED = {"data": None, "message": "authentication failure\n"}


@pytest.fixture
def door() -> Door:
    return Door()


def challenge_of(ticket: str) -> dict[str, object]:
    """What a half ticket asks for, read as a client reads it."""
    return json.loads(unquote(ticket.split(":")[1]).removeprefix("!tfa!"))


def demand(door: Door, realm: str, tfa: str) -> None:
    door.node.answer("PUT", f"/access/domains/{realm}", {"tfa": tfa})


def reason(door: Door) -> str:
    """Why the last login failed, as only the journal tells."""
    head, _, why = door.node.journal[-1].partition(" msg=")
    assert head.startswith("authentication failure; rhost=192.0.2.9 user=")
    return why


def test_a_password_alone_opens_the_door_where_nothing_more_is_asked_for(door: Door) -> None:
    data = door.login(ANN, ANN_PASSWORD).body["data"]
    assert data["username"] == ANN
    assert data["cap"]["vms"] == {"VM.Audit": 1, "VM.GuestAgent.Audit": 1}
    assert "clustername" not in data  # PVE names it to those who may look at /
    assert door.ask("GET", "/access", headers=headers_of(data)).status == 200
    assert door.node.journal[-1] == f"successful auth for user '{ANN}'"


def test_root_is_told_the_name_of_the_cluster(door: Door) -> None:
    assert door.login("root", ROOT_PASSWORD, realm="pam").body["data"]["clustername"] == "rack"


def test_every_failure_looks_the_same_and_takes_the_same_time(door: Door) -> None:
    door.faults.login_delay = 3.0
    replies = [
        door.login(*tried)
        for tried in (
            *((ANN, "wrong"), ("nobody@pve", "x"), ("eve@pve", ANN_PASSWORD), ("", "x")),
            *(("x@nowhere", "x"), ("tony@idp", "x"), ("bad name@pve", "x")),
        )
    ]
    assert {(reply.status, reply.reason, reply.wait) for reply in replies} == {
        (401, "authentication failure", 3.0)
    }
    assert all(reply.body == REFUSED for reply in replies)
    assert "user=tony@idp msg=OpenID realm does not allow" in "\n".join(door.node.journal)


def test_a_ticket_is_renewed_with_itself_as_password_and_roots_is_good_for_all(door: Door) -> None:
    root = door.login("root@pam", ROOT_PASSWORD).body["data"]["ticket"]
    ann = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    assert door.login(ANN, ann).status == 200
    assert door.login("tim@pve", root).body["data"]["username"] == "tim@pve"
    assert door.login("root@pam", ann).status == 401
    door.clock.now += 2 * 3600
    assert door.login(ANN, ann).status == 401


def test_a_code_finishes_the_login_once(door: Door) -> None:
    device = door.enrol_totp(ANN)
    first = door.login(ANN, ANN_PASSWORD).body["data"]
    assert first["NeedTFA"] == 1
    assert "cap" not in first
    assert challenge_of(first["ticket"]) == {"totp": True}
    assert door.ask("GET", "/access", headers=headers_of(first)).reason == "Authentication failed!"
    door.clock.now += 60
    code = f"totp:{door.code(device)}"
    second = door.login(ANN, code, tfa_challenge=first["ticket"]).body["data"]
    assert door.ask("GET", "/access", headers=headers_of(second)).status == 200
    again = door.login(ANN, code, tfa_challenge=first["ticket"])
    assert (again.status, again.body) == (401, REFUSED)
    assert reason(door) == "failed 2nd factor"


def test_a_recovery_key_finishes_the_login_once(door: Door) -> None:
    codes = door.enrol(ANN, "recovery")["recovery"]
    first = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    assert challenge_of(first) == {"recovery": list(range(10))}
    code = f"recovery:{codes[3]}"
    assert door.login(ANN, code, tfa_challenge=first).status == 200
    assert door.login(ANN, code, tfa_challenge=first).status == 401
    left = challenge_of(door.login(ANN, ANN_PASSWORD).body["data"]["ticket"])
    assert left == {"recovery": [0, 1, 2, 4, 5, 6, 7, 8, 9]}


def test_a_security_key_finishes_the_login(door: Door) -> None:
    settings = f"rp=lab,id={RP},origin={ORIGIN}"
    door.node.answer("PUT", "/cluster/options", {"webauthn": settings})
    key = SoftKey()
    asked = json.loads(door.enrol(ANN, "webauthn", description="key")["challenge"])["publicKey"]
    value = json.dumps(key.create(asked["challenge"]))
    door.enrol(ANN, "webauthn", challenge=asked["challenge"], value=value)
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    public = challenge_of(ticket)["webauthn"]["publicKey"]  # type: ignore[index]
    challenge = public["challenge"]
    answer = f"webauthn:{json.dumps({**key.get(challenge), 'challenge': challenge})}"
    data = door.login(ANN, answer, tfa_challenge=ticket).body["data"]
    assert door.ask("GET", "/access", headers=headers_of(data)).status == 200
    assert door.login(ANN, answer, tfa_challenge=ticket).status == 401


def test_a_code_in_the_first_step_is_spent_and_another_step_asked_for(door: Door) -> None:
    device = door.enrol_totp(ANN)
    door.clock.now += 60
    code = f"totp:{door.code(device)}"
    assert door.login(ANN, ANN_PASSWORD, otp=code).body["data"]["NeedTFA"] == 1
    assert door.login(ANN, ANN_PASSWORD, otp=code).status == 401
    assert door.login(ANN, ANN_PASSWORD, otp="123456").status == 401


def test_eight_wrong_codes_lock_the_device_and_root_opens_it(door: Door) -> None:
    device = door.enrol_totp(ANN)
    door.clock.now += 60
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    for _ in range(8):
        assert door.login(ANN, "totp:000000", tfa_challenge=ticket).status == 401
    assert reason(door) == "failed 2nd factor: TOTP limit reached, locked"
    right = f"totp:{door.code(device)}"
    assert door.login(ANN, right, tfa_challenge=ticket).status == 401
    assert door.node.answer("PUT", f"/access/users/{ANN}/unlock-tfa") == 1
    assert door.login(ANN, right, tfa_challenge=ticket).status == 200


def test_the_half_ticket_of_somebody_else_opens_nothing(door: Door) -> None:
    door.enrol_totp(ANN)
    device = door.enrol_totp("root@pam")
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    door.clock.now += 60
    assert door.login("root@pam", f"totp:{door.code(device)}", tfa_challenge=ticket).status == 401
    assert reason(door) == "401 permission denied - invalid PVE ticket"


def test_an_answer_goes_into_the_password_and_nowhere_else(door: Door) -> None:
    door.enrol_totp(ANN)
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    door.login(ANN, "x", otp="totp:1", tfa_challenge=ticket)
    assert reason(door).startswith("TFA response should be in 'password', not 'otp'")


def test_a_realm_that_demands_codes_lets_nobody_in_without_a_device(door: Door) -> None:
    demand(door, "pve", "type=oath")
    assert door.login(ANN, ANN_PASSWORD).status == 401
    assert reason(door) == "missing required 2nd keys"


def test_a_realm_that_demands_codes_takes_codes_and_recovery_keys_only(door: Door) -> None:
    door.enrol_totp(ANN)
    demand(door, "pve", "type=oath")
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    for answer, why in (
        ("webauthn:{}", "realm requires totp authentication"),
        ("garbage", "bad otp response"),
        ("recovery:0", "failed 2nd factor"),
    ):
        assert door.login(ANN, answer, tfa_challenge=ticket).status == 401
        assert reason(door) == why


def test_a_key_in_user_cfg_counts_where_the_realm_says_what_it_means(door: Door) -> None:
    secret = "GEZDGNBVGY3TQOJQ"
    text = (door.disk.read("etc/pve/user.cfg") or b"").decode()
    door.disk.write(
        "etc/pve/user.cfg", text.replace("ann@pve:1:0::::::", f"ann@pve:1:0:::::{secret}:").encode()
    )
    assert "NeedTFA" not in door.login(ANN, ANN_PASSWORD).body["data"]
    demand(door, "pve", "type=oath")
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    assert challenge_of(ticket) == {"totp": True}


def test_a_yubico_realm_always_asks(door: Door) -> None:
    door.enrol(ANN, "recovery")
    demand(door, "pve", "type=yubico,id=1,key=x")
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    assert challenge_of(ticket) == {"yubico": True, "recovery": list(range(10))}
    assert door.login(ANN, "yubico:abc", tfa_challenge=ticket).status == 401


def test_where_case_means_nothing_the_users_own_spelling_counts(door: Door) -> None:
    door.login("jOE@dir", "x")
    assert "user=Joe@dir " in door.node.journal[-1]
    door.node.answer("POST", "/access/users", {"userid": "two@dir"})
    text = (door.disk.read("etc/pve/user.cfg") or b"") + b"user:TWO@dir:1:0::::::\n"
    door.disk.write("etc/pve/user.cfg", text)
    assert door.login("Two@dir", "x").reason.startswith("ambiguous case insensitive match")
    assert door.login("ANN@pve", ANN_PASSWORD).status == 401


def test_a_look_at_privileges_needs_the_login_and_the_privileges(door: Door) -> None:
    looked = {"path": "/vms/100", "privs": "VM.Audit"}
    data = door.login(ANN, ANN_PASSWORD, **looked).body["data"]
    assert set(data) == {"username", "cap"}
    assert door.login(ANN, "wrong", **looked).status == 401
    assert door.login(ANN, ANN_PASSWORD, **{**looked, "privs": "VM.Console"}).status == 401
    assert door.login(ANN, ANN_PASSWORD, **{**looked, "path": "/vms/10 0"}).status == 401
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    assert door.login(ANN, ticket, **looked).status == 200


def test_a_made_up_console_ticket_opens_nothing(door: Door) -> None:
    params = {"authid": ANN, "vncticket": "PVEVNC:6B021E52::AAAA", "path": "/vms/100"}
    reply = door.ask("POST", "/access/vncticket", {**params, "privs": "VM.Console"})
    assert (reply.status, reply.body) == (401, REFUSED)


def test_a_tfa_file_that_nobody_can_read_keeps_everybody_out(door: Door) -> None:
    door.disk.write("etc/pve/priv/tfa.cfg", b"{broken")
    assert door.login(ANN, ANN_PASSWORD).status == 401
    assert reason(door).startswith("failed to parse TFA file")


def test_without_quorum_passwords_are_good_and_codes_are_not(door: Door) -> None:
    device = door.enrol_totp(ANN)
    codes = door.enrol(ANN, "recovery")["recovery"]
    door.clock.now += 60
    door.faults.quorate = False
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    assert door.login(ANN, f"totp:{door.code(device)}", tfa_challenge=ticket).status == 401
    assert reason(door).startswith("unable to open file '/etc/pve/priv/tfa.cfg.tmp.")
    assert door.login(ANN, f"recovery:{codes[0]}", tfa_challenge=ticket).status == 401
    assert reason(door) == "cfs-lock 'file-priv_tfa_cfg' error: no quorum!"


def test_no_password_and_no_ticket_gets_into_the_journal(door: Door) -> None:
    door.enrol_totp(ANN)
    ticket = door.login(ANN, ANN_PASSWORD).body["data"]["ticket"]
    door.login(ANN, "sesame-open-up")
    door.login(ANN, "totp:918273", tfa_challenge=ticket)
    said = "\n".join(door.node.journal)
    assert "sesame" not in said
    assert "918273" not in said
    assert ticket not in said
