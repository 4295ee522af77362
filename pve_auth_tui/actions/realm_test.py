"""`realm-test`: an LDAP or AD realm stage by stage, as PVE has it or as somebody types it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from threading import Event
from typing import Final

from pve_auth_tui.actions.at_directory import agreed
from pve_auth_tui.actions.signals import on_signals
from pve_auth_tui.arguments import FINDINGS, INTERRUPTED, OK, PROGRAM
from pve_auth_tui.asking import answers
from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.directory.unsafe import bind_password, not_sent_to, typed_servers
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.realmtest.known import known_in
from pve_auth_tui.core.realmtest.report import Check, Fact, RealmTest, Stage
from pve_auth_tui.core.realmtest.seen import WHY
from pve_auth_tui.core.realmtest.typed import REALM_OPTIONS
from pve_auth_tui.core.realmtest.words import as_json, report_text
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import json_line, terminal_width
from pve_auth_tui.workshop import Workshop

_UNNAMED: Final = "new"  # what a realm is called that nobody has named yet


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code (4 where anything is BAD or to be looked at) and what goes to stdout.

    Raises UsageError, and Refused for realms that cannot be read.
    """
    snapshot = workshop.outlooks.fresh().snapshot
    realm, saved = _realm(options, snapshot)
    settings = settings_of(realm)
    return _Tester(options, workshop, snapshot, settings, saved=saved).told()


def _realm(options: argparse.Namespace, snapshot: Snapshot) -> tuple[Realm, bool]:
    """With what is typed over it; and whether PVE has it so."""
    given = {
        name: value
        for name in REALM_OPTIONS
        if (value := getattr(options, name.replace("-", "_"))) is not None
    }
    if options.type:
        return Realm(options.realm or _UNNAMED, options.type, given), False
    if not options.realm:
        raise UsageError(
            "Name a realm, or give --type and its options.",
            f"For example: {PROGRAM} realm-test corp",
        )
    if snapshot.realms.value is None:
        raise Refused(f"The realms cannot be read. {snapshot.realms.problem}".strip())
    realm = snapshot.realms.value.realms.get(options.realm)
    if realm is None:
        raise UsageError(
            f"There is no realm {options.realm}.",
            f"See: {PROGRAM} realms. With --type it is tested before it is made.",
        )
    if realm.type is None:
        raise Refused(
            f"PVE itself cannot read its section of realm {realm.name}.",
            f"It is mended by: {PROGRAM} realm add {realm.name}",
        )
    if "server1" not in realm.options and realm.type in ("ad", "ldap"):
        raise Refused(
            f"PVE shows this login nothing of realm {realm.name} but its name.",
            "Ask as somebody with Realm.Allocate or Sys.Audit on /access/realm.",
        )
    changed = replace(realm, options=_over(realm.options, given))
    return changed, changed == realm


def _over(options: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, str]:
    """An empty value takes an option away, as a form's empty field does."""
    return {
        name: value for name, value in {**options, **given}.items() if value or name not in given
    }


class _Tester:
    """One test, with whoever is asked for passwords and for a yes."""

    def __init__(
        self,
        options: argparse.Namespace,
        workshop: Workshop,
        snapshot: Snapshot,
        settings: DirectorySettings,
        *,
        saved: bool,
    ) -> None:
        self._options = options
        self._workshop = workshop
        self._snapshot = snapshot
        self._settings = settings
        self._saved = saved
        self._asked = answers(from_stdin=options.password_stdin)
        self._password = self._bind_password()
        self._agreed = self._typed_yes()

    def told(self) -> tuple[int, str]:
        """The exit code and what goes to stdout."""
        stop = Event()
        with on_signals(stop.set, "Stopping ... nothing is changed by a test."):
            test = self._workshop.realm_test.run(
                self._settings,
                self._password,
                saved=self._saved,
                agreed=self._agreed,
                stopped=stop.is_set,
            )
        if self._options.login and not test.stopped:
            test = replace(test, checks=(*test.checks, self._login(test)))
        if self._options.json:
            return _code(test), json_line(as_json(test))
        return _code(test), report_text(test, terminal_width(sys.stdout))

    def _bind_password(self) -> Secret | None:
        """None for the stored one, which goes to the saved realm's servers alone; empty for none.
        With --password-stdin the first line, which may be empty.
        """
        settings, from_stdin = self._settings, self._options.password_stdin
        if not settings.bind_dn:
            return None
        why = self._why_not_stored()
        if not (why or from_stdin or self._options.type):
            return None
        question = f"Password of {settings.bind_dn} (none: no bind): "
        try:
            typed = self._asked.line(plain(f"{why} {question}" if why else question))
        except UsageError as error:
            raise UsageError(f"{why} {error}".strip(), error.hint) from error
        return None if from_stdin and not (typed or why or self._options.type) else Secret(typed)

    def _why_not_stored(self) -> str:
        """ "" where it may be sent; of what is not saved at all nothing is stored."""
        realms = self._snapshot.realms.value
        if self._options.type or realms is None:
            return ""
        typed = typed_servers(self._settings, realms.realms.get(self._settings.realm))
        return not_sent_to(typed, self._settings) if typed else ""

    def _typed_yes(self) -> bool:
        """One yes for all that is sent: the realm's password, and that of `--login`."""
        person = "that person's password" if self._options.login else ""
        whose = " and ".join(filter(None, (bind_password(self._settings), person)))
        return agreed(self._settings, whose, self._options, self._asked)

    def _login(self, test: RealmTest) -> Check:
        """Stage 11. After a bind that was refused nobody's password is sent any more (R23)."""
        settings, name = self._settings, self._options.login
        server = settings.servers[0]
        if any(check.stage is Stage.BIND and check.word == "BAD" for check in test.checks):
            why = "the realm's own account was refused, so no other password was sent"
            return Check(Stage.LOGIN, server, "-", "not tried", facts=(Fact(WHY, why),))
        if not (settings.safe or self._agreed):
            cause = Cause.NOT_VERIFIED if settings.encrypted else Cause.IN_CLEAR
            return Check(Stage.LOGIN, server, "-", "asks first", causes=(cause,))
        return self._workshop.realm_test.try_login(
            settings,
            name,
            Secret(self._asked.line(f"Password of {plain(name)}: ")),
            bind_password=self._password,
            agreed=self._agreed,
            known=known_in(self._snapshot, settings, self._workshop.clock.now()),
        )


def _code(test: RealmTest) -> int:
    if test.stopped:
        return INTERRUPTED
    found = any(check.causes or check.word in ("LOOK", "BAD") for check in test.checks)
    return FINDINGS if found else OK
