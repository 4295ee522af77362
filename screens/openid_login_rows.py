"""What a login without a local browser is told of before and after, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.assisted import Begun, warnings
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.services.openidlogin import LoggedIn

NO_TFA: Final = "PVE asks for no second factor in OpenID realms: only the provider can."
DEMO: Final = (
    "This is the demo: its node cannot check a provider's signature, and refuses every login."
)


def warning_lines(settings: OpenIdSettings, node: str) -> Sequence[Line]:
    """What to know before, as it is a real login."""
    told = [Line(one.text, word=one.word) for one in warnings(settings, node)]
    return [*told, Line(NO_TFA, word="-")]


def what_to_do(login: Begun, why_no_code: str) -> Sequence[Line]:
    """`why_no_code`: why there is no QR code beside it, "" where there is."""
    lines = [
        Line("Open this address in any browser, on any device, and log in:"),
        Line(login.url),
        Line(
            f"The browser ends at {login.redirect}, perhaps with an error page: copy the whole"
            " address there, and paste it below. It holds a code, and is not shown."
        ),
    ]
    return [*lines, Line(why_no_code)] if why_no_code else lines


def trouble_lines(error: AuthTuiError, *, demo: bool) -> Iterator[Line]:
    """Why it did not come to a login, with the provider's own words."""
    yield Line(str(error), word="BAD")
    if demo:
        yield Line(DEMO, word="-")
    if error.hint:
        yield Line(error.hint)
    if error.original:
        yield Line(error.original, "Original")


def logged_in_lines(found: LoggedIn) -> Iterator[Line]:
    """Who it was, and what it wrote."""
    yield Line(f"{found.userid} logged in. The ticket was dropped at once.", word="ok")
    if found.new_user:
        yield Line("PVE made that user.")
    named = (
        ("New groups", found.new_groups), ("Joined", found.joined), ("Left", found.left),
    )  # fmt: skip
    for heading, groups in named:
        if groups:
            yield Line(", ".join(groups), heading)
    if not (found.new_user or found.new_groups or found.joined or found.left):
        yield Line("PVE changed no user and no group by it.")
    for remark in found.remarks:
        yield Line(remark, word="LOOK")
    yield Line(NO_TFA, word="-")
