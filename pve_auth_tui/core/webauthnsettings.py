"""WebAuthn's settings: what is wrong with them, and which keys depend on them.

The rules themselves are in `webauthnorigin`, `webauthnreach` and `webauthnproposal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core import weburl
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.publicsuffix import IsSuffix, is_known_suffix
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthnorigin import (
    Fault,
    Settings,
    Unfit,
    client_origin,
    require_usable,
    settings_of,
)
from pve_auth_tui.core.webauthnproposal import Proposal, propose
from pve_auth_tui.core.webauthnreach import Reach, reach, urls_of
from pve_auth_tui.core.words import count_words, listed

__all__ = [
    "Broken",
    "Fault",
    "Proposal",
    "Reach",
    "Settings",
    "Unfit",
    "broken_by",
    "client_origin",
    "elsewhere",
    "key_names",
    "propose",
    "reach",
    "require_usable",
    "revived_by",
    "settings_findings",
    "settings_of",
    "urls_of",
]

_NAMED: Final = 4  # keys in one sentence
_KEYS = Target("tfa", query="type:webauthn")


class Broken(NamedTuple):
    """A security key's entry. `seen`: the ID under which it was seen to work, "" if never."""

    userid: str
    description: str
    entry: str = ""
    enable: bool = True
    seen: str = ""


def key_names(keys: Sequence[Broken]) -> str:
    """`ann@pve (blue key) and bob@pve (spare, disabled)`; of many some."""
    names = [
        f"{one.userid} ({one.description or one.entry}{'' if one.enable else ', disabled'})"
        for one in keys
    ]
    return listed(names, _NAMED)


def broken_by(snapshot: Snapshot, settings: Settings | None) -> tuple[Broken, ...]:
    """The entries that stop working with these settings (None: without any), disabled ones too.

    An ID is hashed into every credential (reference 8.1): another one ends all of them, but for
    those that were made under it before; another name or origin ends none.
    """
    now = settings_of(snapshot)
    then = settings.id if settings and settings.rp else ""
    if now is None or not (now.rp and now.id) or now.id == then:
        return ()
    return tuple(one for one in _entries(snapshot) if not then or one.seen != then)


def revived_by(snapshot: Snapshot, settings: Settings) -> tuple[Broken, ...]:
    """Entries that were seen to work under the ID of these settings, and not under today's."""
    now = settings_of(snapshot)
    if now is not None and now.id == settings.id:
        return ()
    return tuple(one for one in _entries(snapshot) if one.seen == settings.id)


def elsewhere(snapshot: Snapshot) -> tuple[Broken, ...]:
    """Entries that were seen to work under another ID than today's: they fail now."""
    now = settings_of(snapshot)
    ident = now.id if now else ""
    return tuple(one for one in _entries(snapshot) if one.seen and ident and one.seen != ident)


def _entries(snapshot: Snapshot) -> Iterator[Broken]:
    for userid, tfa in sorted(snapshot.tfa.value.users.items()) if snapshot.tfa.value else ():
        for entry in tfa.entries:
            if entry.type == "webauthn":
                mark = snapshot.proofs.get((userid, entry.id))
                seen = mark.rp_id if mark else ""
                yield Broken(userid, entry.description, entry.id, entry.enable, seen)


def settings_findings(
    snapshot: Snapshot,
    host: str,
    names: Mapping[str, str],
    *,
    is_suffix: IsSuffix = is_known_suffix,
) -> tuple[Finding, ...]:
    """What needs a look in today's settings, the worst first. Without any, and without a key that
    needs them, nothing does.

    `host`: name and port by which PVE is asked here; `names`: node -> its full name.
    """
    if snapshot.datacenter.value is None:
        return ()
    settings, keys = settings_of(snapshot), tuple(_entries(snapshot))
    try:
        require_usable(settings, is_suffix=is_suffix)
    except Unfit as unfit:
        if settings is None and not keys:
            return (Finding("-", str(unfit).rstrip("."), unfit.hint),)
        return (_unusable(unfit, keys),)
    found = list(_seen_elsewhere(snapshot))
    try:
        client_origin(settings, host, is_suffix=is_suffix)
    except Unfit as unfit:
        found.append(Finding("LOOK", f"Not from here: {str(unfit).rstrip('.')}", unfit.hint))
    if settings is not None:
        found += _unreached(settings, names, is_suffix)
        found += _without_origin(settings)
        found += _loose(settings)
    return tuple(found)


def _unusable(unfit: Unfit, keys: Sequence[Broken]) -> Finding:
    asked = [one for one in keys if one.enable]
    text = str(unfit).rstrip(".")
    if not asked:
        return Finding("LOOK", text, unfit.hint)
    who = listed(list(dict.fromkeys(one.userid for one in asked)))
    lost = count_words(len(asked), "security key", "security keys")
    where = "" if unfit.by_pve else " in a browser"
    fails = "fails" if len(asked) == 1 else "fail"
    return Finding("BAD", f"{text}. So {lost} of {who} {fails}{where}", unfit.hint, _KEYS)


def _seen_elsewhere(snapshot: Snapshot) -> Iterator[Finding]:
    old: dict[str, list[Broken]] = {}
    for one in elsewhere(snapshot):
        old.setdefault(one.seen, []).append(one)
    for ident, entries in old.items():
        many = count_words(len(entries), "security key", "security keys")
        who = listed(list(dict.fromkeys(one.userid for one in entries)))
        verb = "was" if len(entries) == 1 else "were"
        yield Finding(
            "BAD",
            f"{many} of {who} {verb} enrolled under the ID {ident}, which is another one now",
            "They work again with that ID. Else remove them and enrol the keys anew.",
            _KEYS,
        )


def _unreached(
    settings: Settings, names: Mapping[str, str], is_suffix: IsSuffix
) -> Iterator[Finding]:
    lost = []
    for node, name in names.items():
        (found,) = reach(settings, urls_of([name]), is_suffix=is_suffix)
        if not found.ok:
            lost.append((node, found))
    if lost:
        (_, first), nodes = lost[0], [node for node, _ in lost]
        yield Finding(
            "LOOK",
            f"Security keys do not work in a browser at {listed(nodes)}",
            f"{first.url}: {first.why}.",
        )


def _without_origin(settings: Settings) -> Iterator[Finding]:
    """PVE::API2::TFA dies of it outside a request (reference 8.4)."""
    if not settings.origin:
        yield Finding(
            "-",
            "No origin is set: pvesh on a node cannot add any second factor, not even TOTP",
            "PVE then takes the origin from each request, and pvesh has none. This program and "
            "the web interface have one.",
        )


def _loose(settings: Settings) -> Iterator[Finding]:
    """webauthn-rs 0.5.2 compares the ends of names, without the dot (fido.md 2.3)."""
    if not (settings.origin and settings.allow_subdomains):
        return
    host = weburl.parse(settings.origin).host
    yield Finding(
        "-",
        f"With subdomains allowed, PVE also takes names that only end alike, such as evil{host}",
        f"Browsers ask a key only for {settings.id} and below, so a key is not tricked by that. "
        "Where one address is enough, allow no subdomains.",
    )
