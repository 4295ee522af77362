"""cp, install, rm, cat, hostname, chronyc, update-ca-certificates and openssl verify.

They act on the simulated node's files, so that a backup is one and a way back leads back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pve_auth_tui.core.errors import Unwritable
from pve_auth_tui.simnode.host import certstore
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.options import Given, parsed

if TYPE_CHECKING:
    from cryptography import x509

_CP: Final = {
    "-a": ("archive", False),
    "--archive": ("archive", False),
    "--preserve": ("mode", True),
    "-r": ("recursive", False),
    "--recursive": ("recursive", False),
    "--dereference": ("dereference", False),
    "--parents": ("parents", False),
    "-t": ("target", True),
    "--target-directory": ("target", True),
    "-T": ("plain", False),
    "--no-target-directory": ("plain", False),
    "-f": ("force", False),
    "--force": ("force", False),
    "-n": ("keep", False),
    "--no-clobber": ("keep", False),
}
_NOT_THERE: Final = "No such file or directory"


def cp(machine: Machine, call: Call) -> None:
    """Files and folders, with their modes where --archive asks for it."""
    given = parsed(call, _CP)
    words = given.words
    into = given.get("target")
    if not into:
        if len(words) < 2:
            raise call.unknown()
        *words, into = words
        folder = machine.files.is_folder(into) and not given.has("plain")
        if not folder and (len(words) > 1 or given.has("parents")):
            return call.fail(f"cp: target '{into}': {_NOT_THERE}")
    else:
        folder = True
        if not machine.files.is_folder(into):
            return call.fail(f"cp: target directory '{into}': {_NOT_THERE}")
    for word in words:
        _copy(machine, call, given, word, (into, "") if folder else ("", into))
    return None


def _copy(machine: Machine, call: Call, given: Given, source: str, to: tuple[str, str]) -> None:
    """`to`: a folder to copy into, or the copy's own name."""
    into, name = to
    files = machine.files
    keep_mode = given.has("archive") or given.has("mode")
    look = files.look(source)
    if look is None:
        return call.fail(f"cp: cannot stat '{source}': {_NOT_THERE}")
    below = f"{into.rstrip('/')}/{source.strip('/')}"
    if not given.has("parents"):
        below = f"{into.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}"
    target = name or below
    if look.kind == "folder":
        if not (given.has("archive") or given.has("recursive")):
            text = f"cp: -r not specified; omitting directory '{source}'"
            return call.fail(text)
        files.make_folder(target, look.mode)
    start = source.strip("/")
    for path in list(files.below(start)):
        copy = target + path[len(start) :]
        if given.has("keep") and files.disk.read(copy.strip("/")) is not None:
            continue
        mode = files.mode(path) if keep_mode else None
        try:
            files.write(copy, files.disk.read(path) or b"", mode)
        except Unwritable as error:
            call.fail(f"cp: error writing '{copy}': {str(error).rpartition(': ')[2].rstrip('.')}")
    return None


def install(machine: Machine, call: Call) -> None:
    """`-d` makes folders; else it copies one file, with a mode."""
    known = {
        "-d": ("folders", False),
        "--directory": ("folders", False),
        "-m": ("mode", True),
        "--mode": ("mode", True),
        "-D": ("lead", False),
        "-T": ("plain", False),
        "--no-target-directory": ("plain", False),
        "-o": ("owner", True),
        "-g": ("group", True),
        "--owner": ("owner", True),
        "--group": ("group", True),
    }
    given = parsed(call, known)
    digits = given.get("mode") or "0755"
    if not digits or set(digits) - set("01234567") or not given.words:
        raise call.unknown()
    mode = int(digits, 8)
    if given.has("folders"):
        for word in given.words:
            if machine.faults.disk_full:
                call.fail(f"install: cannot create directory '{word}': No space left on device")
            else:
                machine.files.make_folder(word, mode)
        return None
    if len(given.words) != 2:
        raise call.unknown()
    source, target = given.words
    data = machine.files.disk.read(source.strip("/"))
    if data is None:
        return call.fail(f"install: cannot stat '{source}': {_NOT_THERE}")
    if machine.files.is_folder(target) and not given.has("plain"):
        target = f"{target.rstrip('/')}/{source.rpartition('/')[2]}"
    try:
        machine.files.write(target, data, mode)
    except Unwritable as error:
        why = str(error).rpartition(": ")[2].rstrip(".")
        return call.fail(f"install: error writing '{target}': {why}")
    return None


def rm(machine: Machine, call: Call) -> None:
    """Files; folders with -r."""
    known = {
        "-f": ("force", False),
        "--force": ("force", False),
        "-r": ("recursive", False),
        "-rf": ("both", False),
        "--recursive": ("recursive", False),
    }
    given = parsed(call, known)
    force = given.has("force") or given.has("both")
    for word in given.words:
        look = machine.files.look(word)
        if look is None:
            if not force:
                call.fail(f"rm: cannot remove '{word}': {_NOT_THERE}")
            continue
        if look.kind == "folder" and not (given.has("recursive") or given.has("both")):
            call.fail(f"rm: cannot remove '{word}': Is a directory")
            continue
        for path in list(machine.files.below(word)):
            machine.files.remove(path)
        machine.files.remove(word)


def cat(machine: Machine, call: Call) -> None:
    """Each file."""
    if not call.args or any(arg.startswith("-") for arg in call.args):
        raise call.unknown()
    for word in call.args:
        data = machine.files.disk.read(word.strip("/"))
        if data is None:
            call.fail(f"cat: {word}: {_NOT_THERE}")
        elif data:
            call.out(data.decode(errors="replace").removesuffix("\n"))


def hostname(machine: Machine, call: Call) -> None:
    """Short, or with -f or -d what /etc/hosts makes of it."""
    flag = call.args[0] if len(call.args) == 1 else ""
    if len(call.args) > 1:
        raise call.unknown()
    full = machine.full_name
    if flag in ("", "-s", "--short"):
        return call.out(machine.name)
    if flag not in ("-f", "--fqdn", "--long", "-d", "--domain"):
        raise call.unknown()
    if not full:
        return call.fail("hostname: Name or service not known")
    return call.out(full.partition(".")[2] if flag in ("-d", "--domain") else full)


def chronyc(machine: Machine, call: Call) -> None:
    """`-c tracking`; other words go to the node's own chronyc."""
    words = [arg for arg in call.args if arg != "-n"]
    if words != ["-c", "tracking"]:
        raise call.unknown()
    unit = machine.units.get("chrony")
    if unit is None or unit.state != "active":
        return call.fail("506 Cannot talk to daemon")
    now = machine.now()
    if machine.faults.clock_wrong:
        zeros = ",".join(["0.000000000"] * 3)
        return call.out(
            f"00000000,,0,0.000000000,{zeros},0.000,0.000,0.000,1.0,1.0,0.0,Not synchronised"
        )
    return call.out(
        f"C000020A,192.0.2.10,4,{now - 12:.9f},0.000004737,0.000001557,0.000004677,-0.346,0.025,"
        "1.618,0.000033560,0.000009728,2.0,Normal"
    )


def update_ca_certificates(machine: Machine, call: Call) -> None:
    """It ends with 0 whatever it was given."""
    words = list(call.args)
    if words not in ([], ["--fresh"], ["-f"]):
        raise call.unknown()
    if words:
        call.out("Clearing symlinks in /etc/ssl/certs...\ndone.")
    call.out("Updating certificates in /etc/ssl/certs...")
    try:
        added, removed, complaints = certstore.update(machine.files, fresh=bool(words))
    except Unwritable:
        return call.fail("/usr/sbin/update-ca-certificates: write error: No space left on device")
    for complaint in complaints:
        call.err(complaint)
    return call.out(
        f"{added} added, {removed} removed; done.\n"
        "Running hooks in /etc/ca-certificates/update.d...\ndone."
    )


def openssl(machine: Machine, call: Call) -> None:
    """`openssl verify [-CApath DIR] [-CAfile FILE] [FILE]`; without a file of standard input."""
    if call.args[:1] != ["verify"]:
        raise call.unknown()
    folder, file, words = "", "", []
    waiting = list(call.args[1:])
    system = {"-no-CAfile", "-no-CAstore", "-no-CApath"}
    while waiting:
        word = waiting.pop(0)
        if word in ("-CApath", "-CAfile"):
            if not waiting:
                raise call.unknown()
            value = waiting.pop(0)
            folder, file = (value, file) if word == "-CApath" else (folder, value)
        elif word in system:
            system.discard(word)
        elif word.startswith("-") and word != "--":
            raise call.unknown()
        elif word != "--":
            words.append(word)
    if "-no-CApath" in system and not folder:
        folder = f"/{certstore.CERTS}"
    if "-no-CAfile" in system and not file:
        file = "/usr/lib/ssl/cert.pem"
    trusted = certstore.issuers(machine.files, folder=folder, file=file)
    for word in words:
        _verify(call, word, machine.files.disk.read(word.strip("/")), trusted)
    if not words:
        _verify(call, "stdin", (call.stdin or "").encode(), trusted)


def _verify(call: Call, word: str, data: bytes | None, trusted: list[x509.Certificate]) -> None:
    if data is None:
        call.err(f"Could not open file or uri for loading certificate file from {word}")
        return call.fail("Unable to load certificate file\n", 2)
    found = [each for each in map(certstore.parsed, certstore.certificates(data)) if each]
    if not found:
        return call.fail(f"Could not find certificate file from {word}", 2)
    first = found[0]
    subject = ", ".join(each.rfc4514_string() for each in first.subject.rdns)
    for _ in range(8):
        if first in trusted:
            return call.out(f"{word}: OK")
        above = next((each for each in trusted if _issued(first, each)), None)
        if above is None:
            break
        if above.subject == above.issuer:
            return call.out(f"{word}: OK")
        first = above
    own = first.subject == first.issuer
    code, why = (
        (18, "self-signed certificate") if own else (20, "unable to get local issuer certificate")
    )
    call.err(f"{subject}\nerror {code} at 0 depth lookup: {why}")
    return call.fail(f"error {word}: verification failed", 2)


def _issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        one.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
