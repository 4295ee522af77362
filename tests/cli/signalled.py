"""A program that runs a plan of three steps; the first holds until it is told to go on.

Arguments: the folder of its journal, a descriptor to write to, one to read from. The write end
hears "running" when the first step has begun; the step ends when a byte comes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.adapters.journal import FileJournal
from pve_auth_tui.core.intents.users import switch
from pve_auth_tui.core.journal import Who
from tests.services.workbench import Bench


def main(folder: str, said: int, heard: int) -> int:
    """Its exit code is the command's."""
    bench = Bench()
    journal: Any = FileJournal(Path(folder), Who("a test"), bench.clock)
    bench.journal = journal
    bench.plans = bench.service()

    def hold() -> None:
        os.write(said, b"running")
        os.read(heard, 1)

    bench.api.before[1] = hold
    options: Any = SimpleNamespace(
        dry_run=False, json=False, yes=True, override="", reason="", keep_within=0, glyphs="auto"
    )
    workshop: Any = SimpleNamespace(plans=bench.plans, outlooks=bench.outlooks)
    wanted = switch(["ann@pve", "bob@pve", "eve@pve"], enable=False)
    outcome = carry_out(wanted, options, workshop)
    os.write(said, f" {len(bench.api.writes)}".encode())
    return outcome.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
