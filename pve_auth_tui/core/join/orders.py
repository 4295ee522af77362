"""What somebody wants done to the node, settled: everything that the steps are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host import keytab
from pve_auth_tui.core.join.manifest import Manifest
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, JoinWish, NodeState
from pve_auth_tui.core.secret import Secret

KEYTAB: Final = keytab.PATH
KRB5: Final = "/etc/krb5.conf"
SSSD_CONF: Final = "/etc/sssd/sssd.conf"
NSSWITCH: Final = "/etc/nsswitch.conf"
PAM_FILES: Final = (
    "/etc/pam.d/common-account",
    "/etc/pam.d/common-auth",
    "/etc/pam.d/common-password",
    "/etc/pam.d/common-session",
    "/etc/pam.d/common-session-noninteractive",
)
BACKED_UP: Final = (KRB5, KEYTAB, NSSWITCH, SSSD_CONF, *PAM_FILES)
"""What a join may change, and what is therefore kept before."""

WATCHED: Final = (*BACKED_UP, SNIPPET, START_FILE)


@dataclass(frozen=True, slots=True)
class JoinOrder:
    """`wish` with its names as realmd takes them, the computer's name always set. `before`: the
    node, and `manifest` what is kept of it. `taken_from`: the host that the account belongs to
    now, "" for nobody's or our own; `exists`: the account is there already. `refusal`: why it
    should not be run now.
    """

    wish: JoinWish
    password: Secret = field(repr=False)
    before: NodeState
    manifest: Manifest
    everybody: bool = False
    exists: bool = False
    taken_from: str = ""
    refusal: str = ""
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaveOrder:
    """`user` and `password`: who deletes the computer's account, "" and None to leave it there.
    `clean_up`: settings go back to what `manifest` says, and so do the files of `clean`; `purge`:
    these packages go. `kept`: what stays, with why, as sentences.
    """

    domain: str
    before: NodeState
    user: str = ""
    password: Secret | None = field(default=None, repr=False)
    computer: str = ""
    clean_up: bool = False
    clean: tuple[str, ...] = ()
    manifest: Manifest | None = None
    purge: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PermitOrder:
    """`users` and `groups` as realmd takes them; both empty: nobody, unless `everybody`."""

    domain: str
    before: NodeState
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class BackOrder:
    """A join that did not come to its end. `now`: the node as it is. `user` and `password` delete
    the account that the join has made, "" and None where it made none. `files_alone`: realmd is
    not asked any more, because it does not leave. `settle`: realmd is ended alone, because nobody
    knows what it is still at.
    """

    domain: str
    now: NodeState
    manifest: Manifest
    user: str = ""
    password: Secret | None = field(default=None, repr=False)
    files_alone: bool = False
    settle: bool = False
