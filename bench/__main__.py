"""Measures everything: the numbers as JSON on stdout, a table on stderr; 1 if one is missed."""

from __future__ import annotations

import compileall
import sys
import tempfile
from pathlib import Path

from bench import (
    api,
    explaining,
    keys,
    keystrokes,
    large,
    plans,
    reading,
    recovering,
    starting,
    syncing,
)
from bench.results import as_json, as_table

_PACKAGES = ("pve_auth_tui", "screens", "widgets")


def main() -> int:
    # As an installed program has it; PYTHONDONTWRITEBYTECODE would compile at every start.
    for package in _PACKAGES:
        compileall.compile_dir(package, quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        many, none = Path(folder, "large"), Path(folder, "empty")
        large.write(many)
        large.write_empty(none)
        results = [
            *starting.measure(),
            *reading.measure(many),
            *plans.measure(many),
            *explaining.measure(many),
            *recovering.measure(many),
            *api.measure(),
            *keys.measure(),
            *syncing.measure(),
            *keystrokes.measure(many, none),
        ]
    print(as_json(results))
    print(as_table(results), file=sys.stderr)
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
