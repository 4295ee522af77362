"""The OpenID provider of tests/lab/oidc, at one address for each certificate."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.lab.adlab import names, trees
from tests.lab.adlab.pki import Pki, wanted_of
from tests.lab.adlab.places import Place, Switch, run

_SOURCES: Final = Path(__file__).parent.parent / "oidc"
_INSTALLED_BY: Final = ("package.json", "package-lock.json", ".npmrc")
_PATIENCE: Final = 30.0  # seconds
_INSTALLED_IN: Final = 300.0  # seconds


class Provider:
    """Runs from when it is made until it is closed. `folder` is to be made."""

    def __init__(self, switch: Switch, pki: Pki, folder: Path) -> None:
        folder.mkdir(parents=True)
        for source in _SOURCES.glob("*.mjs"):
            shutil.copy(source, folder)
        (folder / "node_modules").symlink_to(_installed() / "node_modules")
        self._place = Place()
        served = {name: at for name, at in names.addresses().items() if name.endswith(names.IDP)}
        switch.plug_in(self._place, list(served.values()))
        listeners = []
        for name, address in served.items():
            kind = name.removesuffix(names.IDP).rstrip(".")
            file = f"idp-{kind}"
            pki.issue(file, wanted_of(kind, name))
            listeners.append(f"{address}={pki.folder / file}.crt,{pki.folder / file}.key")
        node = ("/usr/bin/env", "node", "--no-warnings", str(folder / "provider.mjs"))
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._place.enter, *node, str(names.IDP_PORT), names.IDP_ORIGIN, *listeners],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout
        if not self._process.stdout.readline():
            raise RuntimeError(f"The provider did not start: {self.log[-2000:]}")

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def close(self) -> None:
        self._process.kill()
        with self._process:
            self._process.wait(_PATIENCE)
        self._place.close()


def _installed() -> Path:
    """The packages that package-lock.json names, by npm as it is set up here."""
    recipe = tuple((_SOURCES / name).read_text() for name in _INSTALLED_BY)

    def build(folder: Path, log: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in _INSTALLED_BY:
            shutil.copy(_SOURCES / name, folder)
        words = ("npm", "ci", "--prefix", str(folder), "--no-progress")
        log.write_text(run(*words, patience=_INSTALLED_IN))

    return trees.kept("oidc", recipe, build)
