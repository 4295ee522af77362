"""PVE's API answers read back: what the parsers made comes out, and nothing forged breaks it."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core import answers, apishape, fromapi, fromapimore
from pve_auth_tui.core.accessdata import Pool, Token
from pve_auth_tui.core.datacenter import parse_datacenter
from pve_auth_tui.core.domains import Domains
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.lists import LISTINGS
from pve_auth_tui.core.overview import overview
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Datacenter, Guest, Jobs, SyncJob
from pve_auth_tui.core.tfaconfig import TfaConfig
from pve_auth_tui.core.userconfig import parse_user_config
from tests.core.pictures import CORP, ENTRA, NOW, PAM, PVE, config, part, picture
from tests.core.random_pictures import lines, second_factors
from tests.core.test_section_properties import (
    DATACENTER,
    JOB,
    JOB_OPTIONS,
    NAME,
    REALM,
    REALM_OPTIONS,
    value_of,
)

SHOWN = (answers.groups, answers.roles, answers.acl, answers.pools)


def shown(access):
    return [answers.users(access, full=True), *(show(access) for show in SHOWN)]


def read_back(access):
    users, groups, roles, acl, pools = shown(access)
    return fromapi.user_config(users, groups, roles, acl, fromapi.pool_list(pools))


# --- what PVE answers -----------------------------------------------------------------


@given(lines())
def test_users_groups_roles_acl_and_pools_give_the_same_answers_again(made):
    access = config(*made)
    again = read_back(access)
    assert shown(again) == shown(access)
    assert again.groups == access.groups
    kept = access.roles.items()  # of a role's privileges that it dropped PVE tells nobody
    assert again.roles == {name: replace(role, dropped=frozenset()) for name, role in kept}
    assert again.acl == access.acl
    assert again.groups_of == access.groups_of
    assert again.users == access.users


@given(second_factors())
def test_second_factors_give_the_same_answers_again(made):
    tfa = TfaConfig({each.userid: each for each in made})
    again = fromapi.tfa_config(answers.tfa(tfa, NOW))
    assert answers.tfa(again, NOW) == answers.tfa(tfa, NOW)
    assert all(entry.data is None for user in again.users.values() for entry in user.entries)


def options_of(draw, rules, allowed, fixed=()):
    names = draw(st.sets(st.sampled_from(sorted(set(allowed) - {"type", "tfa", *fixed}))))
    return {name: draw(value_of(name, rules[name])) for name in names if not rules[name].parts}


@st.composite
def realms(draw):
    made = {"pam": PAM, "pve": PVE, "corp": CORP, "entra": ENTRA}
    for name in draw(st.sets(NAME)):
        kind = draw(st.sampled_from(["ldap", "ad", "openid"]))
        options = options_of(draw, REALM, REALM_OPTIONS[kind])
        if kind != "openid" and draw(st.booleans()):
            options["tfa"] = "type=oath,digits=8"
            options["sync-defaults-options"] = "scope=both,remove-vanished=none"
        made[name] = type(CORP)(name, kind, options)
    return Domains(made, digest="4711")


@given(realms())
def test_realms_give_the_same_answers_again(made):
    listed = fromapimore.realm_list(answers.domains(made))
    details = {name: answers.domain(made, name) for name in listed if len(name) <= 32}
    again = fromapimore.domains(listed, details)
    assert again.digest == made.digest

    def shown(realms):
        return {realm["realm"]: realm for realm in answers.realm_details(realms)}

    assert shown(again) == shown(made)


def test_realms_come_in_an_order_of_their_own():
    answer = [{"realm": name, "type": name} for name in ("zz", "pve", "aa", "pam")]
    assert list(fromapimore.realm_list(answer)) == ["pam", "pve", "aa", "zz"]


def test_a_realm_whose_settings_are_not_shown_is_as_the_login_box_has_it():
    listed = fromapimore.realm_list([{"realm": "corp", "type": "ad", "tfa": "oath", "default": 1}])
    found = fromapimore.domains(listed, {}).realms["corp"]
    assert (found.type, found.options) == ("ad", {"default": "1", "tfa": "type=oath"})


@st.composite
def sync_jobs(draw):
    made = {}
    for name in draw(st.sets(st.sampled_from(["nightly", "job-1", "n2"]))):
        options = {
            **options_of(draw, JOB, JOB_OPTIONS["realm-sync"]),
            "realm": "corp",
            "enabled": draw(st.sampled_from("01")),
        }
        made[name] = SyncJob(name, "corp", options, draw(st.none() | st.integers(0, 2**40)))
    return Jobs({name: made[name] for name in sorted(made)})


@given(sync_jobs())
def test_jobs_give_the_same_answers_again(made):
    again = fromapimore.jobs(answers.realm_sync_jobs(made, {"nightly": 5}))
    assert again == made


@st.composite
def options(draw):
    made = options_of(draw, DATACENTER, DATACENTER, ("description",))
    if draw(st.booleans()):
        made["webauthn"] = {"rp": "Rack", "id": "example.com", "allow-subdomains": "0"}
        made["user-tag-access"] = {"user-allow": "list", "user-allow-list": "a;b"}
        made["bwlimit"] = "clone=5"
    return Datacenter(made, draw(st.sampled_from(["", "notes\nin two lines\n"])))


@given(options())
def test_datacenter_options_give_the_same_answers_again(made):
    answer = answers.cluster_options(made, ["x"])
    again = fromapimore.datacenter(answer)
    assert answers.cluster_options(again, ["x"]) == answer
    assert again == made


def test_the_mac_prefix_that_pve_adds_is_taken_out_again():
    made = parse_datacenter(b"keyboard: de\n")
    assert fromapimore.datacenter(answers.cluster_options(made)) == made


# --- what Perl makes of it ------------------------------------------------------------


def test_numbers_may_come_as_texts():
    (root,) = fromapi.user_config(
        [
            {
                "userid": "root@pam",
                "enable": "1",
                "expire": "4102444800",
                "groups": ["b", "a"],
                "tokens": {"ci": {"privsep": "0", "expire": "0"}},
            }
        ],
        [],
        [],
        [],
        {},
    ).users.values()
    assert root.expire == 4102444800
    assert root.enable
    assert root.tokens == {"ci": Token("ci", 0, privsep=False)}


def test_root_without_a_line_of_its_own_has_no_expire():
    access = parse_user_config(b"")
    assert read_back(access).users["root@pam"].implied
    assert not read_back(config()).users["root@pam"].implied


def test_a_group_that_the_caller_may_not_see_is_known_by_its_users():
    row = {"userid": "ann@pve", "enable": 1, "expire": 0, "groups": "hidden"}
    found = fromapi.user_config([row], [], [], [], {})
    assert found.groups["hidden"].members == ("ann@pve",)


def test_an_acl_entry_with_an_unknown_role_is_left_out_as_pve_does():
    row = {"path": "/", "type": "user", "ugid": "ann@pve", "roleid": "Gone", "propagate": 1}
    assert fromapi.user_config([], [], [], [row], {}).acl == ()


def test_a_pool_in_a_pool_has_its_parents():
    pools = fromapi.pool_list([{"poolid": "lab/ci/x"}])
    assert set(fromapi.user_config([], [], [], [], pools).pools) == {"lab/ci/x", "lab/ci", "lab"}


def test_members_of_a_pool_are_guests_and_storages():
    answer = [
        {
            "poolid": "lab",
            "comment": "hello",
            "members": [
                {"id": "qemu/101", "type": "qemu", "vmid": 101, "node": "pve1"},
                {"id": "lxc/100", "type": "lxc", "vmid": "100", "node": "pve1"},
                {"id": "storage/pve1/nfs", "type": "storage", "storage": "nfs", "node": "pve1"},
            ],
        }
    ]
    assert fromapi.pool(answer, Pool("lab")) == Pool("lab", (100, 101), ("nfs",), "hello")


def test_a_second_factor_of_a_new_kind_is_left_out_with_a_word():
    entries = [{"id": "1", "type": "retina", "created": 1}, {"id": "2", "type": "totp"}]
    found = fromapi.tfa_config([{"userid": "ann@pve", "entries": entries}])
    assert [entry.id for entry in found.users["ann@pve"].entries] == ["2"]
    assert found.warnings == ("second factors of a new kind of user 'ann@pve' are left out",)


STATUS = [
    {"type": "cluster", "id": "cluster", "name": "rack", "nodes": 2, "quorate": 0, "version": 3},
    {"type": "node", "id": "node/b", "name": "b", "online": 0, "local": "", "nodeid": 2},
    {"type": "node", "id": "node/a", "name": "a", "online": 1, "local": 1, "ip": "192.0.2.1"},
]


def test_the_cluster_as_its_status_says():
    found = fromapimore.cluster(STATUS, {"release": "9.2", "version": "9.2.11", "repoid": "x"})
    nodes = (ClusterNode("a", True, "192.0.2.1"), ClusterNode("b", False))
    assert found == Cluster("a", "rack", False, nodes, "9.2")


def test_a_node_alone_is_in_no_cluster_and_has_quorum():
    found = fromapimore.cluster(STATUS[2:], {"version": "9.1.1"})
    assert (found.node, found.name, found.quorate, found.pve_release) == ("a", None, True, "9.1")


def test_guests_and_storages_of_all_nodes():
    found = fromapimore.inventory(
        [
            {"type": "lxc", "vmid": 101, "name": "db", "node": "b", "status": "running"},
            {"type": "qemu", "vmid": 100, "node": "a"},
            {"type": "storage", "storage": "nfs", "node": "a"},
            {"type": "storage", "storage": "nfs", "node": "b"},
            {"type": "node", "node": "a"},
            {"type": "sdn", "sdn": "localnetwork"},
        ]
    )
    assert list(found.guests) == [100, 101]
    assert found.guests[100] == Guest(100, "", "a", "qemu")
    assert found.guests[101] == Guest(101, "db", "b", "lxc")
    assert found.storages == ("nfs",)


# --- what nobody would answer ------------------------------------------------------------

READERS = {
    "users": lambda answer: fromapi.user_config(answer, [], [], [], {}),
    "groups": lambda answer: fromapi.user_config([], answer, [], [], {}),
    "roles": lambda answer: fromapi.user_config([], [], answer, [], {}),
    "acl": lambda answer: fromapi.user_config([], [], [{"roleid": "R"}], answer, {}),
    "pools": fromapi.pool_list,
    "pool": lambda answer: fromapi.pool(answer, Pool("lab")),
    "tfa": fromapi.tfa_config,
    "realms": fromapimore.realm_list,
    "realm": lambda answer: fromapimore.realm(answer, "corp"),
    "digest": fromapimore.digest,
    "jobs": fromapimore.jobs,
    "options": fromapimore.datacenter,
    "cluster": lambda answer: fromapimore.cluster(answer, {}),
    "version": fromapimore.release,
    "resources": fromapimore.inventory,
}
NAMES = (
    *("userid", "enable", "expire", "groups", "tokens", "tokenid", "keys", "groupid", "users"),
    *("roleid", "privs", "special", "path", "type", "ugid", "propagate", "poolid", "members"),
    *("vmid", "storage", "entries", "id", "created", "totp-locked", "tfa-locked-until", "realm"),
    *("tfa", "default", "port", "verify", "sync-defaults-options", "digest", "last-run", "name"),
    *("quorate", "online", "local", "ip", "node", "webauthn", "registered-tags", "mac_prefix"),
    *("version", "release", "description", "comment", "enabled", "migration", "privsep"),
)
USUAL = st.sampled_from(
    (
        *("root@pam", "ann@pve", "ci", "/", "user", "token", "R", "lab", "qemu", "totp", "corp"),
        *("realm-sync", "cluster", "pve1", "1", "-1", "", "type=oath", "9.2.1", "x=y,x=y", "ad"),
        "9" * 5000,
    )
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), USUAL
)
JSON = st.recursive(
    SCALARS | st.just(10**4000),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=6),
    ),
    max_leaves=25,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), SCALARS | JSON, max_size=12), max_size=3)


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=40)
@given(JSON | ROWS | ROWS.map(lambda rows: rows[0] if rows else {}))
def test_any_json_is_read_or_refused_in_one_sentence(reader, answer):
    with suppress(Unreadable):
        READERS[reader](answer)


@pytest.mark.parametrize("value", [["x"], ["1", "2"], ["\ud800"]])
def test_a_list_is_no_number_of_a_realm(value):
    with pytest.raises(Unreadable, match="never uses"):
        fromapimore.realm({"type": "ldap", "port": value}, "corp")


@pytest.mark.parametrize("value", [10**309, -(10**309), "9" * 390, 10**400])
def test_a_number_that_perl_has_no_more_is_refused(value):
    entries = [{"id": "1", "type": "totp", "created": value}]
    with pytest.raises(Unreadable, match="never uses"):
        fromapi.tfa_config([{"userid": "ann@pve", "entries": entries}])


FORGED_NAME = "a b\x1b[2J/../x"
ENTRY = {"path": "/", "type": "user", "ugid": "ann@pve", "roleid": "R"}


@pytest.mark.parametrize(
    ("reader", "answer"),
    [
        ("users", [{"userid": FORGED_NAME}]),
        ("users", [{"userid": "ann@pve", "groups": FORGED_NAME + ","}]),
        ("users", [{"userid": "ann@pve", "groups": ["a b"]}]),
        ("users", [{"userid": "ann@pve", "tokens": [{"tokenid": FORGED_NAME}]}]),
        ("groups", [{"groupid": FORGED_NAME}]),
        ("groups", [{"groupid": "ops", "users": [FORGED_NAME]}]),
        ("roles", [{"roleid": FORGED_NAME}]),
        ("acl", [{**ENTRY, "path": "/a b\x1b/../"}]),
        ("acl", [{**ENTRY, "type": "root"}]),
        ("acl", [{**ENTRY, "ugid": FORGED_NAME}]),
        ("acl", [{**ENTRY, "type": "group", "ugid": FORGED_NAME}]),
        ("acl", [{**ENTRY, "type": "token", "ugid": "ann@pve"}]),
        ("pools", [{"poolid": FORGED_NAME}]),
        ("pool", [{"members": [{"type": "storage", "storage": FORGED_NAME}]}]),
        ("tfa", [{"userid": FORGED_NAME, "entries": []}]),
        ("realms", [{"realm": FORGED_NAME, "type": "pam"}]),
        ("jobs", [{"id": FORGED_NAME, "realm": "corp", "type": "realm-sync"}]),
        ("cluster", [{"type": "node", "name": FORGED_NAME}]),
    ],
)
def test_a_name_that_pve_would_not_take_is_refused(reader, answer):
    with pytest.raises(Unreadable, match="never uses") as caught:
        READERS[reader](answer)
    assert "\x1b" not in f"{caught.value} {caught.value.original}"


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_at_all_is_neither_a_number_nor_a_text(value):
    for read in (
        lambda: apishape.number({"n": value}, "n", "row", signed=True),
        lambda: apishape.as_text(value, "text"),
    ):
        with pytest.raises(Unreadable, match="never uses"):
            read()


def test_a_list_without_end_is_refused():
    with pytest.raises(Unreadable, match="never uses"):
        apishape.rows([{}] * (apishape.MOST_ROWS + 1), "users")


def test_the_largest_number_of_all_can_be_sorted_and_shown():
    entries = [{"id": "1", "type": "totp", "created": 1.7976931348623157e308}]
    tfa = fromapi.tfa_config([{"userid": "ann@pve", "entries": entries}])
    show_everything(replace(picture(), tfa=part(tfa)))


def test_the_sentence_names_no_value():
    with pytest.raises(Unreadable, match="never uses") as caught:
        fromapi.user_config([{"userid": "s3cret"}], [], [], [], {})
    assert caught.value.original == "users: userid"
    assert caught.value.hint


def rows_of(required, *optional):
    """Rows with fields of the right kind, whose values need not go together."""
    few = {
        "userid": ["root@pam", "ann@pve", "Bo@corp", "\x1b[1m@pve"],
        "groupid": ["ops", "dev"],
        "roleid": ["Own", "Administrator", "NoAccess"],
        "path": ["/", "/vms/100", "/pool/lab", "/new/kind", "/access/groups"],
        "ugid": ["ann@pve", "gone@pve", "ops", "ann@pve!gone", "root@pam!ci"],
        "poolid": ["lab", "lab/ci"],
        "realm": ["pve", "corp", "gone"],
        "groups": ["ops,hidden", ["dev"]],
        "users": ["ann@pve,gone@pve", ""],
        "privs": ["VM.Audit,New.Privilege", "", None],
        "entries": [[{"id": "1", "type": "totp"}, {"id": "recovery", "type": "recovery"}], []],
        "tokens": [None, [{"tokenid": "ci", "privsep": "0"}]],
        "tfa": ["oath", "yubico"],
        "schedule": ["daily", "nonsense"],
        "scope": ["both", "nonsense"],
    }
    few["type"] = {
        "ugid": ["user", "group", "token"],
        "id": ["realm-sync"],
        "realm": ["ad", "openid", "new", None],
    }.get(required[0], [None])
    few["id"] = ["job-1", "n2"]
    numbers = st.sampled_from([0, 1, "0", 2**63, 1e300, None, True, ""])
    values = {name: st.sampled_from(few[name]) if name in few else numbers for name in required}
    others = {name: st.sampled_from(few[name]) if name in few else numbers for name in optional}
    return st.lists(st.fixed_dictionaries(values, optional=others), max_size=4)


FORGED = st.fixed_dictionaries(
    {
        "users": rows_of(["userid"], "enable", "expire", "groups", "tokens", "comment", "keys"),
        "groups": rows_of(["groupid"], "users", "comment"),
        "roles": rows_of(["roleid"], "privs", "special"),
        "acl": rows_of(["ugid", "path", "type", "roleid"], "propagate"),
        "pools": rows_of(["poolid"], "comment"),
        "tfa": rows_of(["userid"], "entries", "totp-locked", "tfa-locked-until"),
        "realms": rows_of(["realm", "type"], "comment", "tfa", "default"),
        "jobs": rows_of(["id", "type", "realm"], "schedule", "scope", "enabled", "last-run"),
    }
)


@settings(max_examples=60)
@given(FORGED)
def test_what_is_read_of_any_answer_can_be_shown(forged):
    readers = {
        "access": lambda: fromapi.user_config(
            *(forged[name] for name in ("users", "groups", "roles", "acl")),
            fromapi.pool_list(forged["pools"]),
        ),
        "realms": lambda: Domains(fromapimore.realm_list(forged["realms"])),
        "tfa": lambda: fromapi.tfa_config(forged["tfa"]),
        "jobs": lambda: fromapimore.jobs(forged["jobs"]),
    }
    made = {}
    for name, read in readers.items():
        with suppress(Unreadable):
            made[name] = part(read())
    show_everything(replace(picture(), **made))


def show_everything(snapshot):
    assert overview(snapshot, NOW).lines
    for listing in LISTINGS:
        for row in listing.rows(snapshot, NOW):
            assert listing.details(snapshot, row.key, NOW)


def test_what_the_api_left_out_can_be_shown():
    acl = [
        {"path": "/vms/100", "type": "token", "ugid": "ann@pve!gone", "roleid": "Own"},
        {"path": "/pool/lab", "type": "group", "ugid": "gone", "roleid": "Own"},
        {"path": "/", "type": "user", "ugid": "gone@pve", "roleid": "Own"},
    ]
    users = [{"userid": "ann@pve", "groups": "hidden", "tokens": [{"tokenid": "ci"}]}]
    roles = [{"roleid": "Own", "privs": "VM.Audit,New.Privilege"}]
    pools = fromapi.pool_list([{"poolid": "lab/ci"}])
    show_everything(picture(access=fromapi.user_config(users, [], roles, acl, pools)))
