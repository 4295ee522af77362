"""Each factor against each trouble, and why: one table, then what the settings change."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.snapshot import Part, Snapshot
from pve_auth_tui.core.survive.cells import cell
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.tfaconfig import TfaEntry
from tests.core.pictures import factor
from tests.core.survive_worlds import (
    BY_ADDRESS,
    BY_NAME,
    BY_NUMBER,
    IDP,
    NOT_TOLD,
    ON_NODE,
    ONE,
    OWN_YUBICO,
    STANDALONE,
    WITH_GROUPS,
    YUBICO,
    app,
    key,
    paper,
    way_of,
    webauthn,
    world,
)

ALL = tuple(Threat)
SIGNS = {"y": "yes", "n": "no", "?": "unknown"}

CASES: list[tuple[str, str, Snapshot, str]] = [
    # whose, with what, where; IdP LDAP DNS phone quorum clock isolated certificate
    ("ann@pve", "password", world("ann@pve"), "yyyyyyyy"),
    ("ann@pam", "password", world("ann@pam"), "yyyyyyyy"),
    ("root", "console", world("ann@pve"), "yyyyyyyy"),
    ("ann@pve", "totp", world("ann@pve", app()), "yyynnnny"),
    ("ann@pve", "totp", world("ann@pve", app(), cluster=STANDALONE), "yyynynyy"),
    ("ann@pve", "totp", world("ann@pve", app(), cluster=ONE), "yyynnnyy"),
    ("ann@pve", "recovery", world("ann@pve", paper()), "yyyynyny"),
    ("ann@pve", "recovery", world("ann@pve", paper(), cluster=STANDALONE), "yyyyyyyy"),
    ("ann@pve", "key", world("ann@pve", key()), "yynyyyy?"),
    ("ann@pve", "key", world("ann@pve", key(synced=True)), "yyn?yyy?"),
    ("ann@corp", "password", world("ann@corp", realm=BY_NAME), "ynnyyyny"),
    ("ann@corp", "password", world("ann@corp", realm=BY_ADDRESS), "ynyyyyny"),
    ("ann@corp", "password", world("ann@corp", realm=ON_NODE), "ynyyyyyy"),
    ("ann@corp", "password", world("ann@corp", realm=NOT_TOLD), "yn?yyyny"),
    ("ann@corp", "totp", world("ann@corp", app(), realm=BY_ADDRESS), "ynynnnny"),
    ("ann@idp", "provider", world("ann@idp", realm=IDP), "n?n?ynnn"),
    ("ann@idp", "provider", world("ann@idp", realm=WITH_GROUPS), "n?n?nnnn"),
    ("ann@idp", "provider", world("ann@idp", realm=WITH_GROUPS, cluster=STANDALONE), "n?n?ynnn"),
    ("ann@idp", "provider", world("ann@idp", realm=BY_NUMBER), "n???ynnn"),
    ("ann@pve", "yubico", world("ann@pve", factor("yubico"), realm=YUBICO), "yyny?yny"),
    ("ann@pve", "yubico", world("ann@pve", factor("yubico"), realm=OWN_YUBICO), "yyyy?yny"),
    ("ann@pve", "u2f", world("ann@pve", factor("u2f")), "??n????n"),
]


@pytest.mark.parametrize(
    ("userid", "how", "snapshot", "signs"), CASES, ids=[f"{c[0]} {c[1]} {c[3]}" for c in CASES]
)
def test_a_row_of_the_matrix(userid: str, how: str, snapshot: Snapshot, signs: str) -> None:
    way = way_of(snapshot, userid, how)
    found = {threat: cell(snapshot, way, threat) for threat in ALL}
    assert [one.word for one in found.values()] == [SIGNS[sign] for sign in signs]
    for one in found.values():
        assert one.why
        assert not one.why.endswith(".")  # a clause: whoever shows it ends the sentence
        assert "s3cret" not in one.why


REASONS: list[tuple[str, str, Snapshot, Threat, str]] = [
    ("ann@pve", "totp", world("ann@pve", app()), Threat.PHONE, "app is taken to be on the phone"),
    ("ann@pve", "totp", world("ann@pve", app()), Threat.QUORUM, "code was used, which needs quor"),
    ("ann@pve", "totp", world("ann@pve", app()), Threat.CLOCK, "codes of 30 s that are one step"),
    ("ann@pve", "totp", world("ann@pve", app()), Threat.ISOLATED, "which needs quorum"),
    ("ann@pve", "recovery", world("ann@pve", paper()), Threat.QUORUM, "recovery key was used"),
    ("ann@pve", "key", world("ann@pve", key()), Threat.QUORUM, "a login with a key writes nothing"),
    ("ann@pve", "key", world("ann@pve", key()), Threat.DNS, "example.com and names below it"),
    ("ann@pve", "key", world("ann@pve", key()), Threat.CERTIFICATE, "example.com or below it"),
    ("ann@corp", "password", world("ann@corp", realm=BY_NAME), Threat.LDAP, "realm corp checks"),
    (
        "ann@corp",
        "password",
        world("ann@corp", realm=BY_NAME),
        Threat.DNS,
        "dc1.example.com and dc",
    ),
    ("ann@corp", "password", world("ann@corp", realm=BY_ADDRESS), Threat.DNS, "192.0.2.7 needs no"),
    ("ann@idp", "provider", world("ann@idp", realm=IDP), Threat.DNS, "resolve idm.example.com"),
    (
        "ann@idp",
        "provider",
        world("ann@idp", realm=IDP),
        Threat.CERTIFICATE,
        "addresses that it kn",
    ),
    ("ann@idp", "provider", world("ann@idp", realm=WITH_GROUPS), Threat.QUORUM, "groups-claim"),
    ("root", "console", world("ann@pve"), Threat.QUORUM, "nothing of PVE"),
]


@pytest.mark.parametrize(("userid", "how", "snapshot", "threat", "part"), REASONS)
def test_a_reason(userid: str, how: str, snapshot: Snapshot, threat: Threat, part: str) -> None:
    assert part in cell(snapshot, way_of(snapshot, userid, how), threat).why


def test_a_login_that_needs_two_things_names_both_that_fail() -> None:
    snapshot = world("ann@corp", app(), realm=BY_NAME)
    found = cell(snapshot, way_of(snapshot, "ann@corp"), Threat.ISOLATED)
    assert found.word == "no"
    assert "corp is out of reach, and PVE has to store" in found.why


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "word", "part"),
    [
        ({}, "unknown", "only if the new name is example.com or below it"),
        ({"id": "pve1.example.com"}, "no", "which is the name of a node"),
        ({"origin": "https://example.com:8006"}, "unknown", "or below it"),
        ({"origin": "https://example.com:8006", "allow-subdomains": "0"}, "no", "alone"),
        ({"origin": "https://pve1.example.com:8006"}, "no", "https://pve1.example.com:8006"),
    ],
)
def test_what_another_name_does_to_keys(settings: Any, word: str, part: str) -> None:
    """Reference 8.1: the ID is hashed into every key, and an origin that is set is compared."""
    snapshot = world("ann@pve", key(), datacenter=webauthn(**settings))
    found = cell(snapshot, way_of(snapshot, "ann@pve"), Threat.CERTIFICATE)
    assert (found.word, part in found.why) == (word, True)


@pytest.mark.parametrize(
    ("period", "word"), [(30, "no"), (60, "no"), (90, "unknown"), (120, "yes")]
)
def test_two_minutes_are_less_than_a_step_of_a_slow_app(period: int, word: str) -> None:
    """Reference 7.2: a code counts one step before and after its own."""
    snapshot = world("ann@pve", app(period))
    assert cell(snapshot, way_of(snapshot, "ann@pve"), Threat.CLOCK).word == word


# --- what was not read ------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [app(), paper()])
def test_without_the_cluster_nobody_knows_of_quorum(entry: TfaEntry) -> None:
    snapshot = world("ann@pve", entry)
    unread = snapshot.__class__(**{**snapshot.__dict__, "cluster": Part(None, "files", 0.0)})
    way = way_of(unread, "ann@pve")
    assert cell(unread, way, Threat.QUORUM).word == "unknown"
    assert cell(unread, way, Threat.ISOLATED).word == "unknown"


def test_of_what_may_not_work_at_all_only_a_no_is_certain() -> None:
    snapshot = world("ann@pam", app(), unix=None)
    way = way_of(snapshot, "ann@pam")
    assert way.certainty == "unknown"
    words = [cell(snapshot, way, threat).word for threat in ALL]
    assert words == ["unknown"] * 3 + ["no"] * 4 + ["unknown"]
    assert cell(snapshot, way, Threat.IDP).why.startswith("ann@pam may have no password")
