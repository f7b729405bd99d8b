"""Keyed hashes: with a key, an index tells nothing to whoever has the file and not the key."""

from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy

from taskgen.engine.errors import UsageError

SHORTEST = 16


def read_key(path: Path) -> bytes:
    """The 16-byte key that a file's bytes make. Raises UsageError where the file cannot be read or is too short."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(content) < SHORTEST:
        raise UsageError(f"{path} holds {len(content)} bytes; a key needs {SHORTEST} random ones at least")
    return blake2b(content, digest_size=16, person=b"taskgen-index").digest()


def key_check(key: bytes | None) -> str:
    """What an index says of its key, so that another key is noticed; empty without one."""
    return "" if key is None else blake2b(b"check", key=key, digest_size=8).hexdigest()


def keyed(words: Any, key: bytes | None) -> Any:
    """SipHash-2-4 (J.-P. Aumasson, D. J. Bernstein, 2012) of 64-bit words; without a key the words themselves."""
    if key is None:
        return words
    first, second = numpy.frombuffer(key, "<u8")
    message = words.astype(numpy.uint64)
    state = [
        numpy.full(len(words), start ^ part, numpy.uint64)
        for start, part in zip(
            map(numpy.uint64, (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)),
            (first, second, first, second),
            strict=True,
        )
    ]
    for block in (message, numpy.uint64(8 << 56)):
        state[3] ^= block
        _round(state, 2)
        state[0] ^= block
    state[2] ^= numpy.uint64(0xFF)
    _round(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def keyed_id(identity: bytes, key: bytes | None) -> bytes:
    """An id of 16 bytes under the key."""
    return identity if key is None else blake2b(identity, key=key, digest_size=16).digest()


def _round(v: list[Any], times: int) -> None:
    for _ in range(times):
        for a, b, turn in ((0, 1, 13), (2, 3, 16)):
            v[a] += v[b]
            v[b] = _turned(v[b], turn) ^ v[a]
        v[0] = _turned(v[0], 32)
        for a, b, turn in ((0, 3, 21), (2, 1, 17)):
            v[a] += v[b]
            v[b] = _turned(v[b], turn) ^ v[a]
        v[2] = _turned(v[2], 32)


def _turned(words: Any, bits: int) -> Any:
    return words << numpy.uint64(bits) | words >> numpy.uint64(64 - bits)
