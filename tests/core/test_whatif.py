"""What a change does to everybody's rights: the engine, asked about all of them, agrees."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents import users
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.why.whatif import Stopped, what_if
from tests.core import configs, random_pictures
from tests.core.pictures import DAY, NOW, part, picture

PEOPLE = (
    "user:ann@pve:1:0:::::", "user:bob@pve:1:0:::::", "token:ann@pve!full:0:0::",
    "token:ann@pve!own:0:1::", "group:ops:ann@pve,bob@pve,ghost@pve::", "group:dev:bob@pve::",
    "role:Watch:VM.Audit:", "role:Power:VM.PowerMgmt:", "role:Both:VM.Audit,VM.PowerMgmt:",
    "pool:lab::100,101::",
)  # fmt: skip


def acl(*lines):
    """ACL lines, written like `1:/vms:@ops:Watch`."""
    return [f"acl:{line}:" for line in lines]


def asked(before, after, **options):
    """What changes from one set of lines to another, each beside PEOPLE."""
    return what_if(picture(*PEOPLE, *before), picture(*PEOPLE, *after), now=NOW, **options)


def told(before, after):
    """subject -> [(paths, gained, lost, gained_below, lost_below)]"""
    return {
        shift.subject: [(paths, *map(sorted, change)) for change, paths in shift.changes]
        for shift in asked(before, after).shifts
    }


# --- the same found by asking about everybody everywhere ------------------------------------


def exists(config, subject):
    userid, name = split_tokenid(subject) or (subject, None)
    user = config.users.get(userid)
    return user is not None and (name is None or name in user.tokens)


def everybody(*pair):
    tokens = {f"{u.id}!{t}" for config in pair for u in config.users.values() for t in u.tokens}
    return {userid for config in pair for userid in config.users} | tokens


def parents(path):
    """`/vms/100` -> `/vms`, `/`"""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def real(engines, pair, subject, path):
    """(gained, lost) as PVE's computation has it."""
    was, will = (
        set(engine.privileges(subject, path)) if exists(config, subject) else set()
        for engine, config in zip(engines, pair, strict=True)
    )
    return will - was, was - will


def said(rows, unchanged, path):
    """(gained, lost) as the answer says, read like a person would."""
    if path in unchanged:
        return set(), set()
    if path in rows:
        return set(rows[path].gained), set(rows[path].lost)
    for above in parents(path):
        rest = f"{above.rstrip('/')}/*"
        for place in (rest, above):
            if place in unchanged:
                return set(), set()
            if place in rows:
                change = rows[place]
                return change.gained | change.gained_below, change.lost | change.lost_below
    return set(), set()


def agree(old, new):
    """Compares the answer with the engine's: all subjects, all paths that PVE lists, and below."""
    before, after = (replace(picture(), access=part(config)) for config in (old, new))
    found = what_if(before, after, now=NOW)
    pair, engines = (old, new), (Permissions(old), Permissions(new))
    tree = {path for engine in engines for path in engine.all_paths(ROOT)}
    inner = {above for path in tree for above in parents(path)}
    guests = {p for p in tree if p.startswith(("/vms/", "/storage/")) and p not in inner}
    below = {f"{path.rstrip('/')}/*" for path in tree - guests}
    shifts = {shift.subject: shift.changes for shift in found.shifts}
    assert len(shifts) == len(found.shifts)
    assert found.asked == len(everybody(*pair))
    for subject in everybody(*pair):
        changes = shifts.get(subject, ())
        rows = {path: change for change, paths in changes for path in paths}
        unchanged = found.unchanged.get(subject, ())
        assert len(rows) == sum(len(paths) for _, paths in changes)
        assert not rows.keys() & set(unchanged)
        for path in tree | below:
            assert said(rows, unchanged, path) == real(engines, pair, subject, path), (
                subject, path, changes, unchanged
            )  # fmt: skip
        for path, change in rows.items():
            assert any(change)
            assert path in tree or path in below
            assert not change.gained & change.gained_below
            assert not change.lost & change.lost_below
    assert not shifts.keys() - everybody(*pair)


@given(random_pictures.lines(), random_pictures.lines())
def test_two_clusters_that_have_nothing_to_do_with_each_other(before, after):
    agree(picture(*before).access.value, picture(*after).access.value)


@given(random_pictures.lines(), random_pictures.lines(), st.data())
def test_a_few_lines_that_come_and_go(lines, others, data):
    few = data.draw(st.sets(st.sampled_from(others or lines), max_size=2)) if others else set()
    gone = data.draw(st.sets(st.sampled_from(lines), max_size=2)) if lines else set()
    after = [*(line for line in lines if line not in gone), *sorted(few)]
    agree(picture(*lines).access.value, picture(*after).access.value)


@settings(max_examples=25)
@given(configs.configs(), configs.configs())
def test_any_two_configurations(old, new):
    agree(old, new)


@settings(max_examples=25)
@given(configs.configs(), configs.configs(), st.sampled_from(["acl", "groups", "roles", "pools"]))
def test_one_subject_of_a_configuration_exchanged(old, new, subject):
    agree(old, replace(old, **{subject: getattr(new, subject)}))


@given(random_pictures.lines(), st.data())
def test_a_role_that_changes_what_it_gives(lines, data):
    old = picture(*lines).access.value
    name = data.draw(st.sampled_from(["Own", "Administrator", "PVEAuditor", "NoAccess"]))
    privs = frozenset(data.draw(st.sets(st.sampled_from(["VM.Audit", "VM.Console", "X.Y"]))))
    role = replace(old.roles[name], privs=privs)
    agree(old, replace(old, roles={**old.roles, name: role}))


@given(random_pictures.pictures())
def test_nothing_changes_for_nobody(same):
    found = what_if(same, replace(same, taken_at=1.0), now=NOW)
    assert (found.shifts, found.unchanged, found.wake, found.sleep) == ((), {}, (), ())


# --- what is told, and how ---------------------------------------------------------------


def test_what_simply_goes_on_further_down_is_not_repeated():
    before = acl("1:/vms/100:bob@pve:Watch", "1:/vms/101:bob@pve:Power")
    found = told(before, [*before, *acl("1:/vms:ann@pve:Both")])
    assert found == {
        "ann@pve": [(("/vms",), ["VM.Audit", "VM.PowerMgmt"], [], [], [])],
        "ann@pve!full": [(("/vms",), ["VM.Audit", "VM.PowerMgmt"], [], [], [])],
    }


def test_an_entry_further_down_that_replaces_it_is_told_as_unchanged():
    before = acl("1:/vms/102:ann@pve:Watch")
    found = asked(before, [*before, *acl("1:/:ann@pve:Power")])
    assert found.unchanged["ann@pve"] == ("/vms/102",)


def test_a_pool_brings_it_back_where_an_entry_replaces_it():
    before = acl("1:/vms/100:ann@pve:Watch")
    found = told(before, [*before, *acl("1:/pool:ann@pve:Power")])
    assert found["ann@pve"] == [(("/pool", "/vms/100", "/vms/101"), ["VM.PowerMgmt"], [], [], [])]


def test_what_is_not_passed_on_changes_nothing_below():
    found = asked([], acl("0:/vms:bob@pve:Watch"))
    assert [(shift.subject, shift.changes[0][1]) for shift in found.shifts] == [
        ("bob@pve", ("/vms",))
    ]
    assert found.unchanged == {"bob@pve": ("/vms/*",)}


def test_what_is_passed_on_from_now_on_is_gained_below_only():
    found = told(acl("0:/vms:bob@pve:Watch"), acl("1:/vms:bob@pve:Watch"))
    assert found == {"bob@pve": [(("/vms",), [], [], ["VM.Audit"], [])]}


def test_below_a_guest_there_is_nothing_that_could_change():
    assert told(acl("0:/vms/100:bob@pve:Watch"), acl("1:/vms/100:bob@pve:Watch")) == {}


def test_a_group_members_own_entry_keeps_the_change_from_it():
    before = acl("1:/vms:bob@pve:Watch")
    found = told(before, [*before, *acl("1:/vms:@ops:Power")])
    assert set(found) == {"ann@pve", "ann@pve!full"}


def test_a_token_may_begin_to_see_something_when_its_user_does():
    before = acl("1:/vms:ann@pve!own:Watch")
    found = told(before, [*before, *acl("1:/:ann@pve:Both")])
    assert found["ann@pve!own"] == [(("/vms",), ["VM.Audit"], [], [], [])]


def test_a_tokens_own_entry_further_down_does_not_keep_its_users_change_from_it():
    before = acl("1:/vms/102:ann@pve!own:Watch", "1:/nodes:ann@pve!own:Power")
    found = told(before, [*before, *acl("1:/:ann@pve:Both")])
    assert found["ann@pve!own"] == [
        (("/nodes",), ["VM.PowerMgmt"], [], [], []),
        (("/vms/102",), ["VM.Audit"], [], [], []),
    ]


def test_a_pool_that_brings_it_back_makes_the_path_the_same_as_above():
    before = acl("1:/vms/100:ann@pve:Watch")
    found = asked(before, [*before, *acl("1:/:ann@pve:Power")])
    assert [shift.changes[0][1] for shift in found.shifts] == [("/",), ("/",)]
    assert found.unchanged == {}


def test_below_a_path_that_stays_as_it_is_nothing_is_told():
    before = acl("1:/nodes:bob@pve:Watch", "0:/nodes/pve1:bob@pve:Power")
    found = asked(before, [*before, *acl("1:/:bob@pve:Both")])
    assert [[paths for _, paths in shift.changes] for shift in found.shifts] == [[("/",)]]
    assert found.unchanged == {"bob@pve": ("/nodes",)}


def test_roots_separated_token_changes_with_its_own_entries():
    token = "token:root@pam!own:0:1::"
    after = picture(*PEOPLE, token, *acl("1:/vms:root@pam!own:Watch"))
    found = what_if(picture(*PEOPLE, token), after, now=NOW)
    assert [(shift.subject, shift.changes[0][1]) for shift in found.shifts] == [
        ("root@pam!own", ("/vms",))
    ]


def test_roots_rights_are_those_of_the_role_administrator_whatever_the_acl_says():
    old = picture(*PEOPLE, *acl("1:/vms/102:root@pam:Watch")).access.value
    fewer = replace(old.roles["Administrator"], privs=frozenset({"VM.Audit"}))
    new = replace(old, roles={**old.roles, "Administrator": fewer})
    agree(old, new)
    before, after = (replace(picture(), access=part(config)) for config in (old, new))
    found = what_if(before, after, now=NOW)
    assert [shift.subject for shift in found.shifts] == [ROOT]
    assert found.unchanged == {}


def test_a_pool_that_denies_keeps_the_change_from_its_members():
    before = acl("1:/pool/lab:bob@pve:NoAccess")
    found = asked(before, [*before, *acl("1:/vms:bob@pve:Watch")])
    assert [shift.changes[0][1] for shift in found.shifts] == [("/vms",)]
    assert found.unchanged == {"bob@pve": ("/vms/100", "/vms/101")}


def test_a_removed_user_and_its_tokens_lose_everything():
    before = picture(*PEOPLE, *acl("1:/:@ops:Watch", "1:/:ann@pve!own:Both"))
    plan = make_plan(users.remove(["ann@pve"]), before, now=NOW)
    found = what_if(before, plan.after, now=NOW)
    assert {shift.subject for shift in found.shifts} == {"ann@pve", "ann@pve!full", "ann@pve!own"}
    assert all(shift.takes for shift in found.shifts)


def test_a_token_without_separation_has_what_its_user_has():
    before = picture(*PEOPLE, *acl("1:/vms:ann@pve:Watch"))
    after = picture(
        *(line.replace("!own:0:1", "!own:0:0") for line in PEOPLE), *acl("1:/vms:ann@pve:Watch")
    )
    found = what_if(before, after, now=NOW)
    assert [(shift.subject, shift.changes[0][1]) for shift in found.shifts] == [
        ("ann@pve!own", ("/vms",))
    ]


def test_of_a_guests_own_entries_and_those_of_groups_only_the_own_ones_count():
    here = acl("1:/vms/100:ann@pve:Watch", "1:/vms/100:@ops:Power")
    found = told(here, [*here, *acl("1:/pool/lab:ann@pve:Power")])
    assert (("/pool/lab", "/vms/100", "/vms/101"), ["VM.PowerMgmt"], [], [], []) in found["ann@pve"]


def test_members_of_pools_with_other_entries_are_not_told_as_one():
    made = ("pool:x::200::", *acl("1:/pool/lab:ann@pve:Watch", "1:/pool/x:ann@pve:Power"))
    here = acl("1:/:ann@pve:Watch")
    assert told(made, [*made, *here])["ann@pve"] == [(("/",), ["VM.Audit"], [], [], [])]
    stays = asked(made, [*made, *here]).unchanged["ann@pve"]
    assert stays == ("/pool/lab", "/pool/x", "/vms/100", "/vms/101")
    token = told(made, [*made, *acl("1:/:ann@pve!own:Both")])["ann@pve!own"]
    gained = {path: sorted(change[0]) for paths, *change in token for path in paths}
    assert gained["/vms/100"] == gained["/vms/101"] == ["VM.Audit"]
    assert gained["/vms/200"] == ["VM.PowerMgmt"]


def test_a_guest_that_enters_a_pool_is_told_alone():
    lines = acl("1:/pool/lab:bob@pve:Watch")
    after = picture(*(each.replace("100,101", "100,101,102") for each in PEOPLE), *lines)
    found = what_if(picture(*PEOPLE, *lines), after, now=NOW)
    assert [(shift.subject, shift.changes[0][1]) for shift in found.shifts] == [
        ("bob@pve", ("/vms/102",))
    ]


def test_accounts_that_fall_asleep_or_wake_keep_their_rights():
    before = picture("user:a@pve:1:0:::::", "user:b@pve:0:0:::::", "token:b@pve!tok:0:0::")
    expired = int(NOW) - DAY
    after = picture(f"user:a@pve:1:{expired}:::::", "user:b@pve:1:0:::::", "token:b@pve!tok:0:0::")
    found = what_if(before, after, now=NOW)
    assert (found.shifts, found.sleep, found.wake) == ((), ("a@pve",), ("b@pve", "b@pve!tok"))


def test_who_comes_or_goes_neither_wakes_nor_falls_asleep():
    new = ["user:new@pve:1:0:::::"]
    assert (asked([], new).wake, asked(new, []).sleep) == ((), ())


def test_all_users_and_tokens_of_both_pictures_were_asked_about():
    found = what_if(picture(*PEOPLE), picture("user:new@pve:1:0:::::"), now=NOW)
    assert found.asked == len({"root@pam", "ann@pve", "bob@pve", "full", "own", "new@pve"})


# --- while it is worked out --------------------------------------------------------------


def test_progress_grows_and_reaches_its_end():
    seen = []
    asked([], acl("1:/:@ops:Watch"), progress=lambda done, of: seen.append((done, of)))
    assert seen == sorted(seen)
    assert seen[-1] == (8, 8)  # both users and both tokens, each found and then told


def test_it_stops_when_told_to():
    with pytest.raises(Stopped):
        asked([], acl("1:/:@ops:Watch"), stop=lambda: True)


def test_it_stops_between_any_two_looks():
    looks = []
    asked([], acl("1:/:@ops:Watch"), stop=lambda: looks.append(0))
    for number in range(1, len(looks) + 1):
        countdown = iter([False] * (number - 1))
        with pytest.raises(Stopped):
            asked([], acl("1:/:@ops:Watch"), stop=lambda left=countdown: next(left, True))


def test_without_users_and_permissions_there_is_no_answer():
    unread = replace(picture(), access=part(None, "No rights to read user.cfg."))
    with pytest.raises(Refused):
        what_if(picture(), unread, now=NOW)
