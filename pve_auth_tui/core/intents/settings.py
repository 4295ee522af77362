"""Options of the datacenter: WebAuthn's settings (reference 8.1; PVE::DataCenterConfig)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core import propertystring
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import required
from pve_auth_tui.core.logins import webauthn_options
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.publicsuffix import IsSuffix, is_known_suffix
from pve_auth_tui.core.schema import WEBAUTHN
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnsettings import (
    Settings,
    key_names,
    reach,
    require_usable,
    revived_by,
    settings_of,
)
from pve_auth_tui.core.words import count_words, listed

_OPTION: Final = "webauthn"
_SUBDOMAINS: Final = "allow-subdomains"
_LONGEST: Final = 4096  # bytes of the whole line: what every reader of the file takes


def set_webauthn(
    settings: Settings, urls: Sequence[str] = (), *, is_suffix: IsSuffix = is_known_suffix
) -> Intent:
    """WebAuthn's settings for the whole datacenter.

    `urls`: addresses of the web interface; the plan says at which of them logins with keys end or
    stay impossible. The intent raises Unfit (a UsageError) for settings that cannot work,
    UsageError for what PVE does not store, and Refused when they are set already.
    """

    def intent(snapshot: Snapshot) -> Draft:
        required(snapshot.datacenter, "The datacenter's options")
        require_usable(settings, is_suffix=is_suffix)
        line = webauthn_line(settings, snapshot)
        before = settings_of(snapshot)
        if before == settings:
            raise Refused("Nothing would change: WebAuthn is set like that already.")
        notes = (
            *_of_keys(snapshot, settings),
            *_of_logins(before, settings, urls, is_suffix),
        )
        step = ApiCall("PUT", ("cluster", "options"), {_OPTION: line})
        title = "change the WebAuthn settings" if before else "set up WebAuthn"
        return Draft(title, (step,), notes)

    return intent


def webauthn_line(settings: Settings, snapshot: Snapshot | None = None) -> str:
    """The value of `webauthn:` in datacenter.cfg, `id=example.com,rp=Rack`, in PVE's own order.

    What `snapshot` has set to its default stays written down. Raises UsageError for what such a
    line cannot hold.
    """
    values = {"rp": settings.rp, "id": settings.id}
    if settings.origin:
        values["origin"] = settings.origin
    if not settings.allow_subdomains:
        values[_SUBDOMAINS] = "0"
    elif snapshot is not None and _says_yes(snapshot):
        values[_SUBDOMAINS] = "1"
    for name, value in values.items():
        if problem := value_problem(value):
            raise UsageError(f"{_LABELS.get(name, name)}: {problem}")
    line = propertystring.join(values, WEBAUTHN)
    if len(line.encode()) > _LONGEST:
        raise UsageError("The WebAuthn settings are too long for a line of datacenter.cfg.")
    return line


_LABELS: Final = {"rp": "Name", "id": "ID", "origin": "Origin"}


def value_problem(value: str) -> str:
    """What is wrong with a value of the line; "" when nothing is."""
    if "," in value:
        return "PVE takes no comma there: it separates the values."
    if not value.isprintable():
        return "Only what can be printed may stand there."
    if value != value.strip():
        return "No blank may stand at its ends."
    return ""


def _says_yes(snapshot: Snapshot) -> bool:
    return truthy(str(webauthn_options(snapshot).get(_SUBDOMAINS, "")))


def _of_keys(snapshot: Snapshot, settings: Settings) -> Iterator[Finding]:
    """Which keys come back; those that end are an effect of the plan (`core.effects`)."""
    if revived := revived_by(snapshot, settings):
        keys = count_words(len(revived), "security key", "security keys")
        work = "works" if len(revived) == 1 else "work"
        yield Finding("LOOK", f"{keys} made for that ID {work} again: {key_names(revived)}.")


def _of_logins(
    before: Settings | None, after: Settings, urls: Sequence[str], is_suffix: IsSuffix
) -> Iterator[Finding]:
    """The addresses at which browsers cannot use keys then."""
    was = {one.url: one.ok for one in reach(before, urls, is_suffix=is_suffix)} if before else {}
    found: dict[tuple[str, str], list[str]] = {}
    for one in reach(after, urls, is_suffix=is_suffix):
        if not one.ok:
            how = "no longer works" if was.get(one.url) else "does not work"
            found.setdefault((how, one.why), []).append(one.url)
    for (how, why), places in found.items():
        yield Finding("LOOK", f"A login with a key {how} at {listed(places)}: {why}.")
