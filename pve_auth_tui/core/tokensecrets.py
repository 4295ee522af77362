"""PVE's /etc/pve/priv/token.cfg: the secrets of API tokens (PVE::TokenConfig)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pve_auth_tui.core import names
from pve_auth_tui.core.perltext import BLANKS, encode_file
from pve_auth_tui.core.secret import Secret

_ENTRY = re.compile(rf"([^{BLANKS}]+) ([^{BLANKS}]+)")


@dataclass(frozen=True, slots=True)
class TokenSecretsFile:
    """`secrets` by full token id, whether user.cfg has that token or not.

    PVE does not look at what a secret looks like. `warnings` are PVE's own, one per line
    that is lost at the next write.
    """

    secrets: Mapping[str, Secret]
    warnings: tuple[str, ...] = ()


def parse_token_secrets(data: bytes) -> TokenSecretsFile:
    """The file as PVE reads it: `id secret` with exactly one space; the last of several counts."""
    secrets: dict[str, Secret] = {}
    warnings: list[str] = []
    for line in data.decode("latin-1").split("\n"):
        entry = _ENTRY.fullmatch(line)
        if entry and names.split_tokenid(entry[1]):
            secrets[entry[1]] = Secret(entry[2])
        elif line.strip(BLANKS):
            warnings.append("skipping invalid token.cfg entry")
    return TokenSecretsFile(secrets, tuple(warnings))


def write_token_secrets(file: TokenSecretsFile) -> bytes:
    """The file as PVE writes it, sorted by token id."""
    return encode_file(
        "".join(f"{token} {file.secrets[token].reveal()}\n" for token in sorted(file.secrets))
    )
