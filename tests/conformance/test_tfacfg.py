"""All recorded forms of priv/tfa.cfg: read or refused as PVE's core does, listed, written back."""

import base64
import json
import re
from pathlib import Path

import pytest

from pve_auth_tui.core import answers
from pve_auth_tui.core.tfaconfig import TfaUnreadable, parse_tfa, write_tfa

GOLDEN = Path(__file__).parent / "golden" / "tfa" / "tfacfg.json"
CASES = {case["name"]: case for case in json.loads(GOLDEN.read_text("utf-8"))["cases"]}
READ = [name for name, case in CASES.items() if case.get("parsed_as")]
REFUSED = [name for name, case in CASES.items() if "error" in case]
CRASHED = [name for name, case in CASES.items() if "panic" in case]

# Where in the file serde noticed something: depends on its version
POSITION = re.compile(r" at line \d+ column \d+$")


def content(case):
    if "input_base64" in case:
        return base64.b64decode(case["input_base64"])
    return case["input"].encode()


def without_position(text):
    return POSITION.sub("", text or "")


def test_every_case_is_looked_at():
    assert len(READ) + len(REFUSED) + len(CRASHED) == len(CASES) == 143


@pytest.mark.parametrize("name", READ)
def test_read_listed_and_written_back_as_recorded(name):
    case = CASES[name]
    config = parse_tfa(content(case), now=case["time"])
    assert config.warnings == tuple(
        f"user tfa config - ignore user '{userid}' - invalid user name"
        for userid in case["ignored_users"]
    )
    listed = answers.tfa(config, case["time"])
    assert listed == case["listing"]
    assert repr(answers.tfa(config, case["time"])).count("True") == 0  # the API has 0 and 1
    written = write_tfa(config)
    if "serialised" in case:
        assert written.decode() == case["serialised"]
    assert json.loads(written) == case["serialised_json"]
    assert (write_tfa(parse_tfa(written, now=case["time"])) == written) == case["stable"]


@pytest.mark.parametrize("name", READ)
def test_locks_and_unused_recovery_keys_as_recorded(name):
    case = CASES[name]
    config = parse_tfa(content(case), now=case["time"])
    for userid, recorded in case["users"].items():
        user = config.users[userid]
        assert user.totp_locked == recorded["totp_locked"]
        assert user.locked_until == recorded["tfa_locked_until"]
        kinds = {entry.type for entry in user.entries if entry.unused != 0}
        assert {kind: kind in kinds for kind in recorded["has_type"]} == recorded["has_type"]
        challenge = recorded["login_challenge_without_settings"] or {}
        unused = next((entry.unused for entry in user.entries if entry.type == "recovery"), None)
        if challenge.get("recovery"):
            assert unused == len(challenge["recovery"])


@pytest.mark.parametrize("name", REFUSED)
def test_refused_for_the_recorded_reasons(name):
    case = CASES[name]
    with pytest.raises(TfaUnreadable) as refused:
        parse_tfa(content(case), now=case["time"])
    assert refused.value.original == case["error"]
    assert without_position(refused.value.json_problem) == without_position(case["json_error"])
    line_problem = without_position(refused.value.line_problem)
    assert line_problem == without_position(case["old_style_error"])


@pytest.mark.parametrize("name", CRASHED)
def test_a_crash_of_the_core_is_a_refusal_with_the_text_of_the_binding(name):
    case = CASES[name]
    with pytest.raises(TfaUnreadable) as refused:
        parse_tfa(content(case), now=case["time"])
    assert refused.value.original == "rust function panicked"
    assert case["panic"] in str(refused.value)
