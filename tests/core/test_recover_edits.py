"""Edits of PVE's files without PVE: one thing goes, and every other byte stays.

What they make is compared with what the same deletion in Python's own JSON gives, and with what
the parsers read.
"""

import base64
import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.domains import Domains, parse_domains, write_domains
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.recover import edits_access, edits_tfa
from pve_auth_tui.core.recover.edits import (
    enabled,
    unlock,
    without_factors,
    without_realm_tfa,
    without_user,
)
from pve_auth_tui.core.recover.jsonparts import NotFound, cut
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaUnreadable, parse_tfa, write_tfa
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from tests.core.configs import DIRTY_FILES, configs
from tests.core.test_section_properties import realms
from tests.core.test_tfa_properties import USERS

TOTP = "otpauth://totp/a?secret=AAAAAAAA&digits=6&algorithm=SHA1&period=30"
PHONE = {"id": "1", "description": "phone", "created": 1, "entry": TOTP}
TABLET = {"id": "2", "created": 2, "enable": False, "entry": TOTP}
YUBICO = {"id": "3", "created": 3, "entry": "cccccccccccc"}
KEYS = {"secret": "00", "entries": ["aa", None], "created": 4}
LATER = "tfa-locked-until"
ANN = {
    "totp": [PHONE, TABLET],
    "recovery": KEYS,
    "yubico": [YUBICO],
    "totp-locked": True,
    LATER: 99,
}
BOB = {"totp": [{**PHONE, "id": "b", "description": "b\u00e4r \u2028"}], "totp-locked": True}
BOTH = {"users": {"ann@pve": ANN, "bob@pve": BOB}}
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
RECORDED = Path(__file__).parents[1] / "conformance/golden/tfa/tfacfg.json"


def text(content):
    """As PVE writes it."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def deleted(content, *way):
    """The same with one member or item gone, by Python's own means."""
    content = copy.deepcopy(content)
    inside = content
    for step in way[:-1]:
        inside = inside[step]
    del inside[way[-1]]
    return content


# --- tfa.cfg ----------------------------------------------------------------------------------


def test_unlocking_takes_both_locks_of_one_user_alone():
    wanted = deleted(deleted(BOTH, "users", "ann@pve", "totp-locked"), "users", "ann@pve", LATER)
    assert unlock(text(BOTH), "ann@pve") == text(wanted)


def test_unlocking_needs_a_lock_and_a_user():
    with pytest.raises(UsageError, match="not locked"):
        unlock(unlock(text(BOTH), "ann@pve"), "ann@pve")
    with pytest.raises(UsageError, match="no second factors"):
        unlock(text(BOTH), "eve@pve")


def test_a_lock_that_is_written_as_open_goes_with_the_other():
    content = {"users": {"ann@pve": {"totp-locked": False, LATER: 5, "yubico": [YUBICO]}}}
    wanted = {"users": {"ann@pve": {"yubico": [YUBICO]}}}
    assert unlock(text(content), "ann@pve") == text(wanted)


@pytest.mark.parametrize(
    ("idents", "way"),
    [
        (["1"], ["totp", 0]),
        (["2"], ["totp", 1]),
        (["1", "2"], ["totp"]),
        (["3"], ["yubico"]),
        (["recovery"], ["recovery"]),
    ],
)
def test_a_factor_goes_and_with_the_last_of_its_kind_the_list(idents, way):
    wanted = deleted(BOTH, "users", "ann@pve", *way)
    assert without_factors(text(BOTH), "ann@pve", idents) == text(wanted)


def test_with_the_last_factor_the_user_goes_locks_included_as_pve_does_it():
    wanted = {"users": {"ann@pve": ANN}}
    assert without_factors(text(BOTH), "bob@pve", ["b"]) == text(wanted)
    assert without_user(text(BOTH), "bob@pve") == text(wanted)
    assert without_factors(text(wanted), "ann@pve", ["1", "2", "3", "recovery"]) == b"{}"


def test_a_factor_has_to_be_named_and_to_be_there():
    for idents, complaint in ((["x"], "with the id x"), ([], "was named"), (["1", "b"], "id b")):
        with pytest.raises(UsageError, match=complaint):
            without_factors(text(BOTH), "ann@pve", idents)


def test_two_factors_of_one_id_are_not_told_apart():
    twice = {"users": {"ann@pve": {"totp": [PHONE], "yubico": [{**YUBICO, "id": "1"}]}}}
    with pytest.raises(Refused, match="2 second factors with the id 1"):
        without_factors(text(twice), "ann@pve", ["1"])
    assert without_user(text(twice), "ann@pve") == b"{}"


def test_a_file_that_somebody_wrote_by_hand_keeps_its_blanks_and_escapes():
    data = b'{ "users" : {\n  "ann\\u0040pve": { "totp-locked": true ,\n\t"yubico": [] },'
    data += b' "b@pve": {"yubico":[]} } }\n'
    assert unlock(data, "ann@pve") == data.replace(b'"totp-locked": true ,\n\t', b"")


def test_of_a_user_who_stands_there_twice_the_last_record_counts_and_both_go():
    data = b'{"users":{"a@pve":{"totp-locked":true},"a@pve":{"totp-locked":true,"yubico":[]}}}'
    assert unlock(data, "a@pve") == data.replace(b'{"totp-locked":true,', b"{")
    assert without_user(data, "a@pve") == b"{}"


def test_what_pve_does_not_read_itself_stays_in_the_file():
    data = b'{"users":{"nobody":{"yubico":[]},"ann@pve":{"yubico":[]}}}'
    assert without_user(data, "ann@pve") == b'{"users":{"nobody":{"yubico":[]}}}'


def test_settings_of_other_products_in_the_file_stay():
    data = b'{"u2f":null,"webauthn":{"rp":"a","id":"b"},"users":{"ann@pve":{"totp-locked":true}}}'
    assert unlock(data, "ann@pve") == data.replace(b'"totp-locked":true', b"")


@pytest.mark.parametrize(
    "data",
    [
        b'{"users":{"ann@pve":{"totp-locked":true,"other":1}}}',
        b"nonsense",
        b'[null,null,{"ann@pve":[[],[],[],null,[],true,5]}]',
        b"ann@pve:yubico:" + base64.b64encode(b'{"keys":"cccccccccccc"}'),
    ],
)
def test_a_file_in_another_form_is_refused(data):
    """deny_unknown_fields: PVE takes no key that it does not know, so neither do we."""
    for edit in (unlock, without_user):
        with pytest.raises((Refused, UsageError)):
            edit(data, "ann@pve")


def test_a_user_in_the_form_of_a_list_can_only_go_as_a_whole():
    data = b'{"users":{"ann@pve":[[],[],[],null,[],true,5]}}'
    with pytest.raises(Refused):
        unlock(data, "ann@pve")
    assert without_user(data, "ann@pve") == b"{}"


@given(USERS, st.data())
@SLOW
def test_whatever_is_taken_out_the_rest_is_the_same_to_the_byte(users, data):
    file = write_tfa(TfaConfig(users))
    for userid, user in users.items():
        content = json.loads(file)
        picked = data.draw(st.sets(st.sampled_from([e.id for e in user.entries] or ["x"])))
        try:
            edited = without_factors(file, userid, picked)
        except UsageError:
            assert not picked <= {entry.id for entry in user.entries} or not picked
        except Refused:
            ids = [entry.id for entry in user.entries]
            assert len(ids) > len(set(ids))
        else:
            assert edited == text(_without(content, userid, picked))
            left = [entry for entry in user.entries if entry.id not in picked]
            found = parse_tfa(edited).users.get(userid)
            assert found == (replace(user, entries=tuple(left)) if left else None)


def _without(content, userid, picked):
    """The recovery keys go by their name, all else by its id; what is empty goes, too."""
    record = content["users"][userid]
    for kind in ("totp", "u2f", "webauthn", "yubico"):
        kept = [entry for entry in record.pop(kind, []) if entry["id"] not in picked]
        if kept:
            record[kind] = kept
    if "recovery" in picked:
        record.pop("recovery", None)
    if not record.keys() - {"totp-locked", LATER}:
        del content["users"][userid]
    else:
        order = ("totp", "u2f", "webauthn", "recovery", "yubico", "totp-locked", LATER)
        content["users"][userid] = {name: record[name] for name in order if name in record}
    return content if content["users"] else {}


@given(USERS)
@SLOW
def test_whoever_is_unlocked_nobody_else_is(users):
    file = write_tfa(TfaConfig(users))
    for userid, user in users.items():
        if user.totp_locked or user.locked_until is not None:
            content = json.loads(file)
            for name in ("totp-locked", LATER):
                content["users"][userid].pop(name, None)
            assert unlock(file, userid) == text(content)
        else:
            with pytest.raises(UsageError):
                unlock(file, userid)


def recorded():
    for case in json.loads(RECORDED.read_text())["cases"]:
        data = base64.b64decode(case["input_base64"]) if "input_base64" in case else None
        yield pytest.param(case["input"].encode() if data is None else data, id=case["name"])


@pytest.mark.parametrize("data", recorded())
def test_of_each_file_that_pve_was_asked_about_an_edit_is_exact_or_refused(data):
    try:
        before = parse_tfa(data)
    except TfaUnreadable:
        for edit in (unlock, without_user):
            with pytest.raises(Refused):
                edit(data, "alice@pve")
        return
    is_json = data.lstrip().startswith(b"{")
    for userid, user in before.users.items():
        others = {name: other for name, other in before.users.items() if name != userid}
        if is_json:
            assert parse_tfa(without_user(data, userid)).users == others
        else:
            with pytest.raises(Refused):
                without_user(data, userid)
        ids = [entry.id for entry in user.entries]
        for ident in ids:
            kept = tuple(one for one in user.entries if one.id != ident)
            wanted = others if not kept else {**others, userid: replace(user, entries=kept)}
            if is_json and ids.count(ident) == 1:
                assert parse_tfa(without_factors(data, userid, [ident])).users == wanted
            else:
                with pytest.raises(Refused):
                    without_factors(data, userid, [ident])


@given(st.binary(max_size=60) | st.text(alphabet='{}[],:"\\ a@bc19-users', max_size=60))
@settings(max_examples=300)
def test_no_bytes_make_an_edit_fail_in_another_way(data):
    file = data if isinstance(data, bytes) else data.encode()
    for edit in (unlock, without_user, enabled, without_realm_tfa):
        with pytest.raises((Refused, UsageError)):
            edit(file, "eve@nowhere")


def test_json_of_many_levels_is_refused():
    """R12: 64 levels."""
    with pytest.raises(Refused):
        unlock(b"[" * 100_000, "ann@pve")
    with pytest.raises(NotFound):
        cut(b"[" * 100_000, (), lambda at, name: True)


# --- each edit proves itself -------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [b'{"users":{}}', b"{", b'{"users":{"bob@pve":{"yubico":[]},"ann@pve":{}}}']
)
def test_an_edit_that_took_more_would_not_be_given_out(monkeypatch, wrong):
    monkeypatch.setattr(edits_tfa, "cut", lambda *_: wrong)
    for edit in (unlock, without_user):
        with pytest.raises(Refused):
            edit(text(BOTH), "ann@pve")


def test_nor_would_one_that_took_another_line(monkeypatch):
    monkeypatch.setattr(edits_access, "_enabled_line", lambda line: line + "\nuser:eve@pve:1:0")
    with pytest.raises(Refused):
        enabled(ACCESS, "ann@pve")
    monkeypatch.setattr(edits_access, "_last_section", lambda lines, realm: [2])
    with pytest.raises(Refused):
        without_realm_tfa(REALMS, "corp")


# --- user.cfg ---------------------------------------------------------------------------------

ACCESS = (
    b"user:ann@pve:0:1700000000:Ann:B%C3%A4r::c\xe4f\xe9:x:\n"
    b"token:ann@pve!t:0:1::\n\ngroup:g:ann@pve::\nbad line\n"
)


def test_a_user_is_enabled_in_place_and_latin_1_bytes_survive():
    assert enabled(ACCESS, "ann@pve") == ACCESS.replace(b":0:1700000000:", b":1:0:", 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"user:ann@pve:0:0::::::", b"user:ann@pve:1:0::::::"),
        (b"user:ann@pve:1:5::::::", b"user:ann@pve:1:0::::::"),
        (b"user:ann@pve:yes:5", b"user:ann@pve:yes:0"),
        (b"user:ann@pve", b"user:ann@pve:1:0"),
        (b"user:ann@pve:", b"user:ann@pve:1:0"),
        (b"user:ann@pve:0\r\n", b"user:ann@pve:1:0\r\n"),
        (b" \tuser : ann@pve :0: 5 :A\r\n", b" \tuser : ann@pve :1:0:A\r\n"),
        (b"user:ann@pve:0:0:::\nuser:ann@pve:0:5:", b"user:ann@pve:0:0:::\nuser:ann@pve:1:0:"),
        (b"user:ann@pve:0:0\nuser:ann@pve:1:soon", b"user:ann@pve:1:0\nuser:ann@pve:1:soon"),
    ],
)
def test_of_two_lines_the_last_that_pve_reads_is_edited_and_its_blanks_stay(before, after):
    assert enabled(before, "ann@pve") == after


def test_whoever_is_enabled_or_not_there_needs_no_edit():
    with pytest.raises(UsageError, match="nothing to do"):
        enabled(b"user:ann@pve:1:0::::::\n", "ann@pve")
    with pytest.raises(UsageError, match="nothing to do"):
        enabled(b"", "root@pam")
    with pytest.raises(UsageError, match="no user"):
        enabled(ACCESS, "eve@pve")


@given(configs().map(write_user_config) | DIRTY_FILES)
@SLOW
def test_nothing_but_that_users_two_fields_changes(file):
    before = parse_user_config(file)
    for userid, user in before.users.items():
        if user.enable and not user.expire:
            with pytest.raises(UsageError):
                enabled(file, userid)
            continue
        edited = enabled(file, userid)
        wanted = {**before.users, userid: replace(user, enable=True, expire=0)}
        assert parse_user_config(edited) == replace(before, users=wanted)
        lines = list(zip(file.split(b"\n"), edited.split(b"\n"), strict=True))
        ((old, new),) = [pair for pair in lines if pair[0] != pair[1]]
        assert old.split(b":")[:2] == new.split(b":")[:2]
        assert old.split(b":")[4:] == new.split(b":")[4:]


# --- domains.cfg ------------------------------------------------------------------------------

REALMS = (
    b"# ours\npam: pam\n\tcomment Linux\n\ttfa type=oath\n\n"
    b"ad: corp\n\tdomain c\xe4.example\n\tserver1 dc1.example.com\n\ttfa type=oath,digits=8\n\n"
    b"new: later\n\ttfa type=oath\n\n"
)


def test_only_the_line_of_that_realm_goes():
    assert without_realm_tfa(REALMS, "pam") == REALMS.replace(b"\ttfa type=oath\n", b"", 1)
    assert without_realm_tfa(REALMS, "corp") == REALMS.replace(b"\ttfa type=oath,digits=8\n", b"")


def test_at_the_end_of_the_file_too():
    assert without_realm_tfa(b"pam: pam\n\ttfa type=oath", "pam") == b"pam: pam\n"


def test_a_realm_without_one_or_no_realm_needs_no_edit():
    with pytest.raises(UsageError, match="demands no second factor"):
        without_realm_tfa(REALMS, "pve")
    with pytest.raises(UsageError, match="no realm"):
        without_realm_tfa(REALMS, "later")


def test_of_two_sections_the_last_one_counts_and_is_edited():
    twice = b"pam: pam\n\ttfa type=oath\n\n" * 2
    assert without_realm_tfa(twice, "pam") == b"pam: pam\n\ttfa type=oath\n\npam: pam\n\n"


def test_two_lines_are_refused_since_the_second_would_count_then():
    with pytest.raises(Refused):
        without_realm_tfa(b"pam: pam\n\ttfa type=oath\n\ttfa type=oath,digits=8\n\n", "pam")


def test_a_line_of_another_section_is_never_taken_for_it():
    """An empty line with a CR is no separator (transports.md): all that follows is one section."""
    crlf = REALMS.replace(b"# ours\n", b"").replace(b"\n", b"\r\n")
    with pytest.raises(Refused):
        without_realm_tfa(crlf, "pam")  # several `tfa` lines belong to pam then
    alone = b"pam: pam\r\n\ttfa type=oath\r\n\r\n"
    assert without_realm_tfa(alone, "pam") == b"pam: pam\r\n\r\n"
    with pytest.raises(UsageError):  # the first line is lost on PVE
        without_realm_tfa(b"\xef\xbb\xbf" + alone, "pam")


def test_a_comment_in_a_section_and_a_zero_for_an_end_are_as_pve_sees_them():
    data = b"pam: pam\n# note\n\ttfa type=oath\n0\npve: pve\n\tcomment x\n"
    assert without_realm_tfa(data, "pam") == data.replace(b"\ttfa type=oath\n", b"")


def test_a_section_that_pve_skips_is_never_taken_for_the_one_it_reads():
    with pytest.raises(Refused):
        without_realm_tfa(b"pam: pam\n\ttfa type=oath\n\nx: pam\n\ttfa type=oath\n\n", "pam")


def test_long_lines_take_no_time():
    """R12: linear on hostile lines."""
    data = b"pam: pam\n\ttfa type=oath\n\n" + b"a:" * 200_000 + b" b c\n"
    assert without_realm_tfa(data, "pam") == data.replace(b"\ttfa type=oath\n", b"")


@given(realms().map(Domains))
@SLOW
def test_every_other_realm_and_option_stays(domains):
    file = write_domains(domains)
    before = parse_domains(file)
    for name, realm in before.realms.items():
        if "tfa" not in realm.options:
            continue
        edited = without_realm_tfa(file, name)
        options = {key: value for key, value in realm.options.items() if key != "tfa"}
        after = parse_domains(edited)
        assert after.realms == {**before.realms, name: replace(realm, options=options)}
        assert list(after.realms) == list(before.realms)
        assert len(edited.split(b"\n")) == len(file.split(b"\n")) - 1
