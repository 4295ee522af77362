"""Words for a membership that does not do well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.said import Said, do

_ROOT: Final = "root@pam needs no sssd to log in."

AFTER: Final[Mapping[C, Said]] = {
    C.SSSD_DEAD: Said(
        "sssd does not run.",
        "Nobody of {domain} can log in at this node. " + _ROOT,
        do("systemctl restart sssd; look into journalctl -u sssd"),
    ),
    C.SSSD_CONFIG: Said(
        "sssd does not start with its files.",
        "realmd says yes to a join all the same. Until sssd starts nobody of {domain} can log in. "
        + _ROOT,
        do(
            "look into journalctl -u sssd, and at /etc/sssd/sssd.conf",
            "chmod 0600 what lies in /etc/sssd/conf.d: sssd does not start with open files there",
            "move a sssd.conf that nobody needs away before the join",
        ),
    ),
    C.START_LIMIT: Said(
        "systemd does not start sssd any more: it was started too often in a short time.",
        "realmd restarts it with every change and says yes all the same. Nobody of {domain} can "
        "log in. " + _ROOT,
        do("systemctl reset-failed sssd, then systemctl start sssd"),
    ),
    C.TRUST_BROKEN: Said(
        "The domain does not take this computer's account or password any more.",
        "The account was removed, reset, or taken over by another host of that name. Whoever is "
        "cached here may still get in. " + _ROOT,
        (("leave, and join anew", "leave"), ("see in the domain whose the account is now", "")),
    ),
    C.TRUST_UNKNOWN: Said(
        "No domain controller was reached, so the computer's password was not tried.",
        "Nothing is known to be wrong with the membership itself. " + _ROOT,
        do("see the rows on DNS and ports", "validate again when a domain controller answers"),
    ),
    C.OPEN_TO_ALL: Said(
        "Everybody of {domain} may log in at this node's shell.",
        "A plain realm join leaves it so. A shell is no right in PVE, but a place to start from.",
        (("name the users or groups that may log in; everybody else is denied then", "permit"),),
    ),
    C.NOBODY_MAY: Said(
        "Nobody of {domain} may log in at this node.",
        "That is safe, and makes the membership useless. " + _ROOT,
        (("name the users or groups that may log in", "permit"),),
    ),
    C.NAME_REFUSED: Said(
        "realmd does not take one of the names.",
        "A user is written as realm list shows it under login-formats, alice@domain; no name has a "
        "comma or a $ in it. Nobody was let in by it.",
        do("write the name as user@{domain}, or permit a group of theirs"),
    ),
    C.NAME_NOT_FOUND: Said(
        "This node does not know {person}.",
        "Names of the domain are written with it: alice@domain. realmd permits names that do not "
        "exist without a word.",
        do("see how it is written in the domain", "give the domain a few minutes after a change"),
    ),
    C.NAME_OFFLINE: Said(
        "{person} was not found, after a long wait: no domain controller may have answered.",
        "That is no proof that the name does not exist.",
        do("see the rows on trust, DNS and ports, then again"),
    ),
    C.REFUSED_LOGIN: Said(
        "{person} may not log in here, by this node's rules.",
        "The name is known; access is denied.",
        (
            ("permit {person}, or a group of theirs", "permit"),
            ("see whether {person} is in the group in AD", ""),
        ),
    ),
    C.WRONGLY_ALLOWED: Said(
        "{person} may log in here, and should not.",
        "Some group that is permitted has {person} in it, or everybody may log in.",
        (("see the groups of {person}: id NAME", ""), ("set who may log in anew", "permit")),
    ),
    C.START_WINDOW: Said(
        "At each start of sssd PAM asks nobody who may log in, for a moment.",
        "Whoever has an SSH key on this node gets in then: not permitted, or with a disabled "
        "account. sssd's cache in memory still knows the name.",
        (
            ("set who may log in anew: that turns the cache off", "permit"),
            ("see whether another file turns it on: grep -r memcache_timeout /etc/sssd", ""),
        ),
    ),
    C.NO_HOMES: Said(
        "No home folder is made at the first login.",
        "Whoever logs in stands in /, with a complaint.",
        do("pam-auth-update --enable mkhomedir"),
    ),
}
