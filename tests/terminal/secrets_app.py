"""The program on the demo cluster, opened where secrets are shown; run in a pseudo-terminal.

Arguments: `totp` or `recovery`, and a folder for files. The secrets are always the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pve_auth_tui.terminal.profile import detect
from pve_auth_tui.terminal.settings import prepare
from pve_auth_tui.terminal.unimap import read_unimap


def main() -> None:
    what, folder = sys.argv[1:]
    profile = detect(os.environ, os.ttyname(0), read_unimap(0))
    prepare(profile, os.environ)

    from screens.enrol_recovery import EnrolRecoveryScreen
    from screens.enrol_totp import EnrolTotpScreen
    from tests.screens.enrolling import house

    app = house(Path(folder), profile)
    screen = EnrolTotpScreen if what == "totp" else EnrolRecoveryScreen

    def open_it() -> None:
        if app.snapshot is None:
            app.set_timer(0.05, open_it)
        else:
            app.push_screen(screen("bob.admin@corp"))

    app.call_later(open_it)
    app.run(mouse=profile.mouse)
    sys.exit(app.return_code)


if __name__ == "__main__":
    main()
