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


def test_all_recordings_in_the_project_are_equal(capsys):
    assert report.main({}) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "permissions: 8766 of 8766 equal",
        "parsing: 48 of 48 equal",
        "total: 8814 of 8814 equal",
    ]
    assert printed.err == ""


def test_an_unequal_case_is_counted_named_and_fails(spoilt, capsys):
    assert report.main({"GOLDEN_DIRS": str(spoilt)}) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "permissions: 0 of 0 equal",
        "parsing: 1 of 2 equal",
        "total: 1 of 2 equal",
    ]
    assert printed.err.startswith("parsing user-empty: ")


def test_several_folders_are_counted_together(spoilt, tmp_path_factory, capsys):
    other = tmp_path_factory.mktemp("other")
    shutil.copy(GOLDEN / "parsing.json", other)
    report.main({"GOLDEN_DIRS": f"{spoilt}:{other}"})
    assert "parsing: 49 of 50 equal" in capsys.readouterr().out


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
