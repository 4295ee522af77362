"""The line filters of a profile, for `App.get_line_filters`."""

from __future__ import annotations

from textual.filter import LineFilter

from pve_auth_tui.terminal.colours import MonoFilter, SixteenFilter
from pve_auth_tui.terminal.glyphs import GlyphFilter
from pve_auth_tui.terminal.profile import Profile


def line_filters(profile: Profile) -> list[LineFilter]:
    """Filters to be applied after Textual's own, in this order.

    Make them once and return the same objects each time: Textual caches lines by filter.
    """
    filters: list[LineFilter] = [GlyphFilter(profile)]
    if profile.colours == "none":
        filters.append(MonoFilter(mouse=profile.mouse))
    elif profile.colours == "16":
        filters.append(SixteenFilter(mouse=profile.mouse))
    return filters
