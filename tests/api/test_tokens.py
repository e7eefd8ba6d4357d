"""Tokens: bcrypt hashes of the pre-shared keys, verified at a bounded cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import bcrypt
import pytest

from datamover_api.auth.keys import KeyRing, KeysError, read_keys
from datamover_api.auth.tokens import TooManyTokensError, Verifier
from datamover_common.tasks import cancelled
from tests.support.waiting import eventually_async

HIGHEST = 6
PEER = "192.0.2.1"


def token(key: str = "sesame", cost: int = 4) -> bytes:
    return bcrypt.hashpw(key.encode(), bcrypt.gensalt(cost))


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing[bytes]:
    path = tmp_path / "keys"
    path.write_text("sesame\n\n  second key \n")
    return KeyRing(partial(read_keys, path))


@pytest.fixture
async def verifier(ring: KeyRing[bytes]) -> AsyncIterator[Verifier]:
    async with hashing(Verifier(ring, HIGHEST)) as verifier:
        yield verifier


@asynccontextmanager
async def hashing(verifier: Verifier) -> AsyncIterator[Verifier]:
    """A verifier that works."""
    task = asyncio.create_task(verifier.hash_tokens())
    yield verifier
    await cancelled(task)


@pytest.mark.parametrize("key", ["sesame", "second key"])
async def test_a_hash_of_any_key_opens(verifier: Verifier, key: str) -> None:
    assert await verifier.verify(token(key), PEER)
    assert await verifier.verify(token(key, cost=HIGHEST), PEER)


@pytest.mark.parametrize("minor", [b"a", b"b", b"y"])
async def test_every_variant_of_bcrypt_opens(verifier: Verifier, minor: bytes) -> None:
    assert await verifier.verify(b"$2" + minor + token()[3:], PEER)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"sesame",
        token("other"),
        token("sesame "),
        token()[:-1],
        token() + b"\n",
        b" " + token(),
        token()[:-1] + b"!",
        b"$2b$04$" + b"." * 53,
        b"$2b$xx$" + token()[7:],
        b"$2b$03$" + token()[7:],
        b"\xff" * 60,
    ],
    ids=[
        "empty",
        "plain",
        "other-key",
        "longer-key",
        "short",
        "newline",
        "space",
        "other-character",
        "no-salt",
        "no-cost",
        "cost-3",
        "not-text",
    ],  # a hash has a new salt each time
)
async def test_everything_else_is_refused(verifier: Verifier, wrong: bytes) -> None:
    assert not await verifier.verify(wrong, PEER)
    assert not await verifier.verify(wrong, PEER)


async def test_a_hash_that_costs_too_much_is_refused_unread(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bcrypt, "checkpw", _never)
    assert not await verifier.verify(token(cost=HIGHEST + 1), PEER)
    assert not await verifier.verify(b"$2b$31$" + token()[7:], PEER)


async def test_what_was_found_out_about_a_token_is_kept(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = token(), token("other")
    assert [await verifier.verify(right, PEER), await verifier.verify(wrong, PEER)] == [True, False]
    monkeypatch.setattr(bcrypt, "checkpw", _never)
    assert [await verifier.verify(right, PEER), await verifier.verify(wrong, PEER)] == [True, False]


async def test_requests_with_one_new_token_share_its_hash(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bytes] = []

    def counted(key: bytes, _hashed: bytes) -> bool:
        calls.append(key)
        time.sleep(0.01)
        return key == b"sesame"

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    right = token()
    assert all(await asyncio.gather(*(verifier.verify(right, PEER) for _ in range(50))))
    assert sorted(calls) == [b"second key", b"sesame"]


async def test_few_new_tokens_may_wait(verifier: Verifier) -> None:
    right = token()
    assert await verifier.verify(right, PEER)
    wrong = [(token(f"other {number}"), f"192.0.2.{number // 10}") for number in range(80)]
    answers = await asyncio.gather(*(verifier.verify(*each) for each in wrong), return_exceptions=True)
    assert sum(isinstance(each, TooManyTokensError) for each in answers) == 16
    assert answers.count(False) == 64
    assert await verifier.verify(right, PEER)


async def test_who_has_no_key_holds_up_no_other_address(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []
    check = bcrypt.checkpw

    def noted(key: bytes, made: bytes) -> bool:
        hashed.append(made)
        return check(key, made)

    monkeypatch.setattr(bcrypt, "checkpw", noted)
    wrong, right = [token(f"other {number}") for number in range(20)], token()
    asked = [*(verifier.verify(each, PEER) for each in wrong), verifier.verify(right, "192.0.2.2")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, TooManyTokensError) for each in answers) == 4
    assert answers[-1] is True
    assert list(dict.fromkeys(hashed)).index(right) == 1


async def test_a_full_queue_refuses_the_most_crowded_address_and_not_the_newcomer(verifier: Verifier) -> None:
    crowd = [(token(f"other {number}"), f"192.0.2.{number % 4}") for number in range(64)]
    asked = [*(verifier.verify(*each) for each in crowd), verifier.verify(token(), "192.0.2.9")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers[-1] is True
    assert sum(isinstance(each, TooManyTokensError) for each in answers) == 1


async def test_a_change_of_the_keys_takes_no_right_token_away(
    ring: KeyRing[bytes], verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, late = token(), token("late")
    assert [await verifier.verify(right, PEER), await verifier.verify(late, PEER)] == [True, False]
    ring.keys = (b"late", *ring.keys)
    assert await verifier.verify(late, PEER)
    with monkeypatch.context() as patch:
        patch.setattr(bcrypt, "checkpw", _never)
        assert await verifier.verify(right, PEER)
        ring.keys = (b"late",)
        assert await verifier.verify(late, PEER)
    assert not await verifier.verify(right, PEER)


async def test_a_caller_that_goes_away_takes_nothing_from_the_others(verifier: Verifier) -> None:
    right = token(cost=HIGHEST)
    impatient = asyncio.create_task(verifier.verify(right, PEER))
    patient = asyncio.create_task(verifier.verify(right, PEER))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient


async def test_keys_are_rotated_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("old")
    ring = KeyRing(partial(read_keys, path))
    fresh = asyncio.create_task(ring.keep_fresh())
    old, new = token("old"), token("new")
    async with hashing(Verifier(ring, HIGHEST)) as verifier:
        assert [await verifier.verify(old, PEER), await verifier.verify(new, PEER)] == [True, False]
        path.write_text("old\nnew\n")
        await eventually_async(lambda: verifier.verify(new, PEER))
        assert await verifier.verify(old, PEER)
        path.write_text("new\n")
        await eventually_async(lambda: _refused(verifier, old))
        assert await verifier.verify(new, PEER)
        path.unlink()  # a file that is being replaced may be missing for a moment
        await asyncio.sleep(0)
        assert await verifier.verify(token("new", cost=5), PEER)
    await cancelled(fresh)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds 0 keys"),
        (b"\n \n", "holds 0 keys"),
        (b"\n".join([b"k"] * 9), "holds 9 keys"),
        (b"ok\n" + b"x" * 73, "line 2: a key must have at most 72 bytes"),
        (b"a\0b", "line 1"),
        (None, "No such file"),
    ],
)
def test_a_file_of_no_use_is_told_without_showing_a_key(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeysError, match=told) as refused:
        read_keys(path)
    assert "xxx" not in str(refused.value)


async def _refused(verifier: Verifier, wrong: bytes) -> bool:
    return not await verifier.verify(wrong, PEER)


def _never(*_: bytes) -> bool:
    raise AssertionError("a hash was computed")
