"""A recovery whose process is killed (SIGKILL) at its first write. Argument: a folder."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pve_auth_tui.adapters.recoveries import FileRecoveries
from pve_auth_tui.core.intents import users
from tests.services.recovery_bench import REASON, RecoveryBench


def main(folder: Path) -> None:
    bench = RecoveryBench(recoveries=FileRecoveries(folder))
    bench.api.before[1] = lambda: os.kill(os.getpid(), signal.SIGKILL)
    plan = bench.review(users.switch(["ann@pve"], enable=False))
    bench.recover.apply(plan, userid="root@pam", reason=REASON)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
