"""Keys that clients send as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from datamover_api.auth.keys import KeysError, holder_of, read_named_keys
from datamover_api.labelstudio.admission import access_token, is_access_token

NOW = datetime.now(UTC)


def test_a_line_is_a_key_or_a_name_and_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("plain-key-1\n\nteam-b=key-of=b-1\nteam-b=key-of-b-2\nUpper=is-no-name\n")
    keys = read_named_keys(path)
    assert [key.name for key in keys] == ["default", "team-b", "team-b", "default"]
    assert holder_of(keys, b"key-of=b-1") == holder_of(keys, b"key-of-b-2") == "team-b"
    assert holder_of(keys, b"Upper=is-no-name") == "default"
    assert holder_of(keys, b"team-b=key-of-b-2") is None
    assert "plain-key-1" not in repr(keys)


@pytest.mark.parametrize("text", ["", "\n", "short\n", "a=short\n", "x" * 5000])
def test_a_file_without_usable_keys_is_refused_and_shows_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys"
    path.write_text(text)
    with pytest.raises(KeysError) as refused:
        read_named_keys(path)
    assert text.strip() not in str(refused.value) or not text.strip()
    with pytest.raises(KeysError, match="can't be read"):
        read_named_keys(tmp_path / "none")


def test_a_key_is_exchanged_for_an_access_token_that_ends_and_goes_with_the_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    refresh = jwt.encode({"token_type": "refresh", "exp": NOW + timedelta(days=1)}, "x" * 32)
    path.write_text(f"{refresh}\nanother-key\n")
    keys = read_named_keys(path)
    access = access_token(refresh, keys, lambda: NOW)
    assert access is not None
    assert is_access_token(access, keys, NOW)
    assert not is_access_token(access, keys, NOW + timedelta(minutes=6))
    assert not is_access_token(access, keys[1:], NOW)
    assert not is_access_token(access[:-2] + "xx", keys, NOW)
    assert not is_access_token("a.b.c", keys, NOW)
    assert access_token("unknown-key", keys, lambda: NOW) is None
