"""The files of PVE's access control with other names in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from tests.conformance.cipher import Cipher
from tests.conformance.recording import Files

_SECTION = re.compile(r"(\w[\w-]*): (\S+)(\n?)")
_PROPERTY = re.compile(r"\t(comment|realm) (.*)(\n?)")
_REALM_SECRETS = "priv/realm/"


def renamed_files(files: Files, cipher: Cipher) -> Files:
    """Recorded files, names and contents."""
    return {
        _file_name(name, cipher): text and _CONTENTS.get(name, _as_it_is)(text, cipher)
        for name, text in files.items()
    }


def user_cfg(text: str, cipher: Cipher) -> str:
    """user.cfg: lines of fields with colons in between."""
    return "".join(_access_line(line, cipher) for line in text.splitlines(keepends=True))


def _access_line(line: str, cipher: Cipher) -> str:
    kind, *fields = line.split(":")
    rename = _FIELDS.get(kind, {})
    return ":".join(
        [
            kind,
            *(
                rename[place](cipher, field) if place in rename else field
                for place, field in enumerate(fields)
            ),
        ]
    )


def _users(cipher: Cipher, text: str) -> str:
    return cipher.each(text, cipher.user)


_FIELDS: Mapping[str, Mapping[int, Callable[[Cipher, str], str]]] = {
    "user": {0: Cipher.user, 6: Cipher.word},
    "token": {0: Cipher.authid, 3: Cipher.word},
    "group": {0: Cipher.group, 1: _users, 2: Cipher.word},
    "pool": {0: Cipher.word, 1: Cipher.word},
    "role": {0: Cipher.role},
    "acl": {
        1: Cipher.acl_path,
        2: lambda cipher, text: cipher.each(text, cipher.subject),
        3: lambda cipher, text: cipher.each(text, cipher.role),
    },
}


def _domains_cfg(text: str, cipher: Cipher) -> str:
    return "".join(
        _SECTION.sub(lambda found: f"{found[1]}: {cipher.realm(found[2])}{found[3]}", line)
        if not line.startswith("\t")
        else _property(line, cipher)
        for line in text.splitlines(keepends=True)
    )


def _jobs_cfg(text: str, cipher: Cipher) -> str:
    return "".join(_property(line, cipher) for line in text.splitlines(keepends=True))


def _property(line: str, cipher: Cipher) -> str:
    found = _PROPERTY.fullmatch(line)
    if not found:
        return line
    rename = cipher.realm if found[1] == "realm" else cipher.description
    return f"\t{found[1]} {rename(found[2])}{found[3]}"


def _tfa_cfg(text: str, cipher: Cipher) -> str:
    config = json.loads(text)
    users = config.get("users", {})
    for user in users.values():
        for entries in user.values():
            for entry in entries if isinstance(entries, list) else ():
                entry["description"] = cipher.word(entry["description"])
    if users:
        config["users"] = {cipher.user(name): user for name, user in users.items()}
    return json.dumps(config)


def _token_cfg(text: str, cipher: Cipher) -> str:
    return re.sub(r"^\S+", lambda found: cipher.authid(found[0]), text, flags=re.MULTILINE)


def _shadow_cfg(text: str, cipher: Cipher) -> str:
    return re.sub(r"^[^:\n]+", lambda found: cipher.word(found[0]), text, flags=re.MULTILINE)


def _as_it_is(text: str, cipher: Cipher) -> str:
    return text


def _file_name(name: str, cipher: Cipher) -> str:
    if not name.startswith(_REALM_SECRETS):
        return name
    realm = name.removeprefix(_REALM_SECRETS).removesuffix(".pw")
    return f"{_REALM_SECRETS}{cipher.realm(realm)}.pw"


_CONTENTS: Mapping[str, Callable[[str, Cipher], str]] = {
    "user.cfg": user_cfg,
    "domains.cfg": _domains_cfg,
    "jobs.cfg": _jobs_cfg,
    "priv/tfa.cfg": _tfa_cfg,
    "priv/token.cfg": _token_cfg,
    "priv/shadow.cfg": _shadow_cfg,
}
