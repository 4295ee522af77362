"""R23: whose login may be tried, and whose counters say no."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.lockout import Counters, Rule, counters, domain_rule, ppolicy_rule
from pve_auth_tui.core.realmtest.rootdse import clock_seen, generalized_time

NOW = 1_790_000_000.0
TICKS = 10_000_000
MINUTE = 60


def ticks(seconds: float) -> bytes:
    """A Windows file time."""
    return str(int((seconds + 11_644_473_600) * TICKS)).encode()


def stamp(seconds: float) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%SZ").encode()


def account(**values: Any) -> dict[str, list[bytes]]:
    known = {"useraccountcontrol": b"512", "pwdlastset": b"1", **values}
    return {name: [value] if isinstance(value, bytes) else value for name, value in known.items()}


FIVE = Rule(5, 30 * MINUTE, 30 * MINUTE)


def judged(rule: Rule = FIVE, **values: Any) -> Counters:
    return counters(account(**values), rule, NOW)


@pytest.mark.parametrize(
    ("misses", "near"), [(b"0", False), (b"3", False), (b"4", True), (b"5", True), (b"x", False)]
)
def test_one_below_the_threshold_is_too_near(misses: bytes, near: bool) -> None:
    """R23: refused at the threshold less one."""
    found = judged(badpwdcount=misses, badpasswordtime=ticks(NOW - MINUTE))
    assert (found.obstacle is Cause.LOCK_NEAR) is near


def test_misses_older_than_the_window_count_no_more() -> None:
    found = judged(badpwdcount=b"4", badpasswordtime=ticks(NOW - 31 * MINUTE))
    assert found.obstacle is None
    assert found.facts[0].text == "0"


def test_a_domain_that_never_locks_stops_nobody() -> None:
    found = judged(Rule(0), badpwdcount=b"40")
    assert found.obstacle is None
    assert found.facts[1].text == "never"


def test_where_the_policy_cannot_be_read_three_is_assumed() -> None:
    assert judged(Rule(), badpwdcount=b"1").obstacle is None
    found = judged(Rule(), badpwdcount=b"2")
    assert found.obstacle is Cause.LOCK_NEAR
    assert "3 is assumed" in found.facts[1].text
    assert judged(Rule(), badpwdcount=b"0").obstacle is None


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"useraccountcontrol": b"514"}, Cause.ACCOUNT_DISABLED),
        ({"accountexpires": ticks(NOW - 1)}, Cause.ACCOUNT_EXPIRED),
        ({"accountexpires": ticks(NOW + 1)}, None),
        ({"accountexpires": b"0"}, None),
        ({"accountexpires": str(2**63 - 1).encode()}, None),
        ({"lockouttime": ticks(NOW - 29 * MINUTE)}, Cause.ACCOUNT_LOCKED),
        ({"lockouttime": ticks(NOW - 31 * MINUTE)}, None),
        ({"lockouttime": b"0"}, None),
        ({"pwdlastset": b"0"}, Cause.MUST_CHANGE),
        ({"pwdlastset": b"0", "useraccountcontrol": str(512 | 0x10000).encode()}, None),
    ],
)
def test_what_an_account_of_ad_says_of_itself(values: Any, cause: Cause | None) -> None:
    assert judged(**values).obstacle is cause


def test_a_lock_without_an_end_stays() -> None:
    forever = domain_rule(
        {"lockoutthreshold": [b"5"], "lockoutduration": [b"-9223372036854775808"]}, None
    )
    assert judged(forever, lockouttime=ticks(NOW - 10**7)).obstacle is Cause.ACCOUNT_LOCKED


def test_a_password_settings_object_stands_for_the_domain() -> None:
    domain = {"lockoutthreshold": [b"10"], "lockoutobservationwindow": [b"-18000000000"]}
    assert domain_rule(domain, None) == Rule(10, 30 * MINUTE, 0)
    assert domain_rule(domain, {"msds-lockoutthreshold": [b"3"]}).most == 3
    assert domain_rule(domain, {}).most is None


def ldap(rule: Rule, **values: list[bytes]) -> Counters:
    return counters(values, rule, NOW)


def test_failures_of_a_password_policy_are_counted_within_its_interval() -> None:
    rule = ppolicy_rule([{"pwdmaxfailure": [b"3"], "pwdfailurecountinterval": [b"600"]}])
    failures = [stamp(NOW - 900), stamp(NOW - 60), stamp(NOW - 30)]
    assert ldap(rule, pwdfailuretime=failures[:2]).obstacle is None
    assert ldap(rule, pwdfailuretime=failures).obstacle is Cause.LOCK_NEAR


@pytest.mark.parametrize(
    ("since", "cause"),
    [
        (b"000001010000Z", Cause.ACCOUNT_LOCKED),
        (stamp(NOW - 60), Cause.ACCOUNT_LOCKED),
        (stamp(NOW - 600), None),
        (b"rubbish", Cause.ACCOUNT_LOCKED),
    ],
)
def test_a_lock_of_a_password_policy(since: bytes, cause: Cause | None) -> None:
    assert ldap(Rule(3, 0, 300), pwdaccountlockedtime=[since]).obstacle is cause


def test_a_disabled_account_of_another_directory() -> None:
    assert ldap(Rule(), nsaccountlock=[b"TRUE"]).obstacle is Cause.ACCOUNT_DISABLED


def test_the_strictest_of_several_policies_holds() -> None:
    policies = [
        {"pwdmaxfailure": [b"9"]},
        {"pwdmaxfailure": [b"4"]},
        {"pwdmaxfailure": [b"2"], "pwdlockout": [b"FALSE"]},
    ]
    assert ppolicy_rule(policies).most == 4
    assert ppolicy_rule(policies[2:]).most == 0
    assert ppolicy_rule([]).most is None


_NAMES = st.sampled_from(
    ["badpwdcount", "badpasswordtime", "lockouttime", "useraccountcontrol", "accountexpires",
     "pwdlastset", "pwdfailuretime", "pwdaccountlockedtime", "nsaccountlock"]
)  # fmt: skip


@given(st.dictionaries(_NAMES, st.lists(st.binary(max_size=30), max_size=3)))
def test_no_octets_make_it_fail(values: dict[str, list[bytes]]) -> None:
    assert counters(values, FIVE, NOW).facts


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"19700101000000Z", 0), (b"19700101000001.0Z", 1), (b"19700101010000+0100", 0),
        (b"19691231230000-0100", 0), (b"19700101000000", None), (b"20261399000000Z", None),
        (b"", None),
    ],
)  # fmt: skip
def test_times_of_ldap(text: bytes, seconds: float | None) -> None:
    assert generalized_time(text) == seconds


@given(st.binary(max_size=30))
def test_no_octets_are_a_time_that_fails(text: bytes) -> None:
    assert clock_seen({"currenttime": [text]}, NOW).word in ("ok", "BAD")
