"""The stages of a realm's test at one server: each is timed, and needs those before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.filters import filter_problem, group_filter, user_filter
from pve_auth_tui.core.directory.mapping import attributes_of, group_attributes
from pve_auth_tui.core.directory.ports import Answer, Directories, Directory, Handshake
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.realmtest.certificates import judge_certificate
from pve_auth_tui.core.realmtest.groups import Besides, judge_groups, members_of, taken_entries
from pve_auth_tui.core.realmtest.people import USUAL, is_strange, judge_names, judge_users
from pve_auth_tui.core.realmtest.report import NOT_REACHED, Check, Fact, Stage
from pve_auth_tui.core.realmtest.rootdse import clock_seen, own_base
from pve_auth_tui.core.realmtest.seen import (
    ADDRESS,
    FILTER,
    OFFERED,
    OWN_BASE,
    PROBLEM,
    TLS,
    WHY,
    Seen,
    facts_of,
    trouble_seen,
)
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.sync.taking import UsersTaken, groups_taken, users_taken

USERS_A_PAGE: Final = 900
GROUPS_A_PAGE: Final = 100
"""As PVE asks (host reference 3)."""

_NOT_IN_CLEAR: Final = "no TLS"
_SAMPLE: Final = 200  # entries that are looked at for what else they have
_NAMES: Final = 8  # of a certificate, that are looked up
_TOKENS: Final = 100  # groups that are asked for as somebody's primary one
_ANYTHING: Final = "(objectClass=*)"


class _Ended(Exception):
    """A stage has shown that no later one can be reached; or nobody wants to know any more."""


class Stages:
    """At one server. `heard` gets each check as it comes."""

    def __init__(
        self,
        directories: Directories,
        clock: Clock,
        settings: DirectorySettings,
        host: str,
        *,
        heard: Callable[[Check], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._directories = directories
        self._clock = clock
        self._settings = settings
        self._host = host
        self._heard = heard
        self._stopped = stopped
        self._done: set[Stage] = set()
        self.bind_trouble: Cause | None = None
        """Why the one bind did not succeed, None where it did or none was made."""

    def run(self, password: Secret | None, *, agreed: bool, refused: str) -> None:
        """`refused`: which server has had the same credentials, and what it said; "" for none."""
        directory: Directory | None = None
        try:
            self._stage(Stage.ADDRESS, self._address)
            self._stage(Stage.PORT, self._port)
            self._tls()
            directory = self._bound(password, agreed=agreed, refused=refused)
            self._read(directory)
        except _Ended:
            pass
        finally:
            if directory is not None:
                directory.close()
        if not self._stopped():
            for stage in Stage:
                if stage not in self._done and stage is not Stage.LOGIN:
                    self._tell(stage, Seen("-", NOT_REACHED), None)

    # --- going through them ------------------------------------------------------------------

    def _stage(self, stage: Stage, look: Callable[[], Seen], *, timed: bool = True) -> Seen:
        """Raises _Ended when a server brought it to its end, or somebody stopped the test."""
        if self._stopped():
            raise _Ended
        begun = self._clock.now()
        try:
            seen = look()
        except DirectoryTrouble as trouble:
            seen = trouble_seen(trouble)
            self._tell(stage, seen, begun)
            raise _Ended from None
        if self._stopped():
            raise _Ended  # what was cut off tells nothing
        self._tell(stage, seen, begun if timed else None)
        return seen

    def _tell(self, stage: Stage, seen: Seen, begun: float | None) -> None:
        spent = None if begun is None else max(0.0, self._clock.now() - begun)
        self._done.add(stage)
        self._heard(Check(stage, self._host, seen.word, seen.text, spent, *seen[2:]))

    # --- the address and the port -------------------------------------------------------------

    def _address(self) -> Seen:
        found = self._directories.resolve(self._host)
        facts = list(facts_of(ADDRESS, found))
        first = found[0] if found else ""
        domain = self._settings.domain
        if self._settings.kind != "ad" or not domain:
            return Seen("ok", first, (), tuple(facts))
        try:
            controllers = self._directories.locate(domain)
        except DirectoryTrouble as trouble:
            facts.append(Fact("SRV", f"{domain} could not be asked for: {trouble}"))
            return Seen("ok", first, (), tuple(facts))
        if not controllers:
            return Seen("LOOK", first, (Cause.NO_SRV,), tuple(facts))
        names = [one.host.rstrip(".").lower() for one in controllers]
        among = self._host.rstrip(".").lower() in names
        facts.append(
            Fact("SRV", f"{self._host} is {'' if among else 'not '}among those of {domain}")
        )
        facts += facts_of("Controllers", [f"{one.host}:{one.port}" for one in controllers])
        return Seen("ok", first, (), tuple(facts))

    def _port(self) -> Seen:
        return Seen(
            "ok", "", (), (Fact(ADDRESS, self._directories.reach(self._settings, self._host)),)
        )

    # --- TLS ---------------------------------------------------------------------------------

    def _tls(self) -> None:
        settings, host = self._settings, self._host
        if settings.mode == "ldap":
            self._stage(Stage.STARTTLS, self._could_start_tls)
            for stage in (Stage.CERTIFICATE, Stage.VERSION):
                self._tell(stage, Seen("-", _NOT_IN_CLEAR), None)
            return
        shaken: list[Handshake] = []

        def answers() -> Seen:
            shaken.append(self._directories.handshake(settings, host))
            return Seen("ok", shaken[0].protocol)

        def granted() -> Seen:
            self._directories.starttls(settings, host)
            return Seen("ok")

        def certificate() -> Seen:
            if not shaken:
                shaken.append(self._directories.handshake(settings, host))
            return self._certificate(shaken[0])

        def version() -> Seen:
            try:
                found = self._directories.handshake(settings, host, version=settings.version)
            except DirectoryTrouble as trouble:
                return trouble_seen(trouble, [Fact(TLS, shaken[0].protocol)])
            return Seen("ok", "", (), (Fact(TLS, f"{found.protocol} {found.cipher}"),))

        self._stage(Stage.STARTTLS, answers if settings.mode == "ldaps" else granted)
        for stage, look in ((Stage.CERTIFICATE, certificate), (Stage.VERSION, version)):
            if self._stage(stage, look).word == "BAD":
                raise _Ended

    def _could_start_tls(self) -> Seen:
        """A realm in clear: would the server offer more? Nobody's password is sent for that."""
        try:
            better = replace(self._settings, mode="ldap+starttls")
            self._directories.starttls(better, self._host)
        except DirectoryTrouble as trouble:
            if trouble.cause in (Cause.TLS_WANTED, Cause.NOT_LDAP):
                raise
            offered: tuple[Fact, ...] = ()
        else:
            offered = (Fact(OFFERED, "STARTTLS, asked just now"),)
        return Seen("LOOK", SHORT[Cause.IN_CLEAR], (Cause.IN_CLEAR,), offered)

    def _certificate(self, shaken: Handshake) -> Seen:
        chain = [self._directories.describe(der) for der in shaken.chain]
        same = self._same_server(chain[0].names, shaken.address) if chain and shaken.code else []
        return judge_certificate(self._settings, shaken, chain, same, self._clock.now())

    def _same_server(self, names: tuple[str, ...], address: str) -> list[str]:
        """Names of a certificate that lead to the address that showed it."""
        addresses, found = {address}, []
        with suppress(DirectoryTrouble):
            addresses.update(self._directories.resolve(self._host))
        for name in names[:_NAMES]:
            if "*" not in name and name.lower() != self._host.lower():
                with suppress(DirectoryTrouble):
                    if not addresses.isdisjoint(self._directories.resolve(name)):
                        found.append(name)
        return found

    # --- the bind ----------------------------------------------------------------------------

    def _bound(self, password: Secret | None, *, agreed: bool, refused: str) -> Directory:
        """The connection. One bind at the most (R23), and no password where somebody else could
        read it or take it, unless somebody agreed (R20).
        """
        settings, opened = self._settings, list[Directory]()

        def bind() -> Seen:
            if not settings.bind_dn:  # nothing secret is sent
                opened.append(self._directories.open(settings, self._host, agreed=True))
                if not (settings.verify and settings.cert and settings.certkey):
                    opened[0].bind_nobody()
                return Seen("ok")
            if password is None or not password.reveal():
                return Seen("LOOK", SHORT[Cause.NO_PASSWORD], (Cause.NO_PASSWORD,))
            opened.append(self._directories.open(settings, self._host, agreed=agreed))
            try:
                opened[0].bind(settings.bind_dn, password)
            except DirectoryTrouble as trouble:
                self.bind_trouble = trouble.cause
                raise
            return Seen("ok")

        if refused and settings.bind_dn:
            why = f"{refused}: a second attempt may lock the account"
            self._tell(Stage.BIND, Seen("-", NOT_REACHED, (), (Fact(WHY, why),)), None)
            raise _Ended
        if settings.bind_dn and not (settings.safe or agreed):
            cause = Cause.NOT_VERIFIED if settings.encrypted else Cause.IN_CLEAR
            self._tell(Stage.BIND, Seen("-", "asks first", (cause,)), None)
            raise _Ended
        try:
            if self._stage(Stage.BIND, bind).word != "ok":
                raise _Ended
        except _Ended:
            for directory in opened:
                directory.close()
            raise
        return opened[0]

    # --- what it holds -----------------------------------------------------------------------

    def _read(self, directory: Directory) -> None:
        settings = self._settings
        bases: list[str] = []

        def base() -> Seen:
            root = self._root(directory)
            bases.append(settings.base_dn or own_base(root))
            clock = clock_seen(root, self._clock.now())
            if not bases[0]:
                return Seen(
                    "BAD", SHORT[Cause.NO_BASE], (Cause.NO_BASE, *clock.causes), clock.facts
                )
            try:
                directory.search(bases[0], _ANYTHING, ("1.1",), scope="BASE", most=1)
            except DirectoryTrouble as trouble:
                own = own_base(root)
                return trouble_seen(trouble, [Fact(OWN_BASE, own)] if own else [])
            told = () if settings.base_dn else (Fact(OWN_BASE, bases[0]),)
            return clock._replace(facts=(*told, *clock.facts))

        if any(cause is not Cause.CLOCK for cause in self._stage(Stage.BASE, base).causes):
            raise _Ended
        self._read_people(directory, bases[0])

    def _root(self, directory: Directory) -> Mapping[str, Sequence[bytes]]:
        """Not needed where the realm names its base; some servers show it to nobody."""
        try:
            return directory.root()
        except DirectoryTrouble:
            if not self._settings.base_dn:
                raise
            return {}

    def _read_people(self, directory: Directory, base: str) -> None:
        settings = self._settings
        attributes = tuple(attributes_of(settings).mapping)
        wanted = user_filter(settings, attributes)
        taken: list[UsersTaken] = []

        def users() -> Seen:
            _require_filter(settings.filter)
            answer = self._search(directory, base, wanted, attributes, USERS_A_PAGE)
            taken.append(users_taken(settings, answer.entries))
            usual = self._usual(directory, base, wanted) if is_strange(settings, answer) else {}
            seen = judge_users(settings, answer, taken[0], usual)
            return seen._replace(facts=(Fact(FILTER, wanted), *seen.facts))

        self._stage(Stage.USERS, users)
        self._stage(Stage.GROUPS, lambda: self._groups(directory, base, taken[0]))
        self._stage(Stage.NAMES, lambda: judge_names(settings, taken[0]), timed=False)

    def _groups(self, directory: Directory, base: str, people: UsersTaken) -> Seen:
        settings = self._settings
        _require_filter(settings.group_filter)
        wanted, where = group_filter(settings), settings.group_dn or base
        besides = ("memberUid", *(["primaryGroupToken"] if settings.kind == "ad" else []))
        attributes = (*group_attributes(settings), *besides)
        answer = self._search(directory, where, wanted, attributes, GROUPS_A_PAGE)
        taken = groups_taken(settings, answer.entries, people.people)
        more = Besides(
            self._ranged(directory, where, wanted, answer),
            self._primary(directory, base, answer) if settings.kind == "ad" else (),
            self._by_name(directory, where, answer),
        )
        seen = judge_groups(settings, answer, people, taken, more)
        return seen._replace(facts=(Fact(FILTER, wanted), *seen.facts))

    def _ranged(self, directory: Directory, base: str, wanted: str, answer: Answer) -> list[bytes]:
        """AD sends no `member` at all, only `member;range=0-1499`, where there are more: then PVE
        takes the group for empty. Who has members is asked of the server itself.
        """
        taken = taken_entries(self._settings, answer)
        without = {entry.dn.lower() for entry in taken if not members_of(entry)}
        if not without:
            return []
        found = self._more(directory, base, f"(&{wanted}(member=*))", ("1.1",), page=GROUPS_A_PAGE)
        return [entry.dn for entry in found.entries if entry.dn.lower() in without]

    def _primary(self, directory: Directory, base: str, answer: Answer) -> list[bytes]:
        """AD does not name as members those whose primary group it is."""
        tokens = {
            token.decode("ascii", "replace"): entry.dn
            for entry in taken_entries(self._settings, answer)
            for token in entry.values.get("primarygrouptoken", ())[:1]
            if token.isdigit()
        }
        some = list(tokens)[:_TOKENS]
        if not some:
            return []
        any_of = "".join(f"(primaryGroupID={token})" for token in some)
        whose = f"(&(objectClass=user)(!(objectClass=computer))(|{any_of}))"
        found = self._more(directory, base, whose, ("primaryGroupID",), most=_SAMPLE)
        theirs = {
            value.decode("ascii", "replace")
            for entry in found.entries
            for value in entry.values.get("primarygroupid", ())
        }
        return [dn for token, dn in tokens.items() if token in theirs]

    def _by_name(self, directory: Directory, base: str, answer: Answer) -> int:
        """posixGroup names its members by `memberUid`, which PVE does not ask for."""
        if answer.entries:
            return sum(
                1
                for entry in answer.entries
                if entry.values.get("memberuid") and not members_of(entry)
            )
        wanted = "(&(objectClass=posixGroup)(memberUid=*))"
        return len(self._more(directory, base, wanted, ("1.1",), most=_SAMPLE).entries)

    def _usual(self, directory: Directory, base: str, wanted: str) -> dict[str, int]:
        """How many of a few entries have the attributes that directories usually keep."""
        names = sorted({name for found in USUAL.values() for name in found})
        answer = self._more(directory, base, wanted, names, most=_SAMPLE)
        return {
            name.lower(): sum(1 for entry in answer.entries if entry.values.get(name.lower()))
            for name in names
        }

    def _search(
        self, directory: Directory, base: str, wanted: str, attributes: tuple[str, ...], page: int
    ) -> Answer:
        answer = directory.search(base, wanted, attributes, page=page, stopped=self._stopped)
        if self._stopped():
            raise _Ended
        return answer

    def _more(
        self,
        directory: Directory,
        base: str,
        wanted: str,
        attributes: tuple[str, ...] | list[str],
        *,
        page: int = 0,
        most: int = 200_000,
    ) -> Answer:
        """What only helps to explain: a refusal is no trouble of the realm's."""
        try:
            return directory.search(
                base, wanted, attributes, page=page, most=most, stopped=self._stopped
            )
        except DirectoryTrouble:
            return Answer(())


def _require_filter(own: str) -> None:
    """Whoever has typed what no server understands hears where it went wrong."""
    if problem := filter_problem(own):
        raise DirectoryTrouble(
            Cause.BAD_FILTER,
            "The realm's filter is malformed.",
            facts={PROBLEM: problem, FILTER: own},
        )
