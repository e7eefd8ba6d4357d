"""CBOR (RFC 8949), as much of it as Smithy's RPC v2 protocol uses. Pure.

Decoded are integers, byte and text strings, arrays and maps of definite or indefinite length, tags (the tag is
dropped), booleans, null, undefined and floats.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import datetime

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _OTHER = range(8)
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_INLINE = 24
_INDEFINITE = 31
_EPOCH_TIME = 1
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_BREAK = object()


class NotCborError(ValueError):
    """The data is not what this module reads."""


def encode(value: object) -> bytes:
    """Write a value made of mappings with text keys, lists, text, bytes, numbers, booleans, None and datetimes."""
    match value:
        case bool() | None:
            written = bytes([_OTHER << 5 | {False: 20, True: 21, None: 22}[value]])
        case int():
            written = _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
        case float():
            written = b"\xfb" + struct.pack(">d", value)
        case str():
            text = value.encode()
            written = _head(_TEXT, len(text)) + text
        case bytes():
            written = _head(_BYTES, len(value)) + value
        case datetime():
            written = _head(_TAG, _EPOCH_TIME) + encode(round(value.timestamp(), 3))
        case list():
            written = _head(_ARRAY, len(value)) + b"".join(map(encode, value))
        case Mapping():
            pairs = (encode(key) + encode(member) for key, member in value.items())
            written = _head(_MAP, len(value)) + b"".join(pairs)
        case _:
            message = f"{type(value).__name__} has no form in CBOR here"
            raise TypeError(message)
    return written


def _head(major: int, size: int) -> bytes:
    if size < _INLINE:
        return bytes([major << 5 | size])
    info, width = next((info, width) for info, width in _WIDTHS.items() if size < 1 << (8 * width))
    return bytes([major << 5 | info]) + size.to_bytes(width, "big")


def decode(data: bytes) -> object:
    """Read the one value that the data holds.

    Raises:
        NotCborError: it holds something else.
    """
    reader = _Reader(data)
    try:
        value = reader.value()
    except (UnicodeDecodeError, struct.error) as error:
        raise NotCborError(str(error)) from None
    if reader.rest:
        message = "there is data after the value"
        raise NotCborError(message)
    return value


class _Reader:
    """Reads items from the front of what is left of the data."""

    def __init__(self, data: bytes) -> None:
        self.rest = memoryview(data)
        self._of_major: dict[int, Callable[[int], object]] = {
            _UNSIGNED: lambda size: size,
            _NEGATIVE: lambda size: -1 - size,
            _BYTES: self._take,
            _TEXT: lambda size: self._take(size).decode(),
            _ARRAY: lambda size: [self.value() for _ in range(self._possible(size))],
            _MAP: lambda size: dict(self._pair() for _ in range(self._possible(size))),
            _TAG: lambda _: self.value(),
        }

    def value(self) -> object:
        """Read an item that is no break."""
        item = self._item()
        if item is _BREAK:
            message = "a break where a value is due"
            raise NotCborError(message)
        return item

    def _item(self) -> object:
        head = self._take(1)[0]
        major, info = head >> 5, head & 31
        if major == _OTHER:
            return self._other(info)
        if info == _INDEFINITE:
            return self._indefinite(major)
        return self._of_major[major](self._size(info))

    def _indefinite(self, major: int) -> object:
        if major == _MAP:
            return dict(self._pairs())
        items = list(iter(self._item, _BREAK))
        if major == _ARRAY:
            return items
        whole: type[str | bytes] = str if major == _TEXT else bytes
        if major not in (_BYTES, _TEXT) or not all(isinstance(item, whole) for item in items):
            message = f"major type {major} is not made of such parts"
            raise NotCborError(message)
        return whole().join(items)  # type: ignore[arg-type]

    def _pairs(self) -> list[tuple[str, object]]:
        pairs = []
        while (key := self._item()) is not _BREAK:
            pairs.append((_key(key), self.value()))
        return pairs

    def _pair(self) -> tuple[str, object]:
        return _key(self.value()), self.value()

    def _other(self, info: int) -> object:
        if info == _INDEFINITE:
            return _BREAK
        if info in _FLOATS:
            return struct.unpack(_FLOATS[info], self._take(_WIDTHS[info]))[0]
        if info in _SIMPLE:
            return _SIMPLE[info]
        message = f"simple value {info} is not used"
        raise NotCborError(message)

    def _size(self, info: int) -> int:
        if info < _INLINE:
            return info
        if info not in _WIDTHS:
            message = f"additional information {info} is reserved"
            raise NotCborError(message)
        return int.from_bytes(self._take(_WIDTHS[info]), "big")

    def _possible(self, size: int) -> int:
        """An item takes at least a byte, so a size beyond the rest is a lie that must not cost memory."""
        if size > len(self.rest):
            message = "the data ends early"
            raise NotCborError(message)
        return size

    def _take(self, size: int) -> bytes:
        taken = bytes(self.rest[: self._possible(size)])
        self.rest = self.rest[size:]
        return taken


def _key(value: object) -> str:
    if not isinstance(value, str):
        message = f"the key {value!r} is no text"
        raise NotCborError(message)
    return value
