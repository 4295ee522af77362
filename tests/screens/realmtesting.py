"""Services of realms as screens need them, without a network: what they answer is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Final

from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.accessdata import User
from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.realmtest.report import Check, Fact, RealmTest, Stage
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync import dryrun
from pve_auth_tui.core.sync.dryrun import DryRun
from pve_auth_tui.core.sync.found import Found, Skipped, SyncOptions

FIRST, SECOND = "dc01.example.com", "dc02.example.com"
CORP: Final = Realm(
    "corp",
    "ad",
    {
        "server1": FIRST,
        "server2": SECOND,
        "mode": "ldap+starttls",
        "verify": "1",
        "domain": "example.com",
        "base_dn": "DC=example,DC=com",
        "bind_dn": "proxmox_auth@example.com",
    },
)
PLAIN: Final = Realm(
    "lab",
    "ldap",
    {
        "server1": "ldap.lab.example.com",
        "base_dn": "dc=lab",
        "bind_dn": "cn=reader,dc=lab",
        "user_attr": "uid",
        "mode": "ldap",
    },
)

_WELL: Final = (
    (Stage.ADDRESS, "192.0.2.10", 0.003),
    (Stage.PORT, "", 0.001),
    (Stage.STARTTLS, "", 0.002),
    (Stage.CERTIFICATE, "241 days", 0.004),
    (Stage.VERSION, "", 0.004),
    (Stage.BIND, "", 0.006),
    (Stage.BASE, "", 0.002),
    (Stage.USERS, "3,016", 0.6),
)


def checks_of_corp() -> list[Check]:
    """As the drawing has it: the fallback's certificate has another name."""
    found = []
    for stage, text, seconds in _WELL:
        found.append(Check(stage, FIRST, "ok", text, seconds))
        if stage is Stage.CERTIFICATE:
            found.append(
                Check(
                    stage, SECOND, "BAD", "other name", seconds, (Cause.CERT_OTHER_NAME,),
                    (Fact("names", "dc2.example.com"), Fact("verify code", "62")),
                    "Hostname mismatch",
                )
            )  # fmt: skip
        elif list(Stage).index(stage) < list(Stage).index(Stage.CERTIFICATE):
            found.append(Check(stage, SECOND, "ok", text, seconds))
    found.append(Check(Stage.GROUPS, FIRST, "LOOK", "44, 3 bad", 0.08, (Cause.GROUPS_SKIPPED,)))
    found.append(Check(Stage.NAMES, FIRST, "LOOK", "4", None, (Cause.NAMES_SKIPPED,)))
    return found


@dataclass
class Tests:
    """Instead of RealmTestService. `held`: what every run waits for after its first check."""

    checks: Callable[[], list[Check]] = checks_of_corp
    held: Event | None = None
    error: AuthTuiError | None = None
    login: Check = field(
        default_factory=lambda: Check(Stage.LOGIN, FIRST, "ok", "would get in", 0.01)
    )
    runs: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[tuple[str, Secret, bool]] = field(default_factory=list)

    __test__ = False

    def run(
        self,
        settings: DirectorySettings,
        password: Secret | None = None,
        *,
        saved: bool = True,
        agreed: bool = False,
        on_check: Callable[[Check], None] = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> RealmTest:
        self.runs.append(
            {"settings": settings, "password": password, "saved": saved, "agreed": agreed}
        )
        if self.error is not None:
            raise self.error
        done = []
        for check in self.checks():
            done.append(check)
            on_check(check)
            while self.held is not None and not self.held.wait(0.01):
                if stopped():
                    return RealmTest(settings, tuple(done), 0.1, saved, stopped=True)
        return RealmTest(settings, tuple(done), 0.7, saved)

    def try_login(
        self,
        settings: DirectorySettings,
        name: str,
        password: Secret,
        *,
        bind_password: Secret | None = None,
        agreed: bool = False,
    ) -> Check:
        self.attempts.append((name, password, agreed))
        return self.login


def give(pilot: Pilot[Any], **services: Any) -> PveAuthApp:
    """Put services in place of the workshop's own."""
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    app._workshop = replace(app.workshop, **services)
    return app


# --- syncs ---------------------------------------------------------------------------------------


def found_of(snapshot: Snapshot, realm: str = "corp", *, gone: int = 3) -> Found:
    """A directory that has what PVE has, but for `gone` users; two are new, one has a new mail."""
    assert snapshot.access.value
    access = snapshot.access.value
    end = f"@{realm}"
    names = sorted(name for name in access.users if name.endswith(end))
    kept = {name: _values(access.users[name]) for name in names[gone:]}
    changed = names[gone]
    users = {
        **kept,
        changed: {**kept[changed], "email": "new@example.com"},
        f"new1{end}": {"firstname": "New"},
        f"new2{end}": {},
    }
    tail = f"-{realm}"
    groups = {
        name: tuple(one for one in group.members if one in users)
        for name, group in access.groups.items()
        if name.endswith(tail)
    }
    skipped = (Skipped("user", f"c d{end}", "PVE takes no blank in a name."),)
    return Found(realm, users, groups, skipped, len(users) + 1, len(groups), seconds=1.1)


def _values(user: User) -> dict[str, str]:
    values = {name: getattr(user, name) for name in ("firstname", "lastname", "email")}
    return {name: value for name, value in values.items() if value}


@dataclass
class Syncs:
    """Instead of SyncService. `held`: what a reading waits for after its first page."""

    found: Found
    held: Event | None = None
    error: AuthTuiError | None = None
    pve_error: AuthTuiError | None = None
    lines: tuple[str, ...] = ()
    reads: list[dict[str, Any]] = field(default_factory=list)
    asked: list[SyncOptions] = field(default_factory=list)

    def read(
        self,
        settings: DirectorySettings,
        options: SyncOptions,
        password: Secret | None = None,
        *,
        agreed: bool = False,
        on_page: Callable[[int], None] = lambda count: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Found:
        self.reads.append({"options": options, "password": password, "agreed": agreed})
        on_page(900)
        while self.held is not None and not self.held.wait(0.01):
            if stopped():
                raise Refused("You stopped it. Nothing was written.")
        if self.error is not None:
            raise self.error
        return self.found

    def dry_run(
        self,
        realm: str,
        options: SyncOptions,
        *,
        on_line: Callable[[str], None] = lambda line: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> DryRun:
        self.asked.append(options)
        if self.pve_error is not None:
            raise self.pve_error
        return dryrun.read(self.lines)

    def earlier(self, realm: str, runs: int = 10) -> tuple[int, ...]:
        return (0, 4)

    def next_runs(self, schedule: str, count: int) -> tuple[int, ...]:
        if self.pve_error is not None:
            raise self.pve_error
        return tuple(1_800_000_000 + 86_400 * day for day in range(count))
