"""The CAs that this node trusts: what lies there, import, removal, and whether DCs are trusted.

Blocking, no Textual. Looking changes nothing; what changes something is an Intent, planned, shown
and run as every plan is. `truststore` reads the node.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.causes import DirectoryTrouble
from pve_auth_tui.core.directory.ports import Directories
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.errors import AuthTuiError, Refused, Unreadable, UsageError
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.plan import Intent, Plan
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.trust import drafts
from pve_auth_tui.core.trust.check import TrustCheck, Way, WayCheck, settings_for, shaken, troubled
from pve_auth_tui.core.trust.elsewhere import Needs, relying
from pve_auth_tui.core.trust.judging import offered
from pve_auth_tui.core.trust.model import MOST, Authority, Candidate, Offer, Reader
from pve_auth_tui.core.trust.places import path_of
from pve_auth_tui.core.trust.store import LocalStore
from pve_auth_tui.services.applying import World
from pve_auth_tui.services.outlook import Outlook
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.report import Report, State
from pve_auth_tui.services.steps import OnProgress
from pve_auth_tui.services.truststore import StoreReader

OnCheck = Callable[[WayCheck], None]

ELSEWHERE: Final = (
    "The CAs that a node trusts are looked at and changed on the node itself only.",
    "Start this program there, as root.",
)
_MOST_SERVERS: Final = 32


class TrustDone(NamedTuple):
    """`rolled_back`: of the plan that took an import back that had failed."""

    report: Report
    rolled_back: Report | None = None

    @property
    def ok(self) -> bool:
        return self.report.ok


class TrustService:
    """`host` is this node's operating system, None where it is none of ours (`--host`, `--root`):
    then only servers can be checked. `read_certificates` takes files apart; `read_file` gives an
    input's octets, None: the node's own tree does.
    """

    def __init__(
        self,
        host: Host | None,
        directories: Directories,
        plans: PlanService,
        world: World,
        *,
        clock: Clock,
        read_certificates: Reader,
        read_file: Callable[[str], bytes] | None = None,
    ) -> None:
        self._host = host
        self._directories = directories
        self._plans = plans
        self._clock = clock
        self._read_certificates = read_certificates
        self._read_file = read_file
        self._world = world

    # --- looking -----------------------------------------------------------------------------

    def why_not(self) -> str:
        """Why nothing can be looked at or changed from here, in one sentence; "" when it can."""
        return "" if self._host is not None else ELSEWHERE[0]

    @property
    def clock(self) -> Clock:
        return self._clock

    def _node(self) -> Host:
        if self._host is None:
            raise Refused(*ELSEWHERE)
        return self._host

    def listed(self) -> LocalStore:
        """What lies in /usr/local/share/ca-certificates. Raises Refused, Unreadable."""
        return self._reader().store()

    def _reader(self) -> StoreReader:
        return StoreReader(self._node(), self._read_certificates)

    def from_file(self, path: str) -> Offer:
        """What a file of this node holds. Raises Refused, Unreadable, UsageError."""
        if not path.startswith("/"):
            raise UsageError(f"{path or 'Nothing'} is no absolute path.", "It begins with /.")
        host = self._node()
        try:
            if self._read_file is not None:
                data = self._read_file(path)
            else:
                data = host.files.read(path.lstrip("/"))
        except Unreadable as error:
            # Said once more in words of CAs. Nobody asks for its size: that has no time limit.
            if str(error).startswith(f"{path} is larger than "):
                raise _too_large(path) from error
            raise
        return self._offer(path, data)

    def from_text(self, text: str) -> Offer:
        """What was pasted: PEM, for nothing else can be. Raises Refused, UsageError."""
        return self.from_octets(text.encode("utf-8", "replace"))

    def from_octets(self, data: bytes) -> Offer:
        """What was pasted or piped, of any form. Raises Refused, UsageError."""
        if not data.strip():
            raise UsageError("Nothing was pasted.", "Nothing was changed.")
        return self._offer("What was pasted", data)

    def from_chain(self, host: str, chain: Sequence[Authority]) -> Offer:
        """What a server sent: as untrusted as the server, until its fingerprint was compared."""
        return self._offer(host, "".join(one.pem for one in chain).encode("ascii"))

    def _offer(self, source: str, data: bytes) -> Offer:
        if len(data) > MOST:
            raise _too_large(source)
        trusted = self._reader().trusted()
        return offered(source, self._read_certificates(data), trusted, self._clock.now())

    # --- plans -------------------------------------------------------------------------------

    def import_(self, offer: Offer, picked: Sequence[Candidate] | None = None) -> Intent:
        """`picked`: None for all that can be imported. Raises Refused, UsageError, Unreadable."""
        wanted = offer.importable if picked is None else picked
        if picked is None and not wanted:
            first = offer.candidates[0]
            fix = next((one.fix for one in first.findings if one.word == "BAD"), "")
            raise Refused(f"{offer.source}: {first.why_not}", fix)
        reader = self._reader()
        return drafts.import_(offer, wanted, reader.store(), reader.subjects())

    def remove(self, names: Sequence[str], outlook: Outlook, *, ask: bool = True) -> Intent:
        """`ask`: realms that verify are asked whether their servers' chains lead to it, which
        sends no password. Raises Refused, Unreadable; the intent for a name that is not there.
        """
        reader = self._reader()
        store = reader.store()
        names = [name.removeprefix(path_of("")) for name in names]
        found = [one for name in names if (one := store.at(name)) is not None]
        leaving = [each for one in found if one.counts for each in one.contents.authorities]
        needs = self._needs(leaving, outlook.snapshot) if ask and leaving else Needs()
        return drafts.remove(names, store, sorted(reader.shipped()), needs)

    def _needs(self, leaving: Sequence[Authority], snapshot: Snapshot) -> Needs:
        known, unknown = [], []
        for realm in relying(snapshot):
            try:
                settings = settings_of(realm)
            except AuthTuiError:
                continue
            answers = [self._leads_to(settings, host, leaving) for host in settings.servers]
            if any(answers):
                known.append(realm.name)
            elif None in answers:
                unknown.append(realm.name)
        return Needs(tuple(known), tuple(unknown))

    def _leads_to(
        self, settings: DirectorySettings, host: str, leaving: Sequence[Authority]
    ) -> bool | None:
        """Whether that server's chain ends at one of these CAs; None where it did not answer."""
        try:
            chain = self._directories.handshake(settings, host).chain
        except DirectoryTrouble:
            return None
        sent = [self._directories.describe(der) for der in chain]
        fingerprints = {one.sha256 for one in leaving}
        subjects = {one.certificate.subject for one in leaving}
        return any(one.sha256 in fingerprints or one.issuer in subjects for one in sent)

    # --- doing -------------------------------------------------------------------------------

    def apply(
        self,
        plan: Plan,
        *,
        override: str = "",
        reason: str = "",
        on_progress: OnProgress = lambda progress: None,
        on_roll_back: Callable[[Plan], None] = lambda plan: None,
    ) -> TrustDone:
        """Run a plan of this service. An import that does not become trusted is taken back at
        once, in a plan of its own that `on_roll_back` is told of before its first step.

        Raises what `PlanService.apply` raises; then nothing was done.
        """
        report = self._plans.apply(plan, override=override, reason=reason, on_progress=on_progress)
        intent = self.roll_back(report)
        if intent is None:
            return TrustDone(report)
        back = self._plans.review(intent, self._world.fresh())
        on_roll_back(back)
        rolled = self._plans.apply(
            back, override=back.confirm, reason="the import failed", on_progress=on_progress
        )
        return TrustDone(report, rolled)

    def roll_back(self, report: Report) -> Intent | None:
        """What takes a failed import back; None where nothing of it is left."""
        done = sum(1 for one in report.results if one.state in (State.DONE, State.UNSURE))
        if report.ok or not done:
            return None
        return drafts.take_back([one.step for one in report.results], done)

    # --- checking servers --------------------------------------------------------------------

    def check(
        self,
        target: str,
        *,
        on_check: OnCheck = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> TrustCheck:
        """STARTTLS and LDAPS at a server, or at all controllers of a domain. Sends no password.

        Raises UsageError for what is no name.
        """
        name = target.strip().rstrip(".")
        if not name or any(sign.isspace() or sign in "/@" for sign in name):
            raise UsageError(f"{target or 'Nothing'} is no name of a server or a domain.")
        servers = self._controllers(name)
        checks: list[WayCheck] = []
        for host in servers or (name,):
            for way in Way:
                if stopped():
                    return TrustCheck(
                        name, servers or (name,), tuple(checks), bool(servers), stopped=True
                    )
                checks.append(self._checked(host, way))
                on_check(checks[-1])
        return TrustCheck(name, servers or (name,), tuple(checks), bool(servers))

    def _controllers(self, name: str) -> tuple[str, ...]:
        """Of a domain, best first; () where DNS names none."""
        try:
            ipaddress.ip_address(name)
        except ValueError:
            pass
        else:
            return ()
        try:
            found = self._directories.locate(name)
        except DirectoryTrouble:
            return ()
        return tuple(dict.fromkeys(one.host.rstrip(".") for one in found))[:_MOST_SERVERS]

    def _checked(self, host: str, way: Way) -> WayCheck:
        begun = self._clock.now()
        try:
            handshake = self._directories.handshake(settings_for(host, way), host)
        except DirectoryTrouble as trouble:
            return troubled(host, way, trouble, self._spent(begun))
        chain = tuple(Authority(self._directories.describe(der), der) for der in handshake.chain)
        return shaken((host, way), handshake, chain, self._clock.now(), self._spent(begun))

    def _spent(self, begun: float) -> float:
        return max(0.0, self._clock.now() - begun)


def _too_large(source: str) -> UsageError:
    return UsageError(f"{source} is larger than 1 MiB.", "A CA's certificate is some KiB.")
