"""All servers of the lab together, and a client that reaches them.

with Lab(folder) as lab:
    lab.inside(lambda: ...)      # a function of this process, in the client's network
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

from tests.lab.adlab import names
from tests.lab.adlab.dc import DomainController
from tests.lab.adlab.idp import Provider
from tests.lab.adlab.inside import inside
from tests.lab.adlab.oddities import Oddities
from tests.lab.adlab.pki import Pki
from tests.lab.adlab.places import Client, Switch
from tests.lab.adlab.slapds import Slapds

_Result = TypeVar("_Result")


class Lab:
    """`folder` is to be made. A server starts when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            raise PermissionError("The lab needs root: run make lab as root.")
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def inside(self, function: Callable[[], _Result]) -> _Result:
        """What it returns or raises in the client's network, with the lab's DNS and CA."""
        return inside(self.client, function)

    @cached_property
    def pki(self) -> Pki:
        return Pki(self._folder / "pki")

    @cached_property
    def switch(self) -> Switch:
        return self._stack.enter_context(closing(Switch()))

    @cached_property
    def client(self) -> Client:
        lines = [f"{address} {name}" for name, address in names.addresses().items()]
        hosts = "\n".join(
            ("127.0.0.1 localhost", f"{names.NODE_ADDRESS} {names.NODE} pve1", *lines)
        )
        client = Client(
            self._folder / "client", f"{hosts}\n", names.DC_ADDRESS, self.pki.ca.read_bytes()
        )
        self._stack.enter_context(closing(client))
        self.switch.plug_in(client, [names.NODE_ADDRESS])
        return client

    @cached_property
    def dc(self) -> DomainController:
        made = DomainController(self.switch, self.pki, self._folder / "dc", self.client)
        return self._stack.enter_context(closing(made))

    @cached_property
    def slapds(self) -> Slapds:
        made = Slapds(self.switch, self.pki, self._folder / "slapd")
        return self._stack.enter_context(closing(made))

    @cached_property
    def provider(self) -> Provider:
        made = Provider(self.switch, self.pki, self._folder / "provider")
        return self._stack.enter_context(closing(made))

    @cached_property
    def oddities(self) -> Oddities:
        return self._stack.enter_context(closing(Oddities(self.switch)))
