"""Who can still log in as administrator after a plan: every case by itself."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core import aclindex
from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.guard import Verdict, WayIn, judge, ways_in
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.objects import Key, differing
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.snapshot import (
    UNTOLD,
    Datacenter,
    Part,
    Passwords,
    Snapshot,
    UnixPasswords,
)
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from tests.core.pictures import DAY, ENTRA, NOW, PAM, PVE, config, factor, factors, picture
from tests.core.random_pictures import pictures

PHONE, KEY = factor("totp", "phone"), factor("webauthn", "rack 3")
RECOVERY = factor("recovery", unused=3)
OATH, YUBICO = {"tfa": "type=oath,step=30"}, {"tfa": "type=yubico,id=1,key=k"}
WEBAUTHN = {"rp": "Rack", "id": "example.com"}
BOTH = ("user:nina@pve:1:0::::::", "acl:1:/:nina@pve:Administrator:")


def cluster(*lines: str, unix: tuple[str, ...] = ("root",), **parts) -> Snapshot:
    """Files of a node on which root has a password, unless `unix` says otherwise."""
    made = picture(*lines, **parts)
    return replace(made, unix=Part(UnixPasswords(frozenset(unix)), "files", NOW))


def over_https(*lines: str, **parts) -> Snapshot:
    """Without the files of a node nothing is known of passwords."""
    return replace(picture(*lines, **parts), passwords=UNTOLD, unix=UNTOLD)


def with_part(snapshot: Snapshot, **values) -> Snapshot:
    parts = {n: getattr(snapshot, n)._replace(value=value) for n, value in values.items()}
    return replace(snapshot, **parts)


def with_users(snapshot: Snapshot, *lines: str) -> Snapshot:
    return with_part(snapshot, access=config(*lines))


def with_user(snapshot: Snapshot, userid: str, **changes) -> Snapshot:
    access = snapshot.access.value
    users = {**access.users, userid: replace(access.users[userid], **changes)}
    return with_part(snapshot, access=replace(access, users=users))


def with_factors(snapshot: Snapshot, *users) -> Snapshot:
    return with_part(snapshot, tfa=TfaConfig({each.userid: each for each in users}))


def with_realm(snapshot: Snapshot, realm: Realm, **options) -> Snapshot:
    realms = snapshot.realms.value.realms
    changed = replace(realm, options={**realm.options, **options})
    return with_part(snapshot, realms=Domains({**realms, realm.name: changed}))


def with_webauthn(snapshot: Snapshot, **settings) -> Snapshot:
    return with_part(snapshot, datacenter=Datacenter({"webauthn": settings} if settings else {}))


def verdict(before: Snapshot, after: Snapshot, *touched: Key, logged_in: str = "") -> Verdict:
    return judge(before, after, (*differing(before, after), *touched), NOW, logged_in=logged_in)


def known(snapshot: Snapshot, **more) -> dict[str, tuple[str, ...]]:
    ways = ways_in(snapshot, NOW, **more)
    return {way.userid: way.factors for way in ways if way.certainty == "known"}


def certainties(snapshot: Snapshot, **more) -> dict[str, str]:
    return {way.userid: way.certainty for way in ways_in(snapshot, NOW, **more)}


# --- what a way in is -----------------------------------------------------------------------


def test_root_with_a_password_is_a_way_in():
    assert ways_in(cluster(), NOW) == (WayIn("root@pam", "known", (), ""),)


def test_root_without_a_usable_password_is_none():
    assert ways_in(cluster(unix=()), NOW) == ()


def test_another_linux_user_needs_a_password_of_its_own_on_this_node():
    lines = ("user:ann@pam:1:0::::::", "acl:1:/:ann@pam:Administrator:")
    assert known(cluster(*lines)) == {"root@pam": ()}
    assert known(cluster(*lines, unix=("ann",))) == {"ann@pam": ()}


def test_a_user_of_realm_pve_needs_a_hash():
    assert known(cluster(*BOTH, unix=())) == {"nina@pve": ()}
    assert known(cluster(*BOTH, unix=(), pve_passwords=["other"])) == {}


@pytest.mark.parametrize(
    ("userid", "reason"),
    [
        ("carl@corp", "depends on the directory of realm corp"),
        ("olga@entra", "depends on the identity provider of realm entra"),
    ],
)
def test_directories_and_providers_are_outside(userid, reason):
    made = cluster(f"user:{userid}:1:0::::::", f"acl:1:/:{userid}:Administrator:", unix=())
    assert ways_in(made, NOW) == (WayIn(userid, "depends", (), reason),)


def test_without_the_files_of_a_node_only_who_has_logged_in_is_known():
    made = over_https(*BOTH)
    assert certainties(made) == {"root@pam": "unknown", "nina@pve": "unknown"}
    assert certainties(made, logged_in="nina@pve") == {"nina@pve": "known", "root@pam": "unknown"}


def test_who_has_logged_in_through_a_directory_still_depends_on_it():
    made = over_https("user:carl@corp:1:0::::::", "acl:1:/:carl@corp:Administrator:")
    assert certainties(made, logged_in="carl@corp")["carl@corp"] == "depends"


def test_a_password_of_an_account_that_the_plan_touches_has_not_been_shown():
    made, touched = over_https(*BOTH), {Key("user", "nina@pve")}
    assert certainties(made, logged_in="nina@pve", touched=touched)["nina@pve"] == "unknown"


@pytest.mark.parametrize(
    "user", ["nina@pve:0:0", f"nina@pve:1:{int(NOW)}", f"nina@pve:1:{int(NOW) - DAY}"]
)
def test_disabled_and_expired_accounts_are_no_way_in(user):
    made = cluster(f"user:{user}::::::", "acl:1:/:nina@pve:Administrator:", unix=())
    assert ways_in(made, NOW) == ()


@pytest.mark.parametrize(
    ("entries", "counted"),
    [
        ([PHONE], ("totp",)),
        ([KEY], ("key",)),
        ([RECOVERY], ("recovery",)),
        ([PHONE, KEY, RECOVERY], ("key", "totp", "recovery")),
        ([factor("totp", "off", enable=False)], ()),
        ([factor("totp", "off", enable=False), KEY], ("key",)),
        ([factor("recovery", unused=0), KEY], ("key",)),
        ([factor("yubico", "y"), KEY], ("key",)),
        ([factor("u2f", "old"), KEY], ("key",)),
    ],
)
def test_factors_that_count(entries, counted):
    assert known(cluster(tfa=[factors("root@pam", *entries)])) == {"root@pam": counted}


@pytest.mark.parametrize("entry", [factor("recovery", unused=0), factor("yubico", "y")])
def test_who_is_asked_for_what_is_not_there_does_not_get_in(entry):
    assert ways_in(cluster(tfa=[factors("root@pam", entry)]), NOW) == ()


@pytest.mark.parametrize("entry", [factor("u2f", "old"), factor("recovery")])
def test_what_cannot_be_told_is_unknown(entry):
    made = cluster(tfa=[factors("root@pam", entry)])
    assert certainties(made) == {"root@pam": "unknown"}


def test_locked_totp_leaves_the_other_factors():
    made = cluster(tfa=[factors("root@pam", PHONE, KEY, locked=True)])
    assert known(made) == {"root@pam": ("key",)}
    assert known(cluster(tfa=[factors("root@pam", PHONE, locked=True)])) == {}


@pytest.mark.parametrize(("seconds", "let_in"), [(60, False), (-60, True)])
def test_a_lock_of_all_factors_ends_by_itself(seconds, let_in):
    made = cluster(tfa=[factors("root@pam", PHONE, KEY, RECOVERY, until=int(NOW) + seconds)])
    assert ("root@pam" in known(made)) is let_in


def test_a_lock_without_factors_asks_for_none():
    assert known(cluster(tfa=[factors("root@pam", locked=True, until=int(NOW) + 60)]))


@pytest.mark.parametrize(
    ("options", "entries", "counted"),
    [
        (OATH, [PHONE, KEY], ("totp",)),
        (OATH, [KEY, RECOVERY], ("recovery",)),
        (YUBICO, [PHONE, KEY, RECOVERY], ("recovery",)),
    ],
)
def test_what_a_realm_demands_is_all_it_takes(options, entries, counted):
    made = with_realm(cluster(tfa=[factors("root@pam", *entries)]), PAM, **options)
    assert known(made) == {"root@pam": counted}


@pytest.mark.parametrize("entries", [[], [KEY], [factor("totp", "off", enable=False)]])
def test_a_realm_keeps_out_who_lacks_what_it_demands(entries):
    made = with_realm(cluster(tfa=[factors("root@pam", *entries)]), PAM, **OATH)
    assert ways_in(made, NOW) == ()


def test_a_yubico_otp_depends_on_a_server():
    made = with_realm(cluster(tfa=[factors("root@pam", factor("yubico", "y"))]), PAM, **YUBICO)
    assert ways_in(made, NOW) == (
        WayIn("root@pam", "depends", ("yubico",), "depends on a Yubico server"),
    )


def test_a_key_in_user_cfg_is_not_relied_on():
    made = with_user(with_realm(cluster(), PAM, **OATH), "root@pam", keys="JBSWY3DPEHPK3PXP")
    assert certainties(made) == {"root@pam": "unknown"}


def test_openid_realms_ask_for_no_factor():
    made = cluster(
        "user:o@entra:1:0::::::",
        "acl:1:/:o@entra:Administrator:",
        tfa=[factors("o@entra", PHONE, locked=True)],
    )
    assert certainties(made)["o@entra"] == "depends"


@pytest.mark.parametrize(
    ("settings", "works"),
    [
        (WEBAUTHN, True),
        ({**WEBAUTHN, "origin": "https://pve1.example.com:8006"}, True),
        ({**WEBAUTHN, "origin": "https://example.com"}, True),
        ({**WEBAUTHN, "origin": "https://badexample.com"}, False),
        ({**WEBAUTHN, "origin": "https://192.0.2.1:8006"}, False),
        ({**WEBAUTHN, "origin": "pve1.example.com"}, False),
        ({"rp": "Rack"}, False),
        ({"id": "example.com"}, False),
        ({}, False),
    ],
)
def test_keys_need_settings_that_fit(settings, works):
    made = with_webauthn(cluster(tfa=[factors("root@pam", KEY)]), **settings)
    assert ("root@pam" in known(made)) is works


def test_keys_with_settings_that_were_not_read_are_unknown():
    made = replace(cluster(tfa=[factors("root@pam", KEY)]), datacenter=Part(None, "files", NOW))
    assert certainties(made) == {"root@pam": "unknown"}


def test_a_tfa_cfg_that_pve_cannot_read_keeps_everybody_out_but_users_of_openid():
    made = cluster(*BOTH, "user:o@entra:1:0::::::", "acl:1:/:o@entra:Administrator:")
    refused = replace(made, tfa=Part(None, "files", NOW, "broken", refused=True))
    assert certainties(refused) == {"o@entra": "depends"}


def test_a_tfa_cfg_that_only_we_cannot_read_makes_everybody_unknown():
    made = replace(cluster(), tfa=Part(None, "files", NOW, "Permission denied."))
    assert certainties(made) == {"root@pam": "unknown"}


@pytest.mark.parametrize("realm", [None, Realm("corp", None)])
def test_a_realm_that_is_gone_or_unreadable_lets_nobody_in(realm):
    made = cluster("user:carl@corp:1:0::::::", "acl:1:/:carl@corp:Administrator:")
    realms = [each for each in (PAM, PVE, realm) if each]
    made = with_part(made, realms=Domains({each.name: each for each in realms}))
    assert "carl@corp" not in certainties(made)


def test_root_is_there_even_if_the_picture_lacks_it():
    assert "root@pam" in certainties(
        with_part(cluster(), access=UserConfig({}, {}, {}, {}, (), {}))
    )


def test_who_is_shown_only_a_part_concludes_nothing_from_it():
    part = with_part(cluster(), access=UserConfig({}, {}, {}, {}, (), {}))
    assert certainties(replace(part, restricted=True)) == {"root@pam": "unknown"}
    unread = replace(cluster(), access=Part(None, "files", NOW))
    assert certainties(unread) == {"root@pam": "unknown"}


# --- who is an administrator ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "is_one"),
    [
        (["acl:1:/:ann@pve:Administrator:"], True),
        (["acl:0:/:ann@pve:Administrator:"], False),
        (["acl:1:/vms:ann@pve:Administrator:"], False),
        (["acl:1:/:ann@pve:PVEAdmin:"], False),
        (["acl:1:/:@admins:Administrator:", "group:admins:ann@pve::"], True),
        (["acl:1:/:@admins:Administrator:", "group:admins:::"], False),
        (["acl:1:/:@ghosts:Administrator:"], False),
        (["acl:1:/:@admins:Administrator:", "group:admins:ann@pve::",
          "acl:1:/:ann@pve:PVEAuditor:"], False),
        (["acl:1:/:@admins:Administrator:", "group:admins:ann@pve::",
          "acl:1:/:@no:NoAccess:", "group:no:ann@pve::"], False),
        (["acl:1:/:ann@pve!t:Administrator:", "token:ann@pve!t:0:0::"], False),
        (["acl:1:/:ann@pve:Administrator:", "acl:1:/access:ann@pve:NoAccess:"], True),
    ],
)  # fmt: skip
def test_administrators(lines, is_one):
    found = administrators(config("user:ann@pve:1:0::::::", *lines))
    assert ("ann@pve" in found) is is_one
    assert "root@pam" in found


def test_the_same_role_with_and_without_propagation_through_two_groups_does_not_count():
    lines = ("group:a:ann@pve::", "group:b:ann@pve::")
    acl = ("acl:1:/:@a:Administrator:", "acl:0:/:@b:Administrator:")
    assert administrators(config("user:ann@pve:1:0::::::", *lines, *acl)) == {"root@pam"}


def test_a_role_that_has_gone_gives_nothing_and_hides_nothing():
    access = config(
        "user:ann@pve:1:0::::::",
        "group:admins:ann@pve::",
        "role:Own:VM.Audit:",
        "acl:1:/:ann@pve:Own:",
        "acl:1:/:@admins:Administrator:",
    )
    assert "ann@pve" not in administrators(access)
    roles = {name: role for name, role in access.roles.items() if name != "Own"}
    assert "ann@pve" in administrators(replace(access, roles=roles))


@given(pictures())
@settings(deadline=None)
def test_they_are_those_of_the_permission_engine(made):
    access = made.access.value
    engine = Permissions(access)
    found = administrators(access)
    assert {userid for userid in access.users if engine.is_administrator(userid)} >= found
    for userid in access.users.keys() - found:
        if engine.is_administrator(userid):  # twice the same role: see the test above
            top = [e for e in access.acl if e.path == "/" and e.role == "Administrator"]
            assert {e.propagate for e in top} == {True, False}


@given(pictures())
@settings(deadline=None)
def test_a_way_in_is_nobody_of_whom_lists_say_that_he_cannot_log_in(made):
    made = replace(made, unix=Part(UnixPasswords(frozenset({"root"})), "files", NOW))
    ways = {way.userid for way in ways_in(made, NOW)}
    for userid in administrators(made.access.value):
        assert (userid in ways) == (not login(made, userid, NOW).obstacle), userid


# --- refusals: root@pam alone ---------------------------------------------------------------

ALONE = cluster(tfa=[factors("root@pam", PHONE)])
NO_FACTOR = cluster()
REFUSED = "Nobody would be sure to get in as administrator any more: root@pam "


def test_root_disabled():
    found = verdict(ALONE, with_user(ALONE, "root@pam", enable=False))
    assert found.refusal == f"{REFUSED}would be disabled."
    assert found.findings[0].word == "BAD"
    assert found.findings[0].text == f"{REFUSED}would be disabled"
    assert found.findings[0].fix
    assert found.ways == ()


def test_root_expired():
    found = verdict(ALONE, with_user(ALONE, "root@pam", expire=int(NOW)))
    assert found.refusal == f"{REFUSED}would have expired."


def test_root_that_is_let_end_soon_is_left_for_a_moment_only():
    found = verdict(ALONE, with_user(ALONE, "root@pam", expire=int(NOW) + 5))
    assert found.refusal.startswith(f"{REFUSED}would expire at 20")
    assert [finding.word for finding in found.findings] == ["BAD"]
    assert [way.userid for way in found.ways] == ["root@pam"]
    far = verdict(ALONE, with_user(ALONE, "root@pam", expire=int(NOW) + 31 * DAY))
    assert far.refusal == ""


def test_an_account_that_ends_soon_replaces_none_that_lasts():
    before = with_user(cluster(*BOTH, unix=("root",)), "nina@pve", enable=False)
    guest = with_user(before, "nina@pve", enable=True, expire=int(NOW) + DAY)
    assert verdict(before, with_user(guest, "root@pam", enable=False)).refusal
    lasts = with_user(before, "nina@pve", enable=True)
    assert not verdict(before, with_user(lasts, "root@pam", enable=False)).refusal


def test_an_account_that_was_to_end_anyway_is_as_good_as_before():
    before = with_user(ALONE, "root@pam", expire=int(NOW) + DAY)
    assert not verdict(before, with_user(before, "root@pam", comment="x")).refusal
    assert not verdict(before, with_user(before, "root@pam", expire=int(NOW) + 2 * DAY)).refusal
    assert verdict(before, with_user(before, "root@pam", expire=int(NOW) + DAY - 1)).refusal


@pytest.mark.parametrize("name", ["192.0.2.1", "[::1]", "pve1:8006", "https://pve1", "a b", "Pve1"])
def test_a_key_is_of_no_use_where_the_id_is_no_host_name(name):
    made = with_webauthn(cluster(tfa=[factors("root@pam", KEY)]), rp="Rack", id=name)
    assert known(made) == {}
    made = with_webauthn(cluster(tfa=[factors("root@pam", KEY)]), rp="Rack", id="pve1")
    assert known(made) == {"root@pam": ("key",)}


def test_root_deleted_comes_back_without_its_factors():
    """Reference 4.1: it reappears at the next read, enabled."""
    before = with_user(ALONE, "root@pam", comment="mail to all")
    after = with_factors(with_user(before, "root@pam", comment=None))
    found = verdict(before, after, Key("user", "root@pam"))
    assert (found.refusal, known(after)) == ("", {"root@pam": ()})
    asked = with_realm(after, PAM, **OATH)
    refusal = verdict(with_realm(before, PAM, **OATH), asked).refusal
    assert refusal == f"{REFUSED}would be asked for TOTP and has none."


def test_the_password_of_root_taken_away_or_set():
    without = with_part(NO_FACTOR, unix=UnixPasswords(frozenset()))
    refusal = verdict(NO_FACTOR, without).refusal
    assert refusal == f"{REFUSED}would have no usable password in /etc/shadow of this node."
    assert verdict(NO_FACTOR, NO_FACTOR, Key("password", "root@pam")).refusal == ""
    set_anew = verdict(without, without, Key("password", "root@pam"))
    assert set_anew.refusal == ""
    assert [way.certainty for way in set_anew.ways] == ["unknown"], "the account may have expired"


def test_the_only_factor_removed_means_that_none_is_asked_for():
    found = verdict(ALONE, with_factors(ALONE))
    assert (found.refusal, found.ways[0].factors) == ("", ())


def test_the_factor_that_the_realm_demands_removed_or_disabled():
    before = with_realm(ALONE, PAM, **OATH)
    for after in (
        with_factors(before),
        with_factors(before, factors("root@pam", replace(PHONE, enable=False))),
    ):
        assert verdict(before, after).refusal == f"{REFUSED}would be asked for TOTP and has none."


def test_one_of_two_factors_removed_leaves_the_other():
    before = with_factors(ALONE, factors("root@pam", PHONE, KEY))
    assert verdict(before, ALONE).ways[0].factors == ("totp",)
    assert not verdict(before, ALONE).refusal


def test_a_factor_that_the_plan_enables_has_not_been_shown():
    before = with_factors(ALONE, factors("root@pam", replace(PHONE, enable=False)))
    refusal = verdict(before, ALONE).refusal
    assert refusal.endswith("has none that counts: the plan touches its TOTP.")


def test_another_description_touches_nothing():
    renamed = with_factors(ALONE, factors("root@pam", replace(PHONE, description="old phone")))
    assert verdict(ALONE, renamed).refusal == ""
    assert known(renamed, touched={Key("factor", "root@pam", PHONE.id)}) == {}, "taken alone it may"


def test_a_factor_that_is_touched_without_a_trace_does_not_count():
    assert verdict(ALONE, ALONE, Key("factor", "root@pam", PHONE.id)).refusal


def test_a_new_totp_counts_because_pve_checks_it():
    before = NO_FACTOR
    after = with_factors(before, factors("root@pam", factor("totp", "new")))
    assert verdict(before, after).ways == (WayIn("root@pam", "known", ("totp",), ""),)


def test_new_recovery_keys_alone_do_not_count():
    after = with_factors(NO_FACTOR, factors("root@pam", factor("recovery", unused=10)))
    refusal = verdict(NO_FACTOR, after).refusal
    assert refusal == (
        f"{REFUSED}would be asked for a second factor and has none that counts: "
        "nobody has seen its new recovery keys yet."
    )


def test_recovery_keys_that_are_replaced_are_new_ones():
    """Their id is the same, and so is what a record says of them."""
    before = with_factors(NO_FACTOR, factors("root@pam", factor("recovery", unused=10)))
    renewed = factors("root@pam", factor("recovery", unused=10, created=2))
    assert verdict(before, with_factors(before, renewed)).refusal
    assert not verdict(before, before).refusal


def test_a_new_key_counts_where_the_settings_fit():
    after = with_factors(NO_FACTOR, factors("root@pam", factor("webauthn", "new")))
    assert verdict(NO_FACTOR, after).ways[0].factors == ("key",)
    wrong = {"rp": "Rack", "id": "example.com", "origin": "https://192.0.2.1"}
    refusal = verdict(with_webauthn(NO_FACTOR, **wrong), with_webauthn(after, **wrong)).refusal
    assert "the origin of WebAuthn does not fit its id" in refusal


def test_a_factor_that_the_plan_unlocks_has_been_wrong_eight_times():
    """Unlocking is welcome; but nothing else may be given up for it."""
    locked = cluster(*BOTH, tfa=[factors("root@pam", PHONE, locked=True)])
    unlocked = with_factors(locked, factors("root@pam", PHONE))
    assert not verdict(locked, unlocked).refusal
    assert "root@pam" in known(unlocked)
    both = with_user(unlocked, "nina@pve", enable=False)
    assert verdict(locked, both).refusal.endswith("nina@pve would be disabled.")


def test_unlocking_leaves_the_key_as_good_as_it_was():
    """The way out of design/screens.md: remove the phone and its lock, keep the rest."""
    before = cluster(tfa=[factors("root@pam", PHONE, KEY, RECOVERY, locked=True)])
    after = with_factors(before, factors("root@pam", KEY, RECOVERY))
    assert verdict(before, after).ways[0].factors == ("key", "recovery")


def test_a_lock_of_everything_that_is_taken_off():
    before = cluster(tfa=[factors("root@pam", KEY, until=int(NOW) + 60)])
    after = with_factors(before, factors("root@pam", KEY))
    assert verdict(before, after).ways == (), "not known to work yet"
    assert verdict(before, after).refusal == "", "but nothing is lost"


# --- refusals: realms and settings ----------------------------------------------------------


@pytest.mark.parametrize(("options", "wanted"), [(OATH, "TOTP"), (YUBICO, "Yubico OTP")])
def test_a_realm_that_begins_to_demand_a_factor(options, wanted):
    before = cluster(tfa=[factors("root@pam", KEY)])
    found = verdict(before, with_realm(before, PAM, **options))
    assert found.refusal == f"{REFUSED}would be asked for {wanted} and has none."


def test_realm_pve_that_demands_a_factor_of_its_last_administrator():
    before = cluster(*BOTH, unix=())
    found = verdict(before, with_realm(before, PVE, **OATH))
    assert "nina@pve would be asked for TOTP and has none" in found.refusal


def test_what_a_realm_demands_is_no_matter_to_who_has_it():
    before = with_factors(ALONE, factors("root@pam", PHONE, KEY))
    assert not verdict(before, with_realm(before, PAM, **OATH)).refusal


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"rp": "Rack", "id": "example.net"},
        {**WEBAUTHN, "origin": "https://pve1.example.com:8006"},
        {**WEBAUTHN, "allow-subdomains": "0"},
        {"rp": "Rack"},
    ],
)
def test_changed_webauthn_settings_touch_every_key(settings):
    before = cluster(tfa=[factors("root@pam", KEY)])
    assert verdict(before, with_webauthn(before, **settings)).refusal.startswith(REFUSED)
    both = with_factors(before, factors("root@pam", KEY, PHONE))
    assert verdict(both, with_webauthn(both, **settings)).ways[0].factors == ("totp",)


def test_another_name_for_people_touches_no_key():
    before = cluster(tfa=[factors("root@pam", KEY)])
    after = with_webauthn(before, rp="Rack of the lab", id="example.com")
    assert Key("option", "webauthn") in differing(before, after)
    assert verdict(before, after).refusal == ""


def test_a_key_that_is_added_while_the_settings_change_does_not_count():
    after = with_factors(NO_FACTOR, factors("root@pam", factor("webauthn", "new")))
    assert verdict(NO_FACTOR, with_webauthn(after, rp="Rack", id="example.net")).refusal


def test_a_realm_in_use_removed():
    before = cluster("user:carl@corp:1:0::::::", "acl:1:/:carl@corp:Administrator:", unix=())
    after = with_part(before, realms=Domains({"pam": PAM, "pve": PVE, "entra": ENTRA}))
    assert verdict(before, after).refusal == (
        "Nobody is sure to get in as administrator now, and this makes it worse: "
        "carl@corp would belong to no realm: there is no corp."
    )


# --- refusals: rights -----------------------------------------------------------------------

USER = "user:nina@pve:1:0::::::"
GROUP = "group:admins:nina@pve::"
OF_GROUP = "acl:1:/:@admins:Administrator:"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((USER, "acl:1:/:nina@pve:Administrator:"), (USER,)),
        ((USER, "acl:1:/:nina@pve:Administrator:"), (USER, "acl:0:/:nina@pve:Administrator:")),
        ((USER, "acl:1:/:nina@pve:Administrator:"),
         (USER, "acl:1:/:nina@pve:Administrator,NoAccess:")),
        ((USER, GROUP, OF_GROUP), (USER, "group:admins:::", OF_GROUP)),
        ((USER, GROUP, OF_GROUP), (USER, GROUP)),
        ((USER, GROUP, OF_GROUP), (USER,)),
        ((USER, GROUP, OF_GROUP), (USER, GROUP, OF_GROUP, "acl:1:/:nina@pve:PVEAuditor:")),
    ],
)  # fmt: skip
def test_the_last_administrator_by_acl_role_or_group(before, after):
    made = cluster(*before, unix=())
    refusal = verdict(made, with_users(made, *after)).refusal
    assert refusal.endswith("nina@pve would be no administrator any more.")


def test_the_last_administrator_by_a_role_of_ones_own():
    privileges = ",".join(sorted(config().roles["Administrator"].privs))
    lines = (USER, f"role:Own:{privileges}:", "acl:1:/:nina@pve:Own:")
    before = cluster(*lines, unix=())
    assert known(before) == {"nina@pve": ()}
    weaker = with_users(before, USER, "role:Own:VM.Audit:", "acl:1:/:nina@pve:Own:")
    assert verdict(before, weaker).refusal.endswith("would be no administrator any more.")
    assert verdict(before, with_users(before, USER)).refusal


def test_the_last_administrator_deleted():
    before = cluster(USER, "acl:1:/:nina@pve:Administrator:", unix=())
    after = with_part(with_users(before), passwords=Passwords(frozenset()))
    assert verdict(before, after).refusal.endswith("nina@pve would be gone.")


def test_one_of_two_administrators_may_go():
    before = cluster(*BOTH)
    found = verdict(before, with_users(before))
    assert found.refusal == ""
    assert found.findings[0].text == "Still able to log in as administrator: root@pam"
    assert not verdict(before, with_user(before, "root@pam", enable=False)).refusal


# --- when nobody is known to get in ---------------------------------------------------------


def test_a_plan_that_adds_or_repairs_is_accepted_although_nobody_can_get_in():
    before = cluster(unix=())
    for after in (before, with_user(before, "root@pam", comment="x")):
        found = verdict(before, after)
        assert (found.refusal, [each.word for each in found.findings]) == ("", ["BAD"])
        assert found.findings[0].text.startswith("Nobody can log in as administrator")
    repaired = with_users(before, *BOTH)
    repaired = with_part(repaired, passwords=Passwords(frozenset({"nina"})))
    found = verdict(before, repaired)
    assert found.findings[0] == (
        "ok", "Then able to log in as administrator: nina@pve", "", None,
    )  # fmt: skip


def test_a_way_that_only_depends_may_be_given_up_for_a_known_one():
    carl = ("user:carl@corp:1:0::::::", "acl:1:/:carl@corp:Administrator:")
    before = cluster(*carl, unix=())
    after = with_part(with_users(before, *BOTH), passwords=Passwords(frozenset({"nina"})))
    assert verdict(before, after).refusal == ""
    assert verdict(before, with_users(before)).refusal


def test_a_known_way_is_not_given_up_for_one_that_depends():
    carl = ("user:carl@corp:1:0::::::", "acl:1:/:carl@corp:Administrator:")
    before = cluster(*carl)
    found = verdict(before, with_user(before, "root@pam", enable=False))
    assert found.refusal == f"{REFUSED}would be disabled."
    assert [(each.word, each.text) for each in found.findings[1:]] == [
        ("LOOK", "Only through a directory or server outside: carl@corp")
    ]


def test_over_https_nobody_shuts_himself_out():
    before = over_https(*BOTH)
    after = with_user(before, "nina@pve", enable=False)
    found = verdict(before, after, logged_in="nina@pve")
    assert found.refusal.endswith("nina@pve would be disabled.")
    assert found.findings[1].text == (
        "Not known from here whether they can log in as administrator: root@pam"
    )
    assert verdict(before, after).refusal.startswith("Nobody is sure to get in")
    assert not verdict(before, after, logged_in="root@pam").refusal


@pytest.mark.parametrize("change", [{"comment": "x"}, {"email": "a@example.com"}])
def test_over_https_a_comment_makes_a_password_no_less_known(change):
    before = over_https()
    after = with_user(before, "root@pam", **change)
    assert verdict(before, after, logged_in="root@pam").refusal == ""


def test_over_https_an_account_that_is_made_anew_is_another_one():
    before = over_https()
    after = with_user(before, "root@pam", expire=int(NOW) + DAY)
    assert verdict(before, after, logged_in="root@pam").refusal.endswith(
        "root@pam may have no password: that cannot be told from here."
    )


def test_over_https_a_password_that_the_plan_sets_is_known():
    before = over_https(*BOTH)
    assert known(before, touched={Key("password", "nina@pve")}) == {"nina@pve": ()}
    own = verdict(before, before, Key("password", "root@pam"), logged_in="root@pam")
    assert own.refusal == ""


# --- in words, and fast ---------------------------------------------------------------------


def test_four_are_named_and_the_others_counted():
    users = [f"u{number}@pve" for number in range(9)]
    lines = [f"user:{user}:1:0::::::" for user in users]
    before = cluster(*lines, f"acl:1:/:{','.join(users)}:Administrator:")
    found = verdict(before, with_user(before, "u0@pve", comment="x"))
    assert found.findings[0].text == (
        "Still able to log in as administrator: root@pam, u0@pve, u1@pve, u2@pve and 6 more"
    )
    off = before
    for userid in ("root@pam", *users):
        off = with_user(off, userid, enable=False)
    assert verdict(before, off).refusal == (
        f"{REFUSED}would be disabled; u0@pve would be disabled; u1@pve would be disabled; "
        "u2@pve would be disabled and 6 more."
    )


def test_the_demo_names_people_with_their_factors():
    made = SnapshotService(demo_tree(), FixedClock(DEMO_NOW)).load()
    found = judge(made, made, (), DEMO_NOW)
    assert found.findings[0].text == (
        "Still able to log in as administrator: root@pam (key, recovery), "
        "anna@pam (totp, recovery), backup-admin@pve, erik@pve (totp, recovery) and 1 more"
    )
    depending = [way.userid for way in found.ways if way.certainty == "depends"]
    assert depending == ["carl@corp", "dora@corp", "frank@corp"], "anna.admin is locked out"


def test_only_entries_on_the_root_are_looked_at(monkeypatch):
    """The index of 20,000 entries takes 55 ms, and a picture of what will be never has one."""

    def refuse(config):
        raise AssertionError("no index is needed")

    monkeypatch.setattr(aclindex, "acl_index", refuse)
    monkeypatch.setattr(Permissions, "__init__", refuse)
    assert judge(ALONE, with_user(ALONE, "root@pam", enable=False), (), NOW).refusal


def test_nothing_promises_that_nobody_is_locked_out():
    for before, after in ((ALONE, ALONE), (ALONE, with_factors(ALONE))):
        texts = " ".join(str(each) for each in verdict(before, after).findings)
        assert "lock-out" not in texts
        assert "locked out" not in texts


def test_the_document_quotes_what_is_said():
    document = (Path(__file__).parents[2] / "docs/guard.md").read_text(encoding="utf-8")
    carl = ("user:carl@corp:1:0::::::", "acl:1:/:carl@corp:Administrator:")
    phone = factors("carl@corp", PHONE)
    two = cluster(*BOTH, tfa=[factors("root@pam", KEY, RECOVERY)])
    key_only = cluster(*carl, tfa=[factors("root@pam", KEY), phone])
    said = [
        *verdict(two, two).findings,
        *verdict(key_only, with_realm(key_only, PAM, **OATH)).findings,
        *verdict(over_https(), over_https()).findings,
    ]
    quoted = [line for line in document.splitlines() if line[:6].strip() in ("ok", "LOOK", "BAD")]
    expected = [f"{each.word:6}{each.text}" for each in said]
    assert sorted(line.replace("backup-admin", "nina") for line in quoted) == sorted(expected)
