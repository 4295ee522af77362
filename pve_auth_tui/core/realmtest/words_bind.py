"""In words: the bind as the realm's own account, and one person's login."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Fix, Stage
from pve_auth_tui.core.realmtest.seen import LIMIT, MISSES, PERSON, WHO
from pve_auth_tui.core.realmtest.told import Said, Table, Told
from pve_auth_tui.core.realmtest.words_reach import START_TLS

_AD_TEAM: Final = "(directory team)"


def _is_person(told: Told) -> bool:
    return told.check.stage is Stage.LOGIN and not told.fact(WHO)


def _whose(told: Told) -> str:
    """Of whom a refusal is: the realm's account, or the person who was tried."""
    if _is_person(told):
        return told.fact(PERSON) or "this person"
    return told.settings.bind_dn or "nobody"


def _right_name(told: Told) -> str:
    """The realm's account is written out in the realm; a person types a name without the realm."""
    if _is_person(told):
        return "type the name as it is written before the @ of a PVE user"
    return "correct the name: a DN, or name@domain at AD"


BINDS: Final[Table] = {
    Cause.STRONGER_AUTH: Said(
        "{server} takes no password without TLS (strongerAuthRequired), as AD does where LDAP "
        "signing is required.",
        (),
        more=lambda told: [START_TLS],
    ),
    Cause.CONFIDENTIALITY: Said(
        "{server} takes no password on a connection that is not encrypted "
        "(confidentialityRequired).",
        (),
        more=lambda told: [START_TLS],
    ),
    Cause.NOBODY_REFUSED: Said(
        "{server} lets nobody in without a name; the realm names no bind user.",
        ("give the realm a Bind User with its password",),
    ),
    Cause.NO_PASSWORD: Said(
        "No password of {bind} was at hand: PVE keeps none for {realm}, it cannot be read here, or "
        "it is for other servers, which PVE has saved.",
        ("type the password for this test", "save the password in the realm"),
        'Where PVE has none either, it says "missing password for realm {realm}".',
    ),
    Cause.WRONG_CREDENTIALS: Said(
        lambda told: f"The name or the password of {_whose(told)} is wrong.",
        ("type the password anew, once", "see whether the name still exists " + _AD_TEAM),
    ),
    Cause.WRONG_PASSWORD: Said(
        lambda told: (
            f"The password of {_whose(told)} is wrong (AD: data 52e). Samba says so of "
            "unknown names, too."
        ),
        ("type the password anew, once", "have the account unlocked if it was tried often"),
    ),
    Cause.UNKNOWN_ACCOUNT: Said(
        lambda told: f"The directory knows no account {_whose(told)} (AD: data 525).",
        more=lambda told: [Fix(_right_name(told))],
    ),
    Cause.ACCOUNT_DISABLED: Said(
        lambda told: f"The account {_whose(told)} is disabled in the directory (AD: data 533).",
        ("have it enabled " + _AD_TEAM,),
    ),
    Cause.ACCOUNT_EXPIRED: Said(
        lambda told: f"The account {_whose(told)} has expired in the directory (AD: data 701).",
        ("have its end put off " + _AD_TEAM,),
    ),
    Cause.ACCOUNT_LOCKED: Said(
        lambda told: f"The account {_whose(told)} is locked after wrong passwords (AD: data 775).",
        ("have it unlocked " + _AD_TEAM, "find out who keeps trying an old password"),
    ),
    Cause.PASSWORD_EXPIRED: Said(
        lambda told: f"The password of {_whose(told)} has expired (AD: data 532).",
        ("have a new one set; for a service account one that never expires " + _AD_TEAM,),
    ),
    Cause.MUST_CHANGE: Said(
        lambda told: f"{_whose(told)} must change the password before the next login (data 773).",
        ("log in once where it can be changed, such as at a Windows machine",),
    ),
    Cause.NOT_NOW: Said(
        lambda told: f"{_whose(told)} may not log in at this hour (AD: data 530).",
        ("have the logon hours of the account changed " + _AD_TEAM,),
    ),
    Cause.NOT_FROM_HERE: Said(
        lambda told: f"{_whose(told)} may log in from certain machines only (AD: data 531).",
        ("have the domain controllers added to its workstations " + _AD_TEAM,),
    ),
    Cause.BAD_BIND_DN: Said(
        lambda told: f"{_whose(told)} is no DN that the server understands.",
        ("write it as a DN, such as cn=reader,dc=example,dc=com; at AD name@domain works, too",),
    ),
    Cause.BIND_REFUSED: Said(
        lambda told: (
            f"{told.check.server} refused {_whose(told)} for another reason, which it names below."
        ),
        ("look into the log of the directory",),
    ),
    Cause.NOT_FOUND: Said(
        "The directory shows {bind} nobody of that name below {base}.",
        ("see whether the person stands elsewhere in the tree, or has another {user_attr}",),
        "This person cannot log in; no attempt was made.",
    ),
    Cause.AMBIGUOUS: Said(
        "The name fits several entries. PVE takes the first that comes.",
        ("make {user_attr} unique, or narrow the base of the realm",),
        "Whoever comes first may log in; the order is the server's.",
    ),
    Cause.LOCK_NEAR: Said(
        lambda told: (
            f"{told.fact(MISSES, 'Several')} wrong passwords stand in the account, which locks at "
            f"{told.fact(LIMIT, 'a few')}. No attempt was made."
        ),
        ("wait until the counter has run out, or have it cleared " + _AD_TEAM,),
        "One more wrong password could lock the account for everything, not only for PVE.",
    ),
    Cause.NOT_IN_PVE: Said(
        "The directory lets this person in, but PVE knows no such user.",
        ("sync the realm", "add the user to PVE by hand"),
        'PVE refuses the login with "authentication failure" all the same.',
    ),
    Cause.DISABLED_IN_PVE: Said(
        "The directory lets this person in, but the user is disabled or has expired in PVE.",
        ("enable the user in PVE",),
        "PVE refuses the login as long as that holds.",
    ),
}
