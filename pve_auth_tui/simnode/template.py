"""`/access/realm/{realm}` with a call's parameters in it (PVE::Tools::template_replace)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"\{([^}]*)\}")


def template(text: str, params: Mapping[str, Any]) -> str:
    """A parameter that was not given leaves its place empty but for a dash, as PVE does."""
    return _NAME.sub(lambda found: str(params.get(found[1], "-")), text)
