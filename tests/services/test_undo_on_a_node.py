"""Undo on the simulated node: what is there in the end is what was there before, or was said."""

import random

import pytest

from pve_auth_tui.core.backfactors import TooSoon
from pve_auth_tui.core.errors import ApiError, Refused
from pve_auth_tui.core.objects import Key, differing, record
from pve_auth_tui.core.otpauth import Totp, parse
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.takeback import changed, material_of, way_back
from pve_auth_tui.core.undo import Applied, applied_of, undo_intent
from pve_auth_tui.services.apipicture import ApiPicture
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.tfa import totp
from tests.services.undo_cases import CASES, acl, call, factor
from tests.services.undo_lab import Lab, records_that_differ, small_files
from tests.services.undo_table import DOCUMENT, outcome, table, with_table
from tests.simnode.door import ANN_PASSWORD, Door

IDS = [f"{case.area}, {case.name}" for case in CASES]
ANNOUNCED = ("comes back with a new id", "count of wrong codes", "comes back without a second")


def words_for(name):
    """What a sentence about something that is still different must say."""
    match name:
        case ("password", userid, *_):
            return f"password of {userid}"
        case ("token", tokenid, *_):
            return f"secret of API token {tokenid}"
        case ("lock", userid, *_):
            return f"TFA lock of {userid}"
        case ("factor", userid, part, *_):
            return f"The recovery keys of {userid}" if part == "recovery" else f"of {userid} does"
        case ("realm", realm, "client-key" | "tfa" | "password" as option):
            words = {"client-key": "client key", "tfa": "Yubico API key"}
            return f"{words.get(option, f'bind {option}')} of realm {realm}"
    raise AssertionError(f"{name} did not come back, and nobody said so")


# --- the table ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_does_not_come_back_was_said_and_nothing_else(case):
    found = outcome(case)
    assert found.changed, "the change of this case changes nothing"
    unsaid = [name for name in found.left if not any(words_for(name) in s for s in found.lost)]
    assert unsaid == []
    words = [words_for(name) for name in found.left]
    empty = [
        sentence
        for sentence in found.lost
        if not any(text in sentence for text in (*words, *ANNOUNCED))
    ]
    assert empty == [], "something was called lost that is there"


def test_the_table_in_the_documents_is_what_really_came_back():
    """`.venv/bin/python -m tests.services.undo_table` writes it anew."""
    document = DOCUMENT.read_text()
    assert document == with_table(document, table())


# --- TOTP: the same secret, and never a code twice --------------------------------------------


class Ann:
    """ann@pve with a phone, at the door of a node. It is the clock, too."""

    def __init__(self):
        self.door = Door()
        self.phone = self.door.enrol_totp("ann@pve")

    def now(self):
        return self.door.clock.now

    def wait(self, seconds):
        self.door.clock.now += seconds

    def picture(self):
        return SnapshotService(self.door.node.tree, self).load()

    def code(self, of):
        return Secret(totp.code(of, self.now()))

    def login(self, code):
        """The status of a login with the password and this code."""
        first = self.door.login("ann@pve", ANN_PASSWORD)
        ticket = first.body["data"]["ticket"]
        return self.door.login("ann@pve", f"totp:{code}", tfa_challenge=ticket).status

    def without_phone(self):
        """Remove the entry; what undo knows of it."""
        before = self.picture()
        [entry] = before.tfa.value.users["ann@pve"].entries
        self.door.node.answer("DELETE", f"/access/tfa/ann@pve/{entry.id}")
        after = self.picture()
        changes = changed(before, after, differing(before, after))
        return changes, material_of(before, changes)

    def restore(self, changes, material):
        way = way_back(changes, material, self.picture(), now=self.now(), code_of=self.code)
        api = DirectApi(self.door.node)
        for step in way.steps:
            api.call(step.method, step.path, step.params, step.secrets)


def test_the_same_phone_logs_in_again():
    ann = Ann()
    changes, material = ann.without_phone()
    ann.restore(changes, material)
    assert ann.login(ann.code(ann.phone).reveal()) == 200


def test_a_used_code_never_counts_again():
    ann = Ann()
    used = ann.code(ann.phone).reveal()
    assert ann.login(used) == 200
    changes, material = ann.without_phone()
    with pytest.raises(TooSoon) as caught:
        ann.restore(changes, material)
    assert 30 < caught.value.seconds <= 60
    ann.wait(caught.value.seconds - 1)
    with pytest.raises(TooSoon):
        ann.restore(changes, material)
    assert "ann@pve" not in ann.picture().tfa.value.users
    ann.wait(1)
    ann.restore(changes, material)
    assert ann.login(used) == 401
    assert ann.login(ann.code(ann.phone).reveal()) == 200


def test_a_code_of_the_next_period_is_waited_for_90_seconds_at_most():
    ann = Ann()
    early = totp.code(ann.phone, ann.now() + 30)
    assert ann.login(early) == 200
    changes, material = ann.without_phone()
    with pytest.raises(TooSoon, match="a code of it that was used would count again") as caught:
        ann.restore(changes, material)
    assert 60 < caught.value.seconds <= 90
    ann.wait(caught.value.seconds)
    ann.restore(changes, material)
    assert ann.login(early) == 401


def test_other_entries_stay_beside_the_one_that_comes_back():
    ann = Ann()
    changes, material = ann.without_phone()
    ann.door.enrol("ann@pve", "recovery")
    ann.restore(changes, material)
    entries = ann.picture().tfa.value.users["ann@pve"].entries
    assert [entry.type for entry in entries] == ["recovery", "totp"]


# --- on the way -----------------------------------------------------------------------------


@pytest.mark.parametrize("userid", ["carl@corp", "anna.admin@corp", "lena@pve"])
def test_an_account_is_never_open_without_the_factor_that_it_had(userid):
    lab = Lab()
    done = lab.change([call("DELETE", f"users/{userid}")])
    for step in lab.way_back(done).steps:
        lab.carry_out([step])
        picture = lab.picture()
        if picture.access.value.users[userid].enable:
            assert userid in picture.tfa.value.users
    assert lab.picture().access.value.users[userid].enable


def test_an_enabled_account_waits_for_its_factor_too():
    lab = Lab()
    done = lab.change(
        [
            call("PUT", "users/carl@corp", enable=0, comment="x"),
            call("DELETE", f"tfa/carl@corp/{factor(lab, 'carl@corp', 'totp')}"),
        ]
    )
    steps = lab.way_back(done).steps
    assert [(step.method, step.params.get("enable")) for step in steps] == [
        ("PUT", None),
        ("POST", None),
        ("PUT", 1),
    ]


def test_what_pve_s_api_alone_told_has_no_secrets_and_that_is_said():
    lab = Lab()
    api_picture = ApiPicture(lab.api, lab.clock)
    before = api_picture.load(None, None)
    lab.carry_out(
        [call("DELETE", "domains/entra"), call("DELETE", f"tfa/carl@corp/{_totp_of(lab)}")]
    )
    after = api_picture.load(None, None)
    changes = changed(before, after, differing(before, after))
    assert material_of(before, changes) == {}
    way = way_back(changes, {}, after, now=lab.clock.at, code_of=lab.code)
    assert "client-key" not in {name for step in way.steps for name in step.params}
    assert way.lost == (
        "TOTP entry phone of carl@corp does not come back: nobody has its secret, enrol anew.",
        "The client key of realm entra does not come back: set it anew.",
    )


def _totp_of(lab):
    return factor(lab, "carl@corp", "totp")


# --- three-way -------------------------------------------------------------------------------


def test_what_somebody_else_changed_since_is_not_undone():
    lab = Lab()
    done = lab.change([call("PUT", "users/anna.admin@corp", enable=0)])
    lab.carry_out([call("PUT", "users/anna.admin@corp", enable=1, comment="on leave")])
    with pytest.raises(Refused, match=r"anna.admin@corp was changed since: enable is 1, not 0, c"):
        lab.draft(done)


def test_each_object_that_was_changed_since_is_named_and_nothing_is_done():
    lab = Lab()
    done = lab.change(
        [
            call("PUT", "users/dora@corp", enable=0),
            call("PUT", "roles/PowerOnly", privs="VM.Audit"),
            call("POST", "groups", groupid="new"),
        ]
    )
    lab.carry_out(
        [
            call("DELETE", "users/dora@corp"),
            call("PUT", "roles/PowerOnly", privs="VM.Console"),
            call("DELETE", "groups/new"),
        ]
    )
    with pytest.raises(Refused) as caught:
        lab.draft(done)
    assert str(caught.value) == (
        "role PowerOnly was changed since: privs is VM.Console, not VM.Audit. "
        "dora@corp is not there any more."
    )


def test_what_is_back_already_is_left_out():
    lab = Lab()
    done = lab.change(
        [call("PUT", "users/dora@corp", enable=0), call("PUT", "users/bob@pve", enable=0)]
    )
    lab.carry_out([call("PUT", "users/bob@pve", enable=1)])
    draft = lab.draft(done)
    assert draft.title == "take back: some change"
    assert draft.steps == (ApiCall("PUT", ("access", "users", "dora@corp"), {"enable": 1}),)
    assert [note.text for note in draft.notes] == ["dora@corp is enabled again."]
    lab.carry_out(draft.steps)
    with pytest.raises(Refused, match="It is back already: some change"):
        lab.draft(done)


def test_a_totp_entry_that_was_added_again_by_hand_is_back_already():
    lab = Lab()
    uri = next(iter(lab.node.state.tfa.users["carl@corp"].entries)).data["totp"]
    done = lab.change([call("DELETE", f"tfa/carl@corp/{_totp_of(lab)}")])
    secrets = {"totp": uri, "value": lab.code(parse(uri)).reveal()}
    lab.carry_out([call("POST", "tfa/carl@corp", secrets, type="totp", description="mine")])
    with pytest.raises(Refused, match="It is back already"):
        lab.draft(done)


def test_others_in_the_same_group_are_other_changes():
    lab = Lab()
    done = lab.change([call("PUT", "users/dora@corp", groups="ops-corp", append=1)])
    lab.carry_out([call("PUT", "users/bob@pve", groups="ops-corp", append=1)])
    lab.carry_out(lab.draft(done).steps)
    members = lab.picture().access.value.groups["ops-corp"].members
    assert "bob@pve" in members
    assert "dora@corp" not in members


@pytest.mark.parametrize(
    ("change", "since", "named"),
    [
        (
            [call("POST", "users", userid="new@corp")],
            [acl("/vms", "PVEVMUser", users="new@corp")],
            "user new@corp has more than the change gave it: ACL /vms new@corp PVEVMUser",
        ),
        (
            [call("POST", "users", userid="new@corp")],
            [call("POST", "users/new@corp/token/t1")],
            "API token new@corp!t1",
        ),
        (
            [call("POST", "users", userid="new@corp")],
            [call("POST", "tfa/new@corp", type="recovery")],
            "TFA entry recovery of new@corp",
        ),
        (
            [call("POST", "groups", groupid="new")],
            [acl("/vms", "PVEVMUser", groups="new")],
            "ACL /vms @new PVEVMUser",
        ),
        (
            [call("POST", "groups", groupid="new")],
            [call("PUT", "users/bob@pve", groups="new", append=1)],
            "group new was changed since: members is bob@pve, not empty",
        ),
        (
            [call("POST", "roles", roleid="New", privs="VM.Audit")],
            [acl("/vms", "New", users="bob@pve")],
            "role New has more than the change gave it: ACL /vms bob@pve New",
        ),
        (
            [call("POST", "pools", poolid="new")],
            [acl("/pool/new", "PVEVMUser", users="bob@pve")],
            "pool new has more than the change gave it: ACL /pool/new bob@pve PVEVMUser",
        ),
    ],
)
def test_what_was_given_since_does_not_vanish_with_an_undo(change, since, named):
    lab = Lab()
    done = lab.change(change)
    lab.carry_out(since)
    with pytest.raises(Refused) as caught:
        lab.draft(done)
    assert named in str(caught.value)


def test_an_unlock_cannot_be_taken_back_and_need_not():
    lab = Lab()
    done = lab.change([call("PUT", "users/root@pam/unlock-tfa")])
    with pytest.raises(Refused, match="Nothing can be taken back of") as caught:
        lab.draft(done)
    assert "need not" in caught.value.hint


def test_users_of_a_realm_that_goes_again_are_told_of():
    lab = Lab()
    done = lab.change(
        [
            call(
                "POST",
                "domains",
                realm="new",
                type="ldap",
                server1="x",
                base_dn="d",
                user_attr="uid",
            )
        ]
    )
    lab.carry_out([call("POST", "users", userid="joe@new")])
    notes = [note.text for note in lab.draft(done).notes]
    assert notes == ["1 user of realm new cannot log in any more."]


def test_rights_that_an_added_entry_had_replaced_count_as_given_back():
    lab = Lab()
    lab.carry_out([acl("/", "PVEAdmin", users="nina@pve")])
    done = lab.change([acl("/vms/100", "PVEAuditor", users="nina@pve")])
    assert done.applied().regained == ("nina@pve gets rights back on /vms/100.",)
    assert [note.word for note in lab.draft(done).notes] == ["LOOK"]


# --- at random --------------------------------------------------------------------------------

USERS = (
    *("dora@corp", "carl@corp", "erik@pve", "lena@pve", "bob@pve", "anna.admin@corp"),
    *("nina@pve", "new@pve"),
)
GROUPS = ("ops-corp", "admins-corp", "local-admins", "fresh")
ROLES = ("PowerOnly", "Own", "PVEVMUser", "NoAccess")
PATHS = ("/", "/vms", "/vms/101", "/pool/lab", "/access/realm/corp")
REALMS = ("corp", "entra", "lab", "pve", "fresh")
TOKENS = ("ci", "t1")
SMALL = small_files(USERS)


def random_call(chance, lab):
    """A call as somebody may make it; some are refused."""
    pick, flag = chance.choice, lambda: chance.randrange(2)
    userid, group, role, realm = pick(USERS), pick(GROUPS), pick(ROLES), pick(REALMS)
    some = ",".join(chance.sample(GROUPS, chance.randrange(3)))
    text = pick(["", "x", "Ü: 5 %", "two words"])
    expire = pick([0, 1900000000])
    tokenid = pick(_tokens(lab) or ["anna.admin@corp!ci"])
    owner, _, name = tokenid.rpartition("!")
    new, token = f"users/{userid}/token/{pick(TOKENS)}", f"users/{owner}/token/{name}"
    subject = pick([{"users": userid}, {"groups": group}, {"tokens": tokenid}])
    pools = sorted(lab.node.state.access.pools)
    ldap = {"type": "ldap", "server1": "x", "base_dn": "dc=x", "user_attr": "uid"}
    calls = [
        lambda: call("POST", "users", userid=userid, enable=flag(), groups=some, comment=text),
        lambda: call("PUT", f"users/{userid}", enable=flag(), expire=expire, lastname=text),
        lambda: call("PUT", f"users/{userid}", groups=some, append=flag()),
        lambda: call("DELETE", f"users/{userid}"),
        lambda: call("POST", "groups", groupid=group, comment=text),
        lambda: call("PUT", f"groups/{group}", comment=text),
        lambda: call("DELETE", f"groups/{group}"),
        lambda: call("POST", "roles", roleid="Own", privs="VM.Audit,VM.Console"),
        lambda: call("PUT", f"roles/{role}", privs=pick(["", "VM.Audit", "Sys.Audit"])),
        lambda: call("DELETE", f"roles/{role}"),
        lambda: call("POST", new, privsep=flag(), expire=expire, comment=text),
        lambda: call("PUT", token, privsep=flag(), expire=expire, comment=text),
        lambda: call("DELETE", token),
        lambda: acl(pick(PATHS), role, propagate=flag(), **subject),
        lambda: acl(pick(PATHS), role, delete=1, **subject),
        lambda: call("POST", "pools", poolid=pick(["p1", "p1/in", "lab"]), comment=text),
        lambda: call("PUT", "pools", poolid=pick(["p1", "lab"]), vms="104,105", allow__move=1),
        lambda: call("PUT", "pools", poolid="lab", vms="104", delete=1),
        lambda: call("PUT", "pools", poolid=pick(pools), storage="pbs-rack", delete=flag()),
        lambda: call("DELETE", "pools", poolid=pick(pools)),
        lambda: call("POST", "domains", realm=realm, default=flag(), **ldap),
        lambda: call("PUT", f"domains/{realm}", comment=text, default=flag()),
        lambda: call("PUT", f"domains/{realm}", delete=pick(["server2", "comment,mode"])),
        lambda: call("DELETE", f"domains/{realm}"),
        lambda: call("PUT", "domains/pve", tfa=pick(["type=oath", "type=yubico,id=1,key=c2Vj"])),
        lambda: call("POST", f"tfa/{userid}", type="recovery"),
        lambda: call("PUT", f"tfa/{userid}/{_some_factor(lab, userid, pick)}", enable=flag()),
        lambda: call("DELETE", f"tfa/{userid}/{_some_factor(lab, userid, pick)}"),
        lambda: _phone(lab, userid),
        lambda: call("PUT", f"users/{userid}/unlock-tfa"),
        lambda: call("PUT", "cluster/options", webauthn=f"id={pick('ab')}.example.com,rp=R"),
        lambda: call("PUT", "cluster/options", delete=pick(["webauthn", "keyboard"])),
    ]
    return pick(calls)()


def _tokens(lab):
    users = lab.node.state.access.users.values()
    return [f"{user.id}!{name}" for user in users for name in user.tokens]


def _some_factor(lab, userid, pick):
    user = lab.node.state.tfa.users.get(userid)
    return pick([entry.id for entry in user.entries]) if user else "none"


def _phone(lab, userid):
    device = Totp(userid.encode().ljust(20), userid)
    secrets = {"totp": device.uri(), "value": lab.code(device).reveal()}
    return call("POST", f"tfa/{userid}", secrets, type="totp", description="new phone")


@pytest.mark.parametrize("seed", range(300))
def test_random_changes_are_undone_but_for_what_is_called_lost(seed):
    chance = random.Random(seed)  # noqa: S311 (no secret of anybody)
    lab = Lab(SMALL)
    _try(lab, call("POST", "pools", poolid="p1"))
    for _ in range(chance.randrange(6)):  # somewhere to start from
        _try(lab, random_call(chance, lab))
    before, deep = lab.picture(), lab.depths()
    steps = []
    for _ in range(chance.randrange(1, 9)):
        step = random_call(chance, lab)
        if _try(lab, step):
            steps.append(step)
    after = lab.picture()
    changes = changed(before, after, differing(before, after))
    material = material_of(before, changes)
    way = way_back(changes, material, after, now=lab.clock.at, code_of=lab.code)
    done = applied_of(
        "1", "x", lab.clock.at, before=before, after=after, touched=differing(before, after)
    )
    intent = undo_intent(done, material, now=lab.clock.at, code_of=lab.code)
    if way.steps:  # nobody else has changed anything: there is nothing to refuse
        assert intent(after).steps == way.steps
    lab.carry_out(way.steps)
    left = records_that_differ(before, lab.picture())
    unsaid = [key for key in left if not any(words_for(tuple(key)) in s for s in way.lost)]
    assert unsaid == []
    deeper = lab.depths()
    gone = {name for name in deep if deeper.get(name) != deep[name] and _in_records(name, changes)}
    assert [n for n in gone if not any(words_for(n) in s for s in way.lost)] == []


def _in_records(name, changes):
    """Is it of an object that records tell of? What no record shows is `beyond_records`'s."""
    kind, of = name[0], name[1]
    return any(one.key.kind == kind and one.key.name == of and one.was_removed for one in changes)


def _try(lab, step):
    try:
        lab.carry_out([step])
    except ApiError:
        return False
    return True


def test_what_is_remembered_is_enough_to_undo_after_a_restart():
    lab = Lab()
    done = lab.change([call("DELETE", "users/anna.admin@corp")])
    applied = Applied.from_json(done.applied("remove user anna.admin@corp").to_json())
    assert applied == done.applied("remove user anna.admin@corp")
    intent = undo_intent(applied, done.material, now=lab.clock.at, code_of=lab.code)
    lab.carry_out(intent(lab.picture()).steps)
    key = Key("user", "anna.admin@corp")
    assert record(lab.picture(), key) == record(done.before, key)
