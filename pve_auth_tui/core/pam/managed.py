"""What pam-auth-update manages on a node: whose lines are whose, and how to get them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.pam import filewords
from pve_auth_tui.core.pam.model import PamFinding, Place
from pve_auth_tui.core.pam.profiles import (
    KINDS,
    MKHOMEDIR,
    SSS,
    UNIX,
    Profile,
    block,
    chosen,
    differing,
    odd_fallback,
    profile,
    rewritten,
)
from pve_auth_tui.core.pam.stacks import Reader
from pve_auth_tui.core.pam.words import BY_HAND, TAKE_OUT

_PREFIX: Final = "/etc/pam.d/common-"
_BUILT_IN: Final = {"unix": UNIX, "sss": SSS, "mkhomedir": MKHOMEDIR}


@dataclass(frozen=True, slots=True)
class Managed:
    """The files /etc/pam.d/common-* beside the profiles that are chosen for them."""

    read: Reader

    def fix(self, place: Place) -> str:
        """What to do about a line. Of pam-auth-update's own: have it written anew, and what that
        overwrites; what stands around them it keeps, also with --force.
        """
        kind = place.path.removeprefix(_PREFIX)
        text = self.read(place.path) if kind in KINDS else None
        found = block(text) if text is not None else None
        if text is None or found is None:
            return f"{place.text}: {BY_HAND}"
        if place.line in {number for number, _ in (*found.primary, *found.additional)}:
            wrong = self._wrong(kind)
            if wrong or not odd_fallback(text):
                return filewords.force(place.path, wrong)
        elif place.line not in {number for number, _ in found.fallback}:
            return f"pam-auth-update keeps {place.text}, outside of its own lines. {TAKE_OUT}"
        return filewords.put_back(place.path)

    def findings(self) -> Iterator[PamFinding]:
        """Blocks that are not as the profiles have them."""
        for kind in KINDS:
            wrong = self._wrong(kind)
            if wrong:
                path = f"{_PREFIX}{kind}"
                yield filewords.edited(path, wrong)
            odd = odd_fallback(self.read(f"{_PREFIX}{kind}") or "")
            if odd:
                yield filewords.fallback_edited(f"{_PREFIX}{kind}", odd)

    def after_join(self) -> Mapping[str, str] | None:
        """The files as they are once sss and mkhomedir are chosen too; None where that is not
        pam-auth-update's to do.
        """
        changed: dict[str, str] = {}
        for kind in KINDS:
            text = self.read(f"{_PREFIX}{kind}")
            if text is None:
                continue
            names = (*(self._chosen(kind) or ("unix",)), "sss", "mkhomedir")
            made = rewritten(text, kind, self._profiles(names))
            if made is not None:
                changed[f"{_PREFIX}{kind}"] = made
        return changed if f"{_PREFIX}auth" in changed else None

    def _wrong(self, kind: str) -> tuple[int, ...]:
        """Numbers of the lines that differ; none where that cannot be told."""
        text, names = self.read(f"{_PREFIX}{kind}"), self._chosen(kind)
        if text is None or not names:
            return ()
        profiles = self._profiles(names)
        if len(profiles) < len(set(names)):
            return ()  # a profile is gone since: nothing to compare with
        return differing(text, kind, profiles) or ()

    def _chosen(self, kind: str) -> tuple[str, ...]:
        return chosen(self.read(f"/var/lib/pam/{kind}") or "")

    def _profiles(self, names: tuple[str, ...]) -> tuple[Profile, ...]:
        found: list[Profile] = []
        for name in dict.fromkeys(names):
            text = self.read(f"/usr/share/pam-configs/{name}") or _BUILT_IN.get(name)
            if text is not None and "/" not in name:
                found.append(profile(name, text))
        return tuple(found)
