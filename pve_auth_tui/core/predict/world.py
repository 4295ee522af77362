"""The picture while it is being changed, subject by subject."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, TypeVar

from pve_auth_tui.core.datacenter import parse_datacenter
from pve_auth_tui.core.domains import Domains, parse_domains
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.predict.access import AccessDraft
from pve_auth_tui.core.predict.refusal import Refusal, Unforeseeable
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import (
    Datacenter,
    Jobs,
    Part,
    Passwords,
    Snapshot,
    TokenSecrets,
    UnixPasswords,
)
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaUnreadable, parse_tfa
from pve_auth_tui.core.userconfig import parse_user_config

T = TypeVar("T")

_PVE: Final = "/etc/pve/"
_CHANGING: Final = (*("realms", "tfa", "datacenter", "jobs", "passwords", "token_secrets", "unix"),)


class World:
    """`release` is the version of libpve-access-control; `now` in seconds since 1970.

    `renewed`: objects that got a new secret. `described`: what the next key of a user is to be
    called, between the two steps of its registration.
    """

    def __init__(self, before: Snapshot, now: float) -> None:
        self.before = before
        self.now = int(now)
        self.release = release_of(before)
        self.renewed: dict[Key, None] = {}
        self.described: dict[str, str] = {}
        self._access: AccessDraft | None = None
        self._values: dict[str, Any] = {}

    # --- what there is ---

    @property
    def access(self) -> AccessDraft:
        """Raises Unforeseeable where user.cfg was not read."""
        if self._access is None:
            self._access = AccessDraft(_known(self.before.access), self.release)
        return self._access

    @property
    def realms(self) -> Domains:
        """Raises Unforeseeable where domains.cfg was not read."""
        return self._value("realms", self.before.realms)

    @realms.setter
    def realms(self, value: Domains) -> None:
        self._values["realms"] = value

    @property
    def tfa(self) -> TfaConfig:
        """Raises Refusal where PVE itself cannot read the file, Unforeseeable where we cannot."""
        if self.before.tfa.refused and "tfa" not in self._values:
            raise Refusal("PVE cannot read priv/tfa.cfg, so it changes no second factor.")
        return self._value("tfa", self.before.tfa)

    @tfa.setter
    def tfa(self, value: TfaConfig) -> None:
        self._values["tfa"] = value

    @property
    def datacenter(self) -> Datacenter:
        """Raises Unforeseeable where datacenter.cfg was not read."""
        return self._value("datacenter", self.before.datacenter)

    @datacenter.setter
    def datacenter(self, value: Datacenter) -> None:
        self._values["datacenter"] = value

    @property
    def jobs(self) -> Jobs:
        """Raises Unforeseeable where jobs.cfg was not read."""
        return self._value("jobs", self.before.jobs)

    @jobs.setter
    def jobs(self, value: Jobs) -> None:
        self._values["jobs"] = value

    def _value(self, name: str, part: Part[T]) -> T:
        value: T = self._values[name] if name in self._values else _known(part)
        return value

    def has_password(self, name: str, *, set: bool) -> None:
        """A user of realm pve gets or loses the password."""
        found = self._values.get("passwords", self.before.passwords.value)
        if isinstance(found, Passwords) and (name in found.users) != set:
            self._values["passwords"] = Passwords(found.users ^ {name})

    def has_linux_password(self, name: str, *, sure: bool) -> bool:
        """A Linux user of this node gets a password; False when there may be no such user.

        `sure`: there is one.
        """
        found = self._values.get("unix", self.before.unix.value)
        if not isinstance(found, UnixPasswords):
            return sure
        if sure:
            self._values["unix"] = UnixPasswords(found.users | {name})
        return sure or name in found.users

    def has_token_secret(self, tokenid: str, *, set: bool) -> None:
        """An API token gets or loses its secret."""
        found = self._values.get("token_secrets", self.before.token_secrets.value)
        if isinstance(found, TokenSecrets) and (tokenid in found.tokens) != set:
            self._values["token_secrets"] = TokenSecrets(found.tokens ^ {tokenid})

    def forget_factors(self, userid: str) -> None:
        """All second factors of a user go, with the locks. Raises Refusal as `tfa` does."""
        if self.before.tfa.value is None and not self.before.tfa.refused:
            return
        if userid in self.tfa.users:
            users = {name: user for name, user in self.tfa.users.items() if name != userid}
            self.tfa = replace(self.tfa, users=users)

    # --- realms ---

    def realm_type(self, userid: str) -> str | None:
        """The type of a user's realm; Refusal when there is no such realm."""
        name = userid.rpartition("@")[2]
        realm = self.realms.realms.get(name)
        if realm is None:
            raise Refusal(f"The realm {name} does not exist.")
        return realm.type

    def as_spelled(self, userid: str) -> str:
        """The userid as user.cfg has it, in realms that do not tell capitals from small letters."""
        realm = self.realms.realms.get(userid.rpartition("@")[2])
        if realm is None or truthy(realm.options.get("case-sensitive", "1")):
            return userid
        lower = userid.lower()
        return next((known for known in self.access.users if known.lower() == lower), userid)

    # --- the end ---

    def swap(self, path: str, content: bytes) -> None:
        """A whole file takes the place of what PVE had.

        Raises Refusal for one that PVE could not read, Unforeseeable for one that says nothing
        here.
        """
        if path == f"{_PVE}user.cfg":
            self._access = AccessDraft(
                parse_user_config(content, release=self.release), self.release
            )
        elif path == f"{_PVE}domains.cfg":
            self.realms = parse_domains(content)
        elif path == f"{_PVE}datacenter.cfg":
            self.datacenter = parse_datacenter(content)
        elif path == f"{_PVE}priv/tfa.cfg":
            try:
                self.tfa = parse_tfa(content, now=self.now)
            except TfaUnreadable:
                raise Refusal("PVE could not read the new priv/tfa.cfg.") from None
        else:
            raise Unforeseeable

    def picture(self) -> Snapshot:
        """The picture now; the same object when nothing changed."""
        parts: dict[str, Any] = {}
        if self._access is not None:
            found = self._access.result()
            if found is not self.before.access.value:
                parts["access"] = _with(self.before.access, found)
        for name in _CHANGING:
            part: Part[Any] = getattr(self.before, name)
            if name in self._values and self._values[name] != part.value:
                parts[name] = _with(part, self._values[name])
        return replace(self.before, **parts) if parts else self.before


def _known(part: Part[T]) -> T:
    if part.value is None:
        raise Unforeseeable
    return part.value


def _with(part: Part[T], value: T) -> Part[T]:
    if part.value is None:
        return Part(value, part.source, part.read_at)
    return part._replace(value=value)
