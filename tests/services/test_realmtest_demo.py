"""The service with the real LDAP client on the demo's network: what the drawing shows of corp."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pve_auth_tui.adapters.clock import RunningClock
from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.domains import parse_domains
from pve_auth_tui.core.realmtest.report import Stage
from pve_auth_tui.core.realmtest.words import advice, report_text
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.realmtest import RealmTestService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.demonetwork import DemoNetwork
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.outside import Outside

FIRST, SECOND = "dc01.example.com", "dc02.example.com"


@dataclass
class Demo:
    service: RealmTestService
    disk: MemoryDisk
    outside: Outside

    def realm(self, name: str) -> DirectorySettings:
        return settings_of(parse_domains(self.disk.read("etc/pve/domains.cfg") or b"").realms[name])


@pytest.fixture
def demo() -> Demo:
    disk, clock = MemoryDisk(demo_tree().files), RunningClock(DEMO_NOW)
    outside = Outside(disk, clock.now)

    def stored(realm: str) -> Secret | None:
        found = disk.read(f"etc/pve/priv/realm/{realm}.pw")
        return Secret(found.decode().strip()) if found else None

    directories = LdapDirectories(DemoNetwork(disk, outside))
    return Demo(RealmTestService(directories, stored, clock), disk, outside)


def test_realm_corp_comes_to_what_the_drawing_shows(demo: Demo) -> None:
    test = demo.service.run(demo.realm("corp"))
    cells = [(check.stage.value, check.server, check.word) for check in test.checks]
    first = [word for _, server, word in cells if server == FIRST]
    second = [word for _, server, word in cells if server == SECOND]
    assert first == ["ok"] * 8 + ["LOOK", "LOOK"]
    assert second == ["ok", "ok", "ok", "BAD", *["-"] * 6]
    assert test.at(Stage.ADDRESS, FIRST).text == "192.0.2.10"
    assert test.at(Stage.CERTIFICATE, FIRST).text == "241 days"
    wrong = test.at(Stage.CERTIFICATE, SECOND)
    assert (wrong.text, wrong.causes) == ("other name", (Cause.CERT_OTHER_NAME,))
    told = advice(wrong, test)
    assert told.what == f"It is for dc2.example.com. The realm asks for {SECOND}: 62."
    assert dict(told.fixes[0].options) == {"server2": "dc2.example.com"}
    assert "20 checks: 11 ok, 2 to look at, 1 bad, 6 not reached." in report_text(test)


def test_realm_lab_is_in_clear_and_its_realm_maps_nothing(demo: Demo) -> None:
    test = demo.service.run(demo.realm("lab"), agreed=True)
    assert Cause.IN_CLEAR in test.at(Stage.STARTTLS, "ldap.lab.example.com").causes
    assert test.at(Stage.USERS, "ldap.lab.example.com").causes == (Cause.NO_MAPPING,)


def test_realm_old_has_no_server_any_more(demo: Demo) -> None:
    settings = demo.realm("old")
    (server, *_) = settings.servers
    check = demo.service.run(settings).at(Stage.ADDRESS, server)
    assert (check.word, check.causes) == ("BAD", (Cause.NAME_UNKNOWN,))


def test_a_wrong_password_of_one_person_counts_once(demo: Demo) -> None:
    """R23: the counter of the simulated domain is one higher, and four stop the next attempt."""
    corp = demo.realm("corp")
    misses = []
    for _ in range(6):
        check = demo.service.try_login(corp, "anna.admin", Secret("wrong"))
        misses.append(next((f.text for f in check.facts if f.heading == "Misses"), ""))
    assert misses == ["0", "1", "2", "3", "4", "4"]
    assert check.causes == (Cause.LOCK_NEAR,)
