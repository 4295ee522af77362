"""sssd.conf and krb5.conf, read and changed line by line as realmd changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Broken(Exception):
    """A line that is neither a section nor a setting."""


def read(text: str) -> dict[str, dict[str, str]]:
    """Section -> key -> value; the last one counts. Raises Broken."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if bare.startswith("["):
            if not bare.endswith("]"):
                raise Broken(bare)
            section = found.setdefault(bare[1:-1].strip(), {})
        elif section is None or "=" not in bare:
            raise Broken(bare)
        else:
            key, _, value = bare.partition("=")
            section[key.strip()] = value.strip()
    return found


def changed(text: str, section: str, values: Mapping[str, str | None]) -> str:
    """With these settings in a section, which is added when it is not there; None removes one."""
    lines: list[str] = []
    left = dict(values)
    here = seen = False
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("["):
            if here:
                lines += _rest(left)
            here = bare == f"[{section}]"
            seen = seen or here
        key = bare.partition("=")[0].strip()
        if here and "=" in bare and key in values:
            value = left.pop(key, None)
            if value is not None:
                lines.append(f"{key} = {value}")
            continue
        lines.append(line)
    if not seen:
        lines += ["", f"[{section}]"]
    if here or not seen:
        while seen and lines and not lines[-1].strip():
            lines.pop()
        lines += _rest(left)
    return "\n".join(lines) + "\n"


def _rest(left: dict[str, str | None]) -> Iterator[str]:
    for key in list(left):
        value = left.pop(key)
        if value is not None:
            yield f"{key} = {value}"


def without(text: str, section: str) -> str:
    """Without a whole section and the empty lines before it."""
    lines: list[str] = []
    here = False
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("["):
            here = bare == f"[{section}]"
            while here and lines and not lines[-1].strip():
                lines.pop()
        if not here:
            lines.append(line)
    return "\n".join(lines) + "\n"


def words(value: str) -> list[str]:
    """Of a list with commas."""
    return [word.strip() for word in value.split(",") if word.strip()]
