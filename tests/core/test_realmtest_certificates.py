"""What a certificate comes to: OpenSSL's verdicts told apart, and what is told without `verify`."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.directory.ports import Handshake
from pve_auth_tui.core.directory.settings import settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.realmtest.certificates import judge_certificate, verdict
from pve_auth_tui.core.realmtest.seen import Seen

NOW, DAY = 1_790_000_000.0, 86_400
LEAF = Certificate("CN=dc1", "CN=Corp Root", ("dc1",), (), NOW - DAY, NOW + 200 * DAY)
BELOW = Certificate("CN=dc1", "O=Lab,CN=Lab Issuing CA 1", ("dc1",), (), NOW - DAY, NOW + 99 * DAY)
ROOT = Certificate("CN=Corp Root", "CN=Corp Root", self_signed=True, is_ca=True)
ISSUING = Certificate("CN=Lab Issuing CA 1", "CN=Lab Intermediate 0", is_ca=True)
OWN = Certificate("CN=dc1", "CN=dc1", self_signed=True)


@pytest.mark.parametrize(
    ("code", "chain", "cause"),
    [
        (0, [LEAF], None),
        (9, [LEAF], Cause.CERT_NOT_YET),
        (10, [LEAF], Cause.CERT_EXPIRED),
        (18, [OWN], Cause.CERT_SELF_SIGNED),
        (19, [LEAF, ROOT], Cause.CERT_UNTRUSTED),
        (20, [LEAF], Cause.CERT_UNTRUSTED),
        (21, [LEAF], Cause.CERT_UNTRUSTED),
        (20, [BELOW], Cause.CERT_INCOMPLETE),
        (21, [BELOW], Cause.CERT_INCOMPLETE),
        (20, [BELOW, ISSUING], Cause.CERT_UNTRUSTED),
        (20, [LEAF, ROOT], Cause.CERT_UNTRUSTED),
        (20, [OWN], Cause.CERT_SELF_SIGNED),
        (2, [LEAF, ISSUING], Cause.CERT_INCOMPLETE),
        (26, [LEAF], Cause.CERT_NOT_FOR_SERVERS),
        (62, [LEAF], Cause.CERT_OTHER_NAME),
        (64, [LEAF], Cause.CERT_OTHER_ADDRESS),
        (66, [LEAF], Cause.CERT_WEAK),
        (67, [LEAF], Cause.CERT_WEAK),
        (68, [LEAF], Cause.CERT_WEAK),
        (77, [LEAF], Cause.CERT_REFUSED),
        (20, [], Cause.CERT_UNTRUSTED),
    ],
)
def test_every_code_has_its_cause(code: int, chain: list[Certificate], cause: Cause | None) -> None:
    assert verdict(code, chain) is cause


def judged(code: int = 0, own: Certificate = LEAF, **options: str) -> Seen:
    given: dict[str, Any] = {"server1": "dc1", "mode": "ldaps", "verify": "1", **options}
    settings = settings_of(Realm("corp", "ldap", given))
    shaken = Handshake("TLSv1.3", "AES", (b"",), code, "why", "192.0.2.10")
    return judge_certificate(settings, shaken, [own], [], NOW)


@pytest.mark.parametrize(
    ("days", "word", "text"),
    [
        (200, "ok", "200 days"), (31, "ok", "31 days"), (29.5, "LOOK", "30 days"),
        (1, "LOOK", "1 day"), (0.2, "LOOK", "ends today"),
    ],
)  # fmt: skip
def test_one_that_ends_within_30_days_is_to_be_looked_at(days: float, word: str, text: str) -> None:
    own = Certificate("CN=dc1", "CN=Root", ("dc1",), (), NOW - DAY, NOW + days * DAY)
    seen = judged(own=own)
    assert (seen.word, seen.text) == (word, text)
    assert seen.causes == ((Cause.CERT_ENDS_SOON,) if word == "LOOK" else ())


def test_one_that_cannot_be_read_is_told_by_the_verdict_alone() -> None:
    assert judged(own=Certificate(sha256="ab", problem="rubbish")).word == "ok"
    seen = judged(20, Certificate(sha256="ab", problem="rubbish"))
    assert seen.causes == (Cause.CERT_UNTRUSTED,)


def test_without_verify_it_is_told_what_would_be() -> None:
    seen = judged(62, verify="0")
    assert seen.causes == (Cause.NOT_VERIFIED, Cause.CERT_OTHER_NAME)
    assert seen.facts[0].text == "it would fail: other name (62)"
    assert judged(0, verify="0").facts[0].text == "it would be accepted"
