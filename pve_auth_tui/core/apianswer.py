"""What a HTTP answer of PVE's API says; anything may have sent it (R12)."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from pve_auth_tui.core.errors import ApiError

MOST_BYTES: Final = 16 * 1024 * 1024  # a full user list of 20,000 users has about 6 MiB
_MOST_DEPTH: Final = 64
_LONGEST_TEXT: Final = 4096
_MOST_ERRORS: Final = 100


class NotAnAnswer(Exception):
    """Whatever it is, PVE's API does not answer like that; the text says what it is."""


def data_of(status: int, reason: str, body: bytes) -> Any:
    """PVE's `data` of an answer with HTTP status `status` and the phrase `reason` behind it.

    Raises ApiError when PVE refuses (its full message, else the phrase: some refusals have no
    body), and NotAnAnswer for everything that is none.
    """
    if 300 <= status < 400:
        raise NotAnAnswer(f"a redirect (HTTP {status}), which is not followed")
    if not 200 <= status < 300:
        raise _refusal(status, reason, body)
    answer = parsed(body)
    if "data" not in answer:
        raise NotAnAnswer("JSON that is no answer of PVE's")
    return answer["data"]


def _refusal(status: int, reason: str, body: bytes) -> ApiError:
    answer = parsed(body) if body.strip() else {}
    message, errors = answer.get("message"), answer.get("errors")
    if not isinstance(message, str) or not message.strip():
        message = _as_sent(reason) or f"HTTP status {status}"
    listed = list(errors.items())[:_MOST_ERRORS] if isinstance(errors, dict) else []
    return ApiError(
        status,
        message[:_LONGEST_TEXT],
        {name[:_LONGEST_TEXT]: str(text)[:_LONGEST_TEXT] for name, text in listed},
    )


def _as_sent(reason: str) -> str:
    """The phrase of the status line, which Python reads as Latin-1 whatever it is."""
    return reason.encode("latin-1", "replace").decode("utf-8", "replace").strip()


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object; raises NotAnAnswer for anything else, and when it nests too deep."""
    try:
        answer = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except RecursionError:
        raise NotAnAnswer("JSON that nests too deep") from None
    except ValueError:
        raise NotAnAnswer(_kind(body)) from None
    if not isinstance(answer, dict):
        raise NotAnAnswer("JSON that is no answer of PVE's")
    if _deeper_than(answer, _MOST_DEPTH):
        raise NotAnAnswer("JSON that nests too deep")
    return answer


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _kind(body: bytes) -> str:
    start = body[:512].lstrip().lower()
    if not start:
        return "an empty answer"
    if start.startswith(b"<"):
        return "a web page"
    return "half a JSON answer" if start.startswith((b"{", b"[")) else "something that is not JSON"


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether lists and objects stand in one another more than so many times."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
