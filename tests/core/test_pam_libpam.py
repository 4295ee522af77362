"""Our reading of a stack beside libpam's own: the same files, the same answer.

pam_debug (Debian's libpam-modules) gives whatever result a line's arguments name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.pam.codes import ABORT, MODULE_UNKNOWN, WORDS, number_of
from pve_auth_tui.core.pam.dispatch import ways
from pve_auth_tui.core.pam.model import Phase
from pve_auth_tui.core.pam.stacks import Handler, load
from tests.core.libpam import ask_libpam
from tests.core.pam_naive import dispatched

_EVENTS = {Phase.AUTH: "auth", Phase.ACCOUNT: "acct", Phase.SESSION: "open_session"}
_RESULTS = [word for word in WORDS if word not in ("default", "incomplete", "conv_again")]
_OTHER = "auth required pam_permit.so\naccount required pam_permit.so\n"


def our_answer(files: Mapping[str, str], folder: Path, phase: Phase) -> int | None:
    """What the program makes of the same files; None where it says that nobody can tell."""

    def read(path: str) -> str | None:
        name = path.removeprefix(f"{folder}/").removeprefix("/etc/pam.d/")
        return files.get(name)

    def result(handler: Handler) -> int:
        named = {
            "pam_permit": 0,
            "pam_deny": 14 if phase is Phase.SESSION else 7,
        }
        if handler.name in named and handler.module.endswith(".so"):
            return named[handler.name]
        if handler.module != "pam_debug.so":
            return MODULE_UNKNOWN
        event = f"{_EVENTS[phase]}="
        for argument in handler.arguments:
            if argument.startswith(event):
                word = argument.removeprefix(event)
                return number_of(word) if word in WORDS[:-1] else 0
        return 0

    stack = load("svc", read)
    if stack.left_to_chance(phase):
        return None
    if stack.broken:
        return ABORT
    (way,) = ways(stack.of(phase), lambda handler: [result(handler)])
    assert way.result == dispatched(stack.of(phase), result)
    return way.result


def same(files: Mapping[str, str], folder: Path, phase: Phase) -> None:
    """Left out is what is left to chance: there libpam reads memory that nobody has set, gives one
    answer on Debian 12 and another on 13, or crashes, and this test with it.
    """
    ours = our_answer(files, folder, phase)
    if ours is not None:
        assert ours == ask_libpam(folder, files, "svc", phase)


# --- random stacks ------------------------------------------------------------------------------

_actions = st.one_of(
    st.sampled_from(["ignore", "ok", "done", "bad", "die", "reset"]), st.integers(1, 4).map(str)
)
_bracketed = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(["success", "auth_err", "default"]), st.sampled_from(_RESULTS)),
        _actions,
    ),
    max_size=4,
).map(lambda pairs: "[" + " ".join(f"{code}={action}" for code, action in pairs) + "]")
_controls = st.one_of(
    st.sampled_from(["required", "requisite", "sufficient", "optional", "Required"]),
    _bracketed,
    _bracketed,
    st.sampled_from(["[success=ok", "[success=0]", "[nonsense=ok]", "nonsense", "success=done"]),
)
_results = st.one_of(
    st.sampled_from(["success", "success", "auth_err", "ignore", "user_unknown"]),
    st.sampled_from(_RESULTS),
)
_modules = st.one_of(
    _results.map(lambda word: f"pam_debug.so auth={word} acct={word} open_session={word}"),
    _results.map(lambda word: f"pam_debug.so auth={word} acct={word} open_session={word}"),
    st.sampled_from(["pam_permit.so", "pam_deny.so", "pam_missing.so", "pam_debug", ""]),
)
_phases = [Phase.AUTH] * 4 + [Phase.ACCOUNT] * 2 + [Phase.SESSION]
_types = st.sampled_from(
    ["auth"] * 6 + ["account"] * 3 + ["session", "session", "-auth", "AUTH", "aut", ""]
)


@st.composite
def _lines(draw: st.DrawFn, deeper: list[str]) -> str:
    kind = draw(_types)
    if deeper and draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(deeper))
        how = draw(st.sampled_from(["@include", "include", "substack", "substack"]))
        return f"@include @D@/{name}" if how == "@include" else f"{kind} {how} @D@/{name}"
    return f"{kind} {draw(_controls)} {draw(_modules)}"


@st.composite
def _trees(draw: st.DrawFn) -> dict[str, str]:
    files: dict[str, str] = {}
    for name, deeper in (("c", []), ("b", ["c"]), ("a", ["b", "c", "gone"]), ("svc", ["a", "b"])):
        lines = draw(st.lists(_lines(deeper), max_size=5))
        files[name] = "\n".join(lines) + draw(st.sampled_from(["\n"] * 9 + ["\\\n"]))
    files["other"] = draw(st.sampled_from([_OTHER, "", "auth required pam_deny.so\n"]))
    if draw(st.integers(0, 9)) == 0:
        del files["svc"]
    return files


@settings(
    max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(
    files={
        "svc": "auth required pam_debug.so auth=auth_err\nauth include @D@/a\n",
        "a": "@include @D@/gone\n",
        "other": "",
    },
    phase=Phase.AUTH,
)
@given(files=_trees(), phase=st.sampled_from(_phases))
def test_random_stacks_come_to_what_libpam_comes_to(
    files: dict[str, str], phase: Phase, tmp_path: Path
) -> None:
    same(
        {name: text.replace("@D@", str(tmp_path)) for name, text in files.items()}, tmp_path, phase
    )


# --- what nobody would draw ---------------------------------------------------------------------

_YES = "auth required pam_permit.so\naccount required pam_permit.so\n"
_ODD = {
    "nothing at all": {},
    "no file of its own": {"other": _YES},
    "no other": {"svc": _YES},
    "a type that the service has not": {"svc": "account required pam_permit.so\n", "other": _YES},
    "an @include of nothing": {"svc": "@include /gone\n" + _YES, "other": ""},
    "an @include of nothing in other": {"svc": _YES, "other": "@include /gone\n"},
    "an include of nothing": {"svc": "auth include /gone\n" + _YES, "other": ""},
    "an @include in capitals": {"svc": "@INCLUDE @D@/x\n", "x": _YES, "other": ""},
    "an @include with a dash": {"svc": "-@include @D@/x more\n", "x": _YES, "other": ""},
    "a wrong type": {"svc": "aut required pam_permit.so\n" + _YES, "other": ""},
    "a wrong type in an include": {
        "svc": _YES + "account include @D@/x\n",
        "x": "zzz required pam_permit.so\n",
        "other": "",
    },
    "a bracket that stays open": {"svc": "auth [success=ok pam_permit.so\n" + _YES, "other": ""},
    "a missing module with a dash": {"svc": "-auth required pam_gone.so\n" + _YES, "other": ""},
    "a line that goes on at the end": {"svc": _YES + "auth required \\\n", "other": ""},
    "a backslash and no newline": {"svc": _YES + "auth required pam_deny.so\\", "other": ""},
    "a line that goes on": {"svc": "auth \\\n required \\\t\npam_permit.so", "other": ""},
    "a comment after a line": {"svc": "auth required pam_permit.so#deny", "other": ""},
    "a comment with a backslash": {"svc": "# one \\\nauth required pam_permit.so\n", "other": ""},
    "a # in brackets": {"svc": "auth required pam_debug.so [auth=auth_err # x]\n", "other": ""},
    "a carriage return": {"svc": "auth required pam_permit.so\r\n", "other": ""},
    "a vertical tab": {"svc": "auth\vrequired pam_permit.so\n" + _YES, "other": ""},
    "a NUL": {"svc": "auth required pam_permit.so\n\0 x\nauth required pam_deny.so", "other": ""},
    "everything in brackets": {"svc": "[auth] [required] [pam_permit.so]\n", "other": ""},
    "blanks in a control": {"svc": "auth [ success = ok  default = bad ] pam_permit.so\n"},
    "a default that comes first": {"svc": "auth [default=bad success=ok] pam_permit.so\n"},
    "words that touch": {"svc": "auth [success=okdefault=bad] pam_permit.so\n"},
    "a jump that is no number": {"svc": "auth [success=1ok] pam_permit.so\n"},
    "a jump of nothing": {"svc": "auth [success=0 default=bad] pam_permit.so\n"},
    "a jump beyond all numbers": {"svc": "auth [success=99999999999] pam_permit.so\n"},
    "a result named twice": {"svc": "auth [success=bad success=ok] pam_permit.so\n"},
    "an empty control": {"svc": "auth [] pam_permit.so\n"},
    "a control without brackets": {"svc": "auth success=ok pam_permit.so\n"},
    "the documents' word for 21": {
        "svc": "auth [authtok_recovery_err=ok success=ok] pam_permit.so"
    },
    "libpam's word for 21": {"svc": "auth [authtok_recover_err=ok success=ok] pam_permit.so\n"},
    "a module without a name": {"svc": _YES + "auth optional .so\n"},
    "a module that is ?": {"svc": _YES + "auth optional ?\n"},
    "a jump over the end": {"svc": "auth [success=3 default=ignore] pam_permit.so\n" + _YES},
    "a jump to the end": {"svc": "auth [success=1 default=ignore] pam_permit.so\n" + _YES},
    "a jump over a substack": {
        "svc": "auth [success=1 default=bad] pam_permit.so\nauth substack @D@/x\n" + _YES,
        "x": "auth required pam_deny.so\nauth required pam_deny.so\n",
    },
    "a jump out of a substack": {
        "svc": "auth substack @D@/x\n" + _YES,
        "x": "auth [success=2 default=bad] pam_permit.so\nauth required pam_deny.so\n",
    },
    "no control": {"svc": _YES + "auth\n"},
    "no module": {"svc": _YES + "auth optional\n"},
    "nothing but a dash": {"svc": _YES + "- required pam_permit.so\n"},
    "an included file that ends where it should go on": {
        "svc": "auth include @D@/x\n" + _YES,
        "x": "auth sufficient pam_permit.so\nauth required \\\n",
        "other": "",
    },
    "a substack that ends where it should go on": {
        "svc": "auth substack @D@/x\n" + _YES,
        "x": "auth sufficient pam_permit.so\nauth required \\\n",
        "other": "",
    },
    "an @include that ends where it should go on": {"svc": "@include @D@/x\n", "x": "auth \\\n"},
    "a module without a name in an @include": {
        "svc": _YES + "@include @D@/x\n",
        "x": "auth ok .so",
    },
    "a result that is no answer": {"svc": _YES + "auth required pam_debug.so auth=incomplete\n"},
}


@pytest.mark.parametrize("name", _ODD)
@pytest.mark.parametrize("phase", [Phase.AUTH, Phase.ACCOUNT])
def test_odd_files_are_read_as_libpam_reads_them(name: str, phase: Phase, tmp_path: Path) -> None:
    files = {key: text.replace("@D@", str(tmp_path)) for key, text in _ODD[name].items()}
    assert our_answer(files, tmp_path, phase) is not None
    same(files, tmp_path, phase)


_NOBODY_KNOWS = {
    "an @include of nothing in an include": {
        "svc": "auth include @D@/x\n" + _YES,
        "x": "@include @D@/gone\n",
    },
    "an @include in a substack of what is not read to its end": {
        "svc": "auth substack @D@/x\n" + _YES,
        "x": "@include @D@/y\n",
        "y": "auth required \\\n",
    },
    "a module without a name in an include": {"svc": "auth include @D@/x\n", "x": "auth ok .so\n"},
    "an include of itself": {"svc": "auth sufficient pam_permit.so\nauth include @D@/svc\n"},
    "fifteen includes": {
        "svc": "auth include @D@/f0\n",
        **{f"f{at}": f"auth include @D@/f{at + 1}\n" for at in range(15)},
        "f15": _YES,
    },
}


@pytest.mark.parametrize("name", _NOBODY_KNOWS)
def test_what_is_left_to_chance_is_told_as_such(name: str, tmp_path: Path) -> None:
    files = {key: text.replace("@D@", str(tmp_path)) for key, text in _NOBODY_KNOWS[name].items()}
    assert our_answer(files, tmp_path, Phase.AUTH) is None
