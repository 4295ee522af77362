"""The recorded second-factor stories, and what happens to one that is not equal."""

import copy
import json
from pathlib import Path

import pytest

from tests.conformance import tfa

GOLDEN = Path(__file__).parent / "golden"
FILES = {file.stem: file for file in (GOLDEN / "tfa").glob("*.json")}


def case(kind, name):
    cases = json.loads(FILES[kind].read_text("utf-8"))["cases"]
    return copy.deepcopy(next(one for one in cases if one["name"] == name))


def replayed(folder, kind, *cases):
    (folder / "tfa").mkdir()
    (folder / "tfa" / f"{kind}.json").write_text(json.dumps({"cases": cases}))
    return tfa.run(folder)


def test_every_recorded_case_is_equal():
    family = tfa.run(GOLDEN)
    assert family.differences == ()
    assert family.equal == family.total == 106 + 120 + 25 + 143


def test_a_folder_without_second_factors_has_no_cases(tmp_path):
    assert tfa.run(tmp_path).total == 0


def text(one):
    one["step2"]["result"]["error"] += "!"


def log(one):
    one["login"][0]["log"] = ["error: something else"]


def challenge(one):
    one["step1"]["result"]["challenge"] = one["step1"]["result"]["challenge"].replace("-257", "-8")


def stored(one):
    users = one["tfa_cfg_after"]["users"]
    users["alice@pve"]["webauthn"][0]["entry"]["counter"] += 1


def listed(one):
    one["listing_after"][0]["entries"][0]["type"] = "totp"


def step(one):
    one["more"].append({"op": "no such step", "result": {}})


def verdict(one):
    one["login"][0]["result"]["needs-saving"] = True


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("eddsa-none-refused", text),
        ("login-wrong-origin", log),
        ("ctap21-pin", challenge),
        ("ctap21-pin", stored),
        ("ctap21-pin", listed),
        ("ctap21-pin", verdict),
        ("entry-renamed", step),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_security_key_with_one_deviation_counts_as_unequal(tmp_path, name, spoil):
    spoilt, good = case("webauthn", name), case("webauthn", "rs256-none")
    spoil(spoilt)
    family = replayed(tmp_path, "webauthn", spoilt, good)
    assert (family.total, family.equal) == (2, 1)
    assert all(line.startswith(f"tfa webauthn {name}: ") for line in family.differences)


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("lockout-unlock", "failures", {"totp": 0, "tfa": 7}),
        ("lockout-unlock", "totp_locked", True),
        ("lockout-unlock", "tfa_locked_until", 1),
        ("login-reuse", "last_count", [59]),
        ("login-odd-responses", "log", []),
    ],
)
def test_a_code_with_one_deviation_counts_as_unequal(tmp_path, name, member, value):
    spoilt = case("totp", name)
    spoilt["steps"][0][member] = value
    assert replayed(tmp_path, "totp", spoilt).equal == 0


def test_other_recovery_keys_left_count_as_unequal(tmp_path):
    spoilt = case("recovery", "login-right")
    spoilt["steps"][1]["left"] = []
    assert replayed(tmp_path, "recovery", spoilt).equal == 0


def test_another_reading_of_a_file_counts_as_unequal(tmp_path):
    spoilt = case("tfacfg", "all-kinds")
    spoilt["users"]["alice@pve"]["login_challenge_without_settings"] = {}
    assert replayed(tmp_path, "tfacfg", spoilt).equal == 0


def test_a_crash_is_told_from_a_refusal(tmp_path):
    spoilt = case("totp", "uri-period-zero")
    spoilt["result"] = {"error": "rust function panicked"}
    assert replayed(tmp_path, "totp", spoilt).equal == 0


def test_a_file_and_a_case_of_an_unknown_kind_count_as_unequal(tmp_path):
    family = replayed(tmp_path, "u2f", {"name": "new"})
    assert (family.total, family.equal) == (1, 0)
    (tmp_path / "other").mkdir()
    assert replayed(tmp_path / "other", "totp", {"name": "new", "kind": "new"}).equal == 0
