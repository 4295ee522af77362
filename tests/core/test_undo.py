"""Undo: what age allows, three records of each object, and what is remembered of a change."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core import applied as applied_module
from pve_auth_tui.core.backfactors import TooSoon
from pve_auth_tui.core.changed import Changed, changed
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, Unreadable
from pve_auth_tui.core.giveback import given_back, regained
from pve_auth_tui.core.objects import KINDS, Key, differing
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster, Datacenter, Jobs, Part, SyncJob
from pve_auth_tui.core.takeback import material_of
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.undo import Age, Applied, age_rule, applied_of, undo_intent
from tests.core.pictures import CORP, ENTRA, NOW, PAM, PVE, factors, picture

HOUR, DAY = 3600, 86400
ON, OFF = "user:ann@pve:1:0::::::", "user:ann@pve:0:0::::::"
BOB = "user:bob@pve:1:0::::::"
ANN = Key("user", "ann@pve")
URI = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=6&algorithm=SHA1&period=30"


def code(totp):
    return Secret("123456")


def made(before, after, **more):
    """A change from one picture to another, as it is remembered."""
    touched = differing(before, after)
    return applied_of("1", "the change", NOW, before=before, after=after, touched=touched, **more)


def draft(applied, now_there, *, now=NOW + 5, material=None, code_of=code):
    return undo_intent(applied, material or {}, now=now, code_of=code_of)(now_there)


def refusal(applied, now_there, **more):
    with pytest.raises(Refused) as caught:
        draft(applied, now_there, **more)
    return str(caught.value)


# --- age --------------------------------------------------------------------------------------


DISABLED = made(picture(ON), picture(OFF))
ENABLED = made(picture(OFF), picture(ON))


@pytest.mark.parametrize("seconds", [0, HOUR, 2 * HOUR, 2 * DAY, 400 * DAY, -2 * DAY])
def test_taking_away_what_was_added_is_allowed_at_any_time(seconds):
    assert age_rule(ENABLED, NOW + seconds) == Age()


@pytest.mark.parametrize(
    ("seconds", "typed", "refused"),
    [
        (0, False, False),
        (HOUR, False, False),
        (HOUR + 1, True, False),
        (DAY, True, False),
        (DAY + 1, False, True),
        (-30, False, False),
        (-61, False, True),
        (-DAY, False, True),
    ],
)
def test_giving_back_is_typed_after_an_hour_and_refused_after_a_day(seconds, typed, refused):
    age = age_rule(DISABLED, NOW + seconds)
    assert age.confirm == ("the change" if typed else "")
    assert bool(age.refusal) is refused


def test_what_is_too_old_is_refused_by_the_intent_as_well():
    assert refusal(DISABLED, picture(OFF), now=NOW + DAY + 1).startswith("It was done 24 h ago")
    assert "The clock was set back" in refusal(DISABLED, picture(OFF), now=NOW - DAY)
    assert draft(ENABLED, picture(ON), now=NOW + 9 * DAY).steps


# --- what is given back ---------------------------------------------------------------------------


TOKEN, OPEN = "token:ann@pve!ci:0:1::", "token:ann@pve!ci:0:0::"
BRIEF = "token:ann@pve!ci:1900000000:1::"
ONE = [factors("ann@pve", TfaEntry("1", "totp", "phone"))]
ONE_OFF = [factors("ann@pve", TfaEntry("1", "totp", "phone", enable=False))]
KEY = [factors("ann@pve", TfaEntry("1", "webauthn", "rack 3"))]
LOCKED = [factors("ann@pve", TfaEntry("1", "totp", "phone"), locked=True)]
TFA_PAM = Realm("pam", "pam", {"tfa": "type=oath"})


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        (picture(ON), picture(OFF), ["ann@pve is enabled again."]),
        (picture(ON), picture(), ["ann@pve can log in again."]),
        (picture(OFF), picture(), []),
        (picture(ON), picture("user:ann@pve:1:5::::::"), ["ann@pve expires later again."]),
        (picture("user:ann@pve:1:5::::::"), picture(ON), []),
        (picture("user:ann@pve:1:5::::::"), picture("user:ann@pve:1:4::::::"), None),
        (picture("user:ann@pve:1:4::::::"), picture("user:ann@pve:1:5::::::"), []),
        (picture(ON), picture("user:ann@pve:1:0:Ann:::::"), []),
        (
            picture(ON, "group:ops:ann@pve::"),
            picture(ON, "group:ops:::"),
            ["ann@pve is in group ops again."],
        ),
        (picture(ON, "group:ops:::"), picture(ON, "group:ops:ann@pve::"), []),
        (picture("role:R:VM.Audit:"), picture("role:R::"), ["Role R has VM.Audit again."]),
        (picture("role:R::"), picture("role:R:VM.Audit:"), []),
        (
            picture(ON, TOKEN),
            picture(ON),
            ["API token ann@pve!ci is there again, with another secret."],
        ),
        (picture(ON), picture(ON, TOKEN), []),
        (
            picture(ON, OPEN),
            picture(ON, TOKEN),
            ["API token ann@pve!ci has all rights of its user again."],
        ),
        (picture(ON, TOKEN), picture(ON, BRIEF), ["API token ann@pve!ci expires later again."]),
        (
            picture("pool:lab::100:nfs:"),
            picture("pool:lab::::"),
            ["Whoever has rights on pool lab has them on 100 and nfs again."],
        ),
        (
            picture(ON, "acl:1:/vms:ann@pve:PVEVMUser:"),
            picture(ON),
            ["ann@pve has role PVEVMUser on /vms again."],
        ),
        (
            picture("group:ops:::", "acl:1:/vms:@ops:PVEVMUser:"),
            picture("group:ops:::", "acl:0:/vms:@ops:PVEVMUser:"),
            ["group ops has role PVEVMUser on /vms again."],
        ),
        (picture(ON, tfa=ONE), picture(ON), ["TFA entry phone of ann@pve works again."]),
        (
            picture(ON, tfa=ONE),
            picture(ON, tfa=ONE_OFF),
            ["TFA entry phone of ann@pve works again."],
        ),
        (picture(ON, tfa=ONE_OFF), picture(ON, tfa=ONE), []),
        (picture(ON, tfa=ONE_OFF), picture(ON), []),
        (picture(ON, tfa=KEY), picture(ON), []),
        (picture(ON, tfa=ONE), picture(ON, tfa=LOCKED), ["ann@pve is unlocked."]),
        (picture(ON, tfa=LOCKED), picture(ON, tfa=ONE), []),
        (picture(), picture(realms=[PAM, PVE, ENTRA]), ["Users of realm corp can log in again."]),
        (picture(realms=[PAM, PVE]), picture(realms=[PAM, PVE, CORP]), []),
        (
            picture(realms=[PAM, PVE]),
            picture(realms=[TFA_PAM, PVE]),
            ["Realm pam has its old tfa again."],
        ),
        (
            picture(realms=[Realm("pam", "pam", {"comment": "x", "default": "1"}), PVE]),
            picture(realms=[PAM, PVE]),
            [],
        ),
        (
            picture(datacenter=Datacenter({"webauthn": {"rp": "R", "id": "a.b"}})),
            picture(),
            ["Security keys made for the old settings work again."],
        ),
        (
            picture(datacenter=Datacenter({"keyboard": "de"})),
            picture(datacenter=Datacenter({})),
            [],
        ),
    ],
)
def test_each_right_login_factor_and_secret_is_told(before, after, sentences):
    expected = ["ann@pve expires later again."] if sentences is None else sentences
    assert list(given_back(changed(before, after, differing(before, after)))) == expected


def test_a_replaced_right_counts_as_taken_away_by_what_was_added():
    top = (ON, "acl:1:/:ann@pve:PVEAdmin:")
    before, after = picture(*top), picture(*top, "acl:1:/vms:ann@pve:PVEAuditor:")
    applied = made(before, after)
    assert applied.regained == ("ann@pve gets rights back on /vms.",)
    assert age_rule(applied, NOW + DAY + 1).refusal
    assert made(picture(ON), picture(ON, "acl:1:/vms:ann@pve:PVEAuditor:")).regained == ()


@pytest.mark.parametrize(
    ("before", "after", "who"),
    [
        # below the path only: Propagate was switched on
        (
            ("acl:1:/:ann@pve:PVEAdmin:", "acl:0:/vms:ann@pve:PVEAuditor:"),
            ("acl:1:/:ann@pve:PVEAdmin:", "acl:1:/vms:ann@pve:PVEAuditor:"),
            ["ann@pve gets rights back on /vms."],
        ),
        # a group with NoAccess
        (
            ("acl:1:/:ann@pve:PVEAdmin:", "group:no:::", "acl:1:/vms:@no:NoAccess:"),
            ("acl:1:/:ann@pve:PVEAdmin:", "group:no:ann@pve::", "acl:1:/vms:@no:NoAccess:"),
            ["ann@pve gets rights back on /vms."],
        ),
        # an entry for a group
        (
            ("acl:1:/:ann@pve:PVEAdmin:", "group:no:ann@pve,bob@pve::"),
            ("acl:1:/:ann@pve:PVEAdmin:", "group:no:ann@pve,bob@pve::", "acl:1:/vms:@no:NoAccess:"),
            ["ann@pve gets rights back on /vms."],
        ),
        # a guest came into a pool without rights
        (
            ("pool:p::::", "acl:1:/pool:ann@pve:NoAccess:"),
            ("pool:p::100::", "acl:1:/pool:ann@pve:NoAccess:"),
            ["Whoever has NoAccess on pool p gets rights back on 100."],
        ),
        (("pool:p::::",), ("pool:p::100::",), []),
    ],
)
def test_whose_rights_an_addition_replaced(before, after, who):
    old, new = picture(ON, BOB, *before), picture(ON, BOB, *after)
    assert list(regained(old, new, changed(old, new, differing(old, new)))) == who


def test_too_many_to_be_asked_count_as_giving_back():
    users = [f"user:u{number}@pve:1:0::::::" for number in range(2001)]
    group = "group:all:" + ",".join(f"u{number}@pve" for number in range(2001)) + "::"
    before = picture(*users, group)
    after = picture(*users, group, "acl:1:/vms:@all:PVEAuditor:")
    [sentence] = regained(before, after, changed(before, after, differing(before, after)))
    assert "too many" in sentence


def test_without_a_picture_of_rights_nobody_is_asked():
    nothing = replace(picture(), access=Part(None, "files", NOW, "broken"))
    assert regained(nothing, picture(), ()) == ()


# --- three records -------------------------------------------------------------------------------


def test_the_draft_says_what_comes_back_and_what_does_not():
    before = picture(ON, TOKEN, pve_passwords=["ann"])
    applied = made(before, picture(pve_passwords=()))
    found = draft(applied, picture(pve_passwords=()))
    assert found.title == "take back: the change"
    assert [step.method for step in found.steps] == ["POST", "POST"]
    assert {note.word for note in found.notes} == {"LOOK"}
    assert [note.text for note in found.notes] == [
        "ann@pve can log in again.",
        "API token ann@pve!ci is there again, with another secret.",
        "The password of ann@pve does not come back: set a new one.",
        "The secret of API token ann@pve!ci does not come back: it gets a new one.",
    ]


def test_many_that_come_back_are_counted():
    users = [f"user:u{number:02}@pve:1:0::::::" for number in range(30)]
    off = [line.replace(":1:0:", ":0:0:") for line in users]
    notes = draft(made(picture(*users), picture(*off)), picture(*off)).notes
    assert len(notes) == 11
    assert notes[-1].text == "And 20 more come back."


def test_every_object_that_changed_since_is_named():
    before = picture(ON, BOB, "role:R:VM.Audit:")
    after = picture(OFF, "role:R::")
    since = picture("user:ann@pve:0:7::::note::", BOB, "role:R:VM.Console:")
    assert refusal(made(before, after), since) == (
        "role R was changed since: privs is VM.Console, not empty. "
        "ann@pve was changed since: expire is 7, not 0, comment is note, not empty."
    )


def test_what_was_made_anew_or_is_gone_is_named():
    assert refusal(made(picture(ON), picture()), picture(OFF)) == "ann@pve was made anew since."
    assert refusal(DISABLED, picture()) == "ann@pve is not there any more."
    restricted = replace(picture(), restricted=True)
    assert refusal(DISABLED, restricted) == (
        "ann@pve is not there any more, or is not shown to you."
    )


def test_only_the_first_of_many_are_named():
    users = [f"user:u{number:02}@pve:1:0::::::" for number in range(30)]
    off = [line.replace(":1:0:", ":0:0:") for line in users]
    text = refusal(made(picture(*users), picture(*off)), picture())
    assert text.count("is not there any more.") == 10
    assert text.endswith("And 20 more.")


def test_long_values_are_not_repeated():
    long = "user:ann@pve:1:0::::" + "x" * 50 + "::"
    assert refusal(made(picture(ON), picture(long)), picture(ON.replace("::::::", "::::y::"))) == (
        "ann@pve was changed since: comment is another one."
    )


def test_everything_back_is_said():
    assert refusal(DISABLED, picture(ON)) == "It is back already: the change."


def test_twice_is_once():
    assert refusal(replace(DISABLED, undone=True), picture(OFF)) == (
        "It was taken back before: the change."
    )
    assert refusal(replace(DISABLED, purged=True), picture(OFF)) == (
        "What is needed to take it back was removed: the change."
    )


def test_where_a_file_cannot_be_read_nothing_is_undone():
    broken = Part(None, "files", NOW, "priv/tfa.cfg is broken.", "Mend it.")
    applied = made(picture(ON), picture(ON, tfa=ONE))
    assert refusal(applied, replace(picture(ON), tfa=broken)) == (
        "The second factors could not be read: priv/tfa.cfg is broken."
    )
    unread = replace(picture(), access=broken, realms=broken, datacenter=broken)
    assert refusal(DISABLED, unread).startswith("The users and rights could not be read")
    realm = made(picture(), picture(realms=[PAM, PVE]))
    assert refusal(realm, unread).startswith("The realms could not be read")
    option = made(picture(), picture(datacenter=Datacenter({})))
    assert refusal(option, unread).startswith("The datacenter options could not be read")


def test_a_lock_that_came_since_stops_no_undo():
    used = TfaEntry("1", "totp", "phone", data=URI)
    before = picture(ON, tfa=[factors("ann@pve", used, locked=True)])
    after = picture(OFF, tfa=[factors("ann@pve", used)])
    assert draft(made(before, after), picture(OFF, tfa=before.tfa.value.users.values())).steps


def test_a_used_code_stops_the_undo_for_a_moment():
    used = TfaEntry("1", "totp", "phone", data={"totp": URI, "last-count": int(NOW) // 30})
    before, after = picture(ON, tfa=[factors("ann@pve", used)]), picture(ON)
    applied = made(before, after)
    material = material_of(before, applied.changes)
    with pytest.raises(TooSoon):
        draft(applied, after, material=material)
    assert draft(applied, after, material=material, now=NOW + 60).steps


def test_without_anything_that_computes_codes_no_totp_entry_comes_back():
    before = picture(ON, tfa=[factors("ann@pve", TfaEntry("1", "totp", "phone", data=URI))])
    applied = made(before, picture(ON))
    material = material_of(before, applied.changes)
    text = refusal(applied, picture(ON), material=material, code_of=None)
    assert "nothing here computes its code" in text


def test_an_entry_whose_id_nobody_knows_is_not_guessed_at():
    """As a plan foretold it; nobody read back which id PVE gave it."""
    foretold = made(picture(ON), picture(ON, tfa=[factors("ann@pve", TfaEntry("?1", "totp", "p"))]))
    there = picture(ON, tfa=[factors("ann@pve", TfaEntry("abc", "totp", "p"))])
    assert "nobody knows which one it is" in refusal(foretold, there)
    assert refusal(foretold, picture(ON)) == "It is back already: the change."


# --- what is remembered ---------------------------------------------------------------------


def everything():
    """A change of each kind of object."""
    before = picture(
        ON,
        TOKEN,
        "group:g:ann@pve:c:",
        "role:R:VM.Audit:",
        "pool:p:c:100:nfs:",
        "acl:1:/vms:ann@pve:R:",
        tfa=LOCKED,
    )
    after = picture(
        realms=[PAM, PVE],
        pve_passwords=["ann", "ünal"],
        datacenter=Datacenter({"keyboard": "de"}),
        jobs=Jobs({"nightly": SyncJob("nightly", "corp", {"schedule": "daily"})}),
    )
    return made(before, after, lost=["The password.", "ü\u2028\ud800"], armed_until=NOW + 600)


def test_all_kinds_are_written_and_read_again():
    applied = everything()
    assert {one.key.kind for one in applied.changes} == set(KINDS)
    assert Applied.from_json(applied.to_json()) == applied
    state = replace(applied, undone=True, purged=True, armed_until=None, complete=False, undoes="7")
    assert Applied.from_json(state.to_json()) == state
    assert "\n" not in applied.to_json()


_texts = st.text(max_size=20)
_users = st.fixed_dictionaries(
    dict.fromkeys(("firstname", "lastname", "email", "comment", "keys", "groups"), _texts)
    | {"enable": st.sampled_from("01"), "expire": st.integers(0, 10**30).map(str)}
)


@given(
    st.lists(st.tuples(_texts, st.none() | _users, st.none() | _users), max_size=4),
    st.lists(_texts, max_size=3),
    st.floats(0, 2**40),
)
def test_whatever_it_holds_it_is_read_as_written(records, lost, time):
    changes = tuple(Changed(Key("user", n), a, b) for n, a, b in records if a != b)
    applied = Applied("id", "title", time, changes, tuple(lost))
    assert Applied.from_json(applied.to_json()) == applied


@given(st.text(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
).map(json.dumps))  # fmt: skip
def test_nothing_else_is_read(text):
    with pytest.raises(Unreadable):
        Applied.from_json(text)


def with_part(change):
    """The JSON of a change of everything, spoilt."""
    data = json.loads(everything().to_json())
    change(data)
    return json.dumps(data)


def _set(*path, value):
    def change(data):
        for name in path[:-1]:
            data = data[name]
        data[path[-1]] = value

    return change


def _record(kind, **values):
    def change(data):
        for one in data["changes"]:
            if one[0] == kind:
                which = 3 if one[3] is not None else 4
                one[which] = {**one[which], **values}

    return change


@pytest.mark.parametrize(
    "change",
    [
        *(_set(each.name, value={"no": "such"}) for each in fields(Applied)),
        *(_set(name, value=None) for name in ("id", "time", "changes", "lost", "undone")),
        _set("form", value=2),
        _set("form", value=True),
        _set("more", value=1),
        _set("time", value=True),
        _set("time", value=-1),
        _set("time", value=float("nan")),
        _set("armed_until", value=float("inf")),
        _set("time", value=1e300),
        _set("undone", value=1),
        _set("lost", value=["x", 1]),
        _set("lost", value="x"),
        _set("id", value="x" * 200_000),
        _set("changes", value=[["user", "ann@pve", "", None]]),
        _set("changes", value=[["user", "ann@pve", "", None, None]]),
        _set("changes", value=[["thing", "ann@pve", "", None, {"a": "b"}]]),
        _set("changes", value=[[["user"], "ann@pve", "", None, {"a": "b"}]]),
        _set("changes", value=[["option", 7, "", None, {"value": "b"}]]),
        _set("changes", value=[["option", "x", "", None, {"value": 7}]]),
        _set("changes", value=[["option", "x", "", None, ["value"]]]),
        _set("changes", value=[["option", "x", "", None, dict.fromkeys(map(str, range(300)), "")]]),
        _set("changes", value=[["realm", "x", "", None, {"comment": "b"}]]),
        _set("changes", value=[["acl", "/", "ann@pve:R", None, {"propagate": "1"}]]),
        _set("changes", value=[["option", "x", "", {"delete": "x"}, None]]),
        _set("changes", value=[["option", "keyboard", "", {}, None]]),
        _set("changes", value=[["option", "keyboard", "", {"value": "de", "x": "y"}, None]]),
        _record("user", expire="9" * 5000),
        _record("user", enable="yes"),
        _record("user", expire="-1"),
        _record("user", more="x"),
        _record("acl", propagate=""),
        _record("token", privsep="x"),
    ],
)
def test_a_spoilt_record_is_not_read(change):
    assert Applied.from_json(with_part(lambda data: None))
    with pytest.raises(Unreadable) as caught:
        Applied.from_json(with_part(change))
    assert str(caught.value).startswith("What was remembered of a change cannot be read: ")
    assert "by hand" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "9" * 10_000, '{"id":NaN}', '{"id":1,"id":2}', "", "null", '"x"', "{}"],
)
def test_hostile_json_is_not_read(text):
    with pytest.raises(Unreadable):
        Applied.from_json(text)


def test_a_name_that_comes_twice_is_not_read():
    with pytest.raises(Unreadable):
        Applied.from_json(everything().to_json().replace("{", '{"id":"x",', 1))


def test_what_is_too_long_is_not_even_parsed(monkeypatch):
    monkeypatch.setattr(applied_module, "MOST_BYTES", 100)
    with pytest.raises(Unreadable, match="longer than"):
        Applied.from_json(everything().to_json())
    monkeypatch.undo()
    monkeypatch.setattr(applied_module, "MOST_CHANGES", 3)
    with pytest.raises(Unreadable, match="a list is none, or too long"):
        Applied.from_json(everything().to_json())


def test_no_secret_is_remembered():
    yubico = Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=CANARY"})
    entra = Realm("entra", "openid", {**ENTRA.options, "client-key": "CANARY"})
    proxy = Datacenter({"http_proxy": "http://u:CANARY@proxy"})
    phone = TfaEntry(
        "1", "totp", "phone", data={"totp": URI.replace("GEZ", "CANARY"), "last-count": 1}
    )
    before = picture(
        "user:ann@pve:1:0:::::CANARY:",
        realms=[PAM, yubico, entra],
        datacenter=proxy,
        tfa=[factors("ann@pve", phone)],
        cluster=Cluster("pve1", None, True),
    )
    after = picture(realms=[PAM, PVE], datacenter=Datacenter({}))
    applied = made(before, after)
    assert {one.key.kind for one in applied.changes} >= {"user", "realm", "option", "factor"}
    assert "CANARY" not in applied.to_json() + repr(applied)
    assert sorted(material_of(before, applied.changes)) == [
        "factor ann@pve 1",
        "option http_proxy http_proxy",
        "realm entra client-key",
        "realm pve tfa",
    ]
    assert "CANARY" not in repr(material_of(before, applied.changes))
