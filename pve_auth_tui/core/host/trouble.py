"""A step on the node that did not reach what it is for."""

from __future__ import annotations

from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.causes import JoinCause


class HostTrouble(CommandFailed):
    """`causes`: worst first, () where nobody knows. `said`: what the command printed, None for a
    file. `original` is its output, with its secrets masked: untrusted. `unsure`: it may still be
    going on, or have been done in part; then nobody repeats it without looking first. `record`:
    the file that holds all it said, "" for none.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        original: str = "",
        *,
        causes: tuple[JoinCause, ...] = (),
        said: Said | None = None,
        unsure: bool = False,
        record: str = "",
    ) -> None:
        super().__init__(message, hint, original)
        self.causes = causes
        self.said = said
        self.unsure = unsure
        self.record = record
