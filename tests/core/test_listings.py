"""What every list keeps, whatever the files hold; and what the lists say."""

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.find import haystack, parse_query
from pve_auth_tui.core.lists import LISTINGS, listing
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Jobs, Part, SyncJob, TokenSecrets
from tests.core.pictures import CORP, DAY, NOW, PAM, PVE, factor, factors, picture
from tests.core.random_pictures import pictures

FITS_AT_80 = 77  # cells beside the cursor's and the mark's column
FITS_AT_132 = 129
GAP = 2


def table(name, made):
    """Key -> cells by the title of their column."""
    shown = listing(name)
    return {
        row.key: dict(zip((column.title for column in shown.columns), row.cells, strict=True))
        for row in shown.rows(made, NOW)
    }


def column(name, title, made):
    return {key: cells[title] for key, cells in table(name, made).items()}


def told(name, made, key):
    """The detail pane as text: heading, state and words of each line."""
    lines = listing(name).details(made, key, NOW)
    return [" ".join(part for part in (x.heading, x.word, x.text) if part) for x in lines]


def found(name, made, query):
    shown = listing(name)
    rows = shown.rows(made, NOW)
    picked = parse_query(query, shown.fields).select(rows, [haystack(row) for row in rows])
    return [rows[index].key for index in picked]


# --- every list -------------------------------------------------------------------


def test_the_lists_stand_in_pves_order():
    names = [each.name for each in LISTINGS]
    assert names == ["acl", "users", "tokens", "tfa", "groups", "pools", "roles", "realms"]
    assert [listing(name).name for name in names] == names


@pytest.mark.parametrize("shown", LISTINGS, ids=lambda each: each.name)
def test_the_columns_fit(shown):
    narrow = [each for each in shown.columns if not each.wide]
    assert sum(each.width for each in narrow) + GAP * (len(narrow) - 1) <= FITS_AT_80
    total = sum(each.width for each in shown.columns) + GAP * (len(shown.columns) - 1)
    assert total <= FITS_AT_132
    assert any(each.grow for each in narrow)
    assert all(len(each.title) <= each.width for each in shown.columns)


@pytest.mark.parametrize("shown", LISTINGS, ids=lambda each: each.name)
def test_views_are_queries_one_could_type(shown):
    assert all(parse_query(view.query, shown.fields).problem == "" for view in shown.views)
    assert len({view.name for view in shown.views}) == len(shown.views)


@given(pictures())
@settings(deadline=None, max_examples=60)
def test_rows_and_details_hold_whatever_the_files_say(made):
    for shown in LISTINGS:
        rows = shown.rows(made, NOW)
        assert len({row.key for row in rows}) == len(rows)
        for row in rows:
            assert len(row.cells) == len(shown.columns)
            assert len(row.sort) <= len(shown.columns)
            assert tuple(row.fields) == shown.fields
            assert row.fields["look"] in ("yes", "no")
            assert all(value == value.casefold() for value in row.fields.values())
            assert shown.details(made, row.key, NOW)
            assert shown.heading(made, row.key)
            assert shown.commands(row.key)


@given(pictures())
@settings(deadline=None, max_examples=20)
def test_sorting_never_compares_a_number_with_a_text(made):
    for shown in LISTINGS:
        for kinds in zip(*(map(_kind, row.sort) for row in shown.rows(made, NOW)), strict=True):
            assert len(set(kinds)) == 1


def _kind(value):
    return str if isinstance(value, str) else float


@pytest.mark.parametrize("shown", LISTINGS, ids=lambda each: each.name)
def test_a_list_without_its_part_is_empty(shown):
    nothing = Part(None, "files", NOW, "user.cfg cannot be read.")
    made = replace(picture(), **{shown.part: nothing})
    assert list(shown.rows(made, NOW)) == []
    assert shown.details(made, "gone", NOW)


@pytest.mark.parametrize("shown", LISTINGS, ids=lambda each: each.name)
def test_a_row_that_is_gone_says_so(shown):
    assert shown.details(picture(), "nobody@pve nothing", NOW)[0].text == (
        "It is no longer there. r reads again."
    )


@pytest.mark.parametrize("name", ["users", "tokens", "groups", "acl", "tfa"])
def test_commands_quote_what_they_take_from_files(name):
    bad = "a;reboot@pve"
    key = {"acl": f"/ {bad} Administrator", "tfa": f"{bad} id", "tokens": f"{bad}!tt"}
    lines = listing(name).commands(key.get(name, bad if name == "users" else "plain-group"))
    assert all(not re.search(r"(?<!')a;reboot", line) for line in lines)


# --- users ------------------------------------------------------------------------

PEOPLE = picture(
    "user:anna@corp:1:0:Anna:Admin:anna@example.com:::",
    "user:bob@corp:0:0:::::",
    "user:o@entra:1:0:::::",
    f"user:backup@pve:1:{int(NOW) + 12 * DAY}:::::",
    f"user:old@pve:1:{int(NOW) - DAY}:::::",
    "user:help@pve:1:0:::::",
    "user:nobody@pve:1:0:::::",
    "user:Nobody@pve:1:0:::::",
    "user:hans@gone:1:0:::::",
    "token:anna@corp!ci:0:1::",
    "group:admins:anna@corp,bob@corp,old@pve,backup@pve::",
    "acl:1:/:@admins:Administrator:",
    "acl:1:/access/groups:help@pve:PVEUserAdmin:",
    "acl:1:/vms:o@entra:PVEVMUser:",
    tfa=[
        factors("root@pam", factor("webauthn", "rack 3"), factor("totp", "phone"),
                factor("recovery", unused=3)),
        factors("anna@corp", factor("totp", "phone"), locked=True),
        factors("bob@corp", factor("webauthn", "a", enable=False), factor("recovery", unused=9)),
    ],
    jobs=Jobs({"j": SyncJob("j", "corp", {}, int(NOW) - 7200)}),
)  # fmt: skip


def test_the_tfa_column():
    assert column("users", "TFA", PEOPLE) == {
        "root@pam": "key, totp",
        "anna@corp": "totp LOCKED",
        "bob@corp": "recovery",
        "o@entra": "at the IdP",
        "backup@pve": "NONE",
        "old@pve": "NONE",
        "help@pve": "NONE",
        "nobody@pve": "-",
        "Nobody@pve": "-",
        "hans@gone": "-",
    }


def test_without_tfa_cfg_nobody_is_said_to_have_no_second_factor():
    unread = replace(PEOPLE, tfa=Part(None, "files", NOW, "tfa.cfg cannot be read."))
    column_now = column("users", "TFA", unread)
    assert column_now["backup@pve"] == column_now["nobody@pve"] == "not known"
    assert column_now["o@entra"] == "at the IdP"
    assert found("users", unread, "tfa:none") == []


def test_the_rights_column():
    rights = column("users", "Rights", PEOPLE)
    assert rights["root@pam"] == "admin"
    assert rights["anna@corp"] == "admin"
    assert rights["bob@corp"] == "admin, off"
    assert rights["old@pve"] == "admin, off"
    assert rights["o@entra"] == "some"
    assert rights["help@pve"] == "some, ROOT"
    assert rights["nobody@pve"] == "-"


def test_the_expire_column():
    expire = column("users", "Expire", PEOPLE)
    assert expire["root@pam"] == "never"
    assert expire["backup@pve"] == "in 12 d"
    assert expire["old@pve"] == "EXPIRED"


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("rights:admin tfa:none -rights:off", ["backup@pve"]),
        ("tfa:locked", ["anna@corp"]),
        ("rights:root", ["help@pve"]),
        ("expire:expired", ["old@pve"]),
        ("enabled:no", ["bob@corp"]),
        ("ghost:yes", ["Nobody@pve", "hans@gone", "nobody@pve"]),
        ("realm:entra", ["o@entra"]),
        ("group:admins mail:anna", ["anna@corp"]),
    ],
)
def test_views_of_users(query, keys):
    assert found("users", PEOPLE, query) == keys


def test_the_details_of_an_administrator():
    assert told("users", PEOPLE, "anna@corp") == [
        "Anna Admin, anna@example.com. Synced 2 h ago. In admins.",
        "Login LOOK cannot log in: TOTP is locked, and there is no other factor to use.",
        'TFA TOTP "phone". TOTP is LOCKED after 8 wrong codes. No recovery keys.',
        "Rights Administrator on / through group admins",
        "Tokens ci: privilege separation, sees NOTHING. "
        "Privilege separation is on and it has no ACL of its own.",
    ]


def test_the_details_of_root():
    assert told("users", PEOPLE, "root@pam") == [
        "In no group.",
        'TFA key "rack 3" and TOTP "phone". 3 of 10 recovery keys left.',
        "Rights everything: root@pam is always Administrator",
    ]


def test_the_details_say_who_can_make_himself_root_and_which_names_clash():
    assert "Rights LOOK can make itself root: User.Modify on /access/groups" in told(
        "users", PEOPLE, "help@pve"
    )
    assert "Name LOOK Nobody@pve differs only in case" in told("users", PEOPLE, "nobody@pve")
    assert "Login LOOK cannot log in: realm gone does not exist." in told(
        "users", PEOPLE, "hans@gone"
    )


def test_an_old_key_id_is_told_but_not_shown():
    made = picture("user:anna@corp:1:0:::::ABCDEFGHIJKLMNOP:")
    text = " ".join(told("users", made, "anna@corp"))
    assert "old TOTP secret" in text
    assert "ABCDEF" not in text


# --- ACL --------------------------------------------------------------------------

ENTRIES = picture(
    "user:anna@corp:1:0:::::",
    "user:ci@pve:1:0:::::",
    "token:ci@pve!run:0:1::",
    "group:ops:anna@corp::",
    "group:admins:anna@corp::",
    "pool:lab::104::",
    "acl:1:/:@admins:Administrator:",
    "acl:1:/vms:@ops:PVEVMUser:",
    "acl:1:/vms/100:anna@corp:PVEAuditor:",
    "acl:1:/vms/100:@ops:PVEVMUser:",
    "acl:1:/vms/104:gone@corp:PVEVMAdmin:",
    "acl:0:/vms/105:ci@pve!run:PVEVMUser:",
    "acl:1:/vms/110:@ops:NoAccess:",
    guests=[(100, "web-01"), (104, "lab-db")],
    jobs=Jobs({"j": SyncJob("j", "corp")}),
)


def test_the_acl_shows_pves_columns_and_a_note():
    assert table("acl", ENTRIES)["/vms/105 ci@pve!run PVEVMUser"] == {
        "Path": "/vms/105",
        "User/Group/API Token": "ci@pve!run",
        "Role": "PVEVMUser",
        "Prop": "no",
        "Note": "CAPPED",
    }


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("note:ghost", ["/vms/104"]),
        ("note:replaces", ["/vms/100"]),
        ("kind:token", ["/vms/105"]),
        ("prop:no", ["/vms/105"]),
        ("role:administrator", ["/"]),
        ("realm:corp", ["/vms/100", "/vms/104"]),
        ("look:no", ["/", "/vms"]),
    ],
)
def test_views_of_the_acl(query, paths):
    assert [key.split()[0] for key in found("acl", ENTRIES, query)] == paths


def test_paths_sort_by_number():
    made = picture(
        "user:a@pve:1:0:::::", *(f"acl:1:/vms/{n}:a@pve:PVEAuditor:" for n in (1000, 200))
    )
    rows = sorted(listing("acl").rows(made, NOW), key=lambda row: row.sort)
    assert [row.cells[0] for row in rows] == ["/vms/200", "/vms/1000"]


def test_the_details_of_an_entry_that_replaces_and_hides():
    key = "/vms/100 anna@corp PVEAuditor"
    assert listing("acl").heading(ENTRIES, key) == (
        "/vms/100 web-01 (pve1, in no pool) · anna@corp · PVEAuditor"
    )
    assert told("acl", ENTRIES, key) == [
        "REPLACES what anna@corp has further up: PVEVMUser on /vms through ops.",
        "HIDES the group entry on the same path: @ops PVEVMUser.",
        "Effect look (7 privileges) for anna@corp here.",
        "Without this line: use (10 privileges).",
    ]


def test_the_details_of_a_ghost_say_who_may_bring_it_back():
    assert told("acl", ENTRIES, "/vms/104 gone@corp PVEVMAdmin") == [
        "GHOST there is no user gone@corp.",
        "Risk whoever gets that name gets PVEVMAdmin on /vms/104.",
        "Sync the next sync of corp can bring the name back.",
    ]


def test_the_details_of_group_entries():
    assert told("acl", ENTRIES, "/vms/100 @ops PVEVMUser") == [
        "HIDDEN for anna@corp: own entries come first on this path.",
        "Effect use (10 privileges) for the group.",
        "Without this line: the same.",
        "For 1 member: anna@corp",
    ]
    assert told("acl", ENTRIES, "/vms/110 @ops NoAccess") == [
        "BLOCKS wins over every other role of @ops on this path.",
        "Effect nothing (no privileges) for the group.",
        "Without this line: use (10 privileges).",
        "TAKES 10 privileges on this path from anna@corp.",
        "For 1 member: anna@corp",
    ]


def test_the_details_of_an_entry_that_restricts_nothing():
    made = picture(
        "user:anna@corp:1:0:::::",
        "pool:lab::104::",
        "acl:1:/:anna@corp:Administrator:",
        "acl:1:/vms/104:anna@corp:PVEAuditor:",
    )
    assert told("acl", made, "/vms/104 anna@corp PVEAuditor") == [
        "POOL a pool adds it back (lab): this entry restricts nothing. Replaced would be "
        "Administrator on /.",
        "Effect everything (47 privileges) for anna@corp here, with pool lab.",
        "Without this line: the same.",
    ]


def test_the_details_of_a_capped_token():
    assert told("acl", ENTRIES, "/vms/105 ci@pve!run PVEVMUser")[0] == (
        "CAPPED its user lacks VM.Audit, VM.Backup, VM.Config.CDROM, VM.Config.Cloudinit "
        "and 6 more, so the token does, too."
    )


# --- API tokens -------------------------------------------------------------------

TOKENS = picture(
    "user:mon@pve:1:0:::::",
    "token:mon@pve!grafana:0:1:dashboards:",
    f"token:mon@pve!old:{int(NOW) - DAY}:1::",
    "token:root@pam!ansible:0:0::",
    "acl:1:/:mon@pve:PVEAuditor:",
)


def test_what_tokens_see():
    assert column("tokens", "Sees", TOKENS) == {
        "mon@pve!grafana": "NOTHING",
        "mon@pve!old": "nothing",
        "root@pam!ansible": "ALL, ROOT",
    }
    assert found("tokens", TOKENS, "sees:nothing") == ["mon@pve!grafana"]
    assert found("tokens", TOKENS, "sees:root privsep:no") == ["root@pam!ansible"]


def test_the_details_of_a_token_that_sees_nothing_compare_it_with_its_user():
    assert told("tokens", TOKENS, "mon@pve!grafana") == [
        "                 user mon@pve        the token           both = what it gets",
        "/                PVEAuditor          no entry            nothing",
        "Logs in yes.",
        "Sees LOOK nothing: every list comes back empty, without an error. "
        "Privilege separation is on and it has no ACL of its own.",
        "Fix give the token PVEAuditor on /, as mon@pve has it.",
        "Fix or switch privilege separation off: it then IS mon@pve, also later.",
        "Comment dashboards",
    ]


def test_the_comparison_fits_80_columns_with_the_longest_names():
    made = picture(
        f"user:{'u' * 58}@corp:1:0:::::",
        f"token:{'u' * 58}@corp!{'t' * 40}:0:1::",
        f"acl:1:/sdn/zones/{'z' * 40}:{'u' * 58}@corp:PVEDatastoreUser:",
    )
    lines = listing("tokens").details(made, f"{'u' * 58}@corp!{'t' * 40}", NOW)
    assert max(len(line.text) for line in lines if not line.heading) <= 78


def test_a_token_without_secret_cannot_log_in():
    made = replace(TOKENS, token_secrets=Part(TokenSecrets(frozenset()), "files", NOW))
    assert "Logs in LOOK no. priv/token.cfg has no secret for it." in told(
        "tokens", made, "mon@pve!grafana"
    )


# --- Two Factor -------------------------------------------------------------------

URI = "otpauth://totp/x?secret=ABCDEFGHIJKLMNOP&digits=6&algorithm=SHA1&period=30"
FACTORS = picture(
    "user:anna@corp:1:0:::::",
    "user:bert@pve:1:0:::::",
    "user:o@entra:1:0:::::",
    "user:p@entra:1:0:::::",
    tfa=[
        factors(
            "anna@corp",
            replace(factor("totp", "phone", created=int(NOW) - DAY),
                    data={"totp": URI, "last-count": (int(NOW) - 7200) // 30}),
            factor("webauthn", "rack 3", enable=False),
            factor("recovery", unused=1),
            locked=True,
        ),
        factors("o@entra", factor("totp", "x")),
        factors("ghost@pve", factor("yubico", "y")),
    ],
)  # fmt: skip


PROVED = replace(
    FACTORS,
    proofs={
        ("anna@corp", "totp-phone"): Mark("anna@corp", "totp-phone", How.LOGIN, NOW - 7200, "pve1"),
        ("anna@corp", "webauthn-rack 3"): Mark(
            "anna@corp", "webauthn-rack 3", How.SIGNATURE, NOW - DAY, "pve2", "example.com", 9
        ),
    },
)


def test_two_factor_shows_pves_columns():
    assert list(table("tfa", FACTORS)["anna@corp totp-phone"].items()) == [
        ("User", "anna@corp"),
        ("Enabled", "Locked"),
        ("TFA Type", "TOTP"),
        ("Proved", "never"),
        ("Created", "2026-11-20"),
        ("Description", "phone"),
        ("Note", ""),
    ]
    described = column("tfa", "Description", FACTORS)
    assert described["anna@corp recovery"] == "1 of 10 left"


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("enabled:locked", ["anna@corp totp-phone"]),
        ("type:key", ["anna@corp webauthn-rack 3"]),
        ("left:low", ["anna@corp recovery"]),
        ("ghost:yes", ["ghost@pve yubico-y"]),
        ("enabled:no", ["anna@corp webauthn-rack 3"]),
        ("type:none", ["bert@pve ", "root@pam "]),
        ("type:none rights:admin", ["root@pam "]),
        ("type:idp", ["p@entra "]),
        ("note:not", ["o@entra totp-x"]),
        ("proved:login", ["anna@corp totp-phone"]),
        ("proved:signed", ["anna@corp webauthn-rack 3"]),
        ("proved:never", ["ghost@pve yubico-y", "o@entra totp-x"]),
        (
            "-proved:never -proved:none",
            ["anna@corp totp-phone", "anna@corp webauthn-rack 3"],
        ),
    ],
)
def test_views_of_two_factor(query, keys):
    assert found("tfa", PROVED, query) == keys


def test_who_has_no_factor_has_a_row():
    rows = table("tfa", FACTORS)
    assert list(rows["bert@pve "].values()) == ["bert@pve", "-", "none", "-", "-", "", ""]
    assert rows["root@pam "]["Note"] == "NONE"
    assert rows["p@entra "]["TFA Type"] == "at the IdP"
    assert "ghost@pve " not in rows
    assert told("tfa", FACTORS, "bert@pve ") == [
        "TFA none: the password alone is enough",
        "Add a adds TOTP, a security key or recovery keys",
    ]
    assert told("tfa", FACTORS, "root@pam ")[0] == (
        "Login LOOK administrator without a second factor: the password alone is enough"
    )
    assert told("tfa", FACTORS, "p@entra ") == [
        "TFA the identity provider may ask for one; PVE asks users of OpenID realms for none"
    ]


def test_where_only_a_part_is_shown_nobody_is_said_to_have_none():
    rows = table("tfa", replace(FACTORS, restricted=True))
    assert [key for key in rows if key.endswith(" ")] == []
    assert {cells["Note"] for cells in rows.values()} == {""}


def test_the_details_of_totp_hold_no_secret():
    lines = told("tfa", FACTORS, "anna@corp totp-phone")
    assert lines[:6] == [
        "Locked LOOK after 8 wrong codes at one node, until it is unlocked or a recovery key is "
        "used",
        "Counts pve1 counts wrong codes in /run, until it restarts",
        "Login needs quorum: PVE stores each use in tfa.cfg",
        "Proved never: this program has seen no login with it. t tries it",
        "Code 6 digits, 30 s, SHA1",
        "Used a right code 2 h ago",
    ]
    assert "ABCDEF" not in " ".join(lines)


def test_the_details_say_when_where_and_under_which_id_a_factor_was_proved():
    assert "Proved by a login, 2026-11-21 10:00 (2 h ago) at pve1" in told(
        "tfa", PROVED, "anna@corp totp-phone"
    )
    assert (
        "Proved its signature alone, no login, 2026-11-20 12:00 (24 h ago) at pve2, "
        "under the ID example.com" in told("tfa", PROVED, "anna@corp webauthn-rack 3")
    )


def test_the_details_say_how_long_a_lock_lasts_and_which_node_counts():
    nodes = (ClusterNode("pve1"), ClusterNode("pve2"), ClusterNode("pve3"))
    made = picture(
        "user:anna@corp:1:0:::::",
        tfa=[factors("anna@corp", factor("totp", "p"), until=int(NOW) + 1500)],
        cluster=Cluster("pve1", "rack", True, nodes),
    )
    lines = told("tfa", made, "anna@corp totp-p")
    assert lines[0] == (
        "Locked LOOK all factors for 25 min more, until 2026-11-21 12:25, after 100 failures at "
        "one node"
    )
    assert lines[1] == (
        "Counts each node counts by itself, in /run: here pve1; pve2 and pve3 count on; "
        "one more miss there locks for another hour; l starts the count anew"
    )


def test_the_details_say_when_a_factor_is_in_vain():
    assert (
        "Asked LOOK never asked for: in OpenID realms only the identity provider asks. "
        "Remove them, or ask for the second factor at the identity provider."
        in told("tfa", FACTORS, "o@entra totp-x")
    )
    assert (
        "User LOOK there is no such user; a new one of that name takes it over. "
        "Remove it, unless the user is coming back." in told("tfa", FACTORS, "ghost@pve yubico-y")
    )
    oath = replace(CORP, options={**CORP.options, "tfa": "type=oath"})
    made = picture(
        "user:anna@corp:1:0:::::",
        realms=(PAM, PVE, oath),
        tfa=[factors("anna@corp", factor("webauthn", "k"))],
    )
    assert (
        "Asked LOOK never asked for: the realm requires TOTP and takes nothing else. "
        "Add TOTP for this user." in told("tfa", made, "anna@corp webauthn-k")
    )


# --- groups, pools, roles ---------------------------------------------------------

TEAMS = picture(
    "user:anna@corp:1:0:::::",
    "group:ops-corp:anna@corp,gone@corp:Operators:",
    "group:x-my-lab:::",
    "group:local:anna@corp::",
    "pool:lab:Lab:100,199:nfs:",
    "pool:lab/ci::101::",
    "role:Own:VM.Audit:",
    "role:Empty::",
    "acl:1:/vms:@ops-corp:Own:",
    "acl:1:/pool/lab:@local:PVEVMUser:",
    realms=(PAM, PVE, CORP, Realm("lab", "ldap"), Realm("my-lab", "ldap")),
    guests=[(100, "web-01"), (101, "ci")],
)


def test_groups_tell_whose_they_are_and_who_is_missing():
    assert column("groups", "Of realm", TEAMS) == {
        "local": "-",
        "ops-corp": "corp",
        "x-my-lab": "my-lab",
    }
    assert column("groups", "Users", TEAMS)["ops-corp"] == "2 (1 ghost)"
    assert told("groups", TEAMS, "ops-corp")[1] == (
        "Ghosts LOOK gone@corp: whoever gets the name is in the group"
    )
    assert "Origin LOOK lab would take it for its own, too, and may remove it" in told(
        "groups", TEAMS, "x-my-lab"
    )


def test_many_groups_of_many_realms_take_no_time():
    many = [f"group:g{number}-r{number}:::" for number in range(4000)]
    realms = tuple(Realm(f"r{number}", "ldap") for number in range(4000))
    of_all = picture(*many, realms=realms)
    start = time.monotonic()
    found = listing("groups").rows(of_all, NOW)
    assert time.monotonic() - start < 1, "two seconds is what asking each for each takes"
    assert {row.cells[3] for row in found} == {realm.name for realm in realms}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("users:none", ["x-my-lab"]),
        ("acl:no", ["x-my-lab"]),
        ("ghost:yes", ["ops-corp"]),
        ("realm:here", ["local"]),
        ("member:anna", ["local", "ops-corp"]),
    ],
)
def test_views_of_groups(query, keys):
    assert found("groups", TEAMS, query) == keys


def test_pools_tell_their_members_and_who_has_rights():
    assert table("pools", TEAMS)["lab"]["Guests"] == "2"
    assert told("pools", TEAMS, "lab") == [
        "Guests 2 guests: 100 web-01 (pve1), 199",
        "Stores 1 store: nfs",
        "Gone LOOK 199: no such guest",
        "Rights @local PVEVMUser",
        "Below lab/ci; rights here reach them, too",
        "Comment Lab",
    ]
    assert found("pools", TEAMS, "nested:yes") == ["lab/ci"]
    assert found("pools", TEAMS, "guest:101") == ["lab/ci"]


def test_roles_are_found_by_privilege_and_told_by_category():
    assert "PVEVMUser" in found("roles", TEAMS, "priv:vm.powermgmt")
    assert found("roles", TEAMS, "builtin:no") == ["Empty", "Own"]
    assert told("roles", TEAMS, "Own") == [
        "VM Audit",
        "Used 1 ACL entry, for 1 user: @ops-corp on /vms",
    ]
    assert told("roles", TEAMS, "Empty")[0] == "Effect LOOK no privilege that this PVE knows"
    assert told("roles", TEAMS, "PVEUserAdmin")[-2] == (
        "Root LOOK User.Modify can lead to root, on / and below /access"
    )


# --- realms -----------------------------------------------------------------------


def realm_lines(kind, options, **parts):
    realm = Realm("corp", kind, options)
    made = picture("user:anna@corp:1:0:::::", realms=(PAM, PVE, realm), **parts)
    return told("realms", made, "corp")


def test_a_verified_directory():
    jobs = Jobs({"j": SyncJob("j", "corp", {"schedule": "hourly"}, int(NOW) - 7200)})
    assert realm_lines("ad", {**CORP.options, "port": "3269"}, jobs=jobs) == [
        "Servers dc01, fallback dc02, port 3269",
        "Mode STARTTLS, certificate verified",
        "Base as the server says, as anonymous",
        "Sync job j (hourly) ran 2 h ago",
        "Users 1 user",
    ]


@pytest.mark.parametrize(
    ("options", "risk"),
    [
        ({"mode": "ldap", "verify": "1"}, "plain LDAP: passwords cross the network in clear"),
        ({}, "plain LDAP: passwords cross the network in clear"),
        ({"mode": "ldaps"}, "Verify Certificate is off: any server may answer in its place"),
        ({"secure": "1"}, "Verify Certificate is off: any server may answer in its place"),
    ],
)
def test_risky_settings_come_first(options, risk):
    assert realm_lines("ldap", {"server1": "a", **options})[0] == f"Risk LOOK {risk}."


def test_a_failed_sync_is_told_with_its_reason():
    jobs = Jobs({"j": SyncJob("j", "corp", {}, int(NOW) - 7200, "no answer")})
    lines = realm_lines("ad", {}, jobs=jobs)
    assert "Sync LOOK job j (no schedule) ran 2 h ago: no answer" in lines


def test_an_openid_realm_never_shows_its_client_key():
    lines = realm_lines(
        "openid",
        {
            "issuer-url": "https://idp",
            "client-id": "pve",
            "client-key": "s3cret",
            "autocreate": "1",
            "groups-claim": "groups",
            "groups-overwrite": "1",
        },
    )
    assert lines == [
        "Issuer https://idp",
        "Client pve, with a client key (hidden)",
        "Names from claim subject, created at first login",
        "Groups from claim groups, others are taken away at login",
        "TFA asked by the provider; PVE's own are never asked for here",
        "Users 1 user",
    ]


def test_require_tfa_names_the_administrators_it_keeps_out():
    realm = Realm("pam", "pam", {"tfa": "type=oath"})
    made = picture(realms=(realm, PVE), tfa=[factors("root@pam", factor("webauthn", "k"))])
    assert "TFA BAD root@pam cannot log in without it" in told("realms", made, "pam")


def test_a_section_that_pve_cannot_read():
    assert realm_lines(None, {})[0] == (
        "Risk LOOK PVE cannot read this section: nobody of the realm can log in."
    )
