"""An explanation beside PVE's own computation, over configurations made up by hypothesis."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.why.explain import explain
from tests.core.configs import DIRTY_FILES, PATHS, configs
from tests.core.pictures import NOW, part, picture
from tests.core.random_pictures import pictures
from tests.core.why_worlds import worlds

from pve_auth_tui.core.userconfig import parse_user_config  # isort: skip


def explained(snapshot, subject, path, privilege="", **more):
    return explain(snapshot, subject, path, privilege, now=NOW, fixes=False, **more)


def everybody(config):
    tokens = [f"{user.id}!{name}" for user in config.users.values() for name in user.tokens]
    members = [member for group in config.groups.values() for member in group.members]
    named = [entry.subject for entry in config.acl if entry.kind != "group"]
    return dict.fromkeys([*config.users, *tokens, *members, *named])


def require_same(snapshot, subject, path):
    found = explained(snapshot, subject, path)
    answer = Permissions(snapshot.access.value).privileges(subject, path)
    assert dict(found.allowed) == dict(found.steps[-1].result) == dict(answer)
    if found.owner:
        userid = subject.rpartition("!")[0]
        of_user = Permissions(snapshot.access.value).privileges(userid, path)
        assert dict(found.owner.allowed) == dict(found.owner.steps[-1].result) == dict(of_user)


@settings(max_examples=300)
@given(worlds())
def test_the_last_step_is_what_pve_answers_propagation_included(world):
    require_same(*world.asked)


@settings(max_examples=60)
@given(pictures())
def test_in_whole_pictures_too_for_everybody(snapshot):
    for subject in everybody(snapshot.access.value):
        for path in ("/", "/vms/100", "/vms/102", "/storage/nfs", "/access/groups/admins"):
            require_same(snapshot, subject, path)


@settings(max_examples=60)
@given(configs(), PATHS)
def test_in_any_configuration_too(config, path):
    snapshot = replace(picture(), access=part(config))
    for subject in everybody(config):
        require_same(snapshot, subject, path)


@settings(max_examples=60)
@given(DIRTY_FILES)
def test_in_files_with_mistakes_too(data):
    config = parse_user_config(data)
    snapshot = replace(picture(), access=part(config))
    for subject in everybody(config):
        for path in {"/", "/vms/100", *(entry.path for entry in config.acl)}:
            require_same(snapshot, subject, path)


# --- what counts, and what does not ----------------------------------------------------------


def steps_of(found):
    return [*found.steps, *(found.owner.steps if found.owner else ())]


def entry_of(config, step):
    """The ACL entry that a step is about; None for a step that is no entry."""
    for entry in config.acl:
        if (entry.path, entry.shown_subject, entry.role) == (step.path, step.entry, step.role):
            return entry
    return None


def counting(config, steps):
    """Entries with a step that counts, and those of which no step does."""
    found = [(entry_of(config, step), step.counts) for step in steps if step.role]
    assert all(entry is not None for entry, _ in found)
    yes = {entry for entry, counts in found if counts}
    return yes, {entry for entry, _ in found} - yes


def without(config, entries):
    return replace(config, acl=tuple(entry for entry in config.acl if entry not in entries))


@settings(max_examples=150)
@given(worlds())
def test_an_entry_that_does_not_count_can_go_without_any_change(world):
    snapshot, subject, path = world.asked
    config = snapshot.access.value
    found = explained(snapshot, subject, path)
    _, idle = counting(config, steps_of(found))
    for entry in idle:
        assert Permissions(without(config, {entry})).privileges(subject, path) == found.allowed


@settings(max_examples=150)
@given(worlds())
def test_an_entry_without_a_step_can_go_without_any_change(world):
    snapshot, subject, path = world.asked
    config = snapshot.access.value
    found = explained(snapshot, subject, path)
    yes, idle = counting(config, steps_of(found))
    for entry in set(config.acl) - yes - idle:
        assert Permissions(without(config, {entry})).privileges(subject, path) == found.allowed


@settings(max_examples=150)
@given(worlds())
def test_all_that_do_not_count_can_go_one_after_the_other_when_asked_anew(world):
    """What is left then is what decides: the answer still stands, and so does every step of it."""
    snapshot, subject, path = world.asked
    before = explained(snapshot, subject, path)
    config = snapshot.access.value
    while idle := counting(config, steps_of(explained(snapshot, subject, path)))[1]:
        config = without(config, {min(idle, key=repr)})
        snapshot = replace(snapshot, access=part(config))
    assert explained(snapshot, subject, path).allowed == before.allowed


def decisions(config, subject, path):
    """What PVE decides on the path, and on each pool that has it as a member."""
    engine = Permissions(config)
    pools = [pool.id for pool in config.pools.values() if path in member_paths(pool)]
    return [engine.decision(subject, place) for place in (path, *(f"/pool/{p}" for p in pools))]


@settings(max_examples=150)
@given(worlds())
def test_without_the_entries_that_count_something_else_decides(world):
    snapshot, subject, path = world.asked
    config = snapshot.access.value
    yes, _ = counting(config, explained(snapshot, subject, path).steps)
    if yes:
        assert decisions(without(config, yes), subject, path) != decisions(config, subject, path)
    else:
        assert not Permissions(config).roles(subject, path) or subject.startswith("root@pam")


@settings(max_examples=150)
@given(worlds())
def test_the_steps_that_count_name_the_entries_that_pve_decides_by(world):
    snapshot, subject, path = world.asked
    config = snapshot.access.value
    here, *on_pools = decisions(config, subject, path)
    yes, _ = counting(config, explained(snapshot, subject, path).steps)
    assert yes <= {entry for one in (here, *on_pools) for entry in one.entries}
    if not here.pools:
        assert yes == set(here.entries)


# --- fixes ----------------------------------------------------------------------------------


@settings(max_examples=100)
@given(worlds(), st.sampled_from(["VM.Audit", "VM.PowerMgmt", "Permissions.Modify", ""]))
def test_a_fix_leads_to_what_was_asked(world, privilege):
    snapshot, subject, path = world.asked
    found = explain(snapshot, subject, path, privilege, now=NOW)
    assert len(found.fixes) <= 4
    assert not (found.holds and found.usable.ok is not False and found.fixes)
    for fix in found.fixes:
        draft = fix.intent(snapshot)
        assert draft.steps == fix.calls
        after = forecast(snapshot, draft.steps, now=NOW)
        assert (after.problems, after.unforeseen) == ((), ())
        assert explained(after.snapshot, subject, path, privilege).holds


@settings(max_examples=100)
@given(worlds(), st.sampled_from(["VM.Audit", "VM.PowerMgmt"]))
def test_an_entry_on_the_path_itself_can_be_had_unless_something_wins_over_it(world, privilege):
    """A user that exists, on a path that PVE takes: only NoAccess can be in the way."""
    snapshot, subject, path = world.asked
    found = explain(snapshot, subject, path, privilege, now=NOW)
    config = snapshot.access.value
    if found.holds or subject not in config.users or path not in ("/vms", "/vms/100", "/pool/x"):
        return
    if "NoAccess" not in Permissions(config).roles(subject, path):
        assert found.fixes


@settings(max_examples=100)
@given(worlds(), st.sampled_from(["VM.Audit", "Sys.Modify", ""]))
def test_every_answer_has_a_verdict_that_fits_and_a_reason(world, privilege):
    found = explained(*world.asked, privilege)
    assert found.verdict.startswith("YES" if found.holds else "NO. ")
    assert found.subject in found.verdict
    assert found.verdict.endswith(".")
    assert found.because.endswith(".")
    assert "  " not in found.because
