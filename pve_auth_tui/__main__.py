"""`python -P -m pve_auth_tui`, for development; users have the console script."""

import sys

from pve_auth_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
