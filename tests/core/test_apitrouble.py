"""A refusal of PVE's says what it means and what to do next, in texts that PVE really sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.apitrouble import SessionEnded, explained
from pve_auth_tui.core.errors import (
    ApiError,
    AuthTuiError,
    LoginRefused,
    Refused,
    Unreachable,
    UsageError,
)

LOCK = "update user failed: cfs-lock 'file-user_cfg' error: got lock request timeout\n"


@pytest.mark.parametrize(
    ("code", "text", "kind", "sentence"),
    [
        (
            500,
            "create group failed: cfs-lock 'file-user_cfg' error: no quorum!\n",
            Refused,
            "The cluster has no quorum, so nothing was changed.",
        ),
        (500, LOCK, Refused, "Somebody else is changing user.cfg, so nothing was changed."),
        (
            500,
            "cfs-lock 'file-priv_tfa_cfg' error: got lock request timeout\n",
            Refused,
            "Somebody else is changing priv/tfa.cfg, so nothing was changed.",
        ),
        (
            500,
            "update auth server failed: detected modified configuration - file changed by other"
            " user? Try again.\n",
            Refused,
            "Somebody else changed it in the meantime, so nothing was changed.",
        ),
        (
            500,
            "add auth server failed: unknown section type ''\n",
            Refused,
            "One section of the file lacks something that PVE requires, and until that is mended"
            " PVE writes none of them.",
        ),
        (
            500,
            "RPCEnvironment init request failed: Unable to load access control list: Connection"
            " refused",
            Unreachable,
            "PVE's cluster file system does not answer on that node.",
        ),
        (
            500,
            "ipcc_send_rec[1] failed: Connection refused\n",
            Unreachable,
            "PVE's cluster file system does not answer on that node.",
        ),
        (
            403,
            "Permission check failed (/access, Sys.Modify)\n",
            Refused,
            "ann@pve may not do that: it needs Sys.Modify on /access.",
        ),
        (
            403,
            "Permission check failed (/access/realm, Realm.Allocate|Sys.Audit)\n",
            Refused,
            "ann@pve may not do that: it needs Realm.Allocate or Sys.Audit on /access/realm.",
        ),
        (403, "Permission check failed\n", Refused, "ann@pve may not do that."),
        (
            403,
            "Permission check failed (URI '/access/password' not available with API token, need"
            " proper ticket.\n)\n",
            Refused,
            "No API token may do that, whatever its privileges.",
        ),
        (
            500,
            "update user failed: no such user ('nosuch@pve')\n",
            AuthTuiError,
            "The user nosuch@pve does not exist.",
        ),
        (500, "no such user\n", AuthTuiError, "PVE knows no such user here."),
        (
            500,
            "delete group failed: group 'nosuch' does not exist\n",
            AuthTuiError,
            "Group 'nosuch' does not exist.",
        ),
        (
            500,
            "create group failed: group 'ops' already exists\n",
            AuthTuiError,
            "Group 'ops' already exists.",
        ),
        (
            500,
            "400 Parameter verification failed.\nid: No such job 'job1'\n",
            UsageError,
            "PVE does not take these values: id: No such job 'job1'.",
        ),
        (
            500,
            "updating token info failed: 400 Parameter verification failed.\n"
            "delete: unknown option 'bogus'\n",
            UsageError,
            "PVE does not take these values: delete: unknown option 'bogus'.",
        ),
        (500, "invalid credentials\n", AuthTuiError, "The password is not right."),
        (
            501,
            "Method 'DELETE /access/users' not implemented",
            UsageError,
            "This PVE does not know that call.",
        ),
        (404, "No such tfa entry 'none'", AuthTuiError, "No such tfa entry 'none'."),
        (401, "authentication failure\n", LoginRefused, "PVE refused the login of ann@pve."),
        (
            401,
            "permission denied - invalid PVE ticket",
            SessionEnded,
            "The session with PVE has ended.",
        ),
        (401, "No ticket", SessionEnded, "The session with PVE has ended."),
        (
            500,
            "ldap bind failed: Invalid credentials\n",
            AuthTuiError,
            "PVE says: ldap bind failed: Invalid credentials.",
        ),
    ],
)
def test_what_pve_says_in_the_words_of_who_asked(code, text, kind, sentence):
    told = explained(ApiError(code, text), user="ann@pve")
    assert type(told) is kind
    assert str(told) == sentence
    assert told.hint
    assert told.original == text.strip() or told.original == text


def test_every_parameter_that_is_wrong_is_named():
    told = explained(
        ApiError(
            400,
            "Parameter verification failed.\n",
            {"userid": "value does not look like a valid user name\n", "expire": "not a number"},
        )
    )
    assert isinstance(told, UsageError)
    assert str(told) == (
        "PVE does not take these values: userid: value does not look like a valid user name;"
        " expire: not a number."
    )


@pytest.mark.parametrize(
    ("code", "reason", "unsure"),
    [
        (595, "Connection refused", False),
        (595, "No route to host", False),
        (596, "Connection timed out", True),
        (596, "tls_process_server_certificate: certificate verify failed", True),
        (597, "Broken pipe", True),
        (599, "Too many redirections", True),
    ],
)
def test_another_node_that_is_not_reached_may_have_done_it_only_after_the_connection(
    code, reason, unsure
):
    told = explained(ApiError(code, reason))
    assert isinstance(told, Unreachable)
    assert told.unsure is unsure
    assert str(told).startswith("The call did not get through pveproxy: ")
    assert reason in str(told)
    assert "pvedaemon" in told.hint


def test_what_was_tried_stands_in_front():
    told = explained(ApiError(500, LOCK), action="disable joe@pve")
    assert str(told) == (
        "Could not disable joe@pve: somebody else is changing user.cfg, so nothing was changed."
    )


def test_a_name_at_the_start_of_a_sentence_keeps_its_letters():
    told = explained(ApiError(403, "Permission check failed (/, Sys.Audit)\n"), user="ann@pve")
    assert str(told).startswith("ann@pve may not")


def test_a_stale_lock_is_said_to_end():
    assert "120 seconds" in explained(ApiError(500, LOCK)).hint


@given(st.sampled_from([400, 401, 403, 404, 500, 501, 502, 595, 599]), st.text())
def test_any_text_becomes_one_sentence_on_one_line(code, text):
    told = explained(ApiError(code, text, {"x": text}))
    assert "\n" not in str(told)
    assert len(str(told)) < 600


@pytest.mark.parametrize("name", ["password", "confirmation-password"])
def test_who_is_asked_for_a_password_and_how_to_give_it(name):
    """Golden: api/13-tfa.json and api/08-password.json, as another user than root@pam."""
    errors = {name: "password is required to modify user"}
    error = ApiError(400, "Parameter verification failed.", errors)
    told = explained(error, action="remove TOTP phone of bob@pve", user="ann@pve")
    assert isinstance(told, Refused)
    assert str(told) == (
        "Could not remove TOTP phone of bob@pve: PVE asks ann@pve for their own password to do"
        " that, so nothing was changed."
    )
    assert "root@pam on the node" in told.hint
    assert told.hint.endswith(f"--secret {name}")


@pytest.mark.parametrize(
    "text",
    [
        "Permission check failed (/" + "a" * 4000,
        "group '" * 600,
        ": no such user ('" * 300,
        "400 Parameter verification failed.\n" * 120,
    ],
    ids=["path", "group", "user", "parameters"],
)
def test_long_texts_take_no_time(text):
    for _ in range(20):
        explained(ApiError(500, text))
        explained(ApiError(403, text))
