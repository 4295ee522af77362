"""How the core says no: with an error, or by crashing."""

from __future__ import annotations

from pve_auth_tui.core.errors import ApiError


class Failure(Exception):
    """The core's own text. Its log has just that; answers of the API add what caused it."""

    def __init__(self, text: str, cause: str = "") -> None:
        super().__init__(text)
        self.whole = f"{text}: {cause}" if cause else text


class Panic(Exception):
    """The core crashed; the text is its own, and nobody sees it but the journal."""


class Panicked(ApiError):
    """What the API makes of a crash. `panic` is the core's own text."""

    def __init__(self, panic: str) -> None:
        super().__init__(500, "rust function panicked\n")
        self.panic = panic


def refused(text: str) -> ApiError:
    """The API's answer to an error of the core."""
    return ApiError(500, f"{text}\n")
