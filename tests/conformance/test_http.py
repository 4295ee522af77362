"""The requests of a replay: who asks, with which ticket, secret, token and code."""

import pytest

from pve_auth_tui.simnode.proxy import HttpReply
from tests.conformance.comparison import Comparison
from tests.conformance.http import Client, Login, NoCredentials
from tests.conformance.recording import Answer, Entry

TICKET = "PVE:ann@pve:6B022041::" + "A" * 342 + "=="
OUR_TICKET = "PVE:ann@pve:6B022041::" + "B" * 342 + "=="
LOGIN = {"username": "ann@pve", "ticket": TICKET, "CSRFPreventionToken": "6B022041:" + "a" * 43}
OUR_LOGIN = {**LOGIN, "ticket": OUR_TICKET, "CSRFPreventionToken": "6B022041:" + "b" * 43}


def call(index=1, who="ann@pve", *, params=(), data=None, **more):
    more = {"method": "PUT", "path": "/access/x", "seconds": 0.0, **more}
    return Entry(index, who, params=dict(params), answer=Answer(200, "OK", data), **more)


@pytest.fixture
def client():
    """One that has seen ann log in as call 0; others get a login that was not recorded."""
    client = Client(Comparison(), lambda user: Login(f"ticket of {user}", f"csrf of {user}"))
    answered(client, call(0, who="-", data=LOGIN), OUR_LOGIN)
    return client


def answered(client, entry, data):
    client.request(entry, 0)
    assert client.difference(entry, HttpReply(200, "OK", {"data": data})) == ""


def headers(client, entry):
    found = dict(client.request(entry, 0).headers)
    assert found.pop("host")
    return found


def test_nobody_has_neither_ticket_nor_token(client):
    assert headers(client, call(who="-")) == {}
    assert headers(client, call(who="anonymous")) == {}


@pytest.mark.parametrize("auth_from", [0, None])
def test_a_user_has_the_ticket_that_our_node_gave(client, auth_from):
    found = headers(client, call(auth_from=auth_from))
    assert "BBBB" in found["cookie"]
    assert found["csrfpreventiontoken"] == OUR_LOGIN["CSRFPreventionToken"]


def test_reading_and_a_header_left_out_have_no_csrf_token(client):
    assert "csrfpreventiontoken" not in headers(client, call(method="GET"))
    assert "csrfpreventiontoken" not in headers(client, call(csrf=False))


def test_who_never_logged_in_on_record_is_logged_in(client):
    assert "ticket%20of%20root%40pam" in headers(client, call(who="root@pam"))["cookie"]


def test_somebody_elses_csrf_token(client):
    found = headers(client, call(who="ann@pve with csrf of bob@pve", auth_from=0))
    assert "BBBB" in found["cookie"]
    assert found["csrfpreventiontoken"] == "csrf of bob@pve"


def test_a_wrong_csrf_token_is_a_wrong_one(client):
    wrong = headers(client, call(who="root@pam/badcsrf"))["csrfpreventiontoken"]
    assert wrong != headers(client, call(who="root@pam"))["csrfpreventiontoken"]


def test_a_token_has_its_newest_secret_and_the_old_one_where_it_is_named(client):
    for index, secret in enumerate(("1", "2"), 1):
        value = f"{secret * 8}-0000-0000-0000-000000000000"
        data = {"full-tokenid": "ann@pve!ci", "value": value}
        answered(client, call(index, data=data), data)
    assert "ann@pve!ci=22222222" in headers(client, call(3, "ann@pve!ci"))["authorization"]
    old = headers(client, call(3, "ann@pve!ci", note="old secret after regenerate"))
    assert "ann@pve!ci=11111111" in old["authorization"]
    first = headers(client, call(3, "ann@pve!ci", auth_from=1))
    assert "ann@pve!ci=11111111" in first["authorization"]


def test_a_half_ticket_is_that_of_the_login_which_is_not_finished(client):
    half = {**LOGIN, "ticket": "PVE:!tfa!{}:6B022041::" + "C" * 342 + "==", "NeedTFA": 1}
    answered(client, call(1, who="-", data=half), half)
    assert "CCCC" in headers(client, call(2, "half-ticket"))["cookie"]
    assert "BBBB" in headers(client, call(2, "ann@pve"))["cookie"]


@pytest.mark.parametrize("who", ["half-ticket", "ann@pve!ci"])
def test_what_our_node_did_not_give_cannot_be_sent(client, who):
    with pytest.raises(NoCredentials):
        client.request(call(who=who), 0)


@pytest.mark.parametrize("who", ["badticket", "badtoken", "badtoken2", "x", "nonsense"])
def test_credentials_that_nothing_is_good_for(client, who):
    assert headers(client, call(who=who))


def test_our_values_go_into_paths_and_parameters(client):
    asked = client.request(
        call(path="/access/domains/a b", params={"password": TICKET, "comment": "plain"}), 0
    )
    assert asked.params == {"password": OUR_TICKET, "comment": "plain"}
    assert asked.path == "/access/domains/a%20b"


def test_codes_are_computed_anew_and_may_be_sent_again(client):
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    first = call(1, params={"value": "000000"}, dyn={"value": f"TOTP code of secret {secret} now"})
    assert client.request(first, 59).params == {"value": "287082"}
    login = call(
        2, params={"password": "totp:111111"}, dyn={"password": f"totp:<code of {secret}>"}
    )
    assert client.request(login, 59).params == {"password": "totp:287082"}
    again = call(3, params={"password": "totp:111111"}, dyn={"password": "same code again"})
    assert client.request(again, 1111111109).params == {"password": "totp:287082"}


def test_a_body_where_pve_sends_none_is_a_difference(client):
    bare = Entry(1, "-", "GET", "/", {}, Answer(401, "No ticket", bare=True), 0.0)
    assert client.difference(bare, HttpReply(401, "No ticket")) == ""
    assert client.difference(bare, HttpReply(401, "No ticket", {"data": []}))
