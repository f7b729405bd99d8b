"""Messages between processes: msgpack behind a length of four bytes. No pickle: nothing that arrives is run."""

import struct
from io import RawIOBase
from typing import Any

import msgspec

_LENGTH = struct.Struct("<I")


def send(pipe: RawIOBase, message: Any) -> None:
    """Write one message to an unbuffered pipe. Raises BrokenPipeError where nobody reads any more."""
    body = msgspec.msgpack.encode(message)
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[pipe.write(rest) or 0 :]


def receive(pipe: RawIOBase) -> Any:
    """Read one message from an unbuffered pipe. Raises EOFError where the other side has gone."""
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return msgspec.msgpack.decode(_exactly(pipe, length))


def _exactly(pipe: RawIOBase, count: int) -> bytes:
    parts = []
    while count:
        part = pipe.read(min(count, 1 << 20))
        if not part:
            raise EOFError("the other process has gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
