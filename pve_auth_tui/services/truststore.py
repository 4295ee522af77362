"""Reads which CAs this node trusts: files, bundle, and the hashed folder asked through openssl."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError, Missing, Unreadable
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.trust.model import Authority, Contents, Form, Reader
from pve_auth_tui.core.trust.pem import as_pem, certificates_of
from pve_auth_tui.core.trust.places import BUNDLE, CHOSEN, FOLDER, VERIFY, chosen
from pve_auth_tui.core.trust.store import LocalStore, Stored

_DEEPEST: Final = 4  # folders below FOLDER: update-ca-certificates goes into them
_MOST_FILES: Final = 500
_MOST_ASKED: Final = 40  # openssl runs; each takes some 10 ms
_SECONDS: Final = 10.0


class StoreReader:
    """One look; what was read is kept for as long as this lives."""

    def __init__(self, host: Host, read_certificates: Reader) -> None:
        self._host = host
        self._read = read_certificates
        self._asked = 0

    @cached_property
    def _bundle(self) -> tuple[bytes, ...] | None:
        """DER of each certificate in it; None where it cannot be read."""
        try:
            return certificates_of(self._host.files.read(BUNDLE[1:]))
        except Unreadable:
            return None

    def trusted(self) -> frozenset[str]:
        """SHA-256 of all of the bundle."""
        return frozenset(hashlib.sha256(der).hexdigest() for der in self._bundle or ())

    def subjects(self) -> tuple[str, ...]:
        """The names of all CAs in the bundle."""
        found = self._read(b"".join(as_pem(der).encode() for der in self._bundle or ()))
        return tuple(one.certificate.subject for one in found.authorities)

    def shipped(self) -> frozenset[str]:
        """SHA-256 of the certificates that Debian brings and that count; empty if not known."""
        try:
            conf = self._host.files.read(CHOSEN[1:]).decode("utf-8", "replace")
        except Unreadable:
            return frozenset()
        found = set()
        for path in chosen(conf):
            try:
                ders = certificates_of(self._host.files.read(path))
            except Unreadable:
                continue
            found |= {hashlib.sha256(der).hexdigest() for der in ders}
        return frozenset(found)

    def store(self) -> LocalStore:
        """Raises Unreadable where the folder itself cannot be read."""
        trusted = self.trusted()
        names = sorted(self._names("", _DEEPEST))
        files = tuple(self._stored(name, trusted) for name in names[:_MOST_FILES])
        problem = "" if self._bundle is not None else f"{BUNDLE} cannot be read."
        return LocalStore(files, self._ghosts(files), trusted, problem)

    def _names(self, below: str, depth: int) -> list[str]:
        folder = f"{FOLDER[1:]}/{below}".rstrip("/")
        found = []
        for name in self._host.files.names(folder):
            whole = f"{below}/{name}" if below else name
            if depth and self._is_folder(whole):
                try:
                    found += self._names(whole, depth - 1)
                except Unreadable:
                    found.append(whole)
            else:
                found.append(whole)
            if len(found) > _MOST_FILES:
                break
        return found

    def _is_folder(self, name: str) -> bool:
        try:
            seen = self._host.look(f"{FOLDER}/{name}")
        except Unreadable:
            return False
        return seen is not None and seen.kind == "folder"

    def _stored(self, name: str, trusted: frozenset[str]) -> Stored:
        path = f"{FOLDER}/{name}"
        try:
            seen = self._host.look(path)
            if seen is None:
                return Stored(name, problem="It is a link that leads nowhere.")
            if seen.kind != "file":
                return Stored(name, mode=seen.mode, uid=seen.uid, problem="It is no regular file.")
            data = self._host.files.read(path[1:])
        except Missing:
            return Stored(name, problem="It went away while it was read.")
        except AuthTuiError as error:
            return Stored(name, problem=str(error))
        contents = self._read(data)
        own = frozenset(one.sha256 for one in contents.authorities)
        asked = self._is_asked(name, contents)
        return Stored(
            name,
            hashlib.sha256(data).hexdigest(),
            seen.mode,
            seen.uid,
            contents,
            own & trusted,
            frozenset(one.sha256 for one in contents.authorities if asked and self.verified(one)),
            asked,
        )

    def _is_asked(self, name: str, contents: Contents) -> bool:
        if not name.endswith(".crt") or contents.form is Form.OTHER or not contents.authorities:
            return False
        self._asked += 1
        return self._asked <= _MOST_ASKED

    def verified(self, authority: Authority) -> bool:
        """Through the hashed folder alone, which is what PVE's realms use."""
        try:
            said = self._host.ask(VERIFY, stdin=Secret(authority.pem), seconds=_SECONDS)
        except AuthTuiError:
            return False
        return said.code == 0

    def _ghosts(self, files: tuple[Stored, ...]) -> tuple[Authority, ...]:
        """What the bundle has from neither Debian nor a file here; () where Debian's own part is
        not known.
        """
        shipped = self.shipped()
        if not shipped:
            return ()
        here = {each.sha256 for one in files if one.counts for each in one.contents.authorities}
        gone = [
            der
            for der in self._bundle or ()
            if hashlib.sha256(der).hexdigest() not in shipped | here
        ]
        return self._read(b"".join(as_pem(der).encode() for der in gone)).authorities
