"""What `make conformance` prints, and when it fails."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance import report
from tests.conformance.family import Family

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def spoilt(tmp_path):
    """A folder of recordings with one case that no answer of ours can be equal to."""
    recorded = json.loads((GOLDEN / "parsing.json").read_text())
    recorded["cases"] = recorded["cases"][:2]
    recorded["cases"][0]["rewrite_plain"]["status"] = 500
    (tmp_path / "parsing.json").write_text(json.dumps(recorded))
    return tmp_path


def test_an_unequal_case_is_counted_named_and_fails(spoilt, capsys):
    assert report.main({"GOLDEN_DIRS": str(spoilt)}) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "permissions: 0 of 0 equal",
        "explanations: 0 of 0 equal",
        "parsing: 1 of 2 equal",
        "tfa: 0 of 0 equal",
        "api: 0 of 0 equal",
        "replay: 0 of 0 equal",
        "renamed: 0 of 0 equal",
        "total: 1 of 2 equal",
    ]
    assert printed.err.startswith("parsing user-empty: ")


def test_several_folders_are_counted_together(spoilt, tmp_path_factory, capsys):
    other = tmp_path_factory.mktemp("other")
    shutil.copy(GOLDEN / "parsing.json", other)
    report.main({"GOLDEN_DIRS": f"{spoilt}:{other}"})
    assert "parsing: 49 of 50 equal" in capsys.readouterr().out


def test_several_folders_have_one_list_of_what_is_left_out():
    one = Family("api", 1, 1, (), ("a 1: reason", "b 2: reason"))
    other = Family("api", 2, 1, ("api x",), ("b 2: reason",))
    assert report.merged([one, other]) == Family(
        "api", 3, 2, ("api x",), ("a 1: reason", "b 2: reason")
    )


@pytest.fixture
def small(tmp_path):
    """A folder with one replay of a few calls, of which one is not equal."""
    recorded = json.loads((GOLDEN / "replay" / "01-ticket.json").read_text())
    recorded["calls"] = recorded["calls"][:3]
    recorded["calls"][1]["status"] = 403
    recorded["files_after"] = {}
    (tmp_path / "replay").mkdir()
    (tmp_path / "replay" / "01-ticket.json").write_text(json.dumps(recorded))
    return tmp_path


def test_without_a_directory_it_says_what_to_install_and_fails(small, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda *names, **where: None)
    assert report.main({"GOLDEN_DIRS": str(small)}) == 1
    printed = capsys.readouterr()
    assert "slapd is not installed: apt install slapd" in printed.err.splitlines()
    assert "replay: 2 of 3 equal" in printed.out
    assert "replay 01-ticket 1 POST /access/users: status: 200, recorded 403" in printed.err


def test_what_is_left_out_stands_below_its_family(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda *names, **where: None)
    (tmp_path / "api").mkdir()
    shutil.copy(GOLDEN / "api" / "17-cli.json", tmp_path / "api")
    report.main({"GOLDEN_DIRS": str(tmp_path)})
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("api: 0 of 0 equal")
    assert lines[place + 1].startswith("  not counted: 17-cli (105): commands and notes")


@pytest.mark.parametrize("folder", ["/nonexistent", str(Path(__file__).parent)])
def test_nothing_to_compare_is_a_failure(folder, capsys):
    assert report.main({"GOLDEN_DIRS": folder}) == 1
    assert capsys.readouterr().err


def test_known_differences_are_accepted_up_to_one_percent():
    line = "parsing odd: GET /access/users"
    family = Family("parsing", 200, 198, (line, line))
    assert report.complaints(family, []) == [line, line]
    assert report.complaints(family, ["parsing odd: "]) == []
    too_many = Family("parsing", 199, 197, (line, line))
    assert report.complaints(too_many, ["parsing odd: "]) == [
        "parsing: 2 of 199 unequal, more than 1 %"
    ]


def test_unequal_without_a_word_is_a_complaint():
    assert report.complaints(Family("parsing", 3, 2, ()), [])


def test_the_file_of_known_differences_wants_reasons(tmp_path):
    file = tmp_path / "differences.toml"
    entry = '[[difference]]\nfamily = "parsing"\nwhat = "parsing x:"\nreason = "{}"\n'
    file.write_text(entry.format("perl-internal"))
    assert report.known_differences(file) == {"parsing": ["parsing x:"]}
    file.write_text(entry.format(""))
    with pytest.raises(ValueError, match="without a reason"):
        report.known_differences(file)


def test_it_runs_as_a_program(spoilt):
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance.report"],
        cwd=GOLDEN.parents[2],
        env={"GOLDEN_DIRS": str(spoilt), "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "total: 1 of 2 equal"
