"""Which ways in there are: who counts, with what, and who has none today."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.guard import ways_in as guarded
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot, UnixPasswords
from pve_auth_tui.core.survive.cells import cell
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.waysin import entrances, ways_in
from tests.core import random_pictures
from tests.core.pictures import DAY, NOW, PAM, PVE, factor, factors, picture
from tests.core.survive_worlds import THREE, app, key, paper, world

ADMIN = "acl:1:/:ann@pve:Administrator:"
LINUX = UnixPasswords(frozenset({"root"}))


def told(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    return [(way.userid, way.shown, way.certainty) for way in ways_in(snapshot, NOW)]


def test_root_comes_first_then_the_console() -> None:
    snapshot = world("ann@pve", app(), key(), paper())
    assert told(snapshot) == [
        ("root@pam", "password", "known"),
        ("root", "console", "known"),
        ("ann@pve", "key rack 3", "known"),
        ("ann@pve", "totp phone", "known"),
        ("ann@pve", "recovery", "known"),
    ]


def test_each_of_two_factors_of_a_kind_is_a_way_of_its_own() -> None:
    other = replace(key(), id="k2", description="desk")
    ways = [way for way in ways_in(world("ann@pve", key(), other), NOW) if way.userid == "ann@pve"]
    assert sorted(way.shown for way in ways) == ["key desk", "key rack 3"]
    assert len({way.key for way in ways}) == 2


def test_who_is_disabled_or_expired_is_not_even_told_of() -> None:
    lines = (f"user:off@pve:0:0::::::\nuser:old@pve:1:{int(NOW) - DAY}::::::", ADMIN)
    more = ("acl:1:/:off@pve:Administrator:", "acl:1:/:old@pve:Administrator:")
    found = entrances(picture(*lines, *more, unix=LINUX), NOW)
    assert {way.person for way in found.ways} == {"root@pam"}
    assert found.without == ()


def test_api_tokens_and_other_users_are_no_ways_in() -> None:
    lines = ("user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:0::", "acl:1:/:ann@pve!ci:Administrator:")
    assert {way.person for way in ways_in(picture(*lines, unix=LINUX), NOW)} == {"root@pam"}


def test_who_cannot_get_in_today_is_told_with_the_reason() -> None:
    users = "\n".join(f"user:{name}@pve:1:0::::x:" for name in ("bare", "empty", "all", "totp"))
    lines = [f"acl:1:/:{name}@pve:Administrator:" for name in ("bare", "empty", "all", "totp")]
    snapshot = picture(
        users,
        *lines,
        pve_passwords=["empty", "all", "totp"],
        tfa=[
            factors("empty@pve", factor("recovery", unused=0)),
            factors("all@pve", app(), until=int(NOW) + 60),
            factors("totp@pve", app(), locked=True),
        ],
        unix=LINUX,
    )
    assert dict(entrances(snapshot, NOW).without) == {
        "bare@pve": "has no usable password",
        "empty@pve": "is asked for a second factor and has none that works: no recovery keys are"
        " left",
        "all@pve": "is asked for a second factor, and all of them are locked",
        "totp@pve": "is asked for a second factor and has none that works: TOTP is locked",
    }


def test_a_factor_that_the_realm_does_not_take_is_none() -> None:
    """Reference 5.4: with Require TFA only that kind and recovery keys are taken."""
    realm = Realm("pve", "pve", {"tfa": "type=oath"})
    ways = ways_in(world("ann@pve", key(), app(), paper(), realm=realm), NOW)
    assert [way.how for way in ways if way.userid == "ann@pve"] == ["totp", "recovery"]


def test_a_disabled_factor_is_none_and_without_others_nothing_is_asked() -> None:
    off = replace(app(), enable=False)
    assert ("ann@pve", "password", "known") in told(world("ann@pve", off))


def test_a_key_of_another_webauthn_id_is_no_way_in() -> None:
    """Reference 8.1: the ID is hashed into it, so PVE finds it no more."""
    old = Mark("ann@pve", "k", How.LOGIN, NOW - DAY, "pve1", "old.example.com")
    snapshot = replace(world("ann@pve", key()), proofs={("ann@pve", "k"): old})
    found = entrances(snapshot, NOW)
    assert {way.person for way in found.ways} == {"root@pam"}
    assert found.without[0].reason.endswith("its key belongs to the WebAuthn ID old.example.com")
    fits = replace(old, rp_id="example.com")
    assert ("ann@pve", "key rack 3", "known") in told(
        replace(snapshot, proofs={("ann@pve", "k"): fits})
    )


def test_the_console_is_known_where_shadow_says_so() -> None:
    known = world("ann@pve")
    assert ("root", "console", "known") in told(known)
    locked = replace(known, unix=known.unix._replace(value=UnixPasswords(frozenset())))
    unread = replace(known, unix=known.unix._replace(value=None))
    assert not any(way.how == "console" for way in ways_in(locked, NOW))
    (console,) = (way for way in ways_in(unread, NOW) if way.how == "console")
    assert (console.certainty, "was not read" in console.reason) == ("unknown", True)


def test_without_users_root_alone_is_thought_of() -> None:
    whole = world("ann@pve")
    snapshot = replace(whole, access=whole.access._replace(value=None))
    assert {way.person for way in ways_in(snapshot, NOW)} == {"root@pam"}
    assert ways_in(snapshot, NOW)[0].certainty == "unknown"


@given(random_pictures.pictures())
def test_who_gets_in_is_who_the_guard_lets_in(snapshot: Snapshot) -> None:
    mine = {way.userid for way in ways_in(snapshot, NOW)} - {"root"}
    assert mine == {way.userid for way in guarded(snapshot, NOW)}


@given(random_pictures.pictures())
def test_without_quorum_get_in_those_of_whom_logins_say_so(snapshot: Snapshot) -> None:
    in_cluster = replace(
        snapshot,
        cluster=snapshot.cluster._replace(value=THREE),
        unix=snapshot.passwords._replace(value=LINUX),
    )
    alive: dict[str, bool] = {}
    for way in ways_in(in_cluster, NOW):
        if way.how != "console" and way.certainty != "unknown":
            survives = cell(in_cluster, way, Threat.QUORUM).word == "yes"
            alive[way.userid] = alive.get(way.userid, False) or survives
    expected = {userid: login(in_cluster, userid, NOW).without_quorum for userid in alive}
    assert alive == expected


def test_both_realms_that_are_always_there_are_known_without_the_file() -> None:
    snapshot = picture("user:ann@pve:1:0::::::", ADMIN, realms=(PAM, PVE), unix=LINUX)
    assert ("ann@pve", "password", "known") in told(snapshot)
