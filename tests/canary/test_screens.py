"""Every command of every screen, when all goes well and when it does not: no secret is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.canary import screens
from tests.canary.evidence import Evidence, require_none, watching
from tests.canary.node import Home, listening
from tests.canary.scenes import HARMLESS
from tests.canary.screens import SCENES
from tests.canary.stage import Scene, Stage
from tests.canary.trouble import Trouble, troubled


def test_every_screen_and_every_command_has_its_canaries() -> None:
    existing = screens.existing()
    covered = {name for scene in SCENES for name in scene.covers}
    new = sorted(existing - covered)
    assert not new, "\n".join(
        [
            "new on the screens, and nobody looks whether it leaks a secret:",
            *new,
            "tests/canary/screens.py says on top what to do.",
        ]
    )
    assert sorted(covered - existing) == [], "these are no more: take them out of SCENES"
    assert screens.offered_nowhere() == set()
    assert HARMLESS.keys() - screens.offered() == set(), "these are no more"


def cases() -> Iterator[object]:
    for scene in SCENES:
        yield pytest.param(scene, Trouble.NONE, id=scene.name)
        for trouble in scene.troubles:
            yield pytest.param(scene, trouble, id=f"{scene.name}, {trouble.value}")


@pytest.mark.parametrize(("scene", "trouble"), cases())
def test_a_scene_leaves_no_secret(  # noqa: PLR0917 (fixtures)
    scene: Scene,
    trouble: Trouble,
    home: Home,
    evidence: Evidence,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    stage = Stage(home, monkeypatch, evidence)
    with (
        watching(evidence, monkeypatch, ours=home.all, not_ours=[]),
        listening(home, monkeypatch, evidence),
    ):
        hit = troubled(trouble, monkeypatch, late=scene.late)
        stage.trouble = trouble
        code = stage.run(scene.play)
    out, err = capfd.readouterr()
    evidence.add("stdout", scene.name, out)
    evidence.add("stderr", scene.name, err)
    if trouble is Trouble.NONE:
        assert sorted(scene.covers - stage.seen) == [], "the scene says that it covers these"
    else:
        assert hit, "nothing went wrong: it shows nothing"
    if trouble.is_mistake:
        assert code == 1
        assert "stopped because of a mistake of its own (Mistake)" in err
    else:
        assert (code, out, err) == (0, "", "")
    require_none(
        evidence.leaks(scene.may_in_trouble if hit and scene.may_in_trouble else scene.may)
    )
