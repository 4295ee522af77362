"""Checks of a section's new options, beyond each parameter's own (PVE::SectionConfig).

Source: check_config and check_value of pve-common 9.2.1, called with values that the API's
schema has already checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.sectionconfig import Plugins


def checked(kind: str, given: Mapping[str, str], plugins: Plugins) -> dict[str, str]:
    """The options; raises ApiError 500 for one that sections of this type do not have."""
    allowed = plugins.options[kind]
    for name, value in given.items():
        if name not in allowed:
            raise ApiError(500, f"unexpected property '{name}'\n")
        if "\n" in value or "\r" in value:
            raise ApiError(500, "property contains a line feed\n")
    return dict(given)


def required(kind: str, given: Mapping[str, str], plugins: Plugins) -> None:
    """Raises ApiError 500 for one that is missing; of several PVE names a random one."""
    for name, option in reversed(list(plugins.options[kind].items())):
        if not option.optional and name not in given:
            raise ApiError(500, f"missing value for required option '{name}'\n")
