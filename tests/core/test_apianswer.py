"""An answer is PVE's, or it is named for what it is; nothing in it can harm (R12)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.apianswer import NotAnAnswer, data_of
from pve_auth_tui.core.errors import ApiError


def test_data_is_taken_out_of_its_envelope():
    assert data_of(200, "OK", b'{"data": [{"userid": "\xc3\x9cser@pve"}]}') == [
        {"userid": "Üser@pve"}
    ]
    assert data_of(200, "OK", b'{"data":null}') is None


def test_a_refusal_keeps_its_whole_text_and_the_problem_of_each_parameter():
    body = json.dumps({"data": None, "message": "one\ntwo\n", "errors": {"userid": "bad\n"}})
    with pytest.raises(ApiError) as caught:
        data_of(400, "one", body.encode())
    assert (caught.value.code, str(caught.value)) == (400, "one\ntwo")
    assert caught.value.errors == {"userid": "bad\n"}


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"data":null,"message":" "}'])
def test_a_refusal_without_a_text_has_the_phrase_of_its_status_line(body):
    with pytest.raises(ApiError, match="Permission denied - invalid csrf token"):
        data_of(401, "Permission denied - invalid csrf token", body)


def test_a_phrase_may_be_utf8():
    with pytest.raises(ApiError, match="no such user \\('Ü@pve'\\)"):
        data_of(500, "no such user ('Ü@pve')".encode().decode("latin-1"), b"")


def test_texts_and_problems_have_a_limit():
    errors = {f"p{number}": "x" * 9000 for number in range(1000)}
    body = json.dumps({"message": "y" * 9000, "errors": errors}).encode()
    with pytest.raises(ApiError) as caught:
        data_of(400, "", body)
    assert len(str(caught.value)) == 4096
    assert len(caught.value.errors) == 100
    assert max(map(len, caught.value.errors.values())) == 4096


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (200, b"", "an empty answer"),
        (200, b"<html><body>It works!</body></html>", "a web page"),
        (502, b"<html>502 Bad Gateway</html>", "a web page"),
        (200, b'{"data": [{"userid": "an', "half a JSON answer"),
        (200, b"SSH-2.0-OpenSSH_9.2\r\n", "something that is not JSON"),
        (200, b"[1, 2]", "JSON that is no answer"),
        (200, b'{"ok": 1}', "JSON that is no answer"),
        (200, b'{"data": NaN}', "half a JSON answer"),
        (200, b'{"data": "\xff"}', "half a JSON answer"),
        (200, b'{"data":' + b"[" * 70 + b"]" * 70 + b"}", "nests too deep"),
        (200, b'{"data":' + b"[" * 200_000, "nests too deep"),
        (302, b"", "a redirect"),
    ],
)
def test_what_is_no_answer_is_named(status, body, what):
    with pytest.raises(NotAnAnswer, match=what):
        data_of(status, "", body)


@given(st.integers(200, 599), st.text(max_size=20), st.binary(max_size=60))
def test_nothing_but_these_two_errors_comes_out(status, reason, body):
    try:
        data_of(status, reason, body)
    except (ApiError, NotAnAnswer):
        return
    assert 200 <= status < 300
