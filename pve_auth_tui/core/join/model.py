"""A join in words of its own: what is wanted, how the node stands, what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, NamedTuple

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.names import computer_of
from pve_auth_tui.core.realmtest.report import Fact

SNIPPET: Final = "/etc/sssd/conf.d/zz-pve-auth-tui.conf"
"""Keeps everybody of the domain out while a join runs (security.md R30)."""

START_FILE: Final = "/etc/sssd/conf.d/zy-pve-auth-tui-start.conf"
"""Keeps them out while sssd starts, as far as a file of it can: it stays on a member
(`core.join.access.AT_START`)."""


class Membership(NamedTuple):
    """One block of `realm list` or `realm discover`: untrusted text, `configured` "" for no."""

    domain: str
    realm: str = ""
    configured: str = ""
    server_software: str = ""
    client_software: str = ""
    packages: tuple[str, ...] = ()
    login_formats: tuple[str, ...] = ()
    policy: str = ""
    permitted_users: tuple[str, ...] = ()
    permitted_groups: tuple[str, ...] = ()

    @property
    def is_active_directory(self) -> bool:
        return self.server_software == "active-directory"


@dataclass(frozen=True, slots=True)
class NodeState:
    """How the node's operating system stands, as far as a join changes it.

    `short`, `fqdn` ("" where there is none): its names. `resolvers`: addresses that it asks.
    `packages`: Debian packages that a join needs -> `ii` and so on, what is unknown left out.
    `files`: path -> SHA-256 of each file that a join may change and that is there now.
    `principals`: of /etc/krb5.keytab. `units`: unit -> systemd's word (`active`, `masked`).
    `enabled`: those of them that start by themselves. `homes`: pam_mkhomedir is on. `sudo`:
    nsswitch.conf asks sss for sudo rules. `troubles`: what could not be looked at, as sentences;
    `unread`: paths of `files` that may be there, and are not known.
    """

    short: str = ""
    fqdn: str = ""
    resolvers: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    memberships: tuple[Membership, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    principals: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    enabled: tuple[str, ...] = ()
    homes: bool = False
    sudo: bool = False
    troubles: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def computer(self) -> str:
        """The computer's name in the domain, if nobody chooses another one."""
        return computer_of(self.fqdn or self.short)

    def member_of(self, domain: str) -> Membership | None:
        """The membership of that domain, None where the node has not joined it."""
        for one in self.memberships:
            if one.domain.lower() == domain.lower() and one.configured:
                return one
        return None


@dataclass(frozen=True, slots=True)
class JoinWish:
    """What somebody wants. `user`: who joins; `computer`: the account's name, "" for what is
    made of the host name; `ou`: "" for the domain's own place. `users` and `groups` of the domain
    may log in then (`alice`, `alice@ad.example.com`), nobody else. `homes`: made at first login.
    `take_over`: an account that is there belongs to this node by somebody's word.
    """

    domain: str
    user: str = "Administrator"
    computer: str = ""
    ou: str = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    homes: bool = True
    take_over: bool = False


class Topic(Enum):
    """What is looked at, in the order in which it is shown."""

    MEMBER = "Membership"
    NAME = "Host name"
    DNS = "DNS"
    SRV = "SRV records"
    PORTS = "Ports"
    CLOCK = "Clock"
    DISCOVERY = "Discovery"
    PACKAGES = "Packages"
    ACCOUNT = "Account"
    PAM = "PAM"
    SUDO = "sudo rules"
    BACKUP = "Backup"
    OTHERS = "Other nodes"
    # after the join
    SSSD = "sssd"
    TRUST = "Trust"
    POLICY = "Logins"
    LOOKUP = "Names"
    MAY = "May log in"
    MUST_NOT = "Must not"
    START = "At start"
    HOMES = "Homes"


FixKind = Literal["", "install", "computer", "take-over", "domain", "leave", "account", "permit"]
"""What a screen does for it: "" nothing (a person does it elsewhere)."""


class JoinFix(NamedTuple):
    """Something to do about it. `value`: for `computer` the name, for `domain` the right one;
    `account` asks for who joins, and the password.
    """

    text: str
    kind: FixKind = ""
    value: str = ""

    @property
    def sentence(self) -> str:
        """To stand after another sentence; a command at its end is left as it is typed."""
        end = "" if ": " in self.text else "."
        return f"{self.text[:1].upper()}{self.text[1:]}{end}"


class JoinAdvice(NamedTuple):
    """`what` is wrong, what it means, and what to do, best first."""

    what: str
    now: str = ""
    fixes: tuple[JoinFix, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinCheck:
    """One thing that was looked at. `text`: one line for the table. `-` was not reached.

    `causes`: worst first; `facts` for the details; `original` as the tool said it, untrusted.
    """

    topic: Topic
    word: Word
    text: str = ""
    causes: tuple[JoinCause, ...] = ()
    facts: tuple[Fact, ...] = ()
    seconds: float | None = None
    original: str = field(default="", repr=False)


_WORST_FIRST: Final[tuple[Word, ...]] = ("BAD", "LOOK", "ok", "-")


@dataclass(frozen=True, slots=True)
class JoinReport:
    """All checks of a domain. `stopped`: somebody cancelled it. `membership`: of `realm discover`;
    `controllers`: the names of the domain's DCs; `state`: of the node when it was looked at.
    """

    domain: str
    checks: tuple[JoinCheck, ...]
    state: NodeState
    membership: Membership | None = None
    controllers: tuple[str, ...] = ()
    seconds: float = 0.0
    stopped: bool = False

    def at(self, topic: Topic) -> JoinCheck:
        """Of several, such as one for each name, the worst; what was not looked at is `-`."""
        found = [check for check in self.checks if check.topic is topic]
        for word in _WORST_FIRST:
            for check in found:
                if check.word == word:
                    return check
        return JoinCheck(topic, "-", "not reached")

    @property
    def worst(self) -> Word:
        words = {check.word for check in self.checks}
        return next((word for word in _WORST_FIRST if word in words), "-")
