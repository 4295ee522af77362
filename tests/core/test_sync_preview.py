"""What a sync would do, told of small directories and pictures."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.directory.mapping import attributes_of
from pve_auth_tui.core.directory.ports import Entry
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents.sync import sync
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.plantext import plan_text
from pve_auth_tui.core.predict.syncs import takes_for_its_own
from pve_auth_tui.core.sync.astext import preview_text
from pve_auth_tui.core.sync.dryrun import Thinned, compare, read, removed_users
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.options import options_of, params_of, usual
from pve_auth_tui.core.sync.preview import Change, Preview
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.core.sync.taking import groups_taken, users_taken
from tests.core.pictures import NOW, PAM, PVE, factor, factors, picture

CORP = DirectorySettings("corp", "ldap", ("dc",), 389, sync_attributes="email=mail")
OPTIONS = {"server1": "dc", "base_dn": "dc=x", "user_attr": "uid"}
REALMS = (PAM, PVE, Realm("corp", "ldap", OPTIONS), Realm("my-corp", "ldap", OPTIONS))
TAKING = SyncOptions(vanished=frozenset({"entry", "acl"}))
ENTRY = SyncOptions(vanished=frozenset({"entry"}))


def seen(
    *lines: str, users: Any = (), groups: Any = None, options: SyncOptions = TAKING, **more: Any
) -> Preview:
    """The preview of a sync of corp, from lines of user.cfg and what the directory has."""
    parts = {name: more.pop(name) for name in ("tfa",) if name in more}
    earlier = more.pop("earlier", ())
    values = users if isinstance(users, dict) else {f"{name}@corp": {} for name in users}
    members = {f"{name}-corp": of for name, of in (groups or {}).items()}
    found = Found("corp", values, members, entries=len(values), group_entries=len(members), **more)
    there = picture(*lines, realms=REALMS, **parts)
    return preview(there, found, options, now=NOW, earlier=earlier)


def texts(told: Preview, word: str = "") -> str:
    return "\n".join(one.text for one in told.meaning if word in ("", one.word))


# --- what is taken ------------------------------------------------------------------------------


def entry(dn: str, **values: str | bytes) -> Entry:
    octets = {n: [v if isinstance(v, bytes) else v.encode()] for n, v in values.items()}
    return Entry(dn.encode(), octets)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("c d", "blank"),
        ("a:b", "colon"),
        ("a/b", "slash"),
        ("n" * 60, "65 characters"),
        ("", "has no uid"),
    ],
)
def test_names_that_pve_does_not_take_are_skipped_with_their_reason(name: str, why: str) -> None:
    taken = users_taken(CORP, [entry("uid=x,dc=x", **({"uid": name} if name else {}))])
    assert not taken.users
    assert why in taken.skipped[0].why


def test_octets_of_names_are_characters_to_pve_and_values_are_utf8() -> None:
    taken = users_taken(CORP, [entry("uid=x", uid="Zoë", comment="Zoë", mail="no address")])
    assert taken.users == {"ZoÃ«@corp": {"comment": "Zoë"}}
    assert taken.skipped[0].kind == "value"
    assert "no address is no mail address" in taken.skipped[0].why


def test_groups_have_the_users_of_the_same_run_whatever_the_case_of_their_dn() -> None:
    people = users_taken(CORP, [entry("UID=Ann,DC=x", uid="ann")]).people
    groups = [
        Entry(b"cn=ops,dc=x", {"member": [b"uid=ANN,dc=X", b"uid=gone,dc=x"]}),
        Entry(b"cn=more,dc=x", {"uniquemember": [b"uid=ann,dc=x"]}),
        Entry(b"cn=Domain Admins,dc=x", {}),
        Entry(b"cn=nothing", {}),
    ]
    taken = groups_taken(CORP, groups, people)
    assert taken.groups == {"ops-corp": ("ann@corp",), "more-corp": ("ann@corp",)}
    assert [one.name for one in taken.skipped] == ["Domain Admins-corp", "cn=nothing"]


def test_items_of_the_mapping_that_pve_skips_are_told() -> None:
    settings = DirectorySettings("x", "ldap", (), 389, sync_attributes="email=mail, foo=bar;keys")
    assert attributes_of(settings).bad == ("foo=bar", "keys")
    assert attributes_of(settings).mapping["mail"] == "email"


# --- rows ----------------------------------------------------------------------------------------


def test_who_is_added_changed_removed_and_the_same() -> None:
    told = seen(
        "user:ann@corp:1:0:::ann@x.de:::",
        "user:ben@corp:1:0::::::",
        "user:old@corp:1:0::::::",
        "user:ann@pve:1:0::::::",
        "group:ops-corp:ann@corp:ours:",
        "group:gone-corp:::",
        users={"ann@corp": {"email": "new@x.de"}, "ben@corp": {}, "new@corp": {}},
        groups={"ops": ("ben@corp",), "fresh": ()},
    )
    assert [row.name for row in told.users.added] == ["new@corp"]
    assert told.users.changed[0].changes == (Change("E-Mail", "ann@x.de", "new@x.de"),)
    assert [row.name for row in told.users.removed] == ["old@corp"]
    assert told.users.same == 1
    assert told.groups.changed[0].changes == (Change("Members", "ann@corp", "ben@corp"),)
    assert [row.name for row in told.groups.removed] == ["gone-corp"]
    assert told.heading == "The directory sent 3 users and 2 groups. PVE has 3 and 2 of corp."


def test_who_is_gone_from_the_directory_stays_without_entry() -> None:
    told = seen("user:old@corp:1:0::::::", users=["ann"], options=SyncOptions())
    assert told.users.vanished == ("old@corp",)
    assert told.users.removed == ()
    assert "1 is gone from the directory: kept" in "\n".join(preview_text(told))


def test_earlier_runs_stand_beside_the_removals() -> None:
    told = seen("user:old@corp:1:0::::::", users=["ann"], earlier=(0, 4, 1))
    line = next(line for line in told.lines if line.what == "removed")
    assert line.text == "100.0 %; the last 3 runs removed 0 to 4"


# --- what it means -------------------------------------------------------------------------------


def test_who_loses_administrator_is_bad() -> None:
    told = seen("user:old@corp:1:0::::::", "acl:1:/:old@corp:Administrator:", users=["ann"])
    assert "1 user loses Administrator on /: old@corp" in texts(told, "BAD")


def test_lines_tokens_and_factors_that_go_or_stay() -> None:
    told = seen(
        "user:old@corp:1:0::::::",
        "token:old@corp!ci:0:1::",
        "acl:1:/vms:old@corp,old@corp!ci:PVEVMUser:",
        users=["ann"],
        options=ENTRY,
        tfa=[factors("old@corp", factor("totp", "phone"))],
    )
    assert "1 ACL line stays behind" in texts(told, "LOOK")
    assert "1 API token ends, with 1 ACL line: old@corp!ci" in texts(told, "LOOK")
    assert "1 TFA entry and 1 token secret would stay behind" in texts(told, "LOOK")
    assert "1 ACL line goes" in texts(seen(
        "user:old@corp:1:0::::::", "acl:1:/vms:old@corp:PVEVMUser:", users=["ann"]
    ))  # fmt: skip


@pytest.mark.parametrize("scope", ["users", "both"])
def test_members_put_in_by_hand_leave(scope: Any) -> None:
    told = seen(
        "user:ann@pve:1:0::::::",
        "group:ops-corp:ann@pve::",
        users=["ann"],
        groups={"ops": ()},
        options=SyncOptions(scope),
    )
    assert ("ann@pve leaves ops-corp" in texts(told)) is (scope == "both")


def test_groups_of_another_realm_are_never_taken_silently() -> None:
    """PVE asks for the end of a name alone: x-my-corp ends in -corp, too."""
    told = seen("group:x-my-corp:::", "user:ann@corp:1:0::::::", users=["ann"], groups={"a": ()})
    assert "1 group of realm my-corp would be removed: x-my-corp" in texts(told, "BAD")
    assert "my-corp" not in texts(seen("group:x-my-corp:::", users=["ann"], options=SyncOptions()))


def test_who_is_enabled_or_disabled_by_the_directory() -> None:
    told = seen(
        "user:ann@corp:0:0::::::", "user:ben@corp:1:0::::::",
        users={"ann@corp": {"enable": "1"}, "ben@corp": {"enable": "0"}}, options=SyncOptions(),
    )  # fmt: skip
    assert "1 user is enabled again by the directory: ann@corp" in texts(told)
    assert "1 user is disabled by the directory: ben@corp" in texts(told)


def test_an_empty_answer_is_bad_where_it_takes() -> None:
    told = seen("user:ann@corp:1:0::::::")
    assert "sent no users" in texts(told, "BAD")
    assert told.word == "1"
    assert "all that PVE has" in told.limit


def test_who_can_still_log_in_is_told() -> None:
    lines = ("user:boss@pve:1:0::::::", "acl:1:/:boss@pve:Administrator:")
    assert "boss@pve" in texts(seen(*lines, users=["ann"]), "ok")


# --- Remove Vanished ------------------------------------------------------------------------------


def test_each_choice_says_what_it_does_to_this_realm() -> None:
    told = seen(
        "user:ann@corp:1:0::::by hand:JBSWY3DPEHPK3PXP:",
        "user:old@corp:1:0::::::",
        "acl:1:/vms:old@corp:PVEVMUser:",
        users=["ann"],
        options=ENTRY,
    )
    assert [(one.name, one.taken, one.text) for one in told.choices] == [
        ("entry", True, "removes 1 user"),
        ("acl", False, "would remove 1 ACL line"),
        ("properties", False, "would wipe 1 comment and 1 Key ID typed by hand"),
    ]


def test_the_mark_of_second_factors_is_not_typed_by_hand() -> None:
    """`x` says nothing since libpve-access-control 8.0.4 (reference 7.3)."""
    told = seen("user:ann@corp:1:0:::::x:", users=["ann"])
    assert told.choices[2].text == "nothing typed by hand would go"


# --- limits and names -----------------------------------------------------------------------------


def crowd(number: int) -> list[str]:
    return [f"user:u{n}@corp:1:0::::::" for n in range(number)]


@pytest.mark.parametrize(
    ("there", "gone", "word"),
    [(1000, 25, ""), (1000, 26, "26"), (20, 2, ""), (20, 3, "3"), (1, 1, "1"), (40, 4, "")],
)
def test_more_removals_than_the_limit_ask_for_their_number(
    there: int, gone: int, word: str
) -> None:
    told = seen(*crowd(there), users=[f"u{n}" for n in range(gone, there)])
    assert told.word == word
    assert seen(*crowd(there), users=[], options=SyncOptions()).word == ""


def values(number: int, those: int, **value: str) -> dict[str, dict[str, str]]:
    """What the directory has of a crowd: the first `those` with that value."""
    return {f"u{n}@corp": value if n < those else {} for n in range(number)}


@pytest.mark.parametrize(
    ("there", "out", "word"),
    [(1000, 25, ""), (1000, 26, "26"), (20, 2, ""), (20, 3, "3"), (1, 1, "1"), (40, 4, "")],
)
@pytest.mark.parametrize("value", [{"enable": "0"}, {"expire": "1"}])
def test_more_users_disabled_than_the_limit_ask_for_their_number(
    there: int, out: int, word: str, value: dict[str, str]
) -> None:
    """With Remove Vanished left out: a wrong attribute mapped to enable takes nobody's entry."""
    told = seen(*crowd(there), users=values(there, out, **value), options=SyncOptions())
    assert told.word == word
    assert told.changes_nothing is False


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("enable", "The 26 users who would be disabled are above your limit (25)"),
        ("expire", "The 26 users who would be expired are above your limit (25)"),
    ],
)
def test_users_who_would_be_disabled_have_a_sentence_of_their_own(
    value: str, sentence: str
) -> None:
    out = {"enable": "0", "expire": "1"}[value]
    told = seen(*crowd(900), users=values(900, 26, **{value: out}), options=SyncOptions())
    assert told.limit == f"{sentence}: the plan asks you to type 26."


def test_who_cannot_log_in_now_is_not_disabled_once_more() -> None:
    """Of 30 users 28 were disabled before: the other two are all that could log in."""
    users = [f"user:u{n}@corp:{int(n < 2)}:0::::::" for n in range(30)]
    told = seen(*users, users=values(30, 30, enable="0"), options=SyncOptions())
    assert told.word == "2"
    assert told.limit.startswith("The 2 users who would be disabled are all of the realm who can")


def test_the_number_of_removals_is_typed_before_that_of_disabled_users() -> None:
    gone = seen(*crowd(61), users=values(30, 30, enable="0"))
    assert gone.word == "31"
    assert "removals" in gone.limit


def test_a_plan_that_disables_many_is_heavy_and_asks_for_their_number() -> None:
    told = seen(*crowd(20), users=values(20, 3, enable="0"), options=SyncOptions())
    plan = make_plan(sync("corp", told.found, told.options), told.before, now=NOW)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "3")


def test_an_administrator_who_is_disabled_is_bad_and_nobody_left_is_refused() -> None:
    """Exactly as if the directory had lost it: by the guard, not by the number alone."""
    there = ("user:boss@corp:1:0::::::", "acl:1:/:boss@corp:Administrator:", *crowd(60))
    told = seen(*there, users={**values(60, 0), "boss@corp": {"enable": "0"}})
    assert "1 Administrator on / cannot log in any more" in texts(told, "BAD")
    disabled = make_plan(sync("corp", told.found, told.options), told.before, now=NOW)
    gone = seen(*there, users=values(60, 0))
    removed = make_plan(sync("corp", gone.found, gone.options), gone.before, now=NOW)
    for plan in (disabled, removed):
        assert "Nobody is sure to get in as administrator now" in plan.refusal
        assert plan.weight is Weight.HEAVY


@pytest.mark.parametrize("vanished", ["entry", "acl"])
def test_an_answer_that_was_cut_takes_nobody_away(vanished: str) -> None:
    options = SyncOptions(vanished=frozenset({vanished}))
    told = seen("user:old@corp:1:0::::::", users=["ann"], options=options, complete=False)
    assert "cut its answer" in told.refusal
    with pytest.raises(Refused, match="cut its answer"):
        sync("corp", told.found, options)(told.before)
    assert sync("corp", told.found, SyncOptions())(told.before).steps


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a#b", "signs that mean something elsewhere"),
        ("boss!x", "signs that mean something elsewhere"),
        ("ZoÃ«", "letters beyond ASCII"),
        ("b0ss", "reads like an administrator's: b0ss@corp like boss@pve"),
        ("root", "root@corp like root@pam"),
        ("heir", "heir@corp gets PVEVMAdmin on /vms/104"),
        ("listed", "listed@corp in ops"),
        ("ANN", "ANN@corp and ann@corp"),
        ("x,boss@pve,y", "with a comma or a semicolon: x,boss@pve,y@corp"),
        ("x;y", "with a comma or a semicolon"),
        ("a\x1b[2J", "signs that do not show"),
        ("-rf", "a dash in front: -rf@corp"),
    ],
)
def test_dangerous_names_ask_for_a_word(name: str, text: str) -> None:
    """R24: never silently."""
    told = seen(
        "user:boss@pve:1:0::::::",
        "user:ann@corp:1:0::::::",
        "group:ops:listed@corp::",
        "acl:1:/:boss@pve:Administrator:",
        "acl:1:/vms/104:heir@corp:PVEVMAdmin:",
        users=["ann", name],
        options=SyncOptions(),
    )
    assert text in texts(told, "LOOK")
    assert told.word == "1"
    plan = make_plan(sync("corp", told.found, told.options), told.before, now=NOW)
    assert plan.weight is Weight.HEAVY
    assert plan.confirm == "1"


def test_a_dot_in_a_realms_name_stands_for_any_character() -> None:
    """PVE uses the name as an expression: users of realm aXb are taken for those of a.b."""
    own = takes_for_its_own("a.b", "user").search
    assert own("x@a.b")
    assert own("x@aXb")
    assert not own("x@a.bc")
    assert takes_for_its_own("a.b", "group").search("g-a-b")


def test_two_new_names_that_differ_in_case_alone_are_told() -> None:
    """R24: in a realm that does not tell case apart neither of them gets in."""
    told = seen(users=["Eva", "eva"], options=SyncOptions())
    assert "eva@corp and Eva@corp" in texts(told, "LOOK")
    assert told.word == "1"


@pytest.mark.parametrize(
    ("members", "read"),
    [
        (("ann@corp", "x,boss@pve,y@corp"), ("ann@corp", "boss@pve", "y@corp")),
        (("x;boss@pve;y@corp",), ("boss@pve", "y@corp")),
        (("a\0@corp", "ann@corp"), ("@corp,ann@corp",)),
    ],
)
def test_members_are_foretold_as_pve_reads_its_own_list(
    members: tuple[str, ...], read: tuple[str, ...]
) -> None:
    """A name with a separator in it brings others into the group, or takes them out."""
    told = seen(users=["ann"], groups={"ops": members}, options=SyncOptions())
    assert told.after.access.value is not None
    assert told.after.access.value.groups["ops-corp"].members == read


def test_an_old_line_that_makes_an_administrator_is_bad() -> None:
    told = seen("acl:1:/:heir@corp:Administrator:", users=["heir"])
    assert "becomes Administrator by old ACL lines" in texts(told, "BAD")


# --- the plan ------------------------------------------------------------------------------------


def test_a_plan_of_thousands_is_short() -> None:
    """Five thousand new users are one line, and so are as many new addresses."""
    users = {f"u{n}@corp": {"email": f"u{n}@x.de"} for n in range(5000)}
    told = seen("user:u1@corp:1:0::::::", users=users, groups={"ops": tuple(sorted(users))})
    plan = make_plan(sync("corp", told.found, told.options), told.before, now=NOW)
    assert len(plan.changes) < 20
    assert any(effect.subject == "4,999 new users" for effect in plan.changes)


def test_of_thousands_of_changes_and_losses_the_screen_has_some_and_the_file_all() -> None:
    """What is to be looked at comes first, then the first changes, and how many more there are."""
    there = [f"user:u{n}@corp:1:0::::by hand:JBSWY3DPEHPK3PXP:" for n in range(900)]
    wiping = SyncOptions(vanished=frozenset({"properties"}))
    told = seen(*there, users=[f"u{n}" for n in range(900)], options=wiping)
    plan = make_plan(sync("corp", told.found, told.options), told.before, now=NOW)
    on_screen, in_file = plan_text(plan, 100), plan_text(plan, 100, most=100_000)
    assert on_screen[0].startswith("LOOK")
    assert on_screen.index("Changes") < 8
    assert on_screen.count("  and 700 more: f saves all of them") == 2
    assert len(on_screen) < 700
    for userid in (f"u{n}@corp" for n in range(900)):
        assert sum(userid in line for line in in_file) >= 3, "changed, what is lost, how it returns"
    assert not any("f saves all" in line for line in in_file)


def test_a_realm_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        sync("pve", Found("pve", {}), SyncOptions())(picture(realms=REALMS))


def test_options_of_the_call_come_before_those_of_the_realm() -> None:
    own = {"sync-defaults-options": "scope=users,remove-vanished=acl;entry,enable-new=0"}
    realm = Realm("corp", "ldap", {**OPTIONS, **own})
    assert params_of(usual(realm)) == {
        "scope": "users", "enable-new": 0, "remove-vanished": "entry;acl",
    }  # fmt: skip
    assert options_of(realm, {"remove-vanished": "none"}).vanished == frozenset()
    with pytest.raises(UsageError, match="does not say"):
        options_of(Realm("corp", "ldap", OPTIONS), {})


# --- PVE's own lines -----------------------------------------------------------------------------

LINES = (
    "(dry test run) starting sync for realm corp",
    "value 'c d@corp' does not look like a valid user name",
    "got data from server, updating users and groups",
    "syncing users (remove-vanished opts: entry;acl)",
    "deleting outdated existing users first",
    "remove user 'old@corp'",
    "purge users 'old@corp' ACL entries",
    "adding user 'new@corp'",
    "updating user 'ann@corp'",
    "syncing groups (remove-vanished opts: entry;acl)",
    "deleting outdated existing groups first",
    "adding group 'ops-corp'",
    "",
    "NOTE: Dry test run, changes were NOT written to the configuration.",
    "TASK OK",
)


def test_pves_lines_are_read_and_compared() -> None:
    told = seen(
        "user:ann@corp:1:0::::::", "user:old@corp:1:0::::::",
        users=["ann", "new"], groups={"ops": ()},
    )  # fmt: skip
    theirs = read(LINES)
    assert theirs.warnings == ("value 'c d@corp' does not look like a valid user name",)
    agreement = compare(told, theirs)
    assert agreement.agrees
    assert agreement.text == "PVE's own preview agrees: 1 added, 1 known, 1 removed."
    assert removed_users(LINES) == 1


def test_lines_that_end_too_soon_agree_with_nothing() -> None:
    assert not compare(seen(users=["new"]), read(LINES[:6])).agrees
    assert removed_users(LINES[:6]) is None


def test_of_many_lines_the_first_are_told_and_then_counts() -> None:
    thinned = Thinned()
    told = [thinned.told(f"adding user 'u{n}@corp'") for n in range(1000)]
    assert [text for text in told if text][-1] == "adding: 1,000 users so far"
    assert len([text for text in told if text]) == 22
