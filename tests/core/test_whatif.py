"""What a change does to everybody's rights: the engine, asked about all of them, agrees."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.why.whatif import what_if
from tests.core import configs, random_pictures
from tests.core.pictures import NOW, part, picture

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


@given(configs.configs(), configs.configs())
def test_any_two_configurations(old, new):
    agree(old, new)


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
