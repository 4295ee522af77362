"""What the screens are opened with. The screens themselves are tested in tests/screens."""

from __future__ import annotations

import gc
import os
import pty
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from errno import ENODEV
from pathlib import Path
from types import ModuleType

import pytest

from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.terminal.profile import Profile
from tests.cli.conftest import Outcome, Run


@dataclass
class Screens:
    """Stands in for the screens: remembers what it was opened with, returns `code`."""

    code: int = 0
    services: list[OutlookService] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    collecting: list[tuple[int, int, int]] = field(default_factory=list)

    def open_screens(self, service: OutlookService, profile: Profile, *_: object) -> int:
        self.services.append(service)
        self.profiles.append(profile)
        self.collecting.append(gc.get_threshold())
        return self.code

    @property
    def picture(self) -> Snapshot:
        return self.services[-1].load().snapshot


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> Screens:
    """Screens that only remember."""
    stub = Screens()
    module = ModuleType("pve_auth_tui.app")
    vars(module)["open_screens"] = stub.open_screens
    monkeypatch.setitem(sys.modules, "pve_auth_tui.app", module)
    return stub


@pytest.fixture
def start(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command line at a terminal."""
    leader, follower = pty.openpty()

    def at_a_terminal(*arguments: str | Path) -> Outcome:
        with monkeypatch.context() as patch:
            for stream in (sys.stdin, sys.stdout, sys.stderr):
                patch.setattr(stream, "isatty", lambda: True)
                patch.setattr(stream, "fileno", lambda: follower)
            return run(*arguments)

    yield at_a_terminal
    os.close(leader)
    os.close(follower)


def test_the_demo_is_the_rack_and_says_it_is_one(start: Run, screens: Screens) -> None:
    assert start("demo").code == 0

    assert screens.picture.demo
    access = screens.picture.access.value
    assert access is not None
    assert len(access.users) == 212


def test_a_terminal_without_a_name_is_one(
    start: Run, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a chroot or a container the terminal's device is not among those that are there."""

    def nameless(fd: int) -> str:
        raise OSError(ENODEV, "No such device")

    monkeypatch.setattr(os, "ttyname", nameless)
    assert start("demo").code == 0
    assert screens.picture.demo


def test_garbage_is_seldom_looked_for_in_everything_while_keys_are_waited_for(
    start: Run, screens: Screens
) -> None:
    before = gc.get_threshold()
    start("demo")
    young, middle, old = screens.collecting[-1]
    assert (young, middle) == before[:2]
    assert old > before[2]
    assert gc.isenabled()
    assert gc.get_threshold() == before


def test_nothing_is_looked_through_for_garbage_until_there_are_screens(
    start: Run, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor may the thread that reads the picture turn it on again while modules are imported."""
    begun: list[bool] = []
    begin = OutlookService.begin
    kept = gc.get_freeze_count()
    seen: list[int] = []
    open_screens = screens.open_screens

    def opened(service: OutlookService, profile: Profile, *rest: object) -> int:
        seen.append(gc.get_freeze_count())
        return open_screens(service, profile, *rest)

    monkeypatch.setattr(sys.modules["pve_auth_tui.app"], "open_screens", opened)

    def begin_noted(service: OutlookService) -> None:
        begun.append(gc.isenabled())
        begin(service)

    monkeypatch.setattr(OutlookService, "begin", begin_noted)
    assert start("demo").code == 0
    assert begun == [False]
    assert seen[0] > kept  # what was imported is not new to it
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_start_that_fails_leaves_the_collector_on(
    start: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pve_auth_tui.app", None)
    assert start("demo").code != 0
    assert gc.isenabled()


def test_the_demos_clock_runs_from_the_same_time_on(start: Run, screens: Screens) -> None:
    """So that a code is over after a while, and what nobody keeps is taken back."""
    start("demo")

    first, second = screens.picture.taken_at, screens.picture.taken_at
    assert 1795300860.0 <= first < second < 1795300860.0 + 3600


def test_the_demo_can_be_larger(start: Run, screens: Screens) -> None:
    start("demo", "--users", "300")

    access = screens.picture.access.value
    assert access is not None
    assert len(access.users) == 300


def test_a_demo_of_no_size_is_a_usage_error(start: Run, screens: Screens) -> None:
    done = start("demo", "--users", "5")

    assert done.code == 2
    assert "212" in done.err
    assert screens.services == []


def test_the_demos_files_can_be_kept_and_listed(
    run: Run, start: Run, screens: Screens, tmp_path: Path
) -> None:
    state = tmp_path / "state"

    assert start("demo", "--state", state).code == 0
    assert screens.picture.demo
    assert len(run("--root", state, "users", "--json").value) == 212


def test_a_kept_demo_goes_on_where_it_was(start: Run, screens: Screens, tmp_path: Path) -> None:
    state = tmp_path / "state"
    start("demo", "--state", state)
    (state / "etc/pve/user.cfg").write_text("user:only@pve:1:0::::::\n")

    start("demo", "--state", state)

    access = screens.picture.access.value
    assert access is not None
    assert set(access.users) == {"only@pve", "root@pam"}


def test_a_folder_with_something_else_in_it_is_never_taken_for_a_demo(
    start: Run, screens: Screens, root: Path
) -> None:
    done = start("demo", "--state", root)

    assert done.code == 3
    assert "holds no demo" in done.err
    assert screens.services == []


def test_without_a_command_they_show_the_files_below_root(
    start: Run, screens: Screens, root: Path
) -> None:
    start("--root", root)

    assert not screens.picture.demo
    access = screens.picture.access.value
    assert access is not None
    assert set(access.users) == {"root@pam", "anna@corp", "bo@pve"}


def test_without_pve_they_do_not_open_and_say_why(
    start: Run, screens: Screens, tmp_path: Path
) -> None:
    done = start("--root", tmp_path)

    assert done.code == 1
    assert len(done.err.splitlines()) == 2
    assert screens.services == []


def test_glyphs_are_chosen_by_option_then_by_variable(
    start: Run, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PVE_AUTH_TUI_GLYPHS", "cp437")

    start("demo", "--glyphs", "ascii")
    start("demo")

    assert [profile.glyphs for profile in screens.profiles] == ["ascii", "cp437"]


def test_the_profile_knows_of_ssh_although_the_environment_is_clean(
    start: Run, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")

    start("demo")

    assert screens.profiles[-1].remote


def test_the_exit_code_is_theirs(start: Run, screens: Screens) -> None:
    screens.code = 1

    assert start("demo").code == 1
