"""One person's login as PVE does it, with the lock counters read before (R23)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.fallback import asks_the_next
from pve_auth_tui.core.directory.filters import escaped, person_filter
from pve_auth_tui.core.directory.ports import Directories, Directory, Entry
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.realmtest.lockout import (
    OF_DOMAIN,
    OF_PERSON,
    OF_PPOLICY,
    OF_PSO,
    Counters,
    Rule,
    Values,
    counters,
    domain_rule,
    is_of_ad,
    ppolicy_rule,
)
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.rootdse import own_base
from pve_auth_tui.core.realmtest.seen import PERSON, WHO, WHY, Seen, facts_of, trouble_seen
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.secret import Secret

_ANYTHING: Final = "(objectClass=*)"
_TAKEN: Final = 3  # entries of one name that are looked at
_POLICIES: Final = 50
_OWN: Final = "the realm's own account"


class _Done(Exception):
    """The answer is known, and no attempt was made."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(seen.text)
        self.seen = seen


class LoginAttempt:
    """For one use. `agreed`: somebody typed yes to a bind that others can read (R20)."""

    def __init__(
        self,
        directories: Directories,
        clock: Clock,
        settings: DirectorySettings,
        *,
        agreed: bool,
    ) -> None:
        self._directories = directories
        self._clock = clock
        self._settings = settings
        self._agreed = agreed
        self._server = settings.servers[0]
        self._facts: list[Fact] = []
        self._open: list[Directory] = []

    def run(
        self,
        name: str,
        password: Secret,
        bind_password: Secret | None,
        known: Callable[[str], Cause | None] | None,
    ) -> tuple[str, Seen]:
        """The server that was asked, and what came of it. Raises UsageError for nobody's name and
        for an empty password, which is none: directories would take it for an anonymous bind.
        """
        if not name.strip():
            raise UsageError("Somebody has to be named.", "Such as anna, without the realm.")
        if not password.reveal():
            raise UsageError("Without a password there is no login.", "Nothing was sent.")
        settings = self._settings
        if not (settings.safe or self._agreed):
            cause = Cause.NOT_VERIFIED if settings.encrypted else Cause.IN_CLEAR
            return self._server, Seen("-", "asks first", (cause,))
        try:
            seen = self._attempt(name, password, bind_password)
            seen = self._beside_pve(seen, name, known)
        except DirectoryTrouble as trouble:
            seen = trouble_seen(trouble)
        except _Done as done:
            seen = done.seen
        finally:
            for directory in self._open:
                directory.close()
        return self._server, seen._replace(facts=(*self._facts, *seen.facts))

    def _attempt(self, name: str, password: Secret, bind_password: Secret | None) -> Seen:
        """Raises DirectoryTrouble, and _Done where nothing was sent for this person."""
        if self._settings.kind == "ad":
            self._look_up_in_ad(name, bind_password)
            directory, who = self._connected(), self._full_name(name)
            several = False
        else:
            directory = self._as_own_account(bind_password)
            found = self._people(directory, person_filter(self._settings, name))
            if not found:
                raise _Done(Seen("BAD", SHORT[Cause.NOT_FOUND], (Cause.NOT_FOUND,)))
            self._check_counters(directory, found[:1])
            who, several = found[0].dn.decode("utf-8", "replace"), len(found) > 1
            if several:
                self._facts += facts_of(
                    "Fits", [one.dn.decode("utf-8", "replace") for one in found]
                )
        self._facts.insert(0, Fact(PERSON, who))
        directory.bind(who, password)
        if several:
            return Seen("LOOK", SHORT[Cause.AMBIGUOUS], (Cause.AMBIGUOUS,))
        return Seen("ok", "would get in")

    def _beside_pve(
        self, seen: Seen, name: str, known: Callable[[str], Cause | None] | None
    ) -> Seen:
        """The directory let them in; PVE also wants to know them."""
        against = known(f"{name}@{self._settings.realm}") if known else None
        if against is None:
            return seen
        return Seen("BAD", SHORT[against], (against, *seen.causes), seen.facts)

    def _full_name(self, name: str) -> str:
        """As PVE::Auth::AD binds."""
        domain = self._settings.domain
        return name if "@" in name or not domain else f"{name}@{domain}"

    # --- the counters ------------------------------------------------------------------------

    def _look_up_in_ad(self, name: str, bind_password: Secret | None) -> None:
        """PVE needs nobody's account for a login at AD; only the counters do."""
        if not self._settings.bind_dn or bind_password is None:
            why = "the realm has no account of its own that could read lock counters"
            self._facts.append(Fact(WHY, f"{why}: whether a lock is near is not known"))
            return
        directory = self._as_own_account(bind_password)
        full, short = escaped(self._full_name(name)), escaped(name.partition("@")[0])
        found = self._people(directory, f"(|(userPrincipalName={full})(sAMAccountName={short}))")
        self._check_counters(directory, found)
        if not found:
            self._facts.append(Fact(WHY, "the account was not found, so no lock counter was read"))

    def _check_counters(self, directory: Directory, found: list[Entry]) -> None:
        """Raises _Done at the first of them that is not to be tried."""
        for entry in found:
            told = self._counters(directory, entry.values)
            self._facts += told.facts
            if told.obstacle is Cause.LOCK_NEAR:
                raise _Done(Seen("LOOK", SHORT[Cause.LOCK_NEAR], (Cause.LOCK_NEAR,)))
            if told.obstacle is not None:
                self._facts.append(Fact(WHY, "the entry says so; no attempt was made"))
                raise _Done(Seen("BAD", SHORT[told.obstacle], (told.obstacle,)))

    def _counters(self, directory: Directory, person: Values) -> Counters:
        if is_of_ad(person):
            pso = [name.decode("utf-8", "replace") for name in person.get("msds-resultantpso", ())]
            domain = self._values(directory, own_base(directory.root()), OF_DOMAIN)
            own = self._values(directory, pso[0], OF_PSO) if pso else None
            rule = domain_rule(domain, own)
        else:
            rule = self._ppolicy(directory, person)
        return counters(person, rule, self._clock.now())

    def _ppolicy(self, directory: Directory, person: Values) -> Rule:
        named = [one.decode("utf-8", "replace") for one in person.get("pwdpolicysubentry", ())]
        if named:
            return ppolicy_rule(
                [one for one in [self._values(directory, named[0], OF_PPOLICY)] if one]
            )
        with suppress(DirectoryTrouble):
            wanted = "(objectClass=pwdPolicy)"
            answer = directory.search(self._base(directory), wanted, OF_PPOLICY, most=_POLICIES)
            return ppolicy_rule([entry.values for entry in answer.entries])
        return Rule()

    def _values(self, directory: Directory, dn: str, names: tuple[str, ...]) -> Values:
        """Of one entry; nothing where it cannot be read."""
        with suppress(DirectoryTrouble):
            for entry in directory.search(dn, _ANYTHING, names, scope="BASE", most=1).entries:
                return entry.values
        return {}

    # --- connections -------------------------------------------------------------------------

    def _people(self, directory: Directory, wanted: str) -> list[Entry]:
        base = self._base(directory)
        return [*directory.search(base, wanted, OF_PERSON, most=_TAKEN).entries]

    def _base(self, directory: Directory) -> str:
        return self._settings.base_dn or own_base(directory.root())

    def _as_own_account(self, bind_password: Secret | None) -> Directory:
        """A refusal of that one ends it: nobody else's password is sent after it (R23)."""
        settings = self._settings
        if settings.bind_dn and (bind_password is None or not bind_password.reveal()):
            raise _Done(Seen("LOOK", SHORT[Cause.NO_PASSWORD], (Cause.NO_PASSWORD,)))
        directory = self._connected()
        try:
            if settings.bind_dn and bind_password is not None:
                directory.bind(settings.bind_dn, bind_password)
            elif not (settings.verify and settings.cert and settings.certkey):
                directory.bind_nobody()
        except DirectoryTrouble:
            self._facts.append(Fact(WHO, _OWN))
            raise
        return directory

    def _connected(self) -> Directory:
        """The first server that PVE would reach. No password was sent before."""
        settings = self._settings
        for number, host in enumerate(settings.servers, start=1):
            self._server = host
            try:
                opened = self._directories.open(settings, host, agreed=self._agreed)
            except DirectoryTrouble as trouble:
                if number == len(settings.servers) or not asks_the_next(settings, trouble.cause):
                    raise
                self._facts.append(Fact("Before", f"{host}: {trouble}"))
            else:
                self._open.append(opened)
                return opened
        raise AssertionError("a realm has a server")
