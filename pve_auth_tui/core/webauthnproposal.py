"""Which WebAuthn settings fit the names that the nodes have (reference/fido.md 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.hostnames import host_name
from pve_auth_tui.core.publicsuffix import IsSuffix, is_bare, is_known_suffix
from pve_auth_tui.core.webauthnorigin import PORT, Settings, Unfit, client_origin
from pve_auth_tui.core.webauthnreach import reach, urls_of
from pve_auth_tui.core.words import listed

_NO_NAME: Final = (
    "No node has a name here that browsers can use, and neither they nor PVE take addresses. "
    "Give the nodes names in DNS or in hosts files, or use TOTP."
)
_FOR_ALL: Final = "For keys at all of them: names below one domain, or one name in front of all."


class Proposal(NamedTuple):
    """`settings`: what to set, None where no key can be used at all; `why` in one or two
    sentences; `left`: the nodes at which keys will not work.
    """

    settings: Settings | None
    why: str
    left: tuple[str, ...] = ()


def propose(
    names: Mapping[str, str],
    port: int = PORT,
    *,
    here: str = "",
    now: Settings | None = None,
    is_suffix: IsSuffix = is_known_suffix,
) -> Proposal:
    """`names`: node -> its full name, bare or an address where nothing better is known; `here`:
    the node to settle for where not all can have keys. `now`: what is set; what of it works is
    kept, above all the ID, since another one ends every key.
    """
    usable = {node: found for node, name in names.items() if (found := host_name(name))}
    whole = {node: name for node, name in usable.items() if not is_bare(name)}
    if now is not None and (kept := _kept(now, names, usable, port, is_suffix)) is not None:
        return kept
    if not usable:
        return Proposal(None, _NO_NAME, tuple(names))
    rp = now.rp if now else ""
    parent = _parent(tuple(whole.values()), is_suffix)
    left = tuple(node for node in names if node not in whole)
    if len(names) == 1:
        name = next(iter(usable.values()))
        only = " It has no domain, so the ID is its whole name." if is_bare(name) else ""
        return Proposal(_with(name, rp, port), f"The node's own name.{only}")
    if parent:
        return Proposal(_with(parent, rp, port), _of_parent(parent, whole, left, port), left)
    node = here if here in (whole or usable) else next(iter(whole or usable))
    name = usable[node]
    left = tuple(other for other in names if usable.get(other) != name)
    return Proposal(_with(name, rp, port), _of_one(node, tuple(usable.values()), is_suffix), left)


def _with(ident: str, rp: str, port: int) -> Settings:
    return Settings(rp or ident, ident, f"https://{ident}:{port}")


def _kept(
    now: Settings,
    names: Mapping[str, str],
    usable: Mapping[str, str],
    port: int,
    is_suffix: IsSuffix,
) -> Proposal | None:
    """Settings with today's ID, if that is one for all that have a name."""
    urls = urls_of(usable.values(), port)
    if not urls or not now.id:
        return None
    left = tuple(node for node in names if node not in usable)
    if now.rp and all(found.ok for found in reach(now, urls, is_suffix=is_suffix)):
        return Proposal(now, "What is set works under the names of all nodes.", left)
    other = _with(now.id, now.rp, port)
    try:
        client_origin(other, "", is_suffix=is_suffix)
    except Unfit:
        return None
    if not all(found.ok for found in reach(other, urls, is_suffix=is_suffix)):
        return None
    why = "The ID stays, so every key keeps working; the rest is what all nodes need."
    return Proposal(other, why, left)


def _parent(names: Sequence[str], is_suffix: IsSuffix) -> str:
    """The domain above all names that browsers take as ID; "" when there is none. Above a single
    one, as the other nodes are likely to stand there, too.
    """
    shared = _shared(names)
    if len(set(names)) == 1:
        shared = shared.partition(".")[2]
    return "" if is_bare(shared) or is_suffix(shared) else shared


def _shared(names: Sequence[str]) -> str:
    """What all names end with, in whole parts."""
    parts = [name.split(".")[::-1] for name in names]
    found: list[str] = []
    for labels in zip(*parts, strict=False):
        if len(set(labels)) != 1:
            break
        found.insert(0, labels[0])
    return ".".join(found)


def _of_parent(parent: str, whole: Mapping[str, str], left: Sequence[str], port: int) -> str:
    of_whom = listed(list(whole)) if left else "all nodes"
    many = not left or len(whole) > 1
    why = f"{parent} stands above the name{'s' if many else ''} of {of_whom}: one key works "
    why += f"{'at each of them' if many else 'there'}, on port {port}. It need not resolve."
    if left:
        why += f" At {listed(left)} it does if they are opened by a name below it."
    return why


def _of_one(node: str, names: Sequence[str], is_suffix: IsSuffix) -> str:
    shared = _shared(names)
    if is_bare(shared) and shared and any(name != shared for name in names):
        cause = f"The names share nothing but {shared}, which browsers refuse as ID"
    elif shared and is_suffix(shared):
        cause = f"The names share only {shared}, a public suffix, which browsers refuse as ID"
    else:
        cause = "The names of the nodes have no domain in common"
    return f"{cause}, so keys work at {node} alone. {_FOR_ALL}"
