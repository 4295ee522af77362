"""From a broken node or login to root@pam inside: one story for each cause, to the last step.

Each breaks something, asks what is wrong, takes the way that Recover offers for it, and proves with
a real two-step login over TLS that root@pam gets in. What else stands in PVE's files is as before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pve_auth_tui.core.errors import LoginRefused, Refused, Unreachable
from pve_auth_tui.core.plan import Plan, Weight
from pve_auth_tui.core.recover.condition import Mount, Service
from pve_auth_tui.core.recover.diagnosis import Cause
from pve_auth_tui.core.recover.intents import temporary_administrator
from pve_auth_tui.core.recover.ways import Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.report import Report
from tests.services.recovering import REASON, ROOT, Trouble, changed, quick_touch, recovery_key

TFA = "etc/pve/priv/tfa.cfg"


@pytest.fixture
def trouble() -> Iterator[Trouble]:
    """A node on which nothing is broken yet but root's TOTP, locked as in the drawing."""
    quick_touch()
    found = Trouble()
    yield found
    found.shop.close()
    found.outlooks.close()


@pytest.fixture
def sound(trouble: Trouble) -> Trouble:
    """The same without the lock: whatever is broken then is the only cause."""
    trouble.pve("PUT", f"/access/users/{ROOT}/unlock-tfa")
    assert trouble.login(trouble.code()).used == "totp"
    assert trouble.diagnosis().causes == ()
    return trouble


def stays_in_evidence(trouble: Trouble, *outcomes: str) -> None:
    """R18: every later session is told; the journal has the reason, and how each plan ended."""
    assert [one.outcome for one in trouble.recovered] == list(outcomes)
    assert all(one.userid == ROOT for one in trouble.recovered)
    assert trouble.reasons[-len(outcomes) :] == [REASON] * len(outcomes)
    assert trouble.ended == "end ok"


def record(trouble: Trouble) -> dict[str, Any]:
    """What tfa.cfg says of root@pam."""
    users: dict[str, dict[str, Any]] = json.loads(trouble.files[TFA])["users"]
    return users.get(ROOT, {})


def others(trouble: Trouble) -> dict[str, Any]:
    """What tfa.cfg says of everybody else."""
    users = json.loads(trouble.files[TFA])["users"]
    return {userid: told for userid, told in users.items() if userid != ROOT}


# --- nothing wrong ----------------------------------------------------------------------------


def test_nothing_is_wrong_and_recover_says_what_to_type(sound: Trouble) -> None:
    ways = sound.ways()
    assert all(way.kind in (Kind.SHOW, Kind.ASK, Kind.PLAN) for way in ways.values())
    assert next(iter(ways)) == "browser"
    assert "https://pve1.example.com:8006" in ways["browser"].note
    assert sound.recovered == []


# --- second factors ---------------------------------------------------------------------------


def test_a_locked_totp_is_unlocked_and_takes_the_next_code(trouble: Trouble) -> None:
    before = trouble.files
    assert trouble.diagnosis().causes == (Cause.LOCKED,)
    with pytest.raises(LoginRefused):
        trouble.login(trouble.code())
    held = trouble.held("totp", "webauthn", "recovery")
    assert next(iter(trouble.ways(held))) == "unlock"
    assert trouble.plan("unlock", held).weight is not Weight.HEAVY
    assert trouble.go("unlock", held).ok
    assert changed(before, trouble.files) == {TFA}
    assert trouble.login(trouble.code()).used == "totp"
    assert trouble.diagnosis().causes == ()
    stays_in_evidence(trouble, "done")


def test_while_totp_is_locked_the_key_opens_and_nothing_is_changed(trouble: Trouble) -> None:
    before = trouble.files
    first = next(iter(trouble.ways().values()))
    assert (first.id, first.kind) == ("use", Kind.SHOW)
    assert trouble.login_by_key().used == "webauthn"
    assert trouble.files == before
    assert trouble.recovered == []


def test_all_factors_locked_for_an_hour_are_unlocked(trouble: Trouble) -> None:
    trouble.breaks("root locked")
    assert trouble.diagnosis().causes == (Cause.LOCKED,)
    for attempt in (lambda: trouble.login(trouble.code()), trouble.login_by_recovery):
        with pytest.raises(LoginRefused):
            attempt()
    assert trouble.go("unlock").ok
    assert not {"totp-locked", "tfa-locked-until"} & record(trouble).keys()
    assert trouble.login(trouble.code()).used == "totp"
    assert trouble.login_by_key().used == "webauthn"
    stays_in_evidence(trouble, "done")


def test_a_lost_phone_is_removed_with_its_lock_and_the_rest_opens(trouble: Trouble) -> None:
    before, untouched = record(trouble), others(trouble)
    held = trouble.held("webauthn", "recovery")
    plan = trouble.plan("remove-lost", held)
    assert plan.weight is Weight.ORDINARY
    assert trouble.go("remove-lost", held).ok
    left = record(trouble)
    assert left == {name: before[name] for name in ("webauthn", "recovery")}
    assert others(trouble) == untouched
    assert trouble.login_by_key().used == "webauthn"
    assert trouble.login(f"recovery:{recovery_key(7)}").used == "recovery"
    stays_in_evidence(trouble, "done")


def test_only_the_key_is_left_and_opens(trouble: Trouble) -> None:
    before = record(trouble)
    held = trouble.held("webauthn")
    assert trouble.go("keep-held", held, word=trouble.plan("keep-held", held).confirm).ok
    assert record(trouble) == {"webauthn": before["webauthn"]}
    assert trouble.login_by_key().used == "webauthn"
    stays_in_evidence(trouble, "done")


def test_nothing_is_held_and_only_then_everything_goes(trouble: Trouble) -> None:
    """The last resort: HEAVY, its word is the name."""
    untouched = others(trouble)
    plan = trouble.plan("remove-all", frozenset())
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, ROOT)
    with pytest.raises(Refused, match="HEAVY"):
        trouble.go("remove-all", frozenset())
    assert trouble.recovered == []  # nothing was done, nobody is told
    assert trouble.go("remove-all", frozenset(), word=ROOT).ok
    assert record(trouble) == {}
    assert others(trouble) == untouched
    assert trouble.login().used == ""
    stays_in_evidence(trouble, "done")


def test_a_second_administrator_gets_in_for_some_hours_and_no_longer(trouble: Trouble) -> None:
    """R18: reason and expiry stand in its comment; root@pam's own factors stay as they are."""
    before = record(trouble)
    way = trouble.ways(frozenset())["temporary"]
    assert way.kind is Kind.ASK
    word = "only for tonight"
    wanted = temporary_administrator("rescue@pve", Secret(word), 4, REASON, now=trouble.clock.at)
    plan = trouble.shop.plans.review(wanted, trouble.outlooks.fresh())
    assert trouble.shop.recover.apply(plan, userid=ROOT, reason=REASON).ok
    assert record(trouble) == before
    assert trouble.login(userid="rescue@pve", password=word).userid == "rescue@pve"
    assert REASON.encode() in trouble.files["etc/pve/user.cfg"]
    stays_in_evidence(trouble, "done")
    trouble.clock.at += 4 * 3600 + 1
    with pytest.raises(LoginRefused):
        trouble.login(userid="rescue@pve", password=word)


def test_a_tfa_file_that_pve_cannot_read_is_repaired_and_everybody_keeps_what_he_has(
    sound: Trouble,
) -> None:
    before = json.loads(sound.files[TFA])
    sound.breaks("tfa broken")
    assert sound.diagnosis().causes == (Cause.TFA_UNREADABLE,)
    with pytest.raises(LoginRefused):
        sound.login(sound.code())
    plan = sound.plan("tfa-repair")
    assert sound.go("tfa-repair", word=plan.confirm).ok
    assert json.loads(sound.files[TFA]) == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


def test_a_tfa_file_that_nobody_can_repair_is_emptied_after_its_word(sound: Trouble) -> None:
    half = sound.files[TFA][:500]
    sound.node.disk.write(TFA, half)
    before = sound.files
    assert sound.diagnosis().causes == (Cause.TFA_UNREADABLE,)
    assert "tfa-repair" not in sound.ways()
    plan = sound.plan("tfa-file")
    assert plan.weight is Weight.HEAVY
    assert plan.confirm
    assert sound.go("tfa-file", word=plan.confirm).ok
    assert changed(before, sound.files) == {TFA}
    assert sound.login().used == ""
    stays_in_evidence(sound, "done")


# --- the account ------------------------------------------------------------------------------


def test_a_disabled_root_is_enabled(sound: Trouble) -> None:
    before = sound.files
    sound.breaks("root disabled")
    assert sound.diagnosis().causes == (Cause.DISABLED,)
    with pytest.raises(LoginRefused):
        sound.login(sound.code())
    assert sound.go("enable").ok
    assert sound.files == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


def test_an_expired_root_never_expires_again(sound: Trouble) -> None:
    before = sound.files
    sound.pve("PUT", f"/access/users/{ROOT}", expire=1)
    assert sound.diagnosis().causes == (Cause.EXPIRED,)
    with pytest.raises(LoginRefused):
        sound.login(sound.code())
    assert sound.go("enable").ok
    assert sound.files == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


def test_a_realm_that_demands_what_root_does_not_have_asks_no_more(sound: Trouble) -> None:
    sound.pve("DELETE", f"/access/tfa/{ROOT}/recovery")  # it would be taken besides
    before = sound.files
    sound.breaks("realm TFA")
    assert sound.diagnosis().causes == (Cause.REALM_TFA,)
    with pytest.raises(Refused, match="PVE does not ask for a code"):
        sound.login(sound.code())
    plan = sound.plan("realm-tfa")
    assert sound.go("realm-tfa", word=plan.confirm).ok
    assert sound.files == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


def test_where_a_realm_demands_another_factor_the_paper_opens_too(sound: Trouble) -> None:
    sound.breaks("realm TFA")
    assert sound.diagnosis().causes == (Cause.REALM_TFA,)
    assert next(iter(sound.ways())) == "realm-tfa"  # nobody knows whether the paper is there
    first = next(iter(sound.ways(sound.held("totp", "webauthn", "recovery")).values()))
    assert (first.id, first.kind) == ("use", Kind.SHOW)
    assert "paper" in first.title
    assert sound.login(f"recovery:{recovery_key(7)}").used == "recovery"


# --- daemons ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cause"), [("pvedaemon", Cause.PVEDAEMON), ("pveproxy", Cause.PVEPROXY)]
)
def test_a_dead_daemon_is_started_anew(sound: Trouble, name: str, cause: Cause) -> None:
    before = sound.files
    sound.breaks(f"{name} dead")
    assert sound.diagnosis().causes == (cause,)
    with pytest.raises(Unreachable):
        sound.login(sound.code())
    assert next(iter(sound.ways())) == "daemons"
    assert sound.go("daemons").ok
    assert sound.condition.service(name) is Service.RUNS
    assert sound.files == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


# --- quorum -----------------------------------------------------------------------------------


def test_cut_off_from_living_nodes_their_web_interface_is_the_way(trouble: Trouble) -> None:
    before = trouble.disk_files
    trouble.breaks("no quorum")
    assert trouble.diagnosis().causes[0] is Cause.NO_QUORUM
    ways = trouble.ways()
    first = next(iter(ways.values()))
    assert (first.id, first.kind) == ("use-other", Kind.SHOW)
    assert "https://pve2.example.com:8006" in first.note
    assert [ways[name].kind for name in ("expected", "local-mode")] == [Kind.REFUSED] * 2
    for name in ("expected", "local-mode"):
        with pytest.raises(Refused, match="pve2 and pve3 are alive"):
            trouble.go(name)
    assert not trouble.node.faults.writable
    assert trouble.disk_files == before
    assert trouble.recovered == []


def test_who_types_the_word_counts_the_node_alone_all_the_same(trouble: Trouble) -> None:
    """R14: the override is in the journal, in front of the reason."""
    trouble.breaks("no quorum")
    plan = trouble.plan("expected")
    assert plan.confirm
    with pytest.raises(Refused):
        trouble.go("expected", word="yes")
    assert trouble.go("expected", word=plan.confirm).ok
    assert trouble.node.faults.writable
    assert trouble.reasons[-1].startswith("overridden: ")
    assert trouble.reasons[-1].endswith(REASON)


def test_without_quorum_the_key_opens_and_codes_do_not(trouble: Trouble) -> None:
    trouble.pve("PUT", f"/access/users/{ROOT}/unlock-tfa")
    trouble.breaks("no quorum")
    with pytest.raises(LoginRefused):
        trouble.login(trouble.code())
    assert "look-here" in trouble.ways()
    assert trouble.login_by_key().used == "webauthn"


def test_all_alone_one_vote_is_enough_until_the_others_are_back(trouble: Trouble) -> None:
    before = trouble.files
    trouble.breaks("all alone")
    ways = trouble.ways()
    assert ways["expected"].kind is Kind.PLAN
    assert ways["local-mode"].kind is Kind.REFUSED  # corosync runs
    assert ways["unlock" if "unlock" in ways else "remove-lost"].kind is Kind.SHOW
    assert trouble.go("expected", word=trouble.plan("expected").confirm).ok
    held = trouble.held("totp")
    assert trouble.go("unlock", held).ok
    assert trouble.login(trouble.code()).used == "totp"
    assert changed(before, trouble.files) == {TFA}
    stays_in_evidence(trouble, "done", "done")
    assert trouble.ways()["votes-back"].kind is Kind.PLAN
    trouble.mends("all alone")
    assert trouble.condition.votes == (3, 3, 2, False, None)
    assert "votes-back" not in trouble.ways()
    assert trouble.login(trouble.code()).used == "totp"


def test_who_counted_alone_can_ask_for_all_votes_again(trouble: Trouble) -> None:
    trouble.breaks("all alone")
    trouble.go("expected", word=trouble.plan("expected").confirm)
    assert trouble.go("votes-back").ok
    assert not trouble.node.faults.writable


def test_corosync_dead_for_good_leads_through_local_mode_and_back(trouble: Trouble) -> None:
    before = trouble.files
    trouble.breaks("corosync dead", "all alone")
    ways = trouble.ways()
    assert ways["corosync"].kind is Kind.PLAN
    assert not trouble.go("corosync").ok  # it does not start
    plan = trouble.plan("local-mode")
    assert plan.confirm
    assert trouble.go("local-mode", word=plan.confirm).ok
    assert trouble.condition.pmxcfs is not None
    assert trouble.condition.pmxcfs.local
    assert Cause.LOCAL_MODE in trouble.diagnosis().causes
    assert trouble.go("unlock", trouble.held("totp")).ok
    assert trouble.login(trouble.code()).used == "totp"
    back = trouble.plan("hand-back")
    assert trouble.go("hand-back", word=back.confirm).ok
    assert not trouble.condition.pmxcfs.local
    assert trouble.condition.service("pve-ha-lrm") is Service.RUNS
    assert changed(before, trouble.files) == {TFA}  # what was written stays
    assert "totp-locked" not in record(trouble)
    stays_in_evidence(trouble, "failed", "done", "done", "done")
    trouble.mends("corosync dead")
    trouble.mends("all alone")
    assert trouble.login(trouble.code()).used == "totp"


def test_with_living_neighbours_local_mode_is_refused_without_corosync_too(
    trouble: Trouble,
) -> None:
    trouble.breaks("corosync dead")
    ways = trouble.ways()
    assert ways["local-mode"].kind is Kind.REFUSED
    assert "expected" not in ways  # there is nobody to tell it to
    with pytest.raises(Refused, match="alive"):
        trouble.go("local-mode")
    assert not trouble.node.faults.local_mode


# --- pmxcfs, disk, clock ----------------------------------------------------------------------


def test_pmxcfs_is_started_and_root_gets_in(sound: Trouble) -> None:
    before = sound.disk_files
    sound.breaks("pmxcfs dead")
    assert sound.diagnosis().causes == (Cause.PMXCFS,)
    assert next(iter(sound.ways())) == "start-pmxcfs"
    assert sound.go("start-pmxcfs").ok
    assert sound.disk_files == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


def test_a_dead_mount_is_taken_away_and_mounted_anew(sound: Trouble) -> None:
    before = sound.disk_files
    sound.breaks("dead mount")
    assert sound.diagnosis().causes == (Cause.DEAD_MOUNT,)
    assert next(iter(sound.ways())) == "dead-mount"
    assert sound.go("dead-mount").ok
    assert sound.condition.mount is Mount.ANSWERS
    assert sound.disk_files == before
    assert sound.login(sound.code()).used == "totp"
    stays_in_evidence(sound, "done")


def test_a_mount_whose_process_was_killed_is_mounted_anew(sound: Trouble) -> None:
    sound.breaks("dead mount", "pmxcfs dead")
    assert sound.diagnosis().causes == (Cause.DEAD_MOUNT,)
    assert sound.go("dead-mount").ok
    assert sound.login(sound.code()).used == "totp"


def test_on_a_full_disk_there_is_room_first_and_then_the_rest(trouble: Trouble) -> None:
    before = trouble.files
    trouble.breaks("disk full")
    assert trouble.diagnosis().causes == (Cause.FULL_DISK, Cause.LOCKED)
    held = trouble.held("totp")
    assert next(iter(trouble.ways(held))) == "room"
    assert not trouble.go("unlock", held).ok  # PVE cannot write
    assert trouble.files == before
    assert trouble.go("room").ok
    assert trouble.go("unlock", held).ok
    assert trouble.login(trouble.code()).used == "totp"
    stays_in_evidence(trouble, "done", "done")


def test_pmxcfs_that_does_not_start_on_a_full_disk_starts_when_there_is_room(
    sound: Trouble,
) -> None:
    sound.breaks("pmxcfs dead", "disk full")
    assert set(sound.diagnosis().causes) == {Cause.PMXCFS, Cause.FULL_DISK}
    assert not sound.go("start-pmxcfs").ok
    assert sound.go("room").ok
    assert sound.go("start-pmxcfs").ok
    assert sound.login(sound.code()).used == "totp"


def test_the_clock_is_set(sound: Trouble) -> None:
    sound.breaks("clock wrong")
    assert sound.diagnosis().causes == (Cause.CLOCK,)
    assert sound.go("clock").ok
    assert sound.diagnosis().causes == ()
    stays_in_evidence(sound, "done")


# --- what a plan of Recover says of itself ----------------------------------------------------


@pytest.mark.parametrize(
    ("stories", "way"),
    [
        (("all alone",), "expected"),
        (("corosync dead", "all alone"), "local-mode"),
        (("dead mount",), "dead-mount"),
        (("pmxcfs dead",), "start-pmxcfs"),
        (("disk full",), "room"),
    ],
)
def test_what_commands_do_and_how_it_ends_stands_in_the_plan(
    trouble: Trouble, stories: tuple[str, ...], way: str
) -> None:
    trouble.breaks(*stories)
    plan: Plan = trouble.plan(way)
    assert plan.changes
    assert plan.back.lost
    assert plan.back.steps == ()


def test_a_step_that_fails_leaves_the_next_ones_and_says_so(sound: Trouble) -> None:
    sound.breaks("pmxcfs dead", "disk full")
    report: Report = sound.go("start-pmxcfs")
    assert not report.ok
    assert sound.recovered[-1].outcome in ("failed", "nothing done")
    assert any("exit code 1" in str(one.error) for one in report.results if one.error)
