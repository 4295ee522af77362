"""May somebody's login be tried, or would a wrong password lock the account (R23)?

Sources: MS-ADTS 3.1.1.4.5 and 6.1.1.4.11 (badPwdCount, lockoutTime, userAccountControl),
MS-ADTS 3.1.1.4.5.40 (password settings objects), draft-behera-ldap-password-policy-10 (ppolicy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.rootdse import generalized_time
from pve_auth_tui.core.realmtest.seen import LIMIT, MISSES

Values = Mapping[str, Sequence[bytes]]

OF_PERSON: Final = (
    "badPwdCount", "badPasswordTime", "lockoutTime", "userAccountControl", "accountExpires",
    "pwdLastSet", "msDS-ResultantPSO", "pwdAccountLockedTime", "pwdFailureTime",
    "pwdPolicySubentry", "nsAccountLock",
)  # fmt: skip
OF_DOMAIN: Final = ("lockoutThreshold", "lockOutObservationWindow", "lockoutDuration")
OF_PSO: Final = (
    "msDS-LockoutThreshold", "msDS-LockoutObservationWindow", "msDS-LockoutDuration",
)  # fmt: skip
OF_PPOLICY: Final = (
    "pwdMaxFailure", "pwdLockout", "pwdLockoutDuration", "pwdFailureCountInterval",
)  # fmt: skip
ASSUMED: Final = 3
"""Wrong passwords after which an account is taken to lock where no policy could be read."""

_DISABLED: Final = 0x2  # of userAccountControl
_KEEPS_PASSWORD: Final = 0x10000
_NEVER: Final = (0, 2**63 - 1)  # of accountExpires
_1601: Final = 11_644_473_600  # seconds from 1601 to 1970
_TICKS: Final = 10_000_000  # a second
_FOR_GOOD: Final = b"000001010000Z"
_NO: Final = b"FALSE"


class Rule(NamedTuple):
    """A policy. `most`: wrong passwords that lock, 0 for never; None: it could not be read.
    `window`, `lasts`: seconds, 0 for ever.
    """

    most: int | None = None
    window: float = 0.0
    lasts: float = 0.0


class Counters(NamedTuple):
    """`obstacle`: why no attempt is made, None where one may be."""

    obstacle: Cause | None
    facts: tuple[Fact, ...] = ()


def domain_rule(domain: Values, pso: Values | None) -> Rule:
    """Of AD: a password settings object stands for what the domain says."""
    names = OF_DOMAIN if pso is None else OF_PSO
    values = domain if pso is None else pso
    most, window, lasts = (_number(values, name) for name in names)
    return Rule(
        most, abs(window or 0) / _TICKS, abs(lasts or 0) / _TICKS if lasts != -(2**63) else 0
    )


def ppolicy_rule(policies: Sequence[Values]) -> Rule:
    """Of OpenLDAP: of several policies the strictest, for which one holds is not always told."""
    rules = [
        Rule(
            0 if _first(one, "pwdlockout").upper() == _NO else _number(one, "pwdMaxFailure") or 0,
            _number(one, "pwdFailureCountInterval") or 0,
            _number(one, "pwdLockoutDuration") or 0,
        )
        for one in policies
    ]
    return min(rules, key=lambda rule: rule.most or 2**31, default=Rule())


def is_of_ad(person: Values) -> bool:
    return "useraccountcontrol" in person or "badpwdcount" in person


def counters(person: Values, rule: Rule, now: float) -> Counters:
    """`person`: names in small letters; `now` in seconds since 1970.

    The account is not tried where the answer is known, nor where one more wrong password could
    be the last (`most` - 1). An attempt of ours counts as any other.
    """
    obstacle = _of_ad(person, rule, now) if is_of_ad(person) else _of_ppolicy(person, rule, now)
    misses = _misses(person, rule, now)
    limit = rule.most if rule.most is not None else (ASSUMED if misses else 0)
    said = str(limit) if rule.most is not None else f"not readable; {ASSUMED} is assumed"
    facts = (Fact(MISSES, str(misses)), Fact(LIMIT, "never" if rule.most == 0 else said))
    if obstacle is None and limit and misses >= limit - 1:
        obstacle = Cause.LOCK_NEAR
    return Counters(obstacle, facts)


def _of_ad(person: Values, rule: Rule, now: float) -> Cause | None:
    control = _number(person, "userAccountControl") or 0
    if control & _DISABLED:
        return Cause.ACCOUNT_DISABLED
    expires = _number(person, "accountExpires") or 0
    if expires not in _NEVER and _moment(expires) <= now:
        return Cause.ACCOUNT_EXPIRED
    locked = _number(person, "lockoutTime") or 0
    if locked and (not rule.lasts or _moment(locked) + rule.lasts > now):
        return Cause.ACCOUNT_LOCKED
    if _number(person, "pwdLastSet") == 0 and not control & _KEEPS_PASSWORD:
        return Cause.MUST_CHANGE
    return None


def _of_ppolicy(person: Values, rule: Rule, now: float) -> Cause | None:
    if _first(person, "nsaccountlock").upper() == b"TRUE":
        return Cause.ACCOUNT_DISABLED
    text = _first(person, "pwdaccountlockedtime")
    if text:
        since = generalized_time(text)
        if text == _FOR_GOOD or since is None or not rule.lasts or since + rule.lasts > now:
            return Cause.ACCOUNT_LOCKED
    return None


def _misses(person: Values, rule: Rule, now: float) -> int:
    """Wrong passwords that still count."""
    if is_of_ad(person):
        count = _number(person, "badPwdCount") or 0
        last = _number(person, "badPasswordTime") or 0
        over = rule.window and last and _moment(last) + rule.window <= now
        return 0 if over else max(0, count)
    moments = [generalized_time(text) for text in person.get("pwdfailuretime", ())]
    return sum(1 for one in moments if one is None or not rule.window or one + rule.window > now)


def _number(values: Values, name: str) -> int | None:
    text = _first(values, name.lower())
    digits = text.removeprefix(b"-")
    return int(text) if digits.isdigit() and len(digits) < 20 else None


def _moment(ticks: int) -> float:
    """A Windows file time in seconds since 1970."""
    return ticks / _TICKS - _1601


def _first(values: Values, name: str) -> bytes:
    return next(iter(values.get(name, ())), b"")
