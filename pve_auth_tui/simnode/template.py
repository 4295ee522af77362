"""`/access/realm/{realm}` with a call's parameters in it (PVE::Tools::template_replace)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pve_auth_tui.core.perltext import truthy

_NAME = re.compile(r"\{([^}]*)\}")


def template(text: str, params: Mapping[str, Any]) -> str:
    """A parameter that is not there, empty or `0` leaves a dash in its place, as PVE does."""

    def value(found: re.Match[str]) -> str:
        text = str(params.get(found[1], ""))
        return text if truthy(text) else "-"

    return _NAME.sub(value, text)
