"""Tests an LDAP or AD realm stage by stage, at both servers, before and after it is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.ports import Directories
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.realmtest.report import Check, RealmTest, Stage
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.realmlogin import LoginAttempt
from pve_auth_tui.services.realmstages import Stages

_COUNTS_NOT: Final = frozenset({Cause.BUSY, Cause.UNAVAILABLE, Cause.NOT_LDAP})
"""Of a bind: nobody looked at the password, as far as can be told."""
_MAY_COUNT: Final = frozenset({Cause.SILENT, Cause.BROKEN_OFF})
"""Of a bind: it may have been looked at and counted. PVE asks no other server after that."""


class RealmTestService:
    """Blocking. `stored` gives the bind password that PVE keeps, None where it cannot be read."""

    def __init__(
        self,
        directories: Directories,
        stored: Callable[[str], Secret | None],
        clock: Clock,
    ) -> None:
        self._directories = directories
        self._stored = stored
        self._clock = clock

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
        """Every stage at every server. `password` stands for the stored one; `agreed`: somebody
        typed yes to a bind that others can read (R20). One bind per server, and none at the second
        after the first refused the credentials, or never said what it made of them (R23).

        Raises UsageError for a realm without a server.
        """
        _require_server(settings)
        begun = self._clock.now()
        if password is None and settings.bind_dn:
            password = self._stored(settings.realm)
        checks: list[Check] = []

        def heard(check: Check) -> None:
            checks.append(check)
            on_check(check)

        refused = ""
        for host in settings.servers:
            if stopped():
                break
            stages = Stages(
                self._directories, self._clock, settings, host, heard=heard, stopped=stopped
            )
            stages.run(password, agreed=agreed, refused=refused)
            if stages.bind_trouble and stages.bind_trouble not in _COUNTS_NOT:
                refused = refused or _first_said(host, stages.bind_trouble)
        order = {server: number for number, server in enumerate(settings.servers)}
        stages_in_order = list(Stage)
        checks.sort(key=lambda one: (stages_in_order.index(one.stage), order[one.server]))
        spent = max(0.0, self._clock.now() - begun)
        return RealmTest(settings, tuple(checks), spent, saved, stopped=stopped())

    def try_login(
        self,
        settings: DirectorySettings,
        name: str,
        password: Secret,
        *,
        bind_password: Secret | None = None,
        agreed: bool = False,
        known: Callable[[str], Cause | None] | None = None,
    ) -> Check:
        """One person's login as PVE does it; lock counters are read first, and one attempt is
        made at most (R23).

        `known` tells of a userid what PVE has against it, None for nothing (`realmtest.known`).
        Raises UsageError for a realm without a server.
        """
        _require_server(settings)
        begun = self._clock.now()
        if bind_password is None and settings.bind_dn:
            bind_password = self._stored(settings.realm)
        attempt = LoginAttempt(self._directories, self._clock, settings, agreed=agreed)
        server, seen = attempt.run(name, password, bind_password, known)
        spent = max(0.0, self._clock.now() - begun)
        return Check(Stage.LOGIN, server, seen.word, seen.text, spent, *seen[2:])


def _first_said(host: str, trouble: Cause) -> str:
    if trouble in _MAY_COUNT:
        return f"{host} did not say what it made of the password"
    return f"{host} refused the password"


def _require_server(settings: DirectorySettings) -> None:
    if not settings.servers:
        raise UsageError(f"{settings.realm} names no server.", "Its server1 is missing.")
