"""A node in software on which CAs are trusted and no longer trusted, and servers to be checked."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.adapters.directory.certificatefile import read_certificates
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.core.host.ports import Host, Look, OnLine, Said
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.hoststeps import HostSteps
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.services.trust import TrustService
from tests.services.scripted import Scripted
from tests.services.workbench import Bench

FOLDER = "usr/local/share/ca-certificates"


class OddHost:
    """The node, with an update-ca-certificates that may do something else."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.update_does_nothing = False
        self.asked: list[tuple[str, ...]] = []

    def ask(
        self,
        argv: Any,
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        self.asked.append(tuple(argv))
        if self.update_does_nothing and tuple(argv) == ("/usr/sbin/update-ca-certificates",):
            on_line("1 added, 0 removed; done.")
            return Said("update-ca-certificates", 0, ("1 added, 0 removed; done.",))
        return self._host.ask(argv, stdin=stdin, seconds=seconds, on_line=on_line)

    @property
    def files(self) -> Any:
        return self._host.files

    def look(self, path: str) -> Look | None:
        return self._host.look(path)

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        self._host.write(path, content, mode, expected)


class TrustBench(Bench):
    """`directories` answer as a test has written down."""

    def __init__(self, **files: str) -> None:
        super().__init__(**files)
        self.host = OddHost(self.node.host)
        self.directories = Scripted()
        self.plans = PlanService(
            self.outlooks,
            StepRunner(lambda: self.ladder, host_steps=HostSteps(self.host)),
            self.journal,
            self.saved,
            self.clock,
        )
        self.trust = TrustService(
            self.host,
            self.directories,
            self.plans,
            self.outlooks,
            clock=self.clock,
            read_certificates=read_certificates,
        )

    def put(self, path: str, data: bytes) -> str:
        """A file of the node; its absolute path."""
        self.node.disk.write(path.lstrip("/"), data)
        return f"/{path.lstrip('/')}"

    def lay(self, name: str, data: bytes) -> None:
        """A file among the CAs, as somebody puts it there by hand."""
        self.put(f"{FOLDER}/{name}", data)

    def update(self, *words: str) -> None:
        """update-ca-certificates, by hand."""
        assert self.host.ask(("/usr/sbin/update-ca-certificates", *words)).code == 0

    def there(self) -> list[str]:
        return list(self.node.host.files.names(FOLDER))

    def state(self, name: str) -> list[str]:
        """`BAD It is not ...` of a file, as list has it."""
        from pve_auth_tui.core.trust.store import findings_of

        stored = self.trust.listed().at(name)
        assert stored is not None, f"{name} is not listed"
        return [f"{one.word} {one.text}" for one in findings_of(stored, self.clock.now())]
