"""All recordings of the project, with the directory that some of them ask."""

import subprocess
import sys
import time

from tests.conformance import api, renaming, replay, report
from tests.conformance.artefacts import ARTEFACTS
from tests.conformance.conftest import GOLDEN

SECONDS = 45  # for all families on two cores


def test_all_answers_are_equal_and_soon(capsys):
    start = time.monotonic()
    assert report.main({}) == 0
    assert time.monotonic() - start < SECONDS
    printed = capsys.readouterr()
    assert printed.err == ""
    lines = [line for line in printed.out.splitlines() if not line.startswith(" ")]
    for line, least in zip(lines, (8766, 8766, 48, 394, 742, 371, 9879, 28966), strict=True):
        name, _, counts = line.partition(": ")
        equal, total = (int(word) for word in counts.split() if word.isdigit())
        assert (name, equal) == (name, total)
        assert total >= least


def test_every_artefact_is_met(slapd, keys):
    host = {**keys, "etc/pve/pve-root-ca.pem": slapd.ca}
    met = set().union(*(family.run(GOLDEN, host).artefacts for family in (api, replay)))
    assert {kind.name for kind in ARTEFACTS} == met


def test_two_runs_at_the_same_time_wait_for_each_other():
    command = [sys.executable, "-m", "tests.conformance.report"]
    runs = [
        subprocess.Popen(
            command, cwd=GOLDEN.parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for run in runs:
        _, complaints = run.communicate(timeout=2 * SECONDS)
        assert complaints == b""
        assert run.returncode == 0


def test_the_renamed_run_covers_all_that_the_plain_one_does(slapd, keys):
    host = {**keys, "etc/pve/pve-root-ca.pem": slapd.ca}
    plain = sum(family.run(GOLDEN, host).total for family in (api, replay))
    family = renaming.run(GOLDEN, host)
    assert family.differences == ()
    assert family.total == plain + 8766
