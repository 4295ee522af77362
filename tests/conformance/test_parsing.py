"""Every recorded parsing case, and what happens to one that is not equal."""

import base64
import copy
import json
from pathlib import Path

import pytest

from tests.conformance import parsing

GOLDEN = Path(__file__).parent / "golden"
CASES = {case["name"]: case for case in json.loads((GOLDEN / "parsing.json").read_text())["cases"]}


def replayed(folder, *cases):
    (folder / "parsing.json").write_text(json.dumps({"cases": cases}))
    return parsing.run(folder)


def test_every_recorded_case_is_equal():
    family = parsing.run(GOLDEN)
    assert family.differences == ()
    assert family.equal == family.total == len(CASES)


def file_of(text):
    return {"b64": base64.b64encode(text.encode()).decode(), "text": text}


def other_warning(case):
    case["warnings"]["user.cfg"] = ["something else\n"]


def other_answer(case):
    case["calls"][0]["data"][0]["enable"] = 7


def other_status(case):
    case["calls"][0]["status"] = 403


def other_file(case):
    case["rewrite_plain"]["file"] = file_of("user:\n")


def refused_writing(case):
    case["rewrite_plain"].update(status=500, message="unknown section type ''\n")


def other_file_after_the_change(case):
    case["rewrite_by_api"]["file"] = file_of("user:\n")


def unknown_call(case):
    case["calls"].append(
        {"method": "GET", "path": "/nodes", "params": {}, "status": 200, "data": []}
    )


def unknown_change(case):
    case["rewrite_by_api"]["calls"][0]["path"] = "/nodes/pve1"


def broken_case(case):
    del case["rewrite_plain"]


@pytest.mark.parametrize(
    "spoil",
    [
        other_warning,
        other_answer,
        other_status,
        other_file,
        refused_writing,
        other_file_after_the_change,
        unknown_call,
        unknown_change,
        broken_case,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_a_case_with_one_deviation_counts_as_unequal(tmp_path, spoil):
    case = copy.deepcopy(CASES["user-noroot"])
    spoil(case)
    family = replayed(tmp_path, case, CASES["user-empty"])
    assert (family.total, family.equal) == (2, 1)
    assert all(line.startswith("parsing user-noroot: ") for line in family.differences)


@pytest.mark.parametrize("name", ["token-orphans", "shadow-dirty"])
def test_other_secrets_in_the_file_count_as_unequal(tmp_path, name):
    case = copy.deepcopy(CASES[name])
    case["parsed"] = {file: {} for file in case["parsed"]}
    assert replayed(tmp_path, case).equal == 0


def test_pve_may_name_any_of_several_missing_options_but_no_other(tmp_path):
    case = copy.deepcopy(CASES["domains-orphan"])
    text = json.dumps(case)
    assert replayed(
        tmp_path, json.loads(text.replace("option 'server1'", "option 'user_attr'"))
    ).equal
    assert not replayed(
        tmp_path, json.loads(text.replace("option 'server1'", "option 'domain'"))
    ).equal


def test_pve_may_keep_either_of_two_default_realms_but_only_marked_ones(tmp_path):
    def with_default(name):
        case = copy.deepcopy(CASES["domains-defaulttwice"])
        for call in case["calls"]:
            if call["path"] == "/access/domains":
                for realm in call["data"]:
                    realm.pop("default", None)
                    if realm["realm"] == name:
                        realm["default"] = 1
            elif call["path"].startswith("/access/domains/"):
                if call["data"].get("default"):
                    del call["data"]["default"]
                if call["path"].endswith(f"/{name}"):
                    call["data"]["default"] = 1
        return case

    assert replayed(tmp_path, with_default("corp")).equal
    assert replayed(tmp_path, with_default("pam")).equal
    assert not replayed(tmp_path, with_default("pve")).equal


def test_a_folder_without_parsing_has_no_cases(tmp_path):
    assert parsing.run(tmp_path).total == 0
