"""One way in: an administrator, what checks the password, and one second factor or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.standing import Certainty
from pve_auth_tui.core.tfaconfig import TfaEntry

CONSOLE = "console"
"""How the way in is called that does without PVE."""


class First(Enum):
    """Who checks the first factor; the values are its names in JSON."""

    LINUX = "linux"  # PAM, from /etc/shadow of the node
    STORED = "stored"  # PVE, from priv/shadow.cfg
    DIRECTORY = "directory"
    PROVIDER = "provider"
    CONSOLE = "console"  # login, as root, at the console or over SSH


@dataclass(frozen=True, slots=True)
class Way:
    """`factor`: the second one as lists name it (`key`, `totp` ...), "" where PVE asks for none;
    `entry`: as in tfa.cfg, None without and for a key that stands in user.cfg.

    `certainty`: `known` works today, `depends` does if what is outside does, `unknown` cannot be
    told from here; `reason` says why not, as a clause that follows the userid. `realm` is None for
    the console, and where realms were not read.
    """

    userid: str
    first: First
    certainty: Certainty
    factor: str = ""
    entry: TfaEntry | None = field(default=None, repr=False)
    realm: Realm | None = field(default=None, repr=False)
    reason: str = ""

    @property
    def person(self) -> str:
        """Whose it is: what takes that person or the password away takes all of theirs. The
        console asks for the password that root@pam has.
        """
        return ROOT if self.first is First.CONSOLE else self.userid

    @property
    def how(self) -> str:
        """`key`, `totp`, `password`, `provider`, `console`."""
        if self.first is First.CONSOLE:
            return CONSOLE
        bare = "provider" if self.first is First.PROVIDER else "password"
        return self.factor or bare

    @property
    def shown(self) -> str:
        """The same with what the factor is called: `key rack 3`."""
        return f"{self.how} {self.entry.description}".rstrip() if self.entry else self.how

    @property
    def key(self) -> str:
        """Names it among all ways in."""
        return f"{self.userid} {self.how} {self.entry.id if self.entry else ''}".rstrip()
