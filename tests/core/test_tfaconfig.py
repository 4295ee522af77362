"""tfa.cfg: what the admin is told when PVE cannot read it, and what our reader keeps to itself."""

import base64
import json

import pytest

from pve_auth_tui.core.tfaconfig import (
    TfaConfig,
    TfaEntry,
    TfaUnreadable,
    UserTfa,
    parse_tfa,
    write_tfa,
)

URI = "otpauth://totp/ann%40pve?secret=JBSWY3DPEHPK3PXP&digits=6&algorithm=SHA1&period=30"
TOTP = {"id": "1", "description": "phone", "created": 5, "entry": URI}


def file_of(**user):
    return json.dumps({"users": {"ann@pve": user}}).encode()


def refusal(data):
    with pytest.raises(TfaUnreadable) as refused:
        parse_tfa(data)
    return refused.value


def test_a_file_that_pve_refuses_is_explained_with_reason_and_next_step():
    problem = refusal(file_of(smartcard=[]))
    assert str(problem).startswith("Nobody can log in with a password: ")
    assert "unknown field `smartcard`" in str(problem)
    assert "Put the last good copy" in problem.hint
    assert problem.original == "failed to parse TFA file, neither old style nor valid json"


def test_the_reason_is_about_the_form_that_the_file_seems_to_have():
    assert "EOF while parsing" in str(refusal(b'{"users":'))
    assert "bad line in tfa config" in str(refusal(b"something else"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"users":{"ann@pve":{"totp-locked":NaN}}}', "expected value"),
        (b'{"users":{"ann@pve":{"tfa-locked-until":-0}}}', "floating point `-0.0`"),
        (
            b'{"users":{"ann@pve":{"tfa-locked-until":1' + b"0" * 30 + b"}}}",
            "floating point `1e30`",
        ),
        (b'{"users":{"ann@pve":{"tfa-locked-until":1' + b"0" * 999 + b"}}}", "number out of range"),
        (b'{"users":{"ann@pve":{"tfa-locked-until":9223372036854775808}}}', "expected i64"),
        (b'{"users":{"ann@pve":{"tfa-locked-until":01}}}', "invalid number"),
        (b'{"users":{},"users":{}}', "duplicate field `users`"),
        (b'{"users":{"\xff":{}}}', "invalid unicode code point"),
        (b'{"users":{"\\ud800":{}}}', "unexpected end of hex escape"),
        (b'{"users":{"\\udc00":{}}}', "lone leading surrogate"),
        (b'{"users":{"\\x":{}}}', "invalid escape"),
        (b'{"users":{"a\nb":{}}}', "control character"),
        (b'{"users":{},}', "trailing comma"),
        (b'{"users":{}} x', "trailing characters"),
        (b'{"users":{"a":tru}}', "expected ident"),
        (b'{"users":{"a":{"totp":[{}]}}}', "missing field `entry`"),
        (b'{"users":{"a":{"totp":{}}}}', "invalid type: map, expected a sequence"),
    ],
)
def test_hostile_json_is_a_refusal_and_nothing_else(data, reason):
    assert reason in refusal(data).json_problem


@pytest.mark.parametrize("nested", [b"[" * 100_000, b'{"a":' * 100_000])
def test_deep_nesting_stops_at_64_levels(nested):
    assert "more than 64 levels" in str(refusal(b'{"other":' + nested))
    in_old_line = base64.b64encode(nested)
    assert "more than 64 levels" in str(refusal(b"ann@pve:oath:" + in_old_line))


def test_of_one_user_named_twice_the_last_record_counts():
    data = b'{"users":{"ann@pve":{"totp-locked":true},"ann@pve":{}}}'
    assert parse_tfa(data).users["ann@pve"] == UserTfa("ann@pve")


def test_unknown_members_at_the_top_are_ignored_even_nested_ones():
    data = b'{"version":{"a":[1,2.5,null,"x"]},"users":{"ann@pve":{}}}'
    assert list(parse_tfa(data).users) == ["ann@pve"]


def test_entries_come_in_the_order_of_pves_list():
    recovery = {"secret": "00", "entries": ["a", None, "b"], "created": 7}
    yubico = {"id": "3", "created": 1, "entry": "cccccccccccc", "enable": False}
    user = parse_tfa(file_of(yubico=[yubico], totp=[TOTP], recovery=recovery)).users["ann@pve"]
    assert [(e.type, e.id, e.enable) for e in user.entries] == [
        ("recovery", "recovery", True),
        ("totp", "1", True),
        ("yubico", "3", False),
    ]
    assert (user.entries[0].unused, user.entries[0].total, user.entries[0].created) == (2, 3, 7)


def test_a_lock_that_has_ended_is_dropped_when_the_time_is_known():
    data = file_of(**{"tfa-locked-until": 100})
    assert parse_tfa(data).users["ann@pve"].locked_until == 100
    assert parse_tfa(data, now=100).users["ann@pve"].locked_until == 100
    assert parse_tfa(data, now=101).users["ann@pve"].locked_until is None


def test_secrets_do_not_show_in_a_repr():
    config = parse_tfa(file_of(totp=[TOTP]))
    assert "JBSWY3DP" not in repr(config)


def test_written_as_pve_writes_it():
    entry = TfaEntry("1", "totp", "phone", 5, data=URI)
    off = TfaEntry("2", "yubico", created=6, enable=False, data="cccccccccccc")
    config = TfaConfig({"ann@pve": UserTfa("ann@pve", (entry, off), True, 99)})
    assert write_tfa(config).decode() == (
        '{"users":{"ann@pve":{"totp":[{"id":"1","description":"phone","created":5,"entry":"'
        + URI
        + '"}],"yubico":[{"id":"2","created":6,"enable":false,"entry":"cccccccccccc"}],'
        '"totp-locked":true,"tfa-locked-until":99}}}'
    )
    assert write_tfa(TfaConfig({})) == b"{}"
