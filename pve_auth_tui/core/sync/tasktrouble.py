"""Why the task of a sync ended badly, as an admin can act on it.

The texts are PVE's own, as recorded. A task that ended before its last line wrote nothing: PVE
writes users and groups in one go.
"""

from __future__ import annotations

import re
from typing import Final

from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.errors import ApiError, AuthTuiError, Refused

_LONGEST: Final = 300
_DIRECTORY: Final = re.compile(r"ldap (?:bind failed|user search error|group search error): ")
_NO_PASSWORD: Final = re.compile(r"missing password for realm ")
_TEST: Final = "Test the realm: it tells stage by stage what the directory wants."


def task_trouble(exitstatus: str, action: str, user: str = "") -> AuthTuiError:
    """`action` is what was tried, as after "could not"; untrusted `exitstatus` is PVE's."""
    text = " ".join(exitstatus[:_LONGEST].split())
    if _DIRECTORY.match(text):
        return _refused(action, f"the directory did not take what PVE asked ({text})", _TEST, text)
    if _NO_PASSWORD.match(text):
        hint = "Give the realm its bind password anew."
        return _refused(action, "PVE has no password to bind with for this realm", hint, text)
    if text.startswith("received interrupt"):
        return AuthTuiError(
            f"Could not {action}: somebody stopped PVE's task.",
            "A sync writes at its end: read the lists again.",
            text,
        )
    return explained(ApiError(500, f"{exitstatus}\n"), action=action, user=user)


def _refused(action: str, why: str, hint: str, original: str) -> Refused:
    return Refused(f"Could not {action}: {why}, so nothing was changed.", hint, original)
