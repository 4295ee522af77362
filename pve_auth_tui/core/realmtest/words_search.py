"""In words: the base, the searches, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Fix
from pve_auth_tui.core.realmtest.seen import (
    BAD_ITEM,
    CLOCK_OFF,
    DANGEROUS,
    ELSEWHERE,
    FITTING,
    LACKING,
    NAME_IN,
    NESTED,
    OWN_BASE,
    POSIX,
    PRIMARY,
    PROBLEM,
    RANGED,
    SKIPPED,
    TWICE,
)  # fmt: skip
from pve_auth_tui.core.realmtest.told import Said, Table, Told
from pve_auth_tui.core.words import listed

_NO_SYNC: Final = "Every sync fails with this, and takes nobody. Logins go on."
_LESS: Final = "take less: a narrower filter or base"
_NO_MEMBERS: Final = "In PVE they are not members: what the group may do, they may not."


def _own_base(told: Told) -> Iterator[Fix]:
    own = told.fact(OWN_BASE)
    if own and own != told.settings.base_dn:
        yield Fix(f"use the server's own base {own}", {"base_dn": own})


def _mapping(told: Told) -> Iterator[Fix]:
    fitting = told.fact(FITTING)
    if fitting:
        yield Fix(f"use {fitting}, which these entries have", {"sync_attributes": fitting})


def _names(told: Told) -> Iterator[Fix]:
    for name in told.facts(NAME_IN)[:2]:
        yield Fix(f"take the names from {name}, which the entries have", {"user_attr": name})


def _such(told: Told, heading: str) -> str:
    """The first of them, behind a sentence."""
    found = told.fact(heading).rstrip(".")
    return f" {found}." if found else ""


SEARCHES: Final[Table] = {
    Cause.NO_BASE: Said(
        "The realm names no base, and {server} names none of its own (defaultNamingContext).",
        ("give the realm a Base DN",),
    ),
    Cause.BASE_UNKNOWN: Said(
        "There is no {base}, or {bind} may not see it.",
        ("correct the Base DN", "let {bind} read it (directory team)"),
        more=_own_base,
    ),
    Cause.BASE_MALFORMED: Said(
        "{base} is no DN that the server understands.",
        ("write it like dc=example,dc=com",),
        more=_own_base,
    ),
    Cause.BASE_ELSEWHERE: Said(
        "{server} does not hold {base} itself and names another server. PVE follows no referral.",
        ("ask the server that holds it", "correct the Base DN"),
        more=_own_base,
    ),
    Cause.NOT_ALLOWED: Said(
        "{bind} may not read what PVE asks for.",
        ("let the bind user read users and groups (directory team)",),
    ),
    Cause.BAD_FILTER: Said(
        lambda told: f"The filter is malformed. {told.fact(PROBLEM, 'The server says so.')}",
        ("correct the filter of the realm",),
        _NO_SYNC,
    ),
    Cause.SIZE_LIMIT: Said(
        "The server sent only a part: its limit of entries is below what the filter finds.",
        ("have the size limit of {bind} raised (directory team)", _LESS),
        _NO_SYNC,
    ),
    Cause.TIME_LIMIT: Said(
        "The search took longer than the server or this test allows.",
        ("have the attributes of the filter indexed (directory team)", _LESS),
        _NO_SYNC,
    ),
    Cause.ADMIN_LIMIT: Said(
        "The server stopped the search at a limit that its administrators have set.",
        ("have the limit of {bind} raised (directory team)", _LESS),
        _NO_SYNC,
    ),
    Cause.NO_PAGING: Said(
        "{server} cannot send its answer in pages, as PVE wants it.",
        ("have paged results (1.2.840.113556.1.4.319) switched on (directory team)",),
        _NO_SYNC,
    ),
    Cause.BUSY: Said("{server} says that it is too busy now.", ("try again later",)),
    Cause.UNAVAILABLE: Said(
        "{server} says that it is not available now, as when it starts or stops.",
        ("try again later", "look into the log of the directory"),
    ),
    Cause.TOO_MUCH: Said(
        "The server sent more than this test takes: 200,000 entries, or 64 KiB in one value.",
        (_LESS,),
        "PVE itself has no such limit and may go on for long.",
    ),
    Cause.SEARCH_REFUSED: Said(
        "{server} refused the search for another reason, which it names below.",
        ("look into the log of the directory",),
    ),
    Cause.NO_USERS: Said(
        "PVE's own filter finds nobody below {base}.",
        ("correct the base, the filter or the user classes", "let {bind} read the users"),
        "A sync would bring nobody; with Remove Vanished it would remove everybody of {realm}.",
    ),
    Cause.NO_NAME_ATTRIBUTE: Said(
        "No entry has {user_attr}, from which the realm takes the names.",
        ("correct the User Attribute Name",),
        "A sync takes nobody, and at LDAP nobody can log in.",
        _names,
    ),
    Cause.NAMES_SKIPPED: Said(
        lambda told: f"PVE would not take some names.{_such(told, SKIPPED)}",
        ("change the names in the directory, or leave these people out by the filter",),
        "A sync warns of each and goes on without them; they cannot log in either.",
    ),
    Cause.NAMES_TWICE: Said(
        lambda told: f"Some names are there more than once.{_such(told, TWICE)}",
        ("make the names unique in the directory, or narrow the filter",),
        "Two people share what one PVE user may do, or one of them is refused.",
    ),
    Cause.NAMES_DANGEROUS: Said(
        lambda told: (
            f"PVE takes some names that people may take for others.{_such(told, DANGEROUS)}"
        ),
        ("see who these are before you give them anything",),
        "They become users at the next sync.",
    ),
    Cause.VALUES_SKIPPED: Said(
        lambda told: f"PVE would not take some values.{_such(told, SKIPPED)}",
        ("correct the values in the directory, or do not map this attribute",),
        "A sync warns of each and takes the user without it.",
    ),
    Cause.ATTRIBUTE_NEVER_COMES: Said(
        lambda told: f"No entry has {told.fact(LACKING, 'an attribute')}, which the realm maps.",
        ("correct sync_attributes", "let {bind} read these attributes (directory team)"),
        "What it would fill stays empty in PVE.",
        _mapping,
    ),
    Cause.BAD_MAPPING: Said(
        lambda told: f"PVE skips a part of sync_attributes: {listed(told.facts(BAD_ITEM))}.",
        (
            "write it as ours=theirs; ours is one of username, enable, expire, firstname, "
            "lastname, email, comment, keys",
        ),
        "A sync warns of it, and takes nothing for that part.",
        _mapping,
    ),
    Cause.NO_MAPPING: Said(
        "The realm maps no attributes (sync_attributes), so users come with their name alone.",
        ("map the attributes that you want to see in PVE",),
        "Logins work. First names, last names and mail addresses stay empty.",
        _mapping,
    ),
    Cause.NO_GROUPS: Said(
        "PVE's own filter finds no group below the base for groups.",
        ("correct the group filter, the group classes or group_dn", "sync users only (scope)"),
        "A sync brings no groups; with Remove Vanished it would remove those of {realm}.",
    ),
    Cause.GROUPS_SKIPPED: Said(
        lambda told: f"PVE would not take some groups.{_such(told, SKIPPED)}",
        ("give them a name without blanks, or leave them out by the group filter",),
        "A sync warns of each and goes on without them.",
    ),
    Cause.MEMBERS_BY_NAME: Said(
        lambda told: (
            f"{told.fact(POSIX, 'Groups')}: they name people, and PVE only reads member "
            "and uniqueMember."
        ),
        ("use groups with member (groupOfNames), or the memberof overlay (directory team)",),
        "These groups come empty, or not at all.",
    ),
    Cause.NESTED_GROUPS: Said(
        lambda told: f"Groups are members of groups.{_such(told, NESTED)}",
        ("make the people direct members of the groups that PVE shall have",),
        f"PVE takes direct members only. {_NO_MEMBERS}",
    ),
    Cause.RANGED_MEMBERS: Said(
        lambda told: f"The server does not send all members at once.{_such(told, RANGED)}",
        ("split the group, or take a smaller one (AD sends 1,500 members in one answer)",),
        "PVE does not ask for the rest and takes the group for EMPTY.",
    ),
    Cause.PRIMARY_GROUP: Said(
        lambda told: f"For some people this is the primary group.{_such(told, PRIMARY)}",
        ("use a group whose members are named in it, not the primary one",),
        "AD does not name these people as members, so PVE does not see that they are.",
    ),
    Cause.MEMBERS_ELSEWHERE: Said(
        lambda told: f"PVE knows nobody of the members of some groups.{_such(told, ELSEWHERE)}",
        ("let the user filter and the base cover these people",),
        "These groups come empty.",
    ),
    Cause.CLOCK: Said(
        lambda told: f"The clocks differ: {told.fact(CLOCK_OFF, 'by minutes')}.",
        ("let both follow the same time (chrony on the node, the PDC at AD)",),
        "Simple binds go on. Kerberos, a join, TOTP and certificates need the right time.",
    ),
}
