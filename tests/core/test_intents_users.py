"""Users and groups, added and edited: the calls, what is refused, what is told."""

from dataclasses import replace

import pytest

from pve_auth_tui.core import newuser, versions
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.foreseen import foreseen
from pve_auth_tui.core.intents import acl, groups, users
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, TokenSecrets, UnixPasswords
from tests.core.foretold import after, call
from tests.core.pictures import CORP, ENTRA, NOW, PAM, PVE, factor, factors, picture
from tests.core.test_intents import notes, refusal, steps

ANN = "user:ann@pve:1:0:Ann:Lee:ann@example.com:hello::"
BOB = "user:bob@pve:1:0:::::"
ADMINS = "acl:1:/:@admins:Administrator:"
PASSWORD = Secret("correct horse")


def release(version):
    return Cluster("pve1", None, True, access_control=version)


def two_nodes():
    return Cluster("pve1", "rack", True, (ClusterNode("pve1"), ClusterNode("pve2")))


# --- add --------------------------------------------------------------------------------


def test_a_user_is_added_with_what_was_given_and_empty_texts_are_not_sent():
    intent = users.add("ann@pve", {"comment": "", "email": "a@x.org", "groups": "ops", "enable": 0})
    assert steps(intent, picture("group:ops:::")) == [
        "POST /access/users userid=ann@pve email=a@x.org groups=ops enable=0"
    ]


def test_a_password_and_key_ids_are_sent_as_secrets_only():
    intent = users.add("ann@pve", {"keys": "ABCDEFGH"}, PASSWORD)
    (step,) = intent(picture()).steps
    assert step.params == {"userid": "ann@pve"}
    assert step.secrets == {"keys": Secret("ABCDEFGH"), "password": PASSWORD}


@pytest.mark.parametrize(
    ("userid", "said"),
    [
        ("ann", "A user ID is name@realm, for example ann@pve."),
        ("a nn@pve", "The name before @ has no blanks, no colon and no slash."),
        (f"{'a' * 61}@pve", "A user ID has at most 64 characters, the realm included."),
        ("bob@pve", "The user bob@pve exists already."),
    ],
)
def test_a_userid_that_pve_does_not_take_is_told(userid, said):
    assert refusal(users.add(userid), picture(BOB), UsageError) == said


def test_a_group_or_a_field_that_is_not_there_is_told():
    assert refusal(users.add("ann@pve", {"groups": "ops"}), picture(), UsageError) == (
        "There is no group ops."
    )
    assert refusal(users.add("ann@pve", {"shoes": "42"}), picture(), UsageError) == (
        "A user has no shoes."
    )


@pytest.mark.parametrize(
    ("userid", "said"),
    [
        ("ann@corp", "PVE sets no passwords in the realm corp, which is of type AD."),
        ("ann@entra", "PVE sets no passwords in the realm entra, which is of type OpenID."),
        ("ann@none", "The realm none does not exist, so PVE cannot store a password."),
    ],
)
def test_a_password_is_refused_where_pve_stores_none(userid, said):
    assert refusal(users.add(userid, {}, PASSWORD), picture(), Refused) == said
    made = picture(f"user:{userid}:1:0:::::")
    assert refusal(users.set_password(userid, PASSWORD), made, Refused) == said


def test_a_realm_that_does_not_exist_is_told_for_pve_takes_the_user():
    draft = users.add("ann@none")(picture())
    assert notes(draft) == [
        "LOOK The realm none does not exist: PVE takes the user, who cannot log in."
    ]


def test_a_user_of_pam_needs_a_linux_user_on_every_node():
    told = "LOOK ann has to be a Linux user of every node on which ann@pam is to log in."
    lacks = "LOOK On pve1 no Linux user ann has a password that can be right."
    assert notes(users.add("ann@pam")(picture())) == [told]
    assert notes(users.add("ann@pam")(picture(unix=UnixPasswords(frozenset())))) == [told, lacks]
    assert notes(users.add("ann@pam")(picture(unix=UnixPasswords(frozenset({"ann"}))))) == [told]


def test_names_that_differ_in_capitals_only_or_look_alike_are_told():
    assert notes(users.add("Bob@pve")(picture(BOB))) == [
        "LOOK bob@pve differs from it in capitals only."
    ]
    assert notes(users.add("b0b@pve")(picture(BOB))) == ["LOOK It is easily taken for bob@pve."]


def test_a_sync_that_may_change_the_user_is_told():
    assert notes(users.add("ann@corp")(picture())) == [
        "LOOK A sync of corp may change ann@corp, if the directory has the name."
    ]


def test_what_waits_for_the_name_is_told_by_the_plan():
    made = picture("group:ops:ann@pve::", "acl:1:/vms:ann@pve:PVEVMAdmin:")
    told = [finding.text for finding in make_plan(users.add("ann@pve"), made, now=NOW).findings]
    assert "ann@pve stands in 1 old ACL line already, and gets PVEVMAdmin on /vms." in told
    assert "ann@pve is a member of group ops already." in told


# --- edit -------------------------------------------------------------------------------


def test_only_what_differs_is_sent():
    intent = users.edit(
        ["ann@pve"],
        {"comment": "hello", "firstname": "Anna", "enable": True, "expire": 0, "lastname": "Lee"},
    )
    assert steps(intent, picture(ANN)) == ["PUT /access/users/ann@pve firstname=Anna"]


def test_an_empty_text_clears_a_field():
    assert steps(users.edit(["ann@pve"], {"comment": ""}), picture(ANN)) == [
        "PUT /access/users/ann@pve comment="
    ]


def test_who_only_joins_is_added_and_who_leaves_gets_the_groups_that_stay():
    made = picture(ANN, "group:a:ann@pve::", "group:b:ann@pve::", "group:c:::")
    who = ["ann@pve"]
    assert steps(users.edit(who, {"groups": "c"}, append=True), made) == [
        "PUT /access/users/ann@pve groups=c append=1"
    ]
    assert steps(users.edit(who, {"groups": "a,b,c"}), made) == [
        "PUT /access/users/ann@pve groups=c append=1"
    ]
    assert steps(users.edit(who, {"groups": "c"}), made) == ["PUT /access/users/ann@pve groups=c"]
    assert steps(users.edit(who, {}, leave=["a"]), made) == ["PUT /access/users/ann@pve groups=b"]
    assert steps(users.edit(who, {"groups": ""}), made) == ["PUT /access/users/ann@pve groups="]
    assert steps(users.edit(who, {"groups": "c"}, append=True, leave=["a"]), made) == [
        "PUT /access/users/ann@pve groups=b,c"
    ]


def test_several_users_are_one_plan_and_those_who_are_so_already_need_no_call():
    made = picture(ANN, "user:bob@pve:0:0:::::", "group:ops:bob@pve::")
    draft = users.edit(["ann@pve", "bob@pve"], {"enable": 0, "groups": "ops"}, append=True)(made)
    assert draft.title == "edit 2 users"
    assert [step.path[2] for step in draft.steps] == ["ann@pve"]
    assert draft.already == (("bob@pve", "none, it is so already"),)


def test_when_nothing_differs_nothing_is_planned():
    one = users.edit(["ann@pve"], {"comment": "hello"})
    assert refusal(one, picture(ANN), Refused) == "Nothing would change: ann@pve is so already."
    both = users.edit(["ann@pve", "bob@pve"], {"enable": 1})
    assert refusal(both, picture(ANN, BOB), Refused) == (
        "Nothing would change: 2 users are so already."
    )


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        (users.edit([], {"enable": 0}), "No user was named to be edited."),
        (users.edit(["eve@pve"], {"enable": 0}), "There is no user eve@pve."),
        (users.edit(["ann@pve"], {}, leave=["ops"]), "There is no group ops."),
    ],
)
def test_what_cannot_be_edited_is_told(intent, said):
    assert refusal(intent, picture(ANN), UsageError) == said


def test_key_ids_are_compared_and_sent_as_a_secret():
    made = picture("user:ann@pve:1:0:::::OLDSECRET:")
    assert refusal(users.edit(["ann@pve"], {"keys": "OLDSECRET"}), made, Refused)
    (step,) = users.edit(["ann@pve"], {"keys": Secret("")})(made).steps
    assert (dict(step.params), step.secrets) == ({}, {"keys": Secret("")})


def test_leaving_the_group_of_administrators_says_what_goes():
    made = picture(ANN, "group:admins:ann@pve::", ADMINS)
    lines = foreseen(users.edit(["ann@pve"], {}, leave=["admins"]), made, NOW)
    assert ("ann@pve is no administrator any more.", "LOOK") in [
        (one.text, one.word) for one in lines
    ]
    assert any(one.text.startswith("ann@pve: leaves admins") for one in lines)


def test_a_form_is_told_why_there_is_no_plan():
    lines = foreseen(users.edit(["eve@pve"], {"enable": 0}), picture(), NOW)
    assert [(one.text, one.word) for one in lines] == [("There is no user eve@pve.", "-")]


def test_disabling_the_last_way_in_is_refused_in_the_form_already():
    lines = foreseen(users.edit(["root@pam"], {"enable": 0}), picture(), NOW)
    assert lines[0].word == "BAD"


# --- passwords --------------------------------------------------------------------------


def test_a_password_is_a_secret_of_one_call():
    (step,) = users.set_password("bob@pve", PASSWORD)(picture(BOB)).steps
    assert (step.method, step.path) == ("PUT", ("access", "password"))
    assert step.params == {"userid": "bob@pve"}
    assert step.secrets == {"password": PASSWORD}
    assert PASSWORD.reveal() not in repr(step)


def test_the_own_password_goes_along_where_the_version_asks_for_it():
    intent = users.set_password("bob@pve", PASSWORD, Secret("my own one"))
    (new,) = intent(picture(BOB, cluster=release("8.1.4"))).steps
    (old,) = intent(picture(BOB, cluster=release("8.0.7"))).steps
    assert new.secrets["confirmation-password"] == Secret("my own one")
    assert set(old.secrets) == {"password"}


def test_a_password_of_pam_is_set_on_one_node_alone():
    made = picture("user:ann@pam:1:0:::::", cluster=two_nodes())
    assert notes(users.set_password("ann@pam", PASSWORD)(made)) == [
        "LOOK It is the password of the Linux user ann on pve1 alone.",
        "LOOK PVE sets it only if pve1 has a Linux user ann.",
    ]
    known = picture("user:ann@pam:1:0:::::", unix=UnixPasswords(frozenset({"ann"})))
    assert notes(users.set_password("ann@pam", PASSWORD)(known)) == []


def test_a_password_for_nobody_is_told():
    assert refusal(users.set_password("eve@pve", PASSWORD), picture(), UsageError)


@pytest.mark.parametrize(
    ("version", "length", "fine"),
    [
        *(("8.2.0", 7, False), ("8.2.0", 8, True), ("8.2.0", 64, True), ("8.2.0", 65, False)),
        *(("8.1.4", 4, False), ("8.1.4", 5, True)),
    ],
)
def test_how_long_a_password_is_hangs_on_the_release(version, length, fine):
    assert (newuser.new_password_problem(Secret("x" * length), version) == "") is fine


@pytest.mark.parametrize(
    ("cluster", "release"),
    [
        (Cluster("pve1", None, True, access_control="8.1.4"), "8.1.4"),
        (Cluster("pve1", None, True, pve_release="8.2"), "8.1.4"),
        (Cluster("pve1", None, True), versions.NEWEST),
    ],
)
def test_the_release_is_the_packages_or_follows_from_that_of_pve(cluster, release):
    assert release_of(picture(cluster=cluster)) == release
    assert release_of(None) == versions.NEWEST


@pytest.mark.parametrize(
    ("userid", "asker", "fine"),
    [
        *(("ann@pam", "root@pam", True), ("ann@pam", "ann@pam", True)),
        *(("ann@pam", "bob@pve", False), ("root@pam", "bob@pve", False)),
        *(("ann@pve", "bob@pve", True), ("ann@corp", "root@pam", False)),
    ],
)
def test_only_root_sets_the_password_of_somebody_else_in_pam(userid, asker, fine):
    assert (newuser.no_password_for(picture(), userid, asker) == "") is fine


def test_without_the_realms_nobody_says_that_there_are_none():
    made = picture(BOB)
    made = replace(made, realms=made.realms._replace(value=None))
    assert newuser.no_password_for(made, "bob@pve") == ""


# --- what a form begins with ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "state", "locked"),
    [
        ("", "none", False),
        ("x", "marks second factors: PVE's own", True),
        ("x!oath", "marks second factors: PVE's own", True),
        ("ABCDEFGH", "an old secret or Yubico id (hidden)", False),
    ],
)
def test_key_ids_are_locked_where_they_only_mark_second_factors(keys, state, locked):
    made = picture(f"user:ann@pve:1:0:::::{keys}:")
    assert newuser.keys_state(made.access.value.users["ann@pve"]) == (state, locked)


def test_key_ids_have_few_characters():
    assert newuser.keys_problem(Secret("abcXYZ09!=")) == ""
    assert newuser.keys_problem(Secret("a b"))
    assert newuser.keys_problem(Secret("a" * 4097))


def test_realms_are_offered_with_their_types():
    made = picture(realms=(PAM, PVE, CORP, ENTRA, Realm("odd", None)))
    assert [text for _, text in newuser.realms_with_types(made)] == [
        *("pam (Linux PAM)", "pve (PVE)", "corp (AD)", "entra (OpenID)"),
        "odd (PVE cannot read it)",
    ]
    assert [name for name, _ in newuser.realms_with_types(None)] == ["pam", "pve"]


def test_the_userid_is_shown_with_its_length_and_what_is_wrong_with_it():
    assert [line.text for line in newuser.userid_lines("ann@pve")] == [
        "ann@pve, 7 of 64 characters"
    ]
    assert [line.word for line in newuser.userid_lines("a b@pve")] == [None, "BAD"]


# --- groups -----------------------------------------------------------------------------


def test_a_group_is_made_and_then_joined_by_each_member():
    intent = groups.add("ops", comment="on call", members=["ann@pve", "bob@pve", "ann@pve"])
    assert steps(intent, picture(ANN, BOB)) == [
        "POST /access/groups groupid=ops comment=on call",
        "PUT /access/users/ann@pve groups=ops append=1",
        "PUT /access/users/bob@pve groups=ops append=1",
    ]
    assert make_plan(intent, picture(ANN, BOB), now=NOW).steps


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        (groups.add("o ps"), "A group's name has only letters, digits, dot, - and _."),
        (groups.add("ops"), "The group ops exists already."),
        (groups.add("dev", members=["eve@pve"]), "There is no user eve@pve."),
        (groups.edit("dev", comment="x"), "There is no group dev."),
        (groups.move([], join=["ann@pve"]), "No group was named to be edited."),
        (groups.move(["ops"], join=["eve@pve"]), "There is no user eve@pve."),
        (
            groups.move(["ops"], join=["ann@pve"], leave=["ann@pve"]),
            "ann@pve cannot join and leave at once.",
        ),
    ],
)
def test_what_cannot_be_done_to_groups_is_told(intent, said):
    assert refusal(intent, picture(ANN, "group:ops:::"), UsageError) == said


def test_members_change_through_the_users_and_keep_their_other_groups():
    made = picture(ANN, BOB, "group:ops:ann@pve::", "group:dev:ann@pve,bob@pve::")
    assert steps(groups.edit("ops", members=["bob@pve"]), made) == [
        "PUT /access/users/ann@pve groups=dev",
        "PUT /access/users/bob@pve groups=ops append=1",
    ]
    assert steps(groups.edit("ops", join=["bob@pve"]), made) == [
        "PUT /access/users/bob@pve groups=ops append=1"
    ]
    assert steps(groups.edit("ops", comment="x"), made) == ["PUT /access/groups/ops comment=x"]


def test_a_group_that_is_so_already_needs_no_call():
    made = picture(ANN, "group:ops:ann@pve:x:")
    for intent in (
        groups.edit("ops"),
        groups.edit("ops", comment="x", members=["ann@pve"]),
        groups.move(["ops"], join=["ann@pve"]),
    ):
        assert refusal(intent, made, Refused).startswith("Nothing would change: ")


def test_several_groups_take_one_call_for_each_user():
    made = picture(ANN, BOB, "group:a:ann@pve::", "group:b:::", "group:c:bob@pve::", "group:d:::")
    draft = groups.move(["a", "b", "d"], join=["bob@pve"], leave=["ann@pve"])(made)
    assert draft.title == "edit 3 groups"
    assert [dict(step.params) for step in draft.steps] == [
        {"groups": ""},
        {"groups": "a,b,d", "append": 1},
    ]
    already = groups.move(["a", "b"], join=["ann@pve"])(made).already
    assert already == (("@a", "none, its members are so already"),)


def test_a_ghost_leaves_its_only_group_when_nothing_else_is_left_of_it():
    made = picture("group:ops:gone@pve::")
    intent = groups.edit("ops", members=[])
    assert steps(intent, made) == ["DELETE /access/users/gone@pve"]
    plan = make_plan(intent, made, now=NOW)
    assert plan.after.access.value.groups["ops"].members == ()


@pytest.mark.parametrize("line", ["group:dev:gone@pve::", "acl:1:/vms:gone@pve:PVEVMAdmin:"])
def test_a_ghost_of_whom_more_is_left_does_not_leave_a_group_alone(line):
    made = picture("group:ops:gone@pve::", line)
    said = refusal(groups.edit("ops", members=[]), made, Refused)
    assert said.startswith("There is no user gone@pve: PVE forgets all of that name at once")


def test_a_big_group_is_said_to_take_many_calls_and_is_heavy():
    people = [f"user:u{number}@pve:1:0:::::" for number in range(500)]
    made = picture(*people, "group:ops:::", "acl:1:/vms:@ops:PVEVMUser:")
    intent = groups.edit("ops", members=sorted(made.access.value.users.keys() - {"root@pam"}))
    plan = make_plan(intent, made, now=NOW)
    assert len(plan.steps) == 500
    assert plan.weight is Weight.HEAVY
    assert plan.confirm == "500"
    assert any("these are 500 calls, one per user" in finding.text for finding in plan.findings)


def test_a_new_group_that_a_realm_takes_for_its_own_is_told():
    assert notes(groups.add("ops-corp")(picture())) == [
        "LOOK Its name ends in -corp: a sync of corp may take it for a group of corp, "
        "and remove it."
    ]
    assert "logins at the provider" in notes(groups.add("ops-entra")(picture()))[0]
    assert notes(groups.add("0ps")(picture("group:ops:::"))) == ["LOOK It is easily taken for ops."]


def test_groups_that_the_next_login_sets_anew_are_told():
    claims = {"groups-claim": "groups", "groups-overwrite": "1"}
    realm = replace(ENTRA, options={**ENTRA.options, **claims})
    made = picture("user:eve@entra:1:0:::::", "group:ops:::", realms=(PAM, PVE, realm))
    told = (
        "LOOK The next login of eve@entra at the provider sets the groups anew "
        "(groups-overwrite of entra)."
    )
    assert notes(users.edit(["eve@entra"], {"groups": "ops"})(made)) == [told]
    assert notes(users.edit(["eve@entra"], {"comment": "x"})(made)) == []
    assert notes(users.add("zoe@entra", {"groups": "ops"})(made)) == [told.replace("eve@", "zoe@")]
    assert notes(groups.edit("ops", join=["eve@entra"])(made)) == [told]
    assert notes(groups.move(["ops"], join=["eve@entra"])(made)) == [told]


# --- remove -----------------------------------------------------------------------------


def test_removing_a_user_says_all_that_goes_and_what_stays():
    made = picture(
        ANN, "token:ann@pve!ci:0:1::", "group:ops:ann@pve::", "group:dev:ann@pve::",
        "acl:1:/vms:ann@pve:PVEVMAdmin:", "acl:1:/vms:ann@pve!ci:PVEVMUser:",
        tfa=[factors("ann@pve", factor("totp", "phone"))],
        token_secrets=TokenSecrets(frozenset({"ann@pve!ci"})),
    )  # fmt: skip
    plan = make_plan(users.remove(["ann@pve"]), made, now=NOW)
    (line,) = [change.text for change in plan.changes if change.subject == "ann@pve"]
    assert line.startswith(
        "removed, with 1 TFA entry, 1 API token, 2 ACL lines and 2 memberships; "
    )
    assert plan.stays == ("1 secret of API tokens in priv/token.cfg, which nobody can log in with",)


def test_removing_a_linux_user_from_pve_says_that_linux_keeps_it():
    plan = make_plan(users.remove(["ann@pam"]), picture("user:ann@pam:1:0:::::"), now=NOW)
    assert "SSH and console logins go on" in plan.stays[0]


def test_removing_several_users_is_one_plan():
    plan = make_plan(users.remove(["ann@pve", "bob@pve"]), picture(ANN, BOB), now=NOW)
    assert plan.title == "remove 2 users"
    assert [step.path[-1] for step in plan.steps] == ["ann@pve", "bob@pve"]


def test_every_refusal_is_one_that_forms_can_tell():
    for intent in (users.remove(["root@pam"]), users.switch([], enable=True)):
        with pytest.raises(AuthTuiError):
            intent(picture())


MANY = ("user:ann@pve:1:0:::::", "user:bob@pve:1:0:::::", "user:bob@pve,ann@pve:1:0:::::")


@pytest.mark.parametrize(
    "intent",
    [
        users.add("bob@pve;ann@pve", {"groups": "adms"}),
        users.edit(["bob@pve,ann@pve"], {"groups": "adms"}),
        users.edit(["bob@pve,ann@pve"], {"groups": "adms"}, append=True),
        groups.add("new", members=["bob@pve,ann@pve"]),
        groups.edit("adms", join=["bob@pve,ann@pve"]),
        acl.add(["/"], ["Administrator"], acl.Subjects(users=("bob@pve,ann@pve",))),
    ],
)
def test_rights_for_a_name_with_a_comma_do_not_go_to_the_names_around_it(intent):
    made = picture(*MANY, "group:adms:::", "acl:1:/:@adms:Administrator:")
    with pytest.raises(Refused, match="but for bob@pve and ann@pve"):
        intent(made)


def test_whom_pve_puts_into_a_group_for_a_name_with_a_comma_is_foretold():
    made = picture(*MANY, "group:adms:::", "acl:1:/:@adms:Administrator:")
    join = call("PUT", "access/users/bob@pve,ann@pve", groups="adms")
    told = after(made, join).access.value
    assert told.groups["adms"].members == ("ann@pve", "bob@pve")
    assert dict(told.groups_of) == {"ann@pve": ("adms",), "bob@pve": ("adms",)}


def test_the_name_with_a_comma_may_be_a_user_of_its_own():
    made = picture(*MANY)
    (step,) = users.edit(["bob@pve,ann@pve"], {"comment": "x"})(made).steps
    assert step.path == ("access", "users", "bob@pve,ann@pve")
