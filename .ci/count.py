"""Adds up JUnit reports and prints 'N passed, N failed': a skipped test counts as a failed one."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(paths: list[str]) -> int:
    passed = failed = 0
    for path in map(Path, paths):
        cases = list(ET.parse(path).iter("testcase")) if path.exists() else []
        bad = [case for case in cases if any(part.tag in BAD for part in case)]
        for case in bad:
            print(f"{path.stem}: {case.get('classname')}.{case.get('name')}: {_tags(case)}")
        if not cases:
            print(f"{path.stem}: no test was run")
        passed += len(cases) - len(bad)
        failed += len(bad) or not cases
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


BAD = ("failure", "error", "skipped")


def _tags(case: ET.Element) -> str:
    return ", ".join(part.tag for part in case if part.tag in BAD)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
