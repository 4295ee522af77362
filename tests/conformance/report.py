"""Compares our answers with those recorded from PVE: one line per family, then the total.

    python -m tests.conformance.report

With GOLDEN_DIRS (folders separated by colons) those are replayed in place of
tests/conformance/golden. Below a family stands what was recorded and is not counted, and why.
Differences go to stderr. The exit code is 1 when anything is unequal that differences.toml does
not list, when it lists more than 1 % of a family, when there was nothing to compare, or no
directory (slapd) for the calls that need one: without it they are unequal.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.conformance import api, explanations, parsing, permissions, renaming, replay, tfa
from tests.conformance.family import Family
from tests.conformance.slapd import NoDirectory, Slapd
from tests.conformance.start import host_files

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
KNOWN = HERE / "differences.toml"
Run = Callable[[Path], Family]
WITHOUT_NODE: Sequence[Run] = (permissions.run, explanations.run, parsing.run, tfa.run)
_OF_A_NODE = (api.NAME, replay.NAME)  # folders whose recordings ask the simulated node
MOST_KNOWN = 0.01
LONGEST_LINE = 400


def folders(environment: Mapping[str, str]) -> list[Path]:
    """Where the recordings are."""
    named = [Path(name) for name in environment.get("GOLDEN_DIRS", "").split(":") if name]
    return named or [GOLDEN]


def merged(families: Iterable[Family]) -> Family:
    """One family from several folders as one."""
    parts = list(families)
    return Family(
        parts[0].name,
        sum(part.total for part in parts),
        sum(part.equal for part in parts),
        tuple(line for part in parts for line in part.differences),
        tuple(dict.fromkeys(line for part in parts for line in part.left_out)),
    )


@contextmanager
def families(where: Sequence[Path]) -> Iterator[tuple[list[Run], list[str]]]:
    """All families, with a directory for those that ask one; and what is in their way."""
    needed = any((folder / kind).is_dir() for folder in where for kind in _OF_A_NODE)
    ca, missing = None, []
    with ExitStack() as stack:
        if needed:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            try:
                ca = stack.enter_context(Slapd(folder / "slapd")).ca
            except NoDirectory as error:
                missing.append(str(error))
        host = host_files(ca) if needed else {}
        of_a_node = [partial(run, host=host) for run in (api.run, replay.run, renaming.run)]
        yield [*WITHOUT_NODE, *of_a_node], missing


def known_differences(file: Path = KNOWN) -> dict[str, list[str]]:
    """Family -> how the lines of its known differences begin; each must have a reason."""
    found: dict[str, list[str]] = {}
    for entry in tomllib.loads(file.read_text("utf-8"))["difference"]:
        if not entry["reason"]:
            raise ValueError(f"{file.name}: a difference without a reason")
        found.setdefault(entry["family"], []).append(entry["what"])
    return found


def complaints(family: Family, known: Sequence[str]) -> list[str]:
    """What is wrong with a family; empty when all is equal or known."""
    found = [line for line in family.differences if not line.startswith(tuple(known))]
    unequal = family.total - family.equal
    if unequal and not family.differences:
        found.append(f"{family.name}: {unequal} unequal, but nothing says which")
    if known and unequal > MOST_KNOWN * family.total:
        found.append(f"{family.name}: {unequal} of {family.total} unequal, more than 1 %")
    return found


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Prints the report; returns the exit code."""
    where = folders(environment)
    wrong = [f"{folder}: no such folder" for folder in where if not folder.is_dir()]
    known = known_differences()
    found = []
    with families(where) as (runs, missing):
        wrong += missing
        for run in runs:
            family = merged(run(folder) for folder in where)
            found.append(family)
            print(f"{family.name}: {family.equal} of {family.total} equal", flush=True)
            for line in family.left_out:
                print(f"  not counted: {line}")
            wrong += complaints(family, known.get(family.name, ()))
    total = sum(family.total for family in found)
    print(f"total: {sum(family.equal for family in found)} of {total} equal")
    if not total:
        wrong.append("nothing was compared")
    for line in wrong:
        print(line[:LONGEST_LINE], file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
