"""What carries a way back: PVE's API, its files, its database; and a second administrator."""

import hashlib
import json
from dataclasses import replace

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.plan import ApiCall, DatabaseEdit, FileSwap, HostCommand, Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.recover.carrier import Carrier, carrier
from pve_auth_tui.core.recover.condition import Mount, Pmxcfs
from pve_auth_tui.core.recover.have import guessed, questions
from pve_auth_tui.core.recover.intents import MOST_HOURS, temporary_administrator
from pve_auth_tui.core.recover.tfarepair import repaired
from pve_auth_tui.core.recover.ways import Kind, ways_back
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Part
from pve_auth_tui.core.tfaconfig import parse_tfa
from tests.core.pictures import NOW, PVE, picture
from tests.core.recovering import cut_off, situation

URI = "otpauth://totp/x?secret=ABCDEFGHIJKLMNOP"
TOTP = {"id": "phone", "description": "phone", "created": 1, "entry": URI}
LOCKED = {"users": {"root@pam": {"totp": [TOTP], "totp-locked": True}}}
STOPPED = {"mount": Mount.BARE, "pmxcfs": None, "way": "config.db"}
USER_CFG = b"user:root@pam:0:0:::::\n"
COPY = "/root/tfa.cfg.unreadable.20261121-120000"
DOMAINS = b"pam: pam\n\tcomment Linux PAM\n\ttfa type=oath\n\n"


def written(users=LOCKED):
    return json.dumps(users, separators=(",", ":")).encode()


def read(data, **changed):
    """A situation with that tfa.cfg, as its picture and as its bytes."""
    made = situation(raw={"priv/tfa.cfg": data}, **changed)
    tfa = Part(parse_tfa(data), "files", NOW)
    return made._replace(snapshot=replace(made.snapshot, tfa=tfa))


def broken(data, **changed):
    made = situation(**changed)._replace(raw={"priv/tfa.cfg": data} if data is not None else {})
    refused = Part(None, "files", NOW, "PVE cannot read it.", "", refused=True)
    return made._replace(snapshot=replace(made.snapshot, tfa=refused))


def way(made, ident):
    return next(one for one in ways_back(made, guessed(questions(made))) if one.id == ident)


def plan(made, ident):
    return make_plan(way(made, ident).intent, made.snapshot, now=NOW)


# --- what carries it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "how"),
    [
        (situation(), Carrier.API),
        (situation(way="pvesh"), Carrier.API),
        (situation(read_only=True), Carrier.NOTHING),
        (cut_off(), Carrier.NOTHING),
        (cut_off(way="direct"), Carrier.NOTHING),
        (situation(way="files"), Carrier.FILES),
        (situation(way="files", read_only=True), Carrier.NOTHING),
        (situation(way="files", mount=Mount.HANGS), Carrier.NOTHING),
        (situation(way="files", rescue="/mnt"), Carrier.NOTHING),
        (situation(nodes=("pve1",), **STOPPED), Carrier.DATABASE),
        (situation(nodes=("pve1",), **STOPPED, rescue="/mnt", here=False), Carrier.DATABASE),
        (situation(**STOPPED), Carrier.NOTHING),  # a cluster's node: R11
        (situation(**{**STOPPED, "clustered": None}), Carrier.NOTHING),
        (situation(nodes=("pve1",), **{**STOPPED, "pmxcfs": Pmxcfs(7)}), Carrier.NOTHING),
        (situation(nodes=("pve1",), **{**STOPPED, "mount": Mount.ANSWERS}), Carrier.NOTHING),
        (situation(nodes=("pve1",), **{**STOPPED, "database": ""}), Carrier.NOTHING),
    ],
)
def test_what_carries_a_change(made, how):
    """R11: never the database of a cluster's node, nor one that somebody may hold."""
    assert carrier(made) is how


def test_the_api_unlocks_by_its_own_call():
    (step,) = plan(read(written()), "unlock").steps
    assert step == ApiCall("PUT", ("access", "users", "root@pam", "unlock-tfa"))


def test_a_file_is_replaced_only_while_it_is_what_was_read():
    data = written()
    found = plan(read(data, way="files"), "unlock")
    (step,) = found.steps
    assert type(step) is FileSwap
    assert step.path == "/etc/pve/priv/tfa.cfg"
    assert step.expected == hashlib.sha256(data).hexdigest()
    new = parse_tfa(step.content.reveal().encode("latin-1")).users["root@pam"]
    assert not new.totp_locked
    assert len(new.entries) == 1
    assert found.weight is Weight.ORDINARY
    assert any("without PVE's own lock" in note.text for note in found.findings)
    assert found.changes == (("root@pam", "second factors unlocked"),)
    assert not any("taken back" in sentence for sentence in found.back.lost)


def test_a_database_is_edited_only_of_a_node_of_its_own():
    alone = read(written(), nodes=("pve1",), **STOPPED)
    (step,) = plan(alone, "unlock").steps
    assert type(step) is DatabaseEdit
    assert step.database == "/var/lib/pve-cluster/config.db"
    assert way(read(written(), **STOPPED), "unlock").kind is Kind.SHOW


def test_removing_everything_is_typed_whatever_carries_it():
    for how in ({}, {"way": "files"}, {"nodes": ("pve1",), **STOPPED}):
        found = plan(read(written(), **how), "remove-all")
        assert (found.weight, found.confirm) == (Weight.HEAVY, "root@pam"), how
        assert not found.after.tfa.value.users.get("root@pam")


@pytest.mark.parametrize("how", [{}, {"way": "files"}, {"nodes": ("pve1",), **STOPPED}])
def test_the_guard_holds_for_ways_back_whatever_carries_them(how):
    """Without its TOTP the last administrator is kept out by the realm, which demands one."""
    made = read(written({"users": {"root@pam": {"totp": [TOTP]}}}), **how)
    demands = Realm("pam", "pam", {"tfa": "type=oath"})
    made = made._replace(
        snapshot=replace(made.snapshot, realms=picture(realms=(demands, PVE)).realms)
    )
    last = next(one for one in ways_back(made, frozenset()) if one.id == "remove-all")
    found = make_plan(last.intent, made.snapshot, now=NOW)
    assert "root@pam would be asked for TOTP and has none" in found.refusal
    assert (found.weight, found.confirm) == (Weight.HEAVY, "root@pam")


def test_an_account_and_a_realm_are_written_as_files_too():
    made = situation(lines=["user:root@pam:0:0:::::"], way="files", raw={"user.cfg": USER_CFG})
    (step,) = plan(made, "enable").steps
    assert step.content.reveal() == "user:root@pam:1:0:::::\n"


def test_what_edits_refuse_is_shown_to_be_done_by_hand():
    assert way(
        read(written(), way="files")._replace(raw={"priv/tfa.cfg": b"x"}), "unlock"
    ).kind is (Kind.SHOW)


def test_secrets_of_the_files_are_in_no_repr():
    """R8: neither of the situation nor of a way or its plan."""
    made = read(written(), way="files")
    found = plan(made, "unlock")
    for shown in (repr(made), repr(way(made, "unlock")), repr(found), str(found.steps)):
        assert "ABCDEFGH" not in shown


# --- a tfa.cfg that PVE cannot read -------------------------------------------------------------


def test_one_unknown_member_is_left_out_and_the_rest_stays():
    users = {
        "root@pam": {"totp": [TOTP], "colour": "red"},
        "ann@pve": {"totp": [TOTP, {**TOTP, "id": "b", "bogus": 1}], "totp-locked": True},
    }
    found = repaired(written({"users": users}))
    assert found.dropped == ("colour of root@pam", "a factor of ann@pve (totp)")
    read_again = parse_tfa(found.content).users
    assert [entry.id for entry in read_again["root@pam"].entries] == ["phone"]
    assert [entry.id for entry in read_again["ann@pve"].entries] == ["phone"]
    assert read_again["ann@pve"].totp_locked


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", written(), b"[]", b"{", b'{"users":{"a@pve":{},"a@pve":{}},"x":1}',
     b'{"users":[]}', b"\xff", b"[" * 5000, b"x" * (2 << 20)],
)  # fmt: skip
def test_what_is_well_or_no_such_object_is_not_repaired(data):
    assert repaired(data) is None


def test_of_a_user_who_stands_there_twice_nobody_knows_which_is_meant():
    """The other record would go, and nothing would say so."""
    once, again = json.dumps({"totp": [TOTP]}), json.dumps({"colour": "red"})
    assert repaired(f'{{"users":{{"a@pve":{once},"a@pve":{again}}}}}'.encode()) is None


def test_repair_and_empty_file_keep_a_copy_and_are_typed():
    data = written({"users": {"root@pam": {"totp": [TOTP], "colour": "red"}}})
    made = broken(data)
    for ident, left in (("tfa-repair", 1), ("tfa-file", 0)):
        found = plan(made, ident)
        copy, swap = found.steps
        assert isinstance(copy, HostCommand)
        assert copy.argv[-2:] == ("/etc/pve/priv/tfa.cfg", COPY)
        assert any(COPY in sentence for sentence in found.back.lost)
        assert isinstance(swap, FileSwap)
        assert len(parse_tfa(swap.content.reveal().encode()).users) == left
        assert (found.weight, found.confirm) == (Weight.HEAVY, "tfa.cfg")


def test_in_a_database_no_copy_is_made_of_a_folder_that_is_not_there():
    made = broken(b"nonsense", nodes=("pve1",), **STOPPED)
    found = plan(made, "tfa-file")
    (step,) = found.steps
    assert type(step) is DatabaseEdit
    told = " ".join([*found.back.lost, *(line.text for line in way(made, "tfa-file").lines)])
    assert "/root/tfa.cfg" not in told
    assert "stays in the old config.db" in told


@pytest.mark.parametrize("made", [broken(None), broken(b"nonsense", quorate=False)])
def test_where_it_cannot_be_written_the_steps_are_shown(made):
    found = way(made, "tfa-file")
    assert found.kind is Kind.SHOW
    assert any("cp -n /etc/pve/priv/tfa.cfg" in line.text for line in found.lines)


def test_steps_for_hands_are_not_shown_beside_a_plan_that_does_it_otherwise():
    assert not any(line.heading == "Do" for line in way(broken(b"nonsense"), "tfa-file").lines)


def test_an_api_that_answers_and_has_no_call_for_it_is_not_called_silent():
    found = way(broken(b"nonsense", here=False, mount=Mount.UNKNOWN), "tfa-file")
    assert found.note == "by hand: PVE's API has no call for it: on the node itself"


# --- a second administrator ---------------------------------------------------------------------


def administrator(userid="rescue@pve", hours=4, reason="lost phone", **changed):
    intent = temporary_administrator(userid, Secret("pw-123456"), hours, reason, now=NOW)
    return make_plan(intent, changed.pop("made", picture()), now=NOW)


def test_it_expires_by_itself_and_says_why_in_its_comment():
    """R18."""
    found = administrator(reason=" lost \n phone ")
    made, granted = found.steps
    assert made.params["expire"] == NOW + 4 * 3600
    assert made.params["comment"].startswith("TEMPORARY administrator until 2026-11-21")
    assert made.params["comment"].endswith(": lost phone")
    assert made.secrets["password"] == Secret("pw-123456")
    assert granted.params["roles"] == "Administrator"
    assert granted.path == ("access", "acl")
    assert any("no second factor is asked for" in note.text for note in found.findings)
    assert found.weight is not Weight.HEAVY
    assert "pw-123456" not in repr(found)


def test_the_plan_that_runs_later_is_the_one_that_was_shown():
    intent = temporary_administrator("r@pve", Secret("pw-123456"), 4, "why", now=NOW)
    later = replace(picture(), taken_at=NOW + 90)
    shown, run = (make_plan(intent, one, now=one.taken_at) for one in (picture(), later))
    assert shown.steps == run.steps


@pytest.mark.parametrize(
    "wrong",
    [
        {"userid": "rescue@pam"}, {"userid": "rescue"}, {"hours": 0}, {"hours": MOST_HOURS + 1},
        {"reason": " \n"},
    ],
)  # fmt: skip
def test_what_is_no_temporary_administrator(wrong):
    with pytest.raises(UsageError):
        administrator(**wrong)


def test_a_realm_that_demands_a_factor_would_keep_it_out():
    demands = replace(PVE, options={"tfa": "type=oath"})
    with pytest.raises(Refused, match="requires TOTP"):
        administrator(made=picture(realms=(demands,)))
