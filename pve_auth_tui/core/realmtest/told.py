"""What the words of an advice are made of: a check, and all that stands around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.realmtest.report import Check, Fix, RealmTest, Stage
from pve_auth_tui.core.realmtest.titles import short_name, version_name

_TO_BIND: Final = (
    Stage.ADDRESS, Stage.PORT, Stage.STARTTLS, Stage.CERTIFICATE, Stage.VERSION, Stage.BIND,
    Stage.BASE,
)  # fmt: skip
_SILENTLY: Final = 'and PVE only says "authentication failure"'
_ANSWERING: Final = "ok", "LOOK"


class Told(NamedTuple):
    """Of one check. Everything that it says is untrusted."""

    check: Check
    test: RealmTest

    @property
    def settings(self) -> DirectorySettings:
        return self.test.settings

    @property
    def other(self) -> str:
        """The other server, "" for none."""
        others = [one for one in self.settings.servers if one != self.check.server]
        return others[0] if others else ""

    @property
    def is_first(self) -> bool:
        return self.check.server == self.settings.servers[0] if self.settings.servers else True

    def facts(self, heading: str) -> list[str]:
        return [fact.text for fact in self.check.facts if fact.heading == heading]

    def fact(self, heading: str, default: str = "") -> str:
        """The first of that heading."""
        return next(iter(self.facts(heading)), default)

    def also(self, stage: Stage, heading: str) -> str:
        """A fact of another stage at the same server."""
        found = self.test.at(stage, self.check.server).facts
        return next((fact.text for fact in found if fact.heading == heading), "")

    def answers(self, server: str) -> bool:
        """Was the server well as far as a login needs it?"""
        return all(
            self.test.at(stage, server).word in _ANSWERING or self._has_no(stage)
            for stage in _TO_BIND
        )

    def _has_no(self, stage: Stage) -> bool:
        return not self.settings.encrypted and stage in (Stage.CERTIFICATE, Stage.VERSION)

    @property
    def names(self) -> dict[str, str]:
        """What a template may name."""
        settings = self.settings
        return {
            "server": self.check.server,
            "other": self.other,
            "realm": settings.realm,
            "port": str(settings.port),
            "domain": settings.domain or "the domain",
            "version": version_name(settings.version),
            "bind": short_name(settings.bind_dn) if settings.bind_dn else "anonymous readers",
            "base": settings.base_dn or "the server's own base",
            "user_attr": settings.user_attr,
            "capath": settings.capath or "this node's store",
            "cert": settings.cert or "no client certificate",
        }


class Said(NamedTuple):
    """A cause in words, as templates for `Told.names`. `now` "": what follows from the stage.
    `more` gives fixes of this very check, which come first.
    """

    what: str | Callable[[Told], str]
    fixes: tuple[str, ...] = ()
    now: str | Callable[[Told], str] = ""
    more: Callable[[Told], Iterable[Fix]] = lambda told: ()


def consequence(told: Told) -> str:
    """What a stage that is BAD means to people who log in, and to syncs."""
    stage, settings = told.check.stage, told.settings
    if stage in (Stage.USERS, Stage.GROUPS, Stage.NAMES):
        return "Logins do not need this; every sync fails."
    if settings.kind == "ad" and stage in (Stage.BIND, Stage.BASE):
        return (
            "Logins go on, for at AD everybody binds with their own name. Syncs and the "
            "connection check of PVE fail."
        )
    return _nobody(told)


def _nobody(told: Told) -> str:
    """Sources: PVE::LDAP::ldap_connect, Net::LDAP::new: the next server is asked only where no
    connection came about, and StartTLS comes after that.
    """
    realm, other = told.settings.realm, told.other
    nobody = f"Nobody of {realm} can log in, {_SILENTLY}."
    if not other:
        return nobody
    if not told.is_first:
        if told.answers(other):
            return (
                f"Nothing fails while {other} answers. When it is down, nobody of {realm} can "
                f"log in, {_SILENTLY}."
            )
        return f"{other} is no help either. {nobody}"
    no_connection = told.check.stage in (Stage.ADDRESS, Stage.PORT) or (
        told.settings.mode == "ldaps" and told.check.stage is not Stage.BIND
    )
    if not no_connection:
        return f"PVE asks {other} only when it cannot connect to the first server. {nobody}"
    if told.answers(other):
        return f"PVE goes on to {other}, after up to 10 s at every login and every sync."
    return f"{other} is no help either. {nobody}"


Table = dict[Cause, Said]
