"""python-fido2 works the types of its records out anew for every record: here, once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import get_type_hints

import pytest


@pytest.fixture(scope="package", autouse=True)
def quick_records() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("fido2.utils.get_type_hints", cache(get_type_hints))
        yield
