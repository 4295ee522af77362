"""The picture by PVE's API: the same as that by the files, and whole whatever goes wrong."""

import time
from dataclasses import replace

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.core.accessdata import Pool
from pve_auth_tui.core.concerns import concerns
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.logins import login
from pve_auth_tui.core.overview import opens_recover, overview
from pve_auth_tui.core.secret import HIDDEN
from pve_auth_tui.core.snapshot import Cluster
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa
from pve_auth_tui.services import apipicture
from pve_auth_tui.services.apipicture import ALL_SECONDS, ApiPicture
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from tests.services.fake_api import FakeApi, forbidden, silent

LATER = DEMO_NOW + 5
NOT_TOLD = {"passwords", "token_secrets"}
SUBJECTS = ("access", "realms", "tfa", "datacenter", "jobs", "cluster")


@pytest.fixture(scope="module")
def files():
    return SnapshotService(demo_tree(), FixedClock(DEMO_NOW), demo=True).load()


def picture(api, before=None, on_part=None):
    return ApiPicture(api, FixedClock(LATER), demo=True).load(before, on_part)


def changed(files, **parts):
    """The same cluster a moment later."""
    moved = {name: getattr(files, name)._replace(value=value) for name, value in parts.items()}
    return replace(files, **moved)


def rows(snapshot):
    return {each.name: each.rows(snapshot, DEMO_NOW) for each in LISTINGS}


# --- on the node: files were read before --------------------------------------------------


def test_where_the_api_says_the_same_the_richer_values_of_the_files_stay(files):
    found = picture(FakeApi(files), files)
    for name in SUBJECTS:
        before, after = getattr(files, name), getattr(found, name)
        assert after.value is before.value
        assert (after.source, after.read_at) == ("direct", LATER)
        assert (after.problem, after.hint) == (before.problem, before.hint)
    for name in (*NOT_TOLD, "inventory"):
        assert getattr(found, name) is getattr(files, name)
    assert (found.source, found.taken_at, found.demo) == ("direct", LATER, True)


def test_the_lists_by_api_are_those_by_files(files):
    found = picture(FakeApi(files, way="https"), files)
    assert rows(found) == rows(files)


def test_the_whole_picture_takes_less_than_half_a_second(files):
    api, start = FakeApi(files), time.perf_counter()
    picture(api, files)
    assert time.perf_counter() - start < 0.5


def test_a_change_since_then_is_taken_over_and_the_rest_is_kept(files):
    access, tfa = files.access.value, files.tfa.value
    anna = access.users["anna.admin@corp"]
    users = {**access.users, anna.id: replace(anna, comment="new")}
    factors = tfa.users[anna.id]
    now = changed(
        files,
        access=replace(access, users=users, acl=access.acl[1:]),
        tfa=TfaConfig({**tfa.users, anna.id: replace(factors, totp_locked=True)}),
    )
    found = picture(FakeApi(now), files)
    assert found.access.value.users[anna.id].comment == "new"
    assert found.access.value.users["root@pam"] is access.users["root@pam"]
    assert found.access.value.acl == access.acl[1:]
    assert found.access.value.warnings == access.warnings
    assert found.access.problem == files.access.problem
    assert found.access.value.pools == access.pools
    assert found.tfa.value.users[anna.id].totp_locked
    assert found.tfa.value.users[anna.id].entries == factors.entries
    assert found.tfa.value.users["root@pam"] is tfa.users["root@pam"]
    assert found.realms.value is files.realms.value


def test_a_second_factor_that_is_new_comes_without_what_it_consists_of(files):
    tfa = files.tfa.value
    root = tfa.users["root@pam"]
    before = changed(files, tfa=TfaConfig({"root@pam": replace(root, entries=root.entries[1:])}))
    found = picture(FakeApi(files), before).tfa.value.users["root@pam"]
    assert found.entries[1:] == root.entries[1:]
    assert found.entries[0] == replace(root.entries[0], data=None, unused=None, total=None)


def test_a_realm_that_changed_comes_without_its_secret_and_in_its_place(files):
    realms = files.realms.value
    entra = realms.realms["entra"]
    options = {**entra.options, "comment": "new", "client-key": "s3cret"}
    now = changed(
        files,
        realms=replace(realms, realms={**realms.realms, "entra": replace(entra, options=options)}),
    )
    found = picture(FakeApi(now), files).realms.value
    assert found.realms["entra"].options["comment"] == "new"
    assert found.realms["entra"].options["client-key"] == HIDDEN
    assert list(found.realms) == list(realms.realms)
    assert found.realms["corp"] is realms.realms["corp"]


def test_members_of_a_pool_that_are_no_guests_are_known_from_the_file(files):
    access = files.access.value
    pools = {**access.pools, "lab": replace(access.pools["lab"], vms=(104, 99999))}
    before = changed(files, access=replace(access, pools=pools))
    now = changed(files, access=replace(access, acl=()))
    found = picture(FakeApi(now), before).access.value.pools["lab"]
    assert 99999 in found.vms
    assert set(access.pools["lab"].vms) <= set(found.vms)


def test_a_new_pool_is_asked_for_its_members(files):
    access = files.access.value
    now = changed(files, access=replace(access, pools={**access.pools, "new": Pool("new", (100,))}))
    assert picture(FakeApi(now), files).access.value.pools["new"].vms == (100,)
    assert "GET /pools" in (api := FakeApi(files)).asked or picture(api, files)
    assert api.asked.count("GET /pools") == 1


def test_without_corosync_pve_takes_a_node_for_one_alone_and_the_files_know_better(files):
    alone = changed(
        files, cluster=Cluster("pve1", None, True, files.cluster.value.nodes[:1], "9.2")
    )
    lost = changed(files, cluster=replace(files.cluster.value, quorate=False))
    assert picture(FakeApi(alone), lost).cluster.value is lost.cluster.value


def test_quorum_is_as_pve_says(files):
    lost = changed(files, cluster=replace(files.cluster.value, quorate=False))
    found = picture(FakeApi(lost), files).cluster.value
    assert found == lost.cluster.value


# --- from another host: there is nothing else ------------------------------------------------


def test_from_another_host_the_lists_have_the_same_rows_but_for_what_is_not_told(files):
    found = picture(FakeApi(files, way="https", user="ann@pve"))
    mine, theirs = rows(found), rows(files)
    for name in ("groups", "acl"):
        assert mine[name] == theirs[name], name
    # but for whether the last sync failed, and what a role has that this PVE does not know
    for name in ("realms", "roles"):
        assert [row.cells for row in mine[name]] == [row.cells for row in theirs[name]]
    for name in ("users", "tokens", "pools"):
        assert [row.key for row in mine[name]] == [row.key for row in theirs[name]], name
    factors = [row.key for row in theirs["tfa"] if row.fields["type"] not in ("none", "idp")]
    assert found.restricted  # so nobody is said to have none
    assert [row.key for row in mine["tfa"]] == factors
    assert (found.source, found.demo) == ("https", True)
    assert found.inventory.value == files.inventory.value
    assert found.cluster.value == replace(files.cluster.value, access_control="")


def test_what_the_api_does_not_tell_says_so(files):
    found = picture(FakeApi(files, way="https"))
    assert found.passwords.value is None
    assert found.passwords.problem == ("PVE's API does not tell which accounts have a password.")
    assert found.passwords.hint
    assert found.token_secrets.problem == "PVE's API does not tell which API tokens have a secret."


def test_recovery_keys_that_nobody_counted_are_not_taken_for_none(files):
    keys = TfaEntry("recovery", "recovery", created=1)
    tfa = TfaConfig({"root@pam": UserTfa("root@pam", (keys,))})
    found = picture(FakeApi(changed(files, tfa=tfa), way="https"))
    assert login(found, "root@pam", DEMO_NOW).usable == {"recovery"}
    row = rows(found)["tfa"][0]
    assert "not known" in row.cells
    assert row.fields["left"] == "enough"
    assert not [each for each in concerns(found, DEMO_NOW) if "recovery key" in each.text]
    users = next(each for each in LISTINGS if each.name == "users")
    assert any("Recovery keys." in line.text for line in users.details(found, "root@pam", DEMO_NOW))


def test_no_secret_is_kept(files):
    access = files.access.value
    old = replace(access.users["root@pam"], keys="INAU4QKSLEZDG!")
    now = changed(files, access=replace(access, users={**access.users, "root@pam": old}))
    found = picture(FakeApi(now, way="https"))
    assert found.access.value.users["root@pam"].keys == HIDDEN
    secrets = {
        realm.options.get("client-key", HIDDEN) for realm in found.realms.value.realms.values()
    }
    assert secrets == {HIDDEN}


def test_who_may_not_see_the_settings_of_realms_sees_what_the_login_shows(files):
    faults = {f"/access/domains/{name}": forbidden() for name in files.realms.value.realms}
    found = picture(FakeApi(files, way="https", user="ann@pve", faults=faults)).realms
    assert set(found.value.realms) == set(files.realms.value.realms)
    assert found.value.realms["corp"].type == "ad"
    assert found.problem == (
        "Could not read the settings of the realms: ann@pve may not do that: it needs Sys.Audit on"
        " /access/realm."
    )


def test_options_that_only_an_auditor_sees_are_not_taken_for_unset(files):
    faults = {"/cluster/options": {"allowed-tags": []}}
    found = picture(FakeApi(files, way="https", user="ann@pve", faults=faults)).datacenter
    assert found.value is None
    assert "needs Sys.Audit on /" in found.problem


# --- faults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        ("access", "/access/users"),
        ("access", "/access/roles"),
        ("access", "/access/acl"),
        ("realms", "/access/domains"),
        ("realms", "/access/domains/corp"),
        ("tfa", "/access/tfa"),
        ("datacenter", "/cluster/options"),
        ("jobs", "/cluster/jobs"),
        ("cluster", "/cluster/status"),
        ("cluster", "/version"),
    ],
)
@pytest.mark.parametrize("fault", [forbidden(), silent(), ApiError(500, "broken\n"), {"a": [1]}, 5])
def test_a_subject_that_fails_keeps_what_the_files_say_and_says_so(files, subject, path, fault):
    if path == "/version" and isinstance(fault, dict):
        fault = {"version": ["9"]}  # an object without a version is one of an unknown release
    found = picture(FakeApi(files, faults={path: fault}), files)
    for name in SUBJECTS:
        part = getattr(found, name)
        assert part.value is getattr(files, name).value
        assert part.source == ("demo" if name == subject else "direct")
    problem = getattr(found, subject).problem
    assert problem.startswith(("Could not read ", "PVE's API answered in a form"))
    assert "Shown is what PVE's files say." in problem


def test_pools_without_end_are_not_all_asked_for(files, monkeypatch):
    monkeypatch.setattr(apipicture, "MOST_POOLS", 2)
    api = FakeApi(files, way="https")
    found = picture(api).access
    of = len(files.access.value.pools)
    assert api.asked.count("GET /pools") == 1 + 2
    assert found.problem == f"The members of {of - 2} pools were not read."
    assert found.value.pools.keys() == files.access.value.pools.keys()


def test_pools_that_fail_leave_the_users_alone(files):
    found = picture(FakeApi(files, faults={"/pools": forbidden()}), files).access
    assert (found.source, found.value.pools) == ("direct", files.access.value.pools)
    assert found.problem.startswith("Could not read the pools: ")
    remote = picture(FakeApi(files, way="https", faults={"/pools": forbidden()})).access
    assert not remote.value.pools
    assert remote.problem.startswith("Could not read the pools: ")


def test_without_files_a_subject_that_fails_has_no_value(files):
    found = picture(FakeApi(files, way="https", user="ann@pve", faults={"/access/tfa": silent()}))
    assert found.tfa.value is None
    assert found.tfa.problem.startswith("Could not read the second factors: Nobody answered")
    assert found.tfa.hint == "Is it up?"


def test_when_nothing_answers_it_is_not_asked_again_and_again(files):
    api = FakeApi(files, faults={"": silent()})
    found = picture(api, files)
    assert len(api.asked) == 2
    assert all(getattr(found, name).value is getattr(files, name).value for name in SUBJECTS)
    assert all("Could not read" in getattr(found, name).problem for name in SUBJECTS)


def test_a_file_that_cannot_be_read_says_more_than_the_api_about_it(files):
    broken = files.tfa._replace(value=None, problem="Nobody can log in.", refused=True)
    before = replace(files, tfa=broken)
    failing = FakeApi(files, faults={"/access/tfa": ApiError(500, "failed to parse TFA file\n")})
    assert picture(failing, before).tfa is broken
    assert picture(FakeApi(files), before).tfa.value == TfaConfig(
        picture(FakeApi(files)).tfa.value.users
    )


def test_every_subject_is_told_as_soon_as_it_is_there(files):
    seen = []
    picture(FakeApi(files, way="https"), None, seen.append)
    assert len(seen) == len(SUBJECTS) + 2  # these, the inventory and the machine's health
    assert seen[0].access.value is not None
    assert seen[0].tfa.problem == "PVE's API is still being asked."


def test_an_answer_that_nests_too_deep_is_refused(files):
    deep = []
    for _ in range(3000):
        deep = [deep]
    found = picture(FakeApi(files, faults={"/access/tfa": deep}), files)
    assert "far too many levels" in found.tfa.problem


def test_it_ends_in_time_even_when_every_call_is_slow(files, monkeypatch):
    at = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])

    class Slow(FakeApi):
        def call(self, *args, seconds=30.0, **more):
            assert at[0] + seconds <= ALL_SECONDS + 0.001
            at[0] += 6
            return super().call(*args, **more)

    found = picture(Slow(files), files)
    assert found.access.source == "direct"
    assert found.jobs.problem.startswith(
        "Could not read the sync jobs: PVE's API was not asked: 30 s"
    )


# --- somebody whom PVE does not show everything ------------------------------------------------


def seen_by(files, user, **faults):
    said = {f"/access/{name}": answer for name, answer in faults.items()}
    return picture(FakeApi(files, way="https", user=user, faults=said))


def test_who_sees_only_a_part_is_told_so_and_nothing_is_concluded_from_it(files):
    found = seen_by(files, "low@pve", users=[{"userid": "low@pve"}], acl=[])
    assert found.restricted
    assert found.access.problem.startswith("PVE shows low@pve only a part of the users")
    seen = overview(found, LATER)
    assert seen.lines[0].text.startswith("not known")
    assert opens_recover(found) is None
    told = " ".join(finding.text for finding in seen.findings)
    assert "root@pam cannot log in" not in told
    assert "no administrator" not in told
    assert "that do not exist" not in told


def test_every_user_without_every_acl_entry_is_a_part_too(files):
    held = {"/access": {"User.Modify": 1}}
    assert seen_by(files, "helpdesk@pve", permissions=held, acl=[]).restricted
    assert seen_by(files, "helpdesk@pve", permissions=[]).restricted


def test_an_auditor_sees_everything(files):
    found = seen_by(files, "audit@pve", permissions={"/access": {"Sys.Audit": 1}})
    assert not found.restricted
    assert not found.access.problem
    assert overview(found, LATER).administrators == overview(files, LATER).administrators


def test_realms_whose_settings_are_not_told_are_not_called_risky(files):
    realms = [f"/access/domains/{name}" for name in files.realms.value.realms]
    found = picture(FakeApi(files, faults=dict.fromkeys(realms, forbidden())))
    assert "lab" in found.realms.value.realms
    assert not [each for each in concerns(found, LATER) if "plain LDAP" in each.text]
