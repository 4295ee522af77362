"""What somebody wants, as calls: what they are, and when there are none."""

from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.intents import call, factors, removal, users
from pve_auth_tui.core.objects import Key, differing
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Datacenter, Guest, Inventory, Part
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.sources import system_sources
from tests.core.pictures import CORP, ENTRA, NOW, PAM, PVE, factor, picture
from tests.core.pictures import factors as of

ANN, BOB = "user:ann@pve:1:0:::::", "user:bob@corp:0:0:::::"
URI = Secret("otpauth://totp/PVE:ann?secret=ABCDEFGHIJKLMNOP&digits=6&period=30")
CODE = Secret("123456")


def steps(intent, made):
    return [_told(step) for step in intent(made).steps]


def _told(step):
    given = " ".join(f"{name}={value}" for name, value in {**step.params, **step.secrets}.items())
    return f"{step.method} /{'/'.join(step.path)} {given}".rstrip()


def refusal(intent, made, kind):
    with pytest.raises(kind) as caught:
        intent(made)
    assert type(caught.value) is kind
    return str(caught.value)


def notes(draft):
    return [f"{note.word} {note.text}" for note in draft.notes]


# --- users ----------------------------------------------------------------------------


def test_users_are_disabled_and_those_who_are_so_already_need_no_call():
    draft = users.switch(["ann@pve", "bob@corp", "ann@pve"], enable=False)(picture(ANN, BOB))
    assert draft.title == "disable 2 users"
    assert draft.steps == (ApiCall("PUT", ("access", "users", "ann@pve"), {"enable": 0}),)
    assert draft.already == (("bob@corp", "none, disabled already"),)


def test_one_user_is_enabled_by_name():
    draft = users.switch(["bob@corp"], enable=True)(picture(ANN, BOB))
    assert (draft.title, draft.already) == ("enable bob@corp", ())
    assert draft.steps[0].params == {"enable": 1}


def test_who_is_disabled_already_is_not_disabled_again():
    made = picture(ANN, BOB)
    assert refusal(users.switch(["bob@corp"], enable=False), made, Refused) == (
        "bob@corp is disabled already."
    )
    both = users.switch(["ann@pve", "root@pam"], enable=True)
    assert refusal(both, made, Refused) == "All 2 users are enabled already."


def test_a_user_who_is_not_there_cannot_be_switched():
    intent = users.switch(["gone@pve"], enable=False)
    assert refusal(intent, picture(ANN), UsageError) == "There is no user gone@pve."
    assert refusal(users.switch([], enable=True), picture(ANN), UsageError) == (
        "No user was named to enable."
    )


def test_of_a_part_of_the_users_nobody_is_called_missing():
    part = replace(picture(ANN), restricted=True)
    assert refusal(users.switch(["gone@pve"], enable=False), part, UsageError) == (
        "PVE shows no user gone@pve to whoever asks here."
    )


def test_nothing_is_planned_on_what_could_not_be_read():
    made = replace(picture(ANN), access=Part(None, "files", NOW, "It is locked.", "Wait."))
    assert refusal(users.switch(["ann@pve"], enable=False), made, Refused) == (
        "Users and permissions could not be read, so nothing is planned. It is locked."
    )


# --- removal --------------------------------------------------------------------------


def test_what_goes_with_its_user_needs_no_call_of_its_own():
    made = picture(
        ANN,
        "token:ann@pve!ci:0:1::",
        "acl:1:/vms:ann@pve:PVEVMUser:",
        tfa=[of("ann@pve", factor("totp", "phone"), locked=True)],
    )
    keys = [
        Key("user", "ann@pve"),
        Key("password", "ann@pve"),
        Key("token", "ann@pve!ci"),
        Key("acl", "/vms", "user:ann@pve:PVEVMUser"),
        Key("factor", "ann@pve", "totp-phone"),
        Key("lock", "ann@pve"),
    ]
    draft = removal.remove(keys)(made)
    assert draft.title == "remove 6 objects"
    assert draft.steps == (ApiCall("DELETE", ("access", "users", "ann@pve")),)


def test_each_kind_has_its_call_and_what_needs_others_goes_first():
    made = picture(
        ANN,
        BOB,
        "token:ann@pve!ci:0:1::",
        "group:ops:bob@corp::",
        "role:Mine:VM.Audit:",
        "pool:lab::::",
        "acl:1:/vms:bob@corp:PVEVMUser:",
        tfa=[of("bob@corp", factor("totp", "phone"), locked=True)],
    )
    keys = [
        Key("realm", "corp"),
        Key("role", "Mine"),
        Key("group", "ops"),
        Key("user", "ann@pve"),
        Key("pool", "lab"),
        Key("acl", "/vms", "user:bob@corp:PVEVMUser"),
        Key("factor", "bob@corp", "totp-phone"),
        Key("option", "webauthn"),
    ]
    assert steps(removal.remove(keys), made) == [
        "PUT /access/acl path=/vms roles=PVEVMUser users=bob@corp delete=1",
        "PUT /cluster/options delete=webauthn",
        "DELETE /access/tfa/bob@corp/totp-phone",
        "DELETE /pools poolid=lab",
        "DELETE /access/users/ann@pve",
        "DELETE /access/groups/ops",
        "DELETE /access/roles/Mine",
        "DELETE /access/domains/corp",
    ]
    assert steps(removal.remove([Key("token", "ann@pve!ci")]), made) == [
        "DELETE /access/users/ann@pve/token/ci"
    ]
    assert steps(removal.remove([Key("lock", "bob@corp")]), made) == [
        "PUT /access/users/bob@corp/unlock-tfa"
    ]


def test_titles_say_what_is_removed():
    made = [Key("token", "a@pve!t1"), Key("token", "a@pve!t2")]
    assert removal.title_of("remove", made[:1]) == "remove API token a@pve!t1"
    assert removal.title_of("remove", made) == "remove 2 API tokens"
    entries = [Key("acl", "/", f"user:{n}@pve:NoAccess") for n in "ab"]
    assert removal.title_of("remove", entries) == "remove 2 ACL entries"
    assert removal.title_of("remove", [*made, *entries]) == "remove 4 objects"


def test_entries_of_one_role_on_one_path_go_in_one_call():
    made = picture(
        ANN,
        BOB,
        "token:ann@pve!ci:0:1::",
        "group:ops:::",
        "acl:1:/vms:ann@pve,bob@corp,@ops,ann@pve!ci:PVEVMUser,PVEAuditor:",
    )
    keys = [
        Key("acl", "/vms", "user:ann@pve:PVEVMUser"),
        Key("acl", "/vms", "user:bob@corp:PVEVMUser"),
        Key("acl", "/vms", "group:ops:PVEVMUser"),
        Key("acl", "/vms", "token:ann@pve!ci:PVEAuditor"),
    ]
    intent = removal.remove(keys)
    assert steps(intent, made) == [
        "PUT /access/acl path=/vms roles=PVEAuditor tokens=ann@pve!ci delete=1",
        "PUT /access/acl path=/vms roles=PVEVMUser groups=ops users=ann@pve,bob@corp delete=1",
    ]
    after = forecast(made, intent(made).steps, now=NOW).snapshot
    assert set(differing(made, after)) == set(keys)


@pytest.mark.parametrize(
    ("key", "kind", "sentence"),
    [
        (Key("user", "gone@pve"), UsageError, "There is no user gone@pve."),
        (Key("group", "gone"), UsageError, "There is no group gone."),
        (Key("role", "Gone"), UsageError, "There is no role Gone."),
        (Key("pool", "gone"), UsageError, "There is no pool gone."),
        (Key("realm", "gone"), UsageError, "There is no realm gone."),
        (Key("token", "ann@pve!x1"), UsageError, "There is no API token of ann@pve named x1."),
        (Key("factor", "ann@pve", "x"), UsageError, "ann@pve has no second factor x."),
        (Key("lock", "ann@pve"), Refused, "The second factors of ann@pve are not locked."),
        (Key("option", "u2f"), UsageError, "There is no datacenter option u2f."),
        (
            Key("acl", "/", "user:ann@pve:NoAccess"),
            UsageError,
            "There is no ACL / ann@pve NoAccess.",
        ),
        (
            Key("user", "root@pam"),
            Refused,
            "root@pam cannot be removed: PVE makes it anew at once, without its second factors.",
        ),
        (
            Key("role", "PVEAdmin"),
            Refused,
            "Role PVEAdmin is built in: PVE does not remove it.",
        ),
        (Key("realm", "pam"), Refused, "Realm pam is always there: PVE makes it anew."),
        (
            Key("password", "ann@pve"),
            UsageError,
            "The password of ann@pve cannot be removed, only be replaced.",
        ),
    ],
)
def test_what_cannot_be_removed_is_said(key, kind, sentence):
    assert refusal(removal.remove([key]), picture(ANN), kind) == sentence


def test_nothing_named_is_nothing_removed():
    assert refusal(removal.remove([]), picture(ANN), UsageError) == (
        "Nothing was named to be removed."
    )


def test_a_realm_that_pve_cannot_read_it_cannot_remove_either():
    made = picture(ANN, realms=(PAM, PVE, Realm("bad", None)))
    assert refusal(removal.remove([Key("realm", "bad")]), made, Refused) == (
        "PVE itself cannot read realm bad, and so not remove it."
    )


def test_a_pool_must_be_empty_of_what_exists():
    lines = ("pool:lab::100,101:nfs,gone:", "pool:lab/ci::::", "pool:old::999:gone:")
    made = picture(*lines, guests=[(100, "web")], inventory=None)
    assert refusal(removal.remove([Key("pool", "lab")]), made, Refused) == (
        "Pool lab is not empty: pool lab/ci, guest 100, guest 101 and 2 more are in it."
    )
    inventory = Inventory({100: Guest(100, "web", "pve1", "qemu")}, ("nfs",))
    made = picture(*lines, inventory=inventory)
    assert refusal(removal.remove([Key("pool", "lab")]), made, Refused) == (
        "Pool lab is not empty: pool lab/ci, guest 100 and storage nfs are in it."
    )
    assert steps(removal.remove([Key("pool", "old")]), made) == ["DELETE /pools poolid=old"]


def test_before_nested_pools_a_pool_stood_in_the_path():
    made = picture("pool:lab::::", cluster=Cluster("pve1", None, True, access_control="8.0.3"))
    assert steps(removal.remove([Key("pool", "lab")]), made) == ["DELETE /pools/lab"]


# --- what is left of those who do not exist ---------------------------------------------


def test_all_that_is_left_of_a_missing_user_goes_in_one_call():
    made = picture(
        "acl:1:/vms:gone@corp:PVEVMUser:",
        "acl:1:/storage:gone@corp:PVEDatastoreUser:",
        tfa=[of("gone@corp", factor("totp", "phone"))],
    )
    entries = [
        Key("acl", "/vms", "user:gone@corp:PVEVMUser"),
        Key("acl", "/storage", "user:gone@corp:PVEDatastoreUser"),
    ]
    keys = [*entries, Key("factor", "gone@corp", "totp-phone")]
    assert steps(removal.remove(keys), made) == ["DELETE /access/users/gone@corp"]
    assert refusal(removal.remove(entries), made, Refused) == (
        "There is no user gone@corp: PVE removes what is left of it all at once, and that is "
        "also TFA entry totp-phone of gone@corp."
    )
    assert refusal(removal.remove(entries[:1]), made, Refused).endswith("also 2 others.")


def test_a_missing_group_is_made_and_removed():
    made = picture("acl:1:/vms:@gone:PVEVMUser:")
    assert steps(removal.remove([Key("acl", "/vms", "group:gone:PVEVMUser")]), made) == [
        "POST /access/groups groupid=gone",
        "DELETE /access/groups/gone",
    ]


def test_the_simulated_node_removes_what_is_left_of_missing_names():
    files = {**demo_tree().files}
    files["etc/pve/user.cfg"] += b"acl:1:/vms/120:@gone:PVEVMUser:\n"
    disk = MemoryDisk(files)
    api = DirectApi(SimNode(disk, system_sources()))
    before = _picture_of(disk)
    keys = [
        Key("acl", "/vms/104", "user:gone@corp:PVEVMAdmin"),
        Key("acl", "/vms/120", "group:gone:PVEVMUser"),
        Key("acl", "/vms/110", "group:ops-corp:NoAccess"),
    ]
    draft = removal.remove(keys)(before)
    for step in draft.steps:
        api.call(step.method, step.path, step.params, step.secrets)
    assert set(differing(before, _picture_of(disk))) == set(keys)


def _picture_of(disk):
    return SnapshotService(demo_tree().with_files(disk.files), Now()).load()


class Now:
    def now(self):
        return DEMO_NOW


# --- second factors -----------------------------------------------------------------------


def test_totp_is_added_with_its_secrets_apart():
    draft = factors.add_totp("ann@pve", " phone ", URI, CODE)(picture(ANN))
    assert draft.title == "add TOTP phone for ann@pve"
    (step,) = draft.steps
    assert (step.method, step.path) == ("POST", ("access", "tfa", "ann@pve"))
    assert step.params == {"type": "totp", "description": "phone"}
    assert step.secrets == {"totp": URI, "value": CODE}
    assert "ABCDEFGH" not in repr(draft)
    assert notes(draft) == []


@pytest.mark.parametrize(
    ("description", "uri", "code", "sentence"),
    [
        ("  ", URI, CODE, "PVE wants a description: where is it, for example phone."),
        ("x" * 256, URI, CODE, "Two factor description: at most 255 characters."),
        ("phone", URI, Secret("12345"), "A code of this app has 6 digits."),
        ("phone", URI, Secret("12345a"), "A code of this app has 6 digits."),
        (
            "phone",
            Secret("https://KEY"),
            CODE,
            "PVE would not take this key URI: it is no otpauth://totp/ URI that it knows.",
        ),
    ],
)
def test_what_pve_would_not_take_as_totp_is_said_without_the_secret(
    description, uri, code, sentence
):
    intent = factors.add_totp("ann@pve", description, uri, code)
    assert refusal(intent, picture(ANN), UsageError) == sentence


def test_a_factor_that_will_not_be_asked_for_is_told_of():
    yubico = Realm("yub", "ldap", {"tfa": "type=yubico,id=1,key=x"})
    made = picture(
        "user:o@entra:1:0:::::",
        "user:y@yub:1:0:::::",
        ANN,
        realms=(PAM, PVE, CORP, ENTRA, yubico),
        tfa=[of("ann@pve", factor("totp", "phone"), locked=True)],
    )

    def told(userid):
        return notes(factors.add_totp(userid, "phone", URI, CODE)(made))

    assert told("o@entra") == [
        "LOOK PVE never asks o@entra for it: in OpenID realms only the provider can."
    ]
    assert told("y@yub") == [
        "LOOK Realm yub requires Yubico OTP: PVE takes no TOTP of y@yub there."
    ]
    assert told("ann@pve") == [
        "LOOK ann@pve has a second factor named phone already.",
        "LOOK TOTP of ann@pve is locked: the new one works when unlocked.",
    ]
    assert notes(factors.add_recovery("o@entra")(made))[0].startswith("LOOK PVE never asks o@e")


def test_recovery_keys_are_added_once_and_replaced_in_two_calls():
    made = picture(ANN, tfa=[of("ann@pve", factor("totp", "phone"))])
    assert steps(factors.add_recovery("ann@pve"), made) == [
        "POST /access/tfa/ann@pve type=recovery"
    ]
    assert refusal(factors.replace_recovery("ann@pve"), made, UsageError) == (
        "ann@pve has no recovery keys to replace."
    )
    made = picture(ANN, tfa=[of("ann@pve", factor("recovery", unused=2))])
    assert refusal(factors.add_recovery("ann@pve"), made, Refused) == (
        "ann@pve has recovery keys, and PVE keeps one set only."
    )
    draft = factors.replace_recovery("ann@pve")(made)
    assert list(map(_told, draft.steps)) == [
        "DELETE /access/tfa/ann@pve/recovery",
        "POST /access/tfa/ann@pve type=recovery",
    ]
    assert notes(draft) == ["LOOK The old recovery keys of ann@pve no longer work."]


def test_recovery_keys_alone_are_used_up():
    assert notes(factors.add_recovery("ann@pve")(picture(ANN))) == [
        "LOOK They are the only second factor of ann@pve: each login uses one up."
    ]


def test_factors_are_renamed_and_switched():
    entries = (factor("totp", "phone"), factor("webauthn", "key", enable=False))
    made = picture(ANN, tfa=[of("ann@pve", *entries)])
    draft = factors.rename("ann@pve", "totp-phone", "tablet")(made)
    assert draft.title == "rename TOTP phone of ann@pve to tablet"
    assert list(map(_told, draft.steps)) == [
        "PUT /access/tfa/ann@pve/totp-phone description=tablet"
    ]
    assert refusal(factors.rename("ann@pve", "totp-phone", "phone"), made, Refused) == (
        "It is named phone already."
    )
    draft = factors.switch("ann@pve", "webauthn-key", enable=True)(made)
    assert draft.title == "enable WebAuthn key of ann@pve"
    assert list(map(_told, draft.steps)) == ["PUT /access/tfa/ann@pve/webauthn-key enable=1"]
    assert refusal(factors.switch("ann@pve", "totp-phone", enable=True), made, Refused) == (
        "TOTP phone of ann@pve is enabled already."
    )


def test_recovery_keys_are_neither_renamed_nor_switched():
    made = picture(ANN, tfa=[of("ann@pve", factor("recovery", unused=9))])
    assert refusal(factors.rename("ann@pve", "recovery", "x"), made, Refused) == (
        "Recovery keys have no name to change."
    )
    assert refusal(factors.switch("ann@pve", "recovery", enable=False), made, Refused) == (
        "Recovery keys cannot be switched off: remove them."
    )


def test_some_or_all_factors_are_removed():
    entries = (factor("totp", "phone"), factor("webauthn", "key"), factor("recovery", unused=9))
    made = picture(ANN, tfa=[of("ann@pve", *entries)])

    def title(*idents):
        return factors.remove("ann@pve", idents)(made).title

    assert title("recovery") == "remove the recovery keys of ann@pve"
    assert title("totp-phone") == "remove TOTP phone of ann@pve"
    assert title("totp-phone", "recovery") == "remove 2 second factors of ann@pve"
    every = ("totp-phone", "webauthn-key", "recovery")
    assert title(*every) == "remove all 3 second factors of ann@pve"
    assert steps(factors.remove("ann@pve", every), made) == [
        f"DELETE /access/tfa/ann@pve/{ident}" for ident in every
    ]


def test_no_factor_named_removes_none():
    made = picture(ANN, tfa=[of("ann@pve", factor("totp", "phone"))])
    assert refusal(factors.remove("ann@pve", []), made, UsageError) == (
        "No second factor of ann@pve was named to be removed."
    )


def test_a_factor_that_is_only_planned_has_no_id_to_change_it_by():
    new = replace(factor("totp", "phone"), id="?1")
    made = picture(ANN, tfa=[of("ann@pve", new)])
    for intent in (factors.remove("ann@pve", ["?1"]), factors.rename("ann@pve", "?1", "x")):
        assert refusal(intent, made, Refused) == (
            "That second factor is only made by the same plan: it has no id yet."
        )


def test_who_is_locked_is_unlocked_and_told_what_that_does_not_do():
    nodes = (ClusterNode("pve1"), ClusterNode("pve2"))
    made = picture(
        ANN,
        tfa=[of("ann@pve", factor("totp", "phone"), locked=True)],
        cluster=Cluster("pve1", "rack", True, nodes),
    )
    draft = factors.unlock("ann@pve")(made)
    assert draft.title == "unlock the second factors of ann@pve"
    assert list(map(_told, draft.steps)) == ["PUT /access/users/ann@pve/unlock-tfa"]
    assert notes(draft) == [
        "LOOK Each node counts wrong codes by itself: only the count of pve1 starts anew.",
        "LOOK Whoever locked ann@pve knew the password: look at the log first.",
    ]
    alone = picture(ANN, tfa=[of("ann@pve", factor("totp", "phone"), until=int(NOW) + 5)])
    assert len(factors.unlock("ann@pve")(alone).notes) == 1


def test_an_old_pve_has_no_lock_to_open():
    made = picture(
        ANN,
        tfa=[of("ann@pve", factor("totp", "phone"), locked=True)],
        cluster=Cluster("pve1", None, True, access_control="7.4-2"),
    )
    assert refusal(factors.unlock("ann@pve"), made, Refused) == (
        "PVE unlocks second factors from 8.0 on; older ones never lock them."
    )


def test_factors_that_could_not_be_read_are_not_changed():
    made = replace(picture(ANN), tfa=Part(None, "files", NOW, "PVE cannot read tfa.cfg."))
    assert refusal(factors.add_recovery("ann@pve"), made, Refused) == (
        "Second factors could not be read, so nothing is planned. PVE cannot read tfa.cfg."
    )


# --- any call -------------------------------------------------------------------------------


def test_any_call_that_changes_something():
    draft = call.call("PUT", ("access", "users", "ann@pve"), {"enable": 0})(picture(ANN))
    assert draft.title == "set /access/users/ann@pve"
    assert draft.steps == (ApiCall("PUT", ("access", "users", "ann@pve"), {"enable": 0}),)
    secret = {"password": Secret("s3cretpw")}
    draft = call.call("POST", ("access", "users"), {"userid": "x@pve"}, secret)(picture())
    assert draft.title == "create /access/users"
    assert draft.steps[0].secrets == secret


@pytest.mark.parametrize(
    ("method", "path", "params", "secrets", "sentence"),
    [
        ("GET", ("version",), {}, {}, "GET changes nothing: POST, PUT and DELETE do."),
        ("POST", (), {}, {}, "The path of the call is missing."),
        (
            "PUT",
            ("access", "password"),
            {"password": "x"},
            {},
            "password is a secret: it is never given as a plain value.",
        ),
        (
            "POST",
            ("access", "tfa", "ann@pve"),
            {"value": "123456"},
            {},
            "value is a secret: it is never given as a plain value.",
        ),
        (
            "PUT",
            ("access", "domains", "x"),
            {"client-key": "x"},
            {"client-key": Secret("x")},
            "client-key is given twice.",
        ),
        (
            "PUT",
            ("access", "users", ".."),
            {},
            {},
            "That name cannot be part of a path of PVE's API, so nothing was sent.",
        ),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(method, path, params, secrets, sentence):
    assert refusal(call.call(method, path, params, secrets), picture(ANN), UsageError) == sentence


def test_an_option_named_value_is_no_secret_elsewhere():
    assert not call.is_secret(("cluster", "options"), "value")


def test_an_option_may_be_there_as_text_or_in_parts():
    made = picture(datacenter=Datacenter({"keyboard": "de"}))
    assert steps(removal.remove([Key("option", "keyboard")]), made) == [
        "PUT /cluster/options delete=keyboard"
    ]
