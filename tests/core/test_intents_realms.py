"""Realms as plans: what is sent, what is refused, what the simulated node makes of it."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.concerns import concerns
from pve_auth_tui.core.domains import parse_domains
from pve_auth_tui.core.errors import ApiError, Refused, UsageError
from pve_auth_tui.core.intents import realmremoval, realms
from pve_auth_tui.core.plan import Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.realmleft import impact, left_behind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Jobs, SyncJob
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from tests.core.pictures import NOW, factor, part, picture
from tests.core.pictures import factors as of

AD = {"server1": "dc9.example.com", "domain": "example.com", "mode": "ldaps", "verify": "1"}
LDAP = {"server1": "192.0.2.99", "base_dn": "dc=x", "user_attr": "uid", "mode": "ldaps"}
OPENID = {"issuer-url": "https://idp.example.com", "client-id": "pve"}
BIND = {"password": Secret("b1nd-secret")}
PASSWORD_FILE = "etc/pve/priv/realm/new.pw"
REALMS = b"""pam: pam

pve: pve
\tdefault 1

ldap: lab
\tserver1 ldap.example.com
\tbase_dn dc=x
\tuser_attr uid
\tport 389
\tmode ldaps
\tverify 1

openid: idp
\tissuer-url https://idp.example.com
\tclient-id pve
\tclient-key s3cret
\tusername-claim email
"""


def cluster(text=REALMS, *lines, **parts):
    return replace(picture(*lines, **parts), realms=part(parse_domains(text)))


def only_step(intent, made=None):
    (step,) = intent(made or cluster()).steps
    return step


def refusal(intent, made=None, kind=UsageError):
    with pytest.raises(kind) as caught:
        intent(made or cluster())
    return f"{caught.value} {caught.value.hint}"


def told(intent, made=None):
    return " ".join(note.text for note in intent(made or cluster()).notes)


# --- add ---------------------------------------------------------------------------------


def test_a_new_realm_is_one_call_and_its_password_a_secret():
    step = only_step(realms.add("new", "ad", {**AD, "comment": ""}, BIND))
    assert (step.method, step.path) == ("POST", ("access", "domains"))
    assert step.params == {"realm": "new", "type": "ad", **AD}
    assert step.secrets == BIND
    assert "b1nd" not in repr(step)


def test_what_is_final_is_said_before_it_is_saved():
    assert "Username Claim once the realm is there" in told(realms.add("new", "openid", OPENID, {}))


def test_what_is_risky_is_told():
    assert "cross the network in clear" in told(
        realms.add("new", "ad", {**AD, "mode": "ldap"}, BIND)
    )


STORED = REALMS.replace(b"verify 1", b"verify 0\n\tbind_dn cn=reader,dc=x")


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"server1": "evil.example.com"}, "evil.example.com"),
        ({"port": "3389"}, "ldap.example.com"),
        ({"server1": "evil.example.com", "verify": "1"}, ""),
        ({"comment": "Lab"}, ""),
    ],
    ids=["another server", "another port", "a server that must prove itself", "nothing of it"],
)
def test_where_the_stored_bind_password_would_go_unprotected_is_told(options, where):
    """R20: PVE sends it by itself, at the next login or sync."""
    said = told(realms.edit("lab", options, (), {}), cluster(STORED))
    assert (f"the bind password that it keeps to {where}," in said) is bool(where)


def test_a_bind_password_that_is_given_anew_is_not_the_stored_one():
    intent = realms.edit("lab", {"server1": "new.example.com"}, (), BIND)
    assert "that it keeps" not in told(intent, cluster(STORED))


@pytest.mark.parametrize(
    ("kind", "options", "lacking"),
    [
        ("ad", {**AD, "server1": ""}, "Server"),
        ("ad", {**AD, "domain": ""}, "Domain"),
        ("ldap", {**LDAP, "base_dn": ""}, "Base Domain Name"),
        ("ldap", {**LDAP, "user_attr": ""}, "User Attribute Name"),
        ("openid", {**OPENID, "client-id": ""}, "Client ID"),
        ("openid", {"client-id": "x"}, "Issuer URL"),
    ],
)
def test_a_required_option_is_never_sent_empty(kind, options, lacking):
    words = refusal(realms.add("new", kind, options, {}))
    assert words.startswith(f"{lacking}: It must not be empty")


@pytest.mark.parametrize(
    ("name", "words"), [("lab", "exists already"), ("pam", "always there"), ("1", "begins with")]
)
def test_a_name_that_cannot_be_is_told(name, words):
    assert words in refusal(realms.add(name, "ad", AD, {}))


def test_types_that_are_always_there_are_not_added():
    assert "cannot be added" in refusal(realms.add("new", "pam", {}, {}))


def test_an_option_of_another_type_is_refused():
    assert "has no client-id" in refusal(realms.add("new", "ad", {**AD, "client-id": "x"}, {}))


def test_openid_has_no_require_tfa_and_that_is_said():
    words = refusal(realms.add("new", "openid", {**OPENID, "tfa": "type=oath"}, {}))
    assert "PVE never asks there for a factor of its own" in words


@pytest.mark.parametrize(
    "options",
    [{"password": "x"}, {"tfa": "type=yubico,id=1,key=s3cret"}],
)
def test_a_secret_is_never_a_plain_value(options):
    words = refusal(realms.add("new", "ad", {**AD, **options}, {}))
    assert "is a secret" in words
    assert "s3cret" not in words


def test_a_secret_that_pve_would_not_take_is_not_repeated():
    words = refusal(realms.add("new", "ad", AD, {"password": Secret("two\nlines-canary")}))
    assert words.startswith("Bind Password: It is one line.")
    assert "canary" not in words


# --- edit --------------------------------------------------------------------------------


def test_only_what_differs_is_sent_with_the_digest_of_the_file():
    made = cluster()
    step = only_step(realms.edit("lab", {"port": "636", "mode": "ldaps"}, (), {}), made)
    assert (step.method, step.path) == ("PUT", ("access", "domains", "lab"))
    assert step.params == {"port": "636", "digest": made.realms.value.digest}


def test_what_is_empty_is_unset():
    step = only_step(realms.edit("lab", {"port": ""}, ("comment",), {}))
    assert step.params["delete"] == "port"


@pytest.mark.parametrize("how", [({"server1": ""}, ()), ({}, ("server1",))])
def test_a_required_option_is_never_unset(how):
    assert "Server: It must not be empty" in refusal(realms.edit("lab", *how, {}))


@pytest.mark.parametrize("how", [({"username-claim": "sub"}, ()), ({}, ("username-claim",))])
def test_what_is_fixed_is_not_sent(how):
    assert "PVE never changes Username Claim" in refusal(realms.edit("idp", *how, {}))


def test_nothing_to_change_is_said():
    assert "so already" in refusal(realms.edit("lab", {"port": "389"}, (), {}), kind=Refused)


def test_another_digest_is_refused_before_anything_is_sent():
    edit = realms.edit("lab", {"port": "636"}, (), {}, digest="0" * 40)
    with pytest.raises(UsageError, match="changed since they were read"):
        make_plan(edit, cluster(), now=NOW)


def test_what_others_changed_meanwhile_is_told():
    seen = {**cluster().realms.value.realms["lab"].options, "server1": "old.example.com"}
    assert "changed by somebody else meanwhile: Server" in told(
        realms.edit("lab", {"port": "636"}, (), {}, seen=seen)
    )


def test_a_password_alone_is_a_change():
    plan = make_plan(realms.edit("lab", {}, (), BIND), cluster(), now=NOW)
    assert [effect.text for effect in plan.changes] == ["new password or key for its server"]


def test_the_default_moves_from_the_other_realm_and_both_are_told():
    plan = make_plan(realms.edit("lab", {"default": "1"}, (), {}), cluster(), now=NOW)
    assert {(one.subject, one.text) for one in plan.changes} == {
        ("lab", "the default realm from now on"),
        ("pve", "no longer the default realm"),
    }


# --- PVE's own check -----------------------------------------------------------------------


def test_a_new_realm_with_a_password_is_made_before_pve_checks_it():
    """R19: PVE keeps a tried password when its check is refused, so none is sent with a check."""
    made, checked = realms.add("new", "ad", AD, BIND, check=True)(cluster()).steps
    assert "check-connection" not in made.params
    assert checked.params == {"server1": AD["server1"], "check-connection": 1}
    assert not checked.secrets


def test_without_a_password_one_call_does_both():
    step = only_step(realms.add("new", "ldap", LDAP, {}, check=True))
    assert step.params["check-connection"] == 1


def test_a_new_password_of_an_old_realm_is_not_sent_with_a_check():
    words = refusal(realms.edit("lab", {}, (), BIND, check=True))
    assert "PVE keeps a password that was tried" in words


def test_an_edit_without_a_new_password_is_one_call_with_the_check():
    """The password that is stored already is used, so none is tried that was not there before."""
    step = only_step(realms.edit("lab", {"port": "636"}, (), {}, check=True))
    assert (step.params["port"], step.params["check-connection"]) == ("636", 1)
    assert not step.secrets


def test_only_directories_can_be_checked():
    assert "LDAP and AD" in refusal(realms.edit("idp", {"scopes": "email"}, (), {}, check=True))
    assert "LDAP and AD" in refusal(realms.add("new", "openid", OPENID, {}, check=True))


# --- on the simulated node -----------------------------------------------------------------


class Node:
    """A simulated node, and pictures of its files."""

    def __init__(self):
        self.disk = MemoryDisk(dict(demo_tree().files))
        self.api = DirectApi(SimNode(self.disk, system_sources()))

    def picture(self):
        return SnapshotService(demo_tree().with_files(self.disk.files), Now()).load()

    def run(self, intent):
        for step in intent(self.picture()).steps:
            self.call(step)

    def call(self, step):
        return self.api.call(step.method, step.path, step.params, step.secrets)

    def cfg(self):
        return self.disk.read("etc/pve/domains.cfg").decode()


class Now:
    def now(self):
        return NOW


@pytest.fixture
def node():
    return Node()


def test_no_tried_password_stays_when_pves_check_is_refused_and_taken_back(node):
    """R19: nothing is left in priv/realm of a realm that is not there."""
    before = node.picture()
    plan = make_plan(realms.add("new", "ad", AD, BIND, check=True), before, now=NOW)
    first, check = plan.steps
    node.call(first)
    with pytest.raises(ApiError):
        node.call(check)
    assert node.disk.read(PASSWORD_FILE) == b"b1nd-secret"
    for step in plan.back.steps:
        node.call(step)
    assert node.disk.read(PASSWORD_FILE) is None
    assert "new" not in node.picture().realms.value.realms


def test_pve_itself_leaves_the_tried_password_behind(node):
    """Why a password never goes with `check-connection`."""
    step = only_step(realms.add("new", "ad", AD, BIND), node.picture())
    with pytest.raises(ApiError):
        node.call(replace(step, params={**step.params, "check-connection": 1}))
    assert node.disk.read(PASSWORD_FILE) == b"b1nd-secret"
    assert "new" not in node.picture().realms.value.realms


@pytest.fixture
def broken(node):
    """A realm added with an empty required option, which PVE takes (reference 4.3)."""
    given = {"realm": "new", "type": "ldap", **LDAP, "base_dn": "", "comment": "Neue Welt"}
    node.api.call("POST", ("access", "domains"), given)
    return node


def test_a_broken_realm_keeps_pve_from_changing_any_realm(broken):
    with pytest.raises(ApiError, match="unknown section type"):
        broken.api.call("PUT", ("access", "domains", "lab"), {"comment": "x"})
    with pytest.raises(ApiError):
        broken.api.call("PUT", ("access", "domains", "new"), {"base_dn": "dc=x"})
    with pytest.raises(ApiError):
        broken.api.call("DELETE", ("access", "domains", "new"))


def test_a_broken_realm_is_found_with_what_it_lacks_and_what_stands_there(broken):
    realm = broken.picture().realms.value.realms["new"]
    assert realm.type is None
    assert realm.broken.type == "ldap"
    assert realm.broken.missing == ("base_dn",)
    assert realm.broken.options["server1"] == LDAP["server1"]
    assert realm.broken.options["comment"] == "Neue Welt"
    found = [one for one in concerns(broken.picture(), NOW) if one.target and "new" in one.target]
    assert found[0].word == "BAD"
    assert "lacks base_dn" in found[0].text


def test_a_plan_mends_it_and_then_realms_can_be_changed_again(broken):
    mend = realms.add("new", "ldap", {**LDAP, "comment": "Neue Welt"}, BIND)
    draft = mend(broken.picture())
    assert draft.title == "mend realm new"
    assert "made anew" in draft.notes[0].text
    plan = make_plan(mend, broken.picture(), now=NOW)
    for step in plan.steps:
        broken.call(step)
    assert "base_dn dc=x" in broken.cfg()
    assert broken.disk.read(PASSWORD_FILE) == b"b1nd-secret"
    broken.run(realms.edit("lab", {"comment": "again"}, (), {}))
    assert "comment again" in broken.cfg()


def test_other_changes_say_which_realm_is_in_the_way(broken):
    with pytest.raises(UsageError, match="cannot read the section of realm new"):
        make_plan(realms.edit("lab", {"comment": "x"}, (), {}), broken.picture(), now=NOW)
    assert "cannot read realm new" in refusal(
        realms.edit("new", {"base_dn": "dc=x"}, (), {}), broken.picture()
    )


def test_every_kind_of_realm_ends_in_the_nodes_domains_cfg(node):
    node.run(realms.add("new", "ad", AD, BIND))
    node.run(realms.add("dir", "ldap", LDAP, {}))
    node.run(realms.add("idp", "openid", OPENID, {"client-key": Secret("k")}))
    for line in ("ad: new", "ldap: dir", "openid: idp", "\tclient-key k"):
        assert f"{line}\n" in node.cfg()
    assert "b1nd-secret" not in node.cfg()


def test_an_edit_with_the_digest_of_before_is_refused_by_pve(node):
    """The answer of somebody who was faster: nothing is lost."""
    step = only_step(realms.edit("lab", {"comment": "mine"}, (), {}), node.picture())
    node.run(realms.edit("lab", {"comment": "theirs"}, (), {}))
    with pytest.raises(ApiError, match="detected modified configuration"):
        node.call(step)
    assert "comment theirs" in node.cfg()


# --- Require TFA -----------------------------------------------------------------------------

OATH = {"tfa": "type=oath,step=30"}


def test_a_demand_on_pam_is_refused_while_root_has_no_matching_factor():
    """The guard refuses it, whoever else gets in."""
    made = cluster(REALMS, "user:eve@pve:1:0:::::", "acl:1:/:eve@pve:Administrator:")
    plan = make_plan(realms.edit("pam", OATH, (), {}), made, now=NOW, logged_in="root@pam")
    assert plan.refusal.startswith("root@pam could not log in any more")
    assert "would be asked for TOTP and has none" in plan.refusal
    assert plan.weight is Weight.HEAVY


def test_security_keys_do_not_help_where_a_realm_demands_totp():
    made = cluster(tfa=[of("root@pam", factor("webauthn", "blue"))])
    plan = make_plan(realms.edit("pam", OATH, (), {}), made, now=NOW, logged_in="root@pam")
    assert plan.refusal


def test_a_demand_on_pam_is_accepted_when_root_has_totp():
    made = cluster(tfa=[of("root@pam", factor("totp", "phone"))])
    plan = make_plan(realms.edit("pam", OATH, (), {}), made, now=NOW, logged_in="root@pam")
    assert plan.refusal == ""


def test_a_yubico_demand_is_a_secret_and_judged_all_the_same():
    made = cluster()
    tfa = {"tfa": Secret("type=yubico,id=1,key=c4nary")}
    plan = make_plan(realms.edit("pam", {}, (), tfa), made, now=NOW, logged_in="root@pam")
    assert "would be asked for Yubico OTP and has none" in plan.refusal
    assert "c4nary" not in repr(plan.steps) + repr(plan.changes)


@pytest.mark.parametrize(
    ("options", "secrets", "words"),
    [
        ({"tfa": "type=yubico,id=1"}, {}, "an API key"),
        ({}, {"tfa": Secret("type=yubico,key=c4nary")}, "an API ID"),
    ],
)
def test_a_yubico_demand_that_lets_nobody_in_is_not_sent(options, secrets, words):
    """PVE takes it; then each login of the realm fails."""
    with pytest.raises(UsageError, match=words) as raised:
        realms.edit("lab", options, (), secrets)(cluster(REALMS))
    assert "c4nary" not in str(raised.value)


def test_who_cannot_log_in_afterwards_is_named():
    made = cluster(REALMS, "user:ann@lab:1:0:::::")
    plan = make_plan(realms.edit("lab", OATH, (), {}), made, now=NOW)
    assert any("ann@lab" in finding.text for finding in plan.findings)


# --- remove ----------------------------------------------------------------------------------


def test_what_a_realm_leaves_behind_is_listed(node):
    left = left_behind(node.picture(), "corp")
    assert len(left.users) > 100
    assert "ops-corp" in left.groups
    assert left.jobs == ("corp-changes", "corp-nightly")
    assert left.administrators
    assert left.ghosts
    text = " ".join(f"{line.heading} {line.text}" for line in impact(left, "corp"))
    for words in ("users of corp", "TFA entr", "ACL line", "corp-nightly", "Ghosts"):
        assert words in text


def test_a_group_belongs_to_the_realm_with_the_longest_name():
    text = REALMS + b"\nldap: eu-lab\n\tserver1 x\n\tbase_dn dc=x\n\tuser_attr uid\n"
    made = cluster(text, "group:a-lab:::", "group:b-eu-lab:::", "group:lab:::")
    assert left_behind(made, "lab").groups == ("a-lab",)
    assert left_behind(made, "eu-lab").groups == ("b-eu-lab",)


def test_removing_the_default_realm_says_so():
    made = cluster(
        REALMS.replace(b"port 389", b"default 1").replace(b"\n\tdefault 1\n\nl", b"\n\nl")
    )
    assert "login page" in told(realmremoval.remove("lab"), made)
    assert "login page" not in told(realmremoval.remove("idp"), made)


def test_a_realm_goes_alone_unless_more_is_chosen(node):
    step = only_step(realmremoval.remove("corp"), node.picture())
    assert (step.method, step.path) == ("DELETE", ("access", "domains", "corp"))


def test_everything_of_a_realm_can_go_with_it_jobs_first_and_then_the_realm():
    job = SyncJob("nightly", "lab", {})
    made = cluster(
        REALMS,
        "user:ann@lab:1:0:::::",
        "group:ops-lab:ann@lab::",
        "acl:1:/:gone@lab:PVEAuditor:",
        jobs=Jobs({"nightly": job}),
    )
    draft = realmremoval.remove("lab", clean=realmremoval.LEAVINGS)(made)
    assert [f"{step.method} {'/'.join(step.path)}" for step in draft.steps] == [
        "DELETE cluster/jobs/realm-sync/nightly",
        "DELETE access/domains/lab",
        "DELETE access/users/gone@lab",
        "DELETE access/users/ann@lab",
        "DELETE access/groups/ops-lab",
    ]
    assert draft.title == ("remove realm lab with 1 user, 1 group, 1 sync job and 1 ghost entry")


def test_nothing_of_a_realm_is_left_on_the_node(node):
    node.run(realmremoval.remove("entra", clean=realmremoval.LEAVINGS))
    left = left_behind(node.picture(), "entra")
    assert (left.users, left.groups, left.jobs, left.ghosts) == ((), (), (), ())
    assert "openid: entra" not in node.cfg()


def test_pam_and_pve_are_not_removed_nor_one_that_pve_cannot_read(broken):
    assert "always there" in refusal(realmremoval.remove("pam"), kind=Refused)
    words = refusal(realmremoval.remove("new"), broken.picture(), kind=Refused)
    assert "e on Realms" in words


def test_the_realm_of_the_last_administrator_is_guarded():
    """Nobody but carl@lab is an administrator who can log in: root has no password here."""
    made = cluster(REALMS, "user:carl@lab:1:0:::::", "acl:1:/:carl@lab:Administrator:")
    made = replace(made, unix=part(type("U", (), {"users": frozenset()})()))
    plan = make_plan(realmremoval.remove("lab"), made, now=NOW)
    assert plan.refusal
