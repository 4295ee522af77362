"""Failures an admin can act on. Anything else is a bug and may crash loudly."""

from __future__ import annotations

from collections.abc import Mapping


class AuthTuiError(Exception):
    """What happened, why, and the next thing worth trying.

    `str(error)` is one sentence for the user; `hint` is the next step; `original`
    is the text as the system gave it, shown only when asked for. The three may hold
    untrusted text: whoever shows them sends them through `core.plain`.
    """

    def __init__(self, message: str, hint: str = "", original: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.original = original


class Unreadable(AuthTuiError):
    """Something that should be there cannot be read (permission, size, kind, time-out)."""


class Missing(Unreadable):
    """A file is not there. For most of PVE's files that means: nothing is configured."""


class Refused(AuthTuiError):
    """Nothing was done on purpose: no quorum, a lock is held, or the guard said no."""


class NothingRecords(Refused):
    """Neither disk nor syslog takes a line, or what undo needs: nothing was done (R16).

    In an emergency a person may go on with a typed yes.
    """


class ApiError(AuthTuiError):
    """PVE's API refused a call: `code` is the HTTP status, `errors` a problem per parameter."""

    def __init__(self, code: int, message: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message.strip(), original=message)
        self.code = code
        self.errors = dict(errors or {})


class UsageError(AuthTuiError):
    """The command line asks for something that does not go together."""


class Unwritable(AuthTuiError):
    """A file of our own cannot be written (disk full, read-only, a folder of somebody else)."""


class Unreachable(AuthTuiError):
    """A way to PVE's API gave no answer: nobody listens, time-out, it died in mid-call.

    `unsure` is True when the call may have been carried out all the same; then nobody may
    repeat it without looking first.
    """

    def __init__(
        self, message: str, hint: str = "", original: str = "", *, unsure: bool = False
    ) -> None:
        super().__init__(message, hint, original)
        self.unsure = unsure


class Untrusted(Unreachable):
    """Whoever answers there could not prove to be that node; nothing was sent to them."""


class LoginRefused(AuthTuiError):
    """A login did not succeed. It is not tried again by itself (R23)."""


class CommandFailed(AuthTuiError):
    """A program on this node ended badly: which, and its exit code; never what it printed."""


class ToolMissing(CommandFailed):
    """A program that is needed is not installed on this node."""
