"""What hf_xet has stored in a local folder: which Xet hash a file of a given SHA-256 has, and how much was stored.

The released client writes there when the server names `local://FOLDER` as its storage. Layout of a shard: 48 bytes of
header, then for every file 48 bytes (hash, flags, number of entries), its entries of 48 bytes each, as many again where
the highest flag is set, and 48 bytes that begin with the SHA-256 where the next one is; a hash of ones ends it.
"""

import struct
from pathlib import Path

_ENTRY, _END = 48, b"\xff" * 32


def xet_hashes(store: Path) -> dict[str, str]:
    """The Xet hash of every file stored, by its SHA-256."""
    found = {}
    for shard in sorted((store / "xet" / "xorbs" / "shards").glob("*.mdb")):
        content, place = shard.read_bytes(), _ENTRY
        while (name := content[place : place + 32]) != _END:
            flags, entries = struct.unpack_from("<II", content, place + 32)
            place += _ENTRY + _ENTRY * entries * (2 if flags >> 31 else 1)
            if flags >> 30 & 1:
                found[_words(content[place : place + 32])] = _words(name)
                place += _ENTRY
    return found


def stored_bytes(store: Path) -> int:
    """Bytes of all that clients have uploaded: blocks of chunks, and shards."""
    folders = (store / "xet" / "xorbs" / "xorbs", store / "xet" / "xorbs" / "shards")
    kept = [path for folder in folders for path in folder.glob("*") if path.suffix != ".tagset"]
    return sum(path.stat().st_size for path in kept)


def _words(value: bytes) -> str:
    """Four little-endian words in hex."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", value))
