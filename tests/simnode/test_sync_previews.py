"""Our preview of a sync says what the node's own sync does; the two share no line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.directory.ports import Entry
from pve_auth_tui.core.directory.settings import settings_of
from pve_auth_tui.core.domains import Realm, parse_domains
from pve_auth_tui.core.snapshot import UNTOLD, Part, Snapshot
from pve_auth_tui.core.sync.dryrun import compare, read
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.options import params_of
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.core.sync.taking import groups_taken, users_taken
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from pve_auth_tui.simnode import realmsync
from pve_auth_tui.simnode.realmsync import DirectoryEntry, DirectoryGroup

DOMAINS = b"""
ldap: lab
\tserver1 ldap.example.com
\tbase_dn dc=x
\tuser_attr uid
\tsync_attributes email=mail,firstname=givenName,lastname=sn,enable=on,expire=until,nothing=x

ldap: my-lab
\tserver1 ldap.example.com
\tbase_dn dc=x
\tuser_attr uid
\tgroup_name_attr cn

ad: l.b
\tserver1 ldap.example.com
\tdomain x
\tsync_attributes comment=description,keys=badge
"""
CONFIG = """user:root@pam:1:0:::r@example.com:::
user:ann@lab:1:0:Ann:Old:ann@example.com:typed by hand:x:
token:ann@lab!ci:0:1::
user:ben@lab:0:1500000000::::a:b:
user:dora@lab:1:0::::::
token:dora@lab!ci:0:0::
user:eve@my-lab:1:0::::::
user:fay@lib:1:0::::::
user:gus@l.b:1:0:::::abc:
group:ops-lab:ann@lab,root@pam,dora@lab:ours:
group:old-lab:dora@lab::
group:x-my-lab:eve@my-lab::
group:local:dora@lab,ann@lab,new@lab::
group:z-l.b:gus@l.b:theirs:
group:y-lib:::
acl:1:/:@ops-lab,dora@lab:Administrator:
acl:0:/vms:new@lab,dora@lab!ci,ann@lab!ci,@new-lab,@old-lab:PVEVMUser:
acl:1:/pool/x:@x-my-lab,eve@my-lab:PVEVMAdmin:
"""
REALMS = parse_domains(DOMAINS).realms
NAMES = (
    "ann", "ben", "dora", "new", "Ann", "a b", "a,b", "x@y", "Zoë", "a:b", "a/b", "", "0",
    "ops", "old", "x", "x-my", "new", "bad group", "z", "y", "n" * 63, "#%?!", "eve", "gus",
)  # fmt: skip
VALUES = (
    b"", b"0", b"1", b"Ann", b"typed by hand", b"x", b" blanks ", b"not-an-email", b"a@example.com",
    b"a:b%c", "Zwölf".encode(), b"\xff\xfe", b"+5", b"-0", b"-5", b"17", b"no", b"x" * 1025,
    b"x" * 2049, b"JBSWY3DP!=", b"01500000000",
)  # fmt: skip
PARTS = (
    "tfa", "datacenter", "jobs", "passwords", "token_secrets", "cluster", "inventory",
)  # fmt: skip
ATTRIBUTES = ("mail", "givenName", "sn", "on", "until", "email", "comment", "description", "badge")

known = st.sampled_from(("ann", "ben", "dora", "new", "ops", "x-my"))
names = (known | known | st.sampled_from(NAMES)).map(lambda name: name.encode())
numbers = st.sampled_from((b"+5", b"-0", b"17", b"01500000000", b"", b"x", b"-5"))
flags = st.sampled_from((b"", b"0", b"1", b"no"))


@st.composite
def directories(draw: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """People and groups, as plain values."""
    people = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "name": names,
                    "values": st.fixed_dictionaries(
                        {},
                        optional={
                            name: st.lists(
                                {"on": flags, "until": numbers}.get(name, st.sampled_from(VALUES)),
                                min_size=1,
                                max_size=2,
                            )
                            for name in ATTRIBUTES
                        },
                    ),
                }
            ),
            max_size=10,
        )
    )
    for number, person in enumerate(people):
        person["dn"] = b"uid=P%d,ou=People,dc=x" % number
    members = st.lists(
        st.sampled_from([*(person["dn"] for person in people), b"cn=elsewhere"]), max_size=4
    )
    groups = draw(
        st.lists(
            st.fixed_dictionaries(
                {"name": names, "cn": st.none() | names, "members": members, "other": st.booleans()}
            ),
            max_size=4,
        )
    )
    return people, groups


def options() -> st.SearchStrategy[SyncOptions]:
    return st.builds(
        SyncOptions,
        st.sampled_from(["users", "groups", "both"]),
        st.booleans(),
        st.frozensets(st.sampled_from(["entry", "acl", "properties"])),
    )


def picture(config: UserConfig) -> Snapshot:
    def part(value: Any) -> Part[Any]:
        return Part(value, "files", 0.0)

    files = dict.fromkeys(PARTS, UNTOLD)
    return Snapshot(
        0.0,
        "files",
        part(config),
        part(parse_domains(DOMAINS)),
        **files,  # type: ignore[arg-type]
    )


def found_by_us(
    realm: Realm, people: list[dict[str, Any]], groups: list[dict[str, Any]], wanted: SyncOptions
) -> Found:
    theirs = settings_of(realm)
    entries = [
        Entry(
            one["dn"].upper(),
            {
                theirs.user_attr.lower(): [one["name"]],
                **{name.lower(): values for name, values in one["values"].items()},
            },
        )
        for one in people
    ]
    taken = users_taken(theirs, entries)
    lists = [
        Entry(
            b"cn=%s,ou=Groups" % one["name"],
            {
                **({"cn": [one["cn"]]} if one["cn"] is not None else {}),
                ("uniquemember" if one["other"] else "member"): one["members"],
            },
        )
        for one in groups
    ]
    listed = groups_taken(theirs, lists, taken.people)
    return Found(
        realm.name,
        taken.users,
        listed.groups if wanted.groups else {},
        (*taken.skipped, *listed.skipped),
        len(entries),
        len(lists),
    )


def done_by_node(
    realm: Realm,
    people: list[dict[str, Any]],
    groups: list[dict[str, Any]],
    wanted: SyncOptions,
    config: UserConfig,
) -> tuple[UserConfig, list[str]]:
    """The configuration as PVE reads it afterwards, and the lines of the task."""
    lines: list[str] = []
    attribute = realmsync.name_attribute(realm)
    entries = [
        DirectoryEntry(one["dn"].upper(), {**one["values"], attribute: [one["name"]]})
        for one in people
    ]
    named_by = realm.options.get("group_name_attr")
    lists = [
        DirectoryGroup(
            b"cn=%s,ou=Groups" % one["name"],
            (one["cn"] or b"") if named_by else b"",
            one["members"],
        )
        for one in groups
    ]
    users, dns = realmsync.users_of(
        entries, realm, realmsync.attributes(realm, lines.extend), lines.extend
    )
    listed = realmsync.groups_of(lists, realm, dns, lines.extend) if wanted.groups else {}
    asked = realmsync.options_of(params_of(wanted), realm)
    synced = realmsync.synced(
        config, realm.name, realmsync.Found(users, listed), asked, lines.extend
    )
    lines.append("NOTE: Dry test run, changes were NOT written to the configuration.")
    return parse_user_config(write_user_config(synced)), lines


@settings(max_examples=150)
@given(
    st.sampled_from(["lab", "lab", "my-lab", "l.b"]),
    directories(),
    options(),
    st.sampled_from([False, False, False, True]),
)
def test_what_is_foretold_of_a_sync_is_what_the_node_does(
    name: str,
    directory: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    wanted: SyncOptions,
    empty: bool,
) -> None:
    realm, config = REALMS[name], parse_user_config(b"" if empty else CONFIG.encode())
    people, groups = directory
    there, lines = done_by_node(realm, people, groups, wanted, config)
    seen = preview(picture(config), found_by_us(realm, people, groups, wanted), wanted, now=0.0)
    here = seen.after.access.value
    assert here is not None
    if seen.before is seen.after:  # nothing to change: then PVE's own write is the difference
        here = parse_user_config(write_user_config(here))
    assert shape(here) == shape(there)
    agreement = compare(seen, read(lines))
    assert agreement.agrees, agreement


def shape(config: UserConfig) -> object:
    """What the file says, in no order; a text that is empty is none."""

    def text(value: str | None) -> str:
        return value or ""

    users = {
        user.id: replace(
            user,
            firstname=text(user.firstname),
            lastname=text(user.lastname),
            email=text(user.email),
            comment=text(user.comment),
            keys=text(user.keys),
            implied=False,
        )
        for user in config.users.values()
    }
    groups = {group.id: (group.members, text(group.comment)) for group in config.groups.values()}
    memberships = {name: of for name, of in config.groups_of.items() if of}
    return users, groups, memberships, set(config.acl)
