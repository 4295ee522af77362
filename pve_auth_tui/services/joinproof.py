"""How a membership does, looked at after the join and whenever somebody asks. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pve_auth_tui.core.errors import CommandFailed, ToolMissing, Unreadable
from pve_auth_tui.core.host.ports import Host, Said
from pve_auth_tui.core.join import steps, validation
from pve_auth_tui.core.join.access import SSSD_CONF, elsewhere, keeps_in_memory, together
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import SNIPPET, JoinCheck, JoinReport, NodeState
from pve_auth_tui.core.join.model import Topic as T
from pve_auth_tui.core.join.names import permitted
from pve_auth_tui.core.join.rows import row
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.services.joinlook import NodeLook

_QUICK = 5.0  # seconds


class JoinProof:
    """One run. `may` and `must_not`: names of the domain, with or without it. `homes`: they are
    wanted at the first login.
    """

    def __init__(
        self,
        host: Host,
        clock: Clock,
        domain: str,
        *,
        may: Sequence[str] = (),
        must_not: Sequence[str] = (),
        homes: bool = True,
        on_check: Callable[[JoinCheck], None] = lambda check: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._host = host
        self._clock = clock
        self._domain = domain
        self._may = [permitted(name, domain) for name in may]
        self._must_not = [permitted(name, domain) for name in must_not]
        self._homes = homes
        self._on_check = on_check
        self._stopped = stopped
        self._state = NodeState()

    def run(self) -> JoinReport:
        """Row by row; what was reached until somebody stopped it."""
        begun = last = self._clock.now()
        checks: list[JoinCheck] = []
        rows = self._rows()
        stopped = self._stopped()
        while not stopped:
            check = next(rows, None)
            if check is None:
                break
            now = self._clock.now()
            check = replace(check, seconds=max(0.0, now - last))
            last = now
            checks.append(check)
            self._on_check(check)
            stopped = self._stopped()
        member = self._state.member_of(self._domain)
        spent = max(0.0, self._clock.now() - begun)
        return JoinReport(
            self._domain, tuple(checks), self._state, member, seconds=spent, stopped=stopped
        )

    def _rows(self) -> Iterator[JoinCheck]:
        look = NodeLook(self._host)
        self._state = look.state()
        member = self._state.member_of(self._domain)
        yield validation.member(self._state.memberships, self._domain)
        if member is None:
            return
        yield self._sssd()
        yield self._asked(T.TRUST, steps.ask_trust(self._domain), validation.trust, 30.0)
        snippets = look.snippets()
        texts = (look.text(SSSD_CONF), *(snippets[path] for path in sorted(snippets)))
        yield validation.policy(
            member,
            snippet=SNIPPET in self._state.files,
            elsewhere=elsewhere(snippets, self._domain),
            found=together(texts, self._domain),
        )
        for name in dict.fromkeys((*self._may, *self._must_not)):
            argv = steps.ask_id(name)
            yield self._asked(T.LOOKUP, argv, _about(name, validation.lookup), steps.ID_SECONDS)
        yield from self._logins(T.MAY, self._may, validation.may)
        yield from self._logins(T.MUST_NOT, self._must_not, validation.must_not)
        yield validation.start(remembers=keeps_in_memory(texts) or self._kept_in_memory())
        yield validation.homes(made=self._state.homes, wanted=self._homes)

    def _kept_in_memory(self) -> bool:
        """By what sssd has made: it passes over files whose owner or mode it does not like."""
        try:
            return any(self._host.look(path) is not None for path in steps.IN_MEMORY)
        except Unreadable:
            return True

    def _logins(
        self, topic: T, names: Sequence[str], told: Callable[[str, Said], JoinCheck]
    ) -> Iterator[JoinCheck]:
        if not names:
            yield validation.unnamed(topic)
        for name in names:
            yield self._asked(topic, steps.ask_login(name), _about(name, told), steps.ID_SECONDS)

    def _sssd(self) -> JoinCheck:
        active = (steps.SYSTEMCTL, "is-active", steps.SSSD)
        wanted = ",".join(validation.SHOWN)
        try:
            said = self._host.ask(active, seconds=_QUICK)
            shown = self._host.ask(
                (steps.SYSTEMCTL, "show", f"--property={wanted}", steps.SSSD), seconds=_QUICK
            )
        except CommandFailed as error:
            return row(T.SSSD, "BAD", str(error), JoinCause.TOOL_MISSING)
        return validation.service(said, validation.properties(shown.out))

    def _asked(
        self, topic: T, argv: tuple[str, ...], told: Callable[[Said], JoinCheck], seconds: float
    ) -> JoinCheck:
        try:
            return told(self._host.ask(argv, seconds=seconds))
        except CommandFailed as error:
            missing = isinstance(error, ToolMissing)
            cause = JoinCause.TOOL_MISSING if missing else JoinCause.UNKNOWN
            return row(topic, "BAD", str(error), cause)


def _about(name: str, told: Callable[[str, Said], JoinCheck]) -> Callable[[Said], JoinCheck]:
    return lambda said: told(name, said)
