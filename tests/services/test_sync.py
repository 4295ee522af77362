"""Syncs of the demo's realm corp: its directory, PVE's own dry run, the plan and its way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pve_auth_tui.arguments import parse
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Answer, Entry
from pve_auth_tui.core.directory.settings import DirectorySettings, Mode, settings_of
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents.sync import sync
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.sync.dryrun import compare
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.preview import Preview
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.equipment import equipped
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.report import Progress, Report, State
from pve_auth_tui.services.sync import SyncService
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.wiring import wired
from tests.services.workbench import SteppedClock

TAKING = SyncOptions(vanished=frozenset({"entry", "acl"}))
KEEPING = SyncOptions()
BIND = Secret("canary-of-the-bind")


class Office:
    """The demo's services, and what an admin does with a sync."""

    def __init__(self) -> None:
        options = parse(["demo"])
        found = wired(options, SteppedClock(DEMO_NOW))
        self.outlooks = OutlookService(found.pictures, found.nodes)
        self.outlooks.fresh()
        self.shop = equipped(options, found, self.outlooks, {})
        assert found.simulated is not None
        self.node = found.simulated()

    @property
    def snapshot(self) -> Any:
        return self.outlooks.fresh().snapshot

    @property
    def settings(self) -> DirectorySettings:
        return settings_of(self.snapshot.realms.value.realms["corp"])

    def read(self, options: SyncOptions = KEEPING, **more: Any) -> Found:
        return self.shop.sync.read(self.settings, options, **more)

    def preview(self, options: SyncOptions) -> Preview:
        return preview(self.snapshot, self.read(options), options, now=DEMO_NOW)

    def run(self, options: SyncOptions, **more: Any) -> Report:
        intent = sync("corp", self.read(options), options)
        plan = self.shop.plans.review(intent, self.outlooks.fresh())
        return self.shop.plans.apply(plan, override=plan.confirm, **more)


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.shop.close()


class LongRun:
    """A dry run of PVE's with many lines; one that goes on until it is ended, if `lines` is 0."""

    way, user = "direct", "root@pam"
    upid = "UPID:pve1:00002CAB:0003CDC9:6B021FBE:auth-realm-sync-test:corp:root@pam:"

    def __init__(self, lines: int) -> None:
        self._lines = [f"adding user 'u{number}@corp'" for number in range(lines)]
        self.ended: list[Sequence[str]] = []

    def call(self, method: str, path: Sequence[str], params: Any = None, *more: Any) -> Any:
        if method == "POST":
            return self.upid
        if method == "DELETE":
            self.ended.append(path)
            return None
        if path[-1] == "status":
            done = {"status": "stopped", "exitstatus": "OK"}
            return done if self._lines else {"status": "running"}
        start = params["start"]
        page = self._lines[start : start + params["limit"]]
        return [{"n": start + n, "t": line} for n, line in enumerate(page, 1)]

    def close(self) -> None: ...


def asking(api: LongRun) -> SyncService:
    nobody: Any = None
    return SyncService(nobody, lambda realm: None, lambda: api, SteppedClock(DEMO_NOW))  # type: ignore[arg-type]


def test_a_dry_run_of_a_large_realm_is_read_to_its_end() -> None:
    assert len(asking(LongRun(25_000)).dry_run("corp", KEEPING).users.added) == 25_000


def test_a_dry_run_that_nobody_waits_for_is_ended_on_the_node() -> None:
    api = LongRun(0)
    with pytest.raises(Refused):
        asking(api).dry_run("corp", KEEPING, stopped=lambda: True)
    assert api.ended == [("nodes", "pve1", "tasks", api.upid)]


# --- reading, comparing ---------------------------------------------------------------------


def test_the_directory_is_read_as_pve_would_take_it(office: Office) -> None:
    counts: list[int] = []
    found = office.read(on_page=counts.append)
    assert found.realm == "corp"
    assert found.complete
    assert "anna.admin@corp" in found.users
    assert counts[-1] == found.entries + found.group_entries
    assert counts == sorted(counts)


@pytest.mark.parametrize("options", [KEEPING, TAKING, replace(TAKING, scope="users")])
def test_pves_own_preview_agrees(office: Office, options: SyncOptions) -> None:
    before = office.node.disk.read("etc/pve/user.cfg")
    seen = office.preview(options)
    told = compare(seen, office.shop.sync.dry_run("corp", options))
    assert told.agrees, told
    assert office.node.disk.read("etc/pve/user.cfg") == before


def test_what_pve_would_do_otherwise_is_named(office: Office) -> None:
    found = office.read(TAKING)
    users = {name: values for name, values in found.users.items() if name != "anna.admin@corp"}
    seen = preview(office.snapshot, replace(found, users=users), TAKING, now=DEMO_NOW)
    told = compare(seen, office.shop.sync.dry_run("corp", TAKING))
    assert not told.agrees
    assert any("would not remove 1 user (anna.admin@corp)" in text for text in told.differences)


def test_the_removals_of_earlier_runs_come_from_their_logs(office: Office) -> None:
    before = office.shop.sync.earlier("corp")
    office.run(TAKING)
    office.run(replace(KEEPING, vanished=frozenset({"properties"})))
    assert office.shop.sync.earlier("corp") == (0, 36, *before)


def test_five_runs_to_come_are_pves_own(office: Office) -> None:
    runs = office.shop.sync.next_runs("02:30", 5)
    assert len(runs) == 5
    assert {later - sooner for sooner, later in pairwise(runs)} == {86400}


# --- the plan -------------------------------------------------------------------------------


def test_a_plan_of_many_removals_asks_for_their_number(office: Office) -> None:
    plan = office.shop.plans.review(
        sync("corp", office.read(TAKING), TAKING), office.outlooks.fresh()
    )
    assert plan.weight is Weight.HEAVY
    assert plan.confirm == "36"
    assert not any("next sync" in finding.text for finding in plan.findings)


def test_the_sync_is_followed_to_its_end_and_is_as_foretold(office: Office) -> None:
    heard: list[Progress] = []
    report = office.run(TAKING, on_progress=heard.append)
    assert report.ok, report.differences
    lines = [one.line for one in heard if one.line]
    assert "starting sync for realm corp" in lines
    assert "remove user 'carl@corp'" in lines
    assert lines[-1] == "TASK OK"
    assert report.remarks == ()
    assert "carl@corp" not in office.snapshot.access.value.users


def test_a_sync_is_taken_back_user_by_user(office: Office) -> None:
    """Who met old ACL lines stays: they would go with the user."""
    before = office.snapshot.access.value
    office.run(TAKING)
    undo = office.shop.plans.review(office.shop.plans.undo(), office.outlooks.fresh())
    report = office.shop.plans.apply(undo, override=undo.confirm)
    assert report.ok, report.differences
    after = office.snapshot.access.value
    assert set(after.users) - set(before.users) == {"gone@corp"}
    assert set(before.users) <= set(after.users)
    assert set(after.acl) == set(before.acl)


def test_a_task_that_fails_is_a_step_that_failed(office: Office) -> None:
    found = office.read(KEEPING)
    plan = office.shop.plans.review(sync("corp", found, KEEPING), office.outlooks.fresh())
    office.node.state.put("priv/realm/corp.pw", b"wrong")
    report = office.shop.plans.apply(plan, override=plan.confirm)
    (result,) = report.results
    assert result.state is State.FAILED
    assert result.error is not None
    assert "nothing was changed" in str(result.error)
    assert "ldap bind failed" in result.error.original
    assert report.nothing_done
    assert not report.undoable


def test_a_sync_that_is_stopped_wrote_nothing(office: Office) -> None:
    before = office.node.disk.read("etc/pve/user.cfg")
    service, node = office.shop.plans, office.node
    began = node.tasks.run
    sync_task: list[str] = []

    def slow(kind: str, ident: str, user: str, work: Any, **more: Any) -> str:
        def until_told(say: Callable[[Any], None]) -> None:
            from time import sleep

            service.stop()
            while True:  # as a directory that takes its time
                say(["waiting"])
                sleep(0.01)

        sync_task.append(kind)
        return began(kind, ident, user, until_told, patience=0.05)

    node.tasks.run = slow  # type: ignore[method-assign]
    heard: list[str] = []
    report = office.run(KEEPING, on_progress=lambda progress: heard.append(progress.line))
    assert sync_task == ["auth-realm-sync"]
    assert any(line.startswith("Stopping PVE's task") for line in heard)
    assert "You stopped it" in str(report.results[0].error)
    assert report.nothing_done
    assert node.disk.read("etc/pve/user.cfg") == before


# --- servers ----------------------------------------------------------------------------------


class Servers:
    """Directories of which each says by its name what happens."""

    def __init__(self, **by_host: Cause | None) -> None:
        self.by_host = by_host
        self.opened: list[str] = []
        self.binds: list[str] = []
        self.agreed: list[bool] = []
        self.code = 0
        self.stopped = False
        self.only_groups = False

    def open(self, settings: DirectorySettings, host: str, *, agreed: bool = False) -> Any:
        self.opened.append(host)
        self.agreed.append(agreed)
        if (cause := self.by_host[host]) is not None:
            raise DirectoryTrouble(cause, host)
        return OneServer(self, host)


class OneServer:
    def __init__(self, servers: Servers, host: str) -> None:
        self.servers, self.host = servers, host

    def root(self) -> Mapping[str, Sequence[bytes]]:
        return {"defaultnamingcontext": [b"dc=own"]}

    def bind(self, dn: str, password: Secret) -> None:
        self.servers.binds.append(dn)
        if dn == "cn=wrong":
            raise DirectoryTrouble(Cause.WRONG_CREDENTIALS, "no")

    def bind_nobody(self) -> None:
        self.servers.binds.append("")

    def search(self, base: str, wanted: str, attributes: Any, **more: Any) -> Answer:
        more["on_page"](1)
        found = [Entry(b"uid=ann," + base.encode(), {"uid": [b"ann"]})]
        if self.servers.only_groups and "uid" in attributes:
            return Answer(found)
        return Answer(found, self.servers.code, stopped=self.servers.stopped)

    def close(self) -> None:
        pass


def service(servers: Servers, stored: Secret | None = BIND) -> SyncService:
    return SyncService(servers, lambda realm: stored, lambda: None, SteppedClock())  # type: ignore[arg-type]


PLAIN = DirectorySettings("lab", "ldap", ("one", "two"), 389, bind_dn="cn=svc")


def test_the_second_server_is_asked_when_the_first_cannot_be_reached() -> None:
    servers = Servers(one=Cause.REFUSED, two=None)
    found = service(servers).read(PLAIN, KEEPING, agreed=True)
    assert found.server == "two"
    assert servers.binds == ["cn=svc"]


@pytest.mark.parametrize(
    ("mode", "cause", "opened"),
    [
        ("ldap+starttls", Cause.STARTTLS_NOT_OFFERED, ["one"]),
        ("ldap+starttls", Cause.CERT_EXPIRED, ["one"]),
        ("ldap+starttls", Cause.SILENT, ["one", "two"]),
        ("ldaps", Cause.CERT_EXPIRED, ["one", "two"]),
    ],
)
def test_the_second_server_is_asked_only_where_pve_asks_it(
    mode: Mode, cause: Cause, opened: list[str]
) -> None:
    """Else a preview is shown of a sync that PVE cannot run."""
    servers = Servers(one=cause, two=None)
    with suppress(DirectoryTrouble):
        service(servers).read(replace(PLAIN, mode=mode, verify=True), KEEPING)
    assert servers.opened == opened


def test_no_other_server_is_asked_after_a_refused_bind() -> None:
    """R23: one attempt."""
    servers = Servers(one=None, two=None)
    with pytest.raises(DirectoryTrouble):
        service(servers).read(replace(PLAIN, bind_dn="cn=wrong"), KEEPING, agreed=True)
    assert servers.opened == ["one"]
    assert servers.binds == ["cn=wrong"]


def test_whether_others_may_read_the_password_is_asked_once() -> None:
    """R20: no fallback to another server where a person has to agree first."""
    servers = Servers(one=Cause.IN_CLEAR, two=None)
    with pytest.raises(DirectoryTrouble):
        service(servers).read(PLAIN, KEEPING)
    assert servers.opened == ["one"]
    assert servers.agreed == [False]


def test_who_binds_as_nobody_has_no_password_that_others_could_read() -> None:
    servers = Servers(one=None, two=None)
    service(servers).read(replace(PLAIN, bind_dn=""), KEEPING)
    assert servers.agreed == [True]
    assert servers.binds == [""]


def test_without_a_password_nobody_binds() -> None:
    servers = Servers(one=None, two=None)
    with pytest.raises(DirectoryTrouble) as trouble:
        service(servers, stored=None).read(PLAIN, KEEPING, agreed=True)
    assert trouble.value.cause is Cause.NO_PASSWORD
    assert servers.binds == []


@pytest.mark.parametrize("only_groups", [False, True])
@pytest.mark.parametrize(("code", "stopped"), [(4, False), (10, False), (0, True)])
def test_an_answer_that_was_cut_is_not_complete(
    code: int, stopped: bool, only_groups: bool
) -> None:
    """By the server, or at a limit of ours, whether users or groups were cut."""
    servers = Servers(one=None, two=None)
    servers.code, servers.stopped, servers.only_groups = code, stopped, only_groups
    assert not service(servers).read(PLAIN, KEEPING, agreed=True).complete


def test_whoever_stops_it_gets_nothing() -> None:
    servers = Servers(one=None, two=None)
    with pytest.raises(Refused, match="You stopped it"):
        service(servers).read(PLAIN, KEEPING, agreed=True, stopped=lambda: True)


def test_an_ad_server_names_its_own_base() -> None:
    servers = Servers(one=None, two=None)
    service(servers).read(replace(PLAIN, kind="ad", user_attr="uid"), KEEPING, agreed=True)
    assert servers.opened == ["one"]
