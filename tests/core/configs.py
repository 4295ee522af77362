"""Hypothesis strategies for configurations as PVE can hold them, and for files as it finds them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import AclEntry, Group, Pool, Role, Token, User, UserConfig
from pve_auth_tui.core.pathtree import tree_order
from pve_auth_tui.core.perltext import BLANKS, FALSE

Draw = Callable[[st.SearchStrategy], object]

# Ids are bytes to PVE; what separates fields or members of a list can be in none.
_ID_CHARACTERS = st.characters(
    min_codepoint=1, max_codepoint=255, exclude_characters=BLANKS + ":/,;\x85\xa0"
)
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,6}", fullmatch=True).filter(lambda name: name != "0")
REALMS = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{1,5}", fullmatch=True)
USERIDS = st.builds("{}@{}".format, st.text(_ID_CHARACTERS, min_size=1, max_size=6), REALMS)
# A blank at an end does not survive the file, and what is false to Perl is no text at all.
TEXTS = st.text(max_size=8).map(lambda text: text.strip(" ")).filter(lambda t: t not in FALSE)
_RAW = st.text(
    st.characters(max_codepoint=255, exclude_characters=":\n"), min_size=1, max_size=8
).filter(lambda text: text == text.strip(BLANKS) and text not in FALSE)
_TIMES = st.integers(0, 2**64 - 1)
PATHS = st.lists(st.from_regex(r"[A-Za-z0-9._-]{1,4}", fullmatch=True), max_size=4).map(
    lambda parts: "/" + "/".join(part for part in parts if part != "0")
)


@st.composite
def _users(draw: Draw) -> dict[str, User]:
    ids = draw(st.lists(USERIDS, max_size=5, unique=True))
    return {userid: draw(_user(userid)) for userid in {*ids, "root@pam"}}


@st.composite
def _user(draw: Draw, userid: str) -> User:
    comment, keys = draw(st.none() | TEXTS), draw(st.none() | _RAW)
    # An empty field at the end of a line cannot be told from one that is not there.
    no_email = "" if comment or keys else None
    tokens = draw(st.lists(REALMS, max_size=3, unique=True))
    return User(
        userid,
        draw(st.booleans()),
        draw(_TIMES),
        draw(st.none() | TEXTS),
        draw(st.none() | TEXTS),
        draw(st.just(no_email) | _RAW),
        comment,
        keys,
        {
            name: Token(name, draw(_TIMES), draw(st.booleans()), draw(st.none() | TEXTS))
            for name in tokens
        },
    )


@st.composite
def _pools(draw: Draw) -> dict[str, Pool]:
    names = draw(st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=4))
    names = {"/".join(name.split("/")[:n]) for name in names for n in (1, 2, 3)}
    guests = draw(st.lists(st.integers(0, 10**9), max_size=8, unique=True))
    pools = {}
    for name in sorted(names):
        mine = sorted(guests.pop() for _ in range(draw(st.integers(0, len(guests)))))
        stores = draw(st.sets(st.from_regex(r"[A-Za-z][A-Za-z0-9]{1,4}", fullmatch=True)))
        comment = draw(st.none() | TEXTS)
        pools[name] = Pool(name, tuple(mine), tuple(sorted(stores)), comment)
    return pools


@st.composite
def configs(draw: Draw) -> UserConfig:
    """A configuration that PVE could have read from a file it wrote, without its warnings."""
    users = draw(_users())
    anybody = st.sampled_from(sorted(users)) | USERIDS
    groups = {
        name: Group(
            name, tuple(sorted(draw(st.sets(anybody, max_size=4)))), draw(st.none() | TEXTS)
        )
        for name in draw(st.lists(NAMES, max_size=3, unique=True))
    }
    builtin = versions.builtin_roles()
    privs = st.sets(st.sampled_from(sorted(versions.privileges())), max_size=4)
    roles = {name: Role(name, granted, special=True) for name, granted in builtin.items()}
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        roles.setdefault(name, Role(name, frozenset(draw(privs))))
    subjects = [("user", userid) for userid in users if userid != "root@pam"]
    subjects += [("user", draw(USERIDS)), ("group", draw(NAMES))]
    subjects += [("group", group) for group in groups]
    subjects += [("token", f"{user.id}!{name}") for user in users.values() for name in user.tokens]
    entries = draw(
        st.dictionaries(
            st.tuples(PATHS, st.sampled_from(subjects), st.sampled_from(sorted(roles))),
            st.booleans(),
            max_size=8,
        )
    )
    acl = [
        AclEntry(path, kind, subject, role, propagate)
        for (path, (kind, subject), role), propagate in entries.items()
    ]
    acl.sort(key=lambda entry: (tree_order(entry.path), entry.kind, entry.subject, entry.role))
    groups_of: dict[str, list[str]] = {}
    for group in sorted(groups):
        for member in groups[group].members:
            if member in users:
                groups_of.setdefault(member, []).append(group)
    return UserConfig(
        users,
        groups,
        roles,
        draw(_pools()),
        tuple(acl),
        {userid: tuple(found) for userid, found in groups_of.items()},
    )


_WORDS = st.sampled_from(
    [
        *("ann@pve", "bob@corp", "root@pam", "ghost@pve", "x!y@pve", "ann@pve!t1", "bad", "@g1"),
        *("g1", "g2", "R1", "PVEAuditor", "NoAccess", "VM.Audit", "Foo.Bar", "p", "p/q", "p/q/r/s"),
        *("/", "/vms", "/vms/100", "/vms/0", "vms//", "100", "0100", "local", "", "0", "1", "soon"),
        *("caf\xe9", "%C3%BC", "%", "\xa0", "\x85", " ", "\t", "9" * 400, "a" * 70 + "@pve"),
    ]
)
_FIELDS = st.lists(_WORDS, max_size=4).flatmap(
    lambda words: st.sampled_from([",", ";", " ", "\0"]).map(lambda mark: mark.join(words))
)
_KINDS = st.sampled_from(["user", "token", "group", "pool", "role", "acl", "foo", "#", ""])
_LINES = st.builds(
    lambda kind, fields: ":".join([kind, *fields]), _KINDS, st.lists(_FIELDS, max_size=10)
)

DIRTY_FILES = st.lists(_LINES, max_size=12).map(lambda lines: "\n".join(lines).encode("latin-1"))
"""Files with lines of the right kinds and wrong, missing, doubled and foreign fields."""
