"""Recorded topics against the simulated node, and what happens to an answer that deviates.

Topics that ask a directory are replayed in tests/lab.
"""

from dataclasses import replace

import pytest

from pve_auth_tui.simnode.proxy import HttpReply
from tests.conformance import api, leftfiles, replay
from tests.conformance.clock import times
from tests.conformance.codes import totp
from tests.conformance.commands import api_call
from tests.conformance.comparison import Comparison
from tests.conformance.conftest import GOLDEN
from tests.conformance.leftout import LEFT_OUT, left_out
from tests.conformance.recording import Command, Entry, topics
from tests.conformance.writtendown import WrittenDown

ASK_A_DIRECTORY = ("api 09", "api 10", "replay 11")
TOPICS = {
    f"{kind} {topic.name}": topic for kind in ("api", "replay") for topic in topics(GOLDEN, kind)
}
ALONE = [name for name in TOPICS if not name.startswith(ASK_A_DIRECTORY)]


# --- what was recorded ---


@pytest.mark.parametrize("name", [name for name in ALONE if name.startswith("replay")])
def test_every_call_of_a_replay_is_answered_as_recorded(name, host):
    family = replay.compared([TOPICS[name]], replay.on_stage(host))
    assert family.differences == ()
    assert family.equal == family.total == len(TOPICS[name].entries)


def test_every_call_to_a_node_in_use_is_answered_as_recorded(host):
    asked = [TOPICS[name] for name in ALONE if name.startswith("api")]
    family = api.compared(asked, api.on_stage(host))
    assert family.differences == ()
    assert family.total > 500


def test_where_nothing_can_be_written_a_topic_starts_from_what_it_left(host):
    topic = TOPICS["api 19-no-quorum-tfa-login"]
    family = api.compared([topic], api.on_stage(host))
    assert (family.equal, family.total) == (5, 5)


def test_all_371_calls_for_replaying_are_counted():
    assert sum(len(topic.entries) for name, topic in TOPICS.items() if "replay" in name) == 371


def test_what_is_left_out_has_a_reason_and_is_little():
    found = {
        (name, index): reason
        for name, topic in TOPICS.items()
        for index, reason in left_out(topic).items()
    }
    assert len(found) == 7
    assert set(found.values()) == {kind.reason for kind in LEFT_OUT}
    assert not [name for name, _ in found if name.startswith("replay")]


# --- what deviates ---


class Spoilt(WrittenDown):
    """One answer is another one."""

    def __init__(self, topic, number, **other):
        super().__init__(topic)
        self._count, self._number, self._other = 0, number, other

    def answer(self, request):
        reply = super().answer(request)
        self._count += 1
        if self._count - 1 != self._number:
            return reply
        body = {**reply.body, **self._other.get("body", {})}
        return HttpReply(
            self._other.get("status", reply.status), self._other.get("reason", reply.reason), body
        )


@pytest.mark.parametrize(
    ("number", "other"),
    [
        (18, {"status": 403}),
        (18, {"reason": "Fine"}),
        (18, {"body": {"data": [{"subdir": "users"}]}}),
        (18, {"body": {"message": "a word more"}}),
        (15, {"body": {"errors": {"privs": "missing property required by 'path'"}}}),
        (15, {"body": {"errors": None}}),
        (13, {"body": {"data": None}}),
        (23, {"body": {"data": "a body that PVE's proxy does not send"}}),
        (2, {"body": {"data": {"username": "kim@pve", "ticket": "none"}}}),
    ],
    ids=str,
)
def test_an_answer_with_one_deviation_is_unequal_and_named(number, other):
    topic = TOPICS["replay 01-ticket"]
    family = replay.compared([topic], lambda topic: Spoilt(topic, number, **other))
    named = [line for line in family.differences if line.startswith(f"replay 01-ticket {number} ")]
    assert len(named) == 1
    assert family.equal == family.total - len(family.differences)


def test_a_node_that_breaks_down_gives_an_unequal_answer():
    class Broken(WrittenDown):
        def answer(self, request):
            raise KeyError("half-done")

    topic = TOPICS["replay 06-acl"]
    family = replay.compared([topic], Broken)
    assert family.equal == 0
    assert "broke: KeyError('half-done')" in family.differences[0]


def test_a_command_that_ends_otherwise_is_unequal():
    class Refusing(WrittenDown):
        def run(self, words):
            return False

    topic = TOPICS["replay 18-root-by-delegates"]
    assert replay.compared([topic], Refusing).differences == (
        "replay 18-root-by-delegates 17 pveum user modify root@pam --enable 1: succeeded: False",
    )


def test_a_command_that_is_not_carried_out_is_unequal():
    class Idle(WrittenDown):
        def run(self, words):
            return None

    topic = TOPICS["replay 18-root-by-delegates"]
    assert replay.compared([topic], Idle).differences == (
        "replay 18-root-by-delegates 17 pveum user modify root@pam --enable 1: not replayed",
    )


def test_a_file_that_is_left_otherwise_makes_the_last_call_unequal():
    class Forgetful(WrittenDown):
        def left(self):
            return {**super().left(), "user.cfg": b"user:root@pam:1:0::::::\n"}

    topic = TOPICS["replay 06-acl"]
    (line,) = replay.compared([topic], Forgetful).differences
    assert line.startswith("replay 06-acl 61 GET /access/acl: user.cfg ")


def test_a_call_whose_ticket_was_refused_is_unequal():
    topic = TOPICS["replay 01-ticket"]
    refused = {"status": 401, "body": {"data": None}}
    family = replay.compared([topic], lambda topic: Spoilt(topic, 2, **refused))
    assert any("call 2 gave neither ticket nor secret" in line for line in family.differences)


# --- faults ---


@pytest.mark.parametrize(
    ("name", "entry", "fault"),
    [
        ("16-locks", 0, {"held_locks": {"file-user_cfg"}}),
        ("16-locks", 2, {"held_locks": set()}),
        ("18-no-quorum", 15, {"quorate": False}),
        ("18-ipc-refused", 12, {"dead": {"pmxcfs"}}),
        ("19-no-quorum-tfa-login", 1, {"quorate": False}),
        ("02-groups", 1, {"quorate": True, "dead": set(), "held_locks": set()}),
    ],
)
def test_what_was_broken_is_broken_in_the_replay(name, entry, fault):
    faults = api.Faults()
    api.breaking(TOPICS[f"api {name}"], faults)(entry)
    assert {field: getattr(faults, field) for field in fault} == fault


# --- time ---


def test_the_clock_never_goes_back():
    for topic in TOPICS.values():
        found = times(topic)
        assert found == sorted(found)
        assert len(found) == len(topic.entries)


def test_recorded_one_time_codes_are_right_at_the_recorded_time():
    topic = TOPICS["replay 16-tfa-totp"]
    when = times(topic)
    checked = 0
    for entry in topic.calls:
        how = (entry.dyn or {}).get("value", "")
        if how.startswith("TOTP code of secret"):
            secret = how.split()[4]
            near = {totp(secret, when[entry.index] + shift) for shift in (-30, 0, 30)}
            assert entry.params["value"] in near
            checked += 1
    assert checked > 3


def test_codes_are_those_of_rfc_6238():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp(secret, 59, digits=8) == "94287082"
    assert totp(secret, 1111111109, digits=8) == "07081804"


# --- files ---


def test_files_of_secrets_have_no_order_and_tables_have_one():
    same = leftfiles.differences
    recorded = {"priv/token.cfg": "a@pve!x 1\nb@pve!y 2\n", "user.cfg": "a\nb\n"}
    left = {"priv/token.cfg": b"b@pve!y 2\na@pve!x 1\n", "user.cfg": b"a\nb\n"}
    assert list(same(recorded, left, Comparison())) == []
    left["user.cfg"] = b"b\na\n"
    assert len(list(same(recorded, left, Comparison()))) == 1
    assert list(same(recorded, left, Comparison(), exact=False)) == []


def test_built_in_realms_stand_anywhere_and_others_in_their_order():
    pam, pve, one, two = "pam: pam\n\n", "pve: pve\n\n", "ldap: one\n\n", "ldap: two\n\n"
    for text, equal in ((one + two + pve + pam, True), (pam + pve + two + one, False)):
        left = {"domains.cfg": text.encode()}
        found = leftfiles.differences({"domains.cfg": pam + one + two + pve}, left, Comparison())
        assert (list(found) == []) == equal


def test_a_password_of_a_realm_that_should_not_be_there_is_a_difference():
    left = {"priv/realm/corp.pw": b"secret"}
    assert len(list(leftfiles.differences({"user.cfg": None}, left, Comparison()))) == 1


# --- commands ---


def test_only_commands_that_change_something_are_carried_out():
    done = [
        " ".join(entry.words[:4])
        for topic in TOPICS.values()
        for entry in topic.entries
        if isinstance(entry, Command) and api_call(entry.words)
    ]
    assert "pveum user modify root@pam" in done
    assert not [words for words in done if "list" in words]


@pytest.mark.parametrize(
    ("command", "call"),
    [
        (
            "pveum user modify root@pam --enable 1",
            ("PUT", "/access/users/root@pam", {"enable": "1"}),
        ),
        (
            "pveum acl modify /vms --roles PVEAuditor --users ann@pve --propagate=0",
            (
                "PUT",
                "/access/acl",
                {"path": "/vms", "roles": "PVEAuditor", "users": "ann@pve", "propagate": "0"},
            ),
        ),
        ("pveum user tfa delete ann@pve --id x1", ("DELETE", "/access/tfa/ann@pve/x1", {})),
        (
            "pveum user token add ann@pve ci --privsep",
            ("POST", "/access/users/ann@pve/token/ci", {"privsep": "1"}),
        ),
        ("pveum user list", None),
        ("cat /etc/pve/user.cfg", None),
    ],
)
def test_a_command_is_the_call_that_pveum_makes(command, call):
    assert api_call(command.split()) == call


def test_without_an_id_all_second_factors_are_removed(host):
    topic = TOPICS["api 14-tfa-lockout"]
    stage = api.Stage(topic.start, host, api.Faults())
    assert stage.run(["pveum", "user", "tfa", "delete", "tina@pve"]) is True
    assert stage.node.answer("GET", "/access/tfa/tina@pve") == []
    assert stage.run(["pveum", "user", "tfa", "delete", "tina@pve", "--id", "none"]) is False


def test_entries_are_read_as_they_stand_in_the_file():
    call = TOPICS["replay 01-ticket"].entries[24]
    assert isinstance(call, Entry)
    assert (call.who, call.method, call.auth_from, call.csrf) == ("kim@pve", "PUT", 2, False)
    assert call.answer.bare
    assert replace(call, csrf=True) != call
