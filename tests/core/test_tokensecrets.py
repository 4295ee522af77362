"""token.cfg: the secrets of API tokens, read and written as PVE does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tokensecrets import (
    TokenSecretsFile,
    parse_token_secrets,
    write_token_secrets,
)
from tests.core.configs import REALMS, USERIDS
from tests.core.recorded import recorded

CASES = pytest.mark.parametrize("case", recorded("priv/token.cfg"), ids=str)


@CASES
def test_secrets_and_warnings_are_what_pve_reads(case):
    file = parse_token_secrets(case.data)
    assert {token: secret.reveal() for token, secret in file.secrets.items()} == case.parsed
    assert file.warnings == case.warnings


@CASES
def test_written_back_the_file_has_pves_own_bytes(case):
    assert write_token_secrets(parse_token_secrets(case.data)) in case.rewritten


@given(st.binary())
def test_any_bytes_are_read(data):
    parse_token_secrets(data)


_VALUES = st.from_regex(r"[!-~\x80-\xff]{1,40}", fullmatch=True)


@given(st.dictionaries(st.builds("{}!{}".format, USERIDS, REALMS), _VALUES.map(Secret)))
def test_secrets_come_back_from_their_file(secrets):
    assert parse_token_secrets(write_token_secrets(TokenSecretsFile(secrets))).secrets == secrets


def test_there_is_exactly_one_space_between_id_and_secret():
    file = parse_token_secrets(b"a@pve!t1 x\na@pve!t2  x\na@pve!t3\tx\n a@pve!t4 x\na@pve!t5 x \n")
    assert list(file.secrets) == ["a@pve!t1"]
    assert file.warnings == ("skipping invalid token.cfg entry",) * 4


def test_no_secret_is_shown():
    assert "5636547c" not in repr(parse_token_secrets(b"ann@pve!t1 5636547c-050b\n"))
