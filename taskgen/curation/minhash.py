"""MinHash: rows as sets of shingles, the signatures of the sets, and the bands in which alike sets are likely to meet.

datasketch is the reference: the permutations and the choice of bands are its own, and the tests hold signatures and
candidate pairs against it bit by bit. The loops over many rows are compiled (`taskgen.kernels`).
"""

from typing import Any, NamedTuple

import pyarrow
import pyarrow.compute

from taskgen.curation.id_words import string_bytes, strings
from taskgen.engine.errors import UsageError

PERMUTATIONS = 128
SEED = 1
PAYLOAD_WIDTH = 3
"""Values in a shingle of a problem."""
TEXT_WIDTH = 5
"""Words in a shingle of a text."""
ENVELOPE = '{"task":"'
_ENVELOPE_VALUES = 2  # task and version come before the fields


class Sets(NamedTuple):
    """Sets of 64-bit hashes end to end, each sorted and without repeats; `bounds` says where each begins and the last
    one ends.
    """

    hashes: Any
    bounds: Any


def payload_sets(problems: Any, where: str, first: int) -> Sets:
    """Problems as sets of shingles: three JSON values in a row, of the fields and without their names.

    Raises UsageError, which says `where` and the number of the row, counted from `first`, that is no problem of ours.
    """
    from taskgen.kernels.shingles import json_value_hashes, shingle_sets

    column = strings(problems)
    ours = pyarrow.compute.starts_with(column, ENVELOPE).fill_null(False)
    if not pyarrow.compute.all(ours, min_count=0).as_py():
        row = first + ours.to_pylist().index(False)
        raise UsageError(f"{where} {row}: the problem is not one of taskgen's; to compare texts, name one with --text")
    return Sets(*shingle_sets(*json_value_hashes(*string_bytes(column), _ENVELOPE_VALUES), PAYLOAD_WIDTH))


def text_sets(texts: Any) -> Sets:
    """Texts as sets of shingles: five words in a row, whatever their case and the white space between them.

    Digits and punctuation stay: in a text that states a problem they are the problem.
    """
    from taskgen.kernels.shingles import shingle_sets, word_hashes

    column = pyarrow.compute.utf8_normalize(strings(texts).fill_null(""), form="NFC")
    words = pyarrow.compute.utf8_split_whitespace(pyarrow.compute.utf8_lower(column))
    # White space at either end leaves an empty word there.
    row = pyarrow.compute.list_parent_indices(words)
    flat = words.flatten()
    real = pyarrow.compute.not_equal(flat, "")
    counts = _counts(row.filter(real), len(column))
    return Sets(*shingle_sets(word_hashes(*string_bytes(flat.filter(real))), counts, TEXT_WIDTH))


def _counts(rows: Any, total: int) -> Any:
    """Where the words of each row begin, and the last one's end, from the row of every word."""
    import numpy

    return numpy.append(0, numpy.cumsum(numpy.bincount(rows.to_numpy(), minlength=total)))


def minhash_signatures(sets: Sets) -> Any:
    """The signatures of the sets, datasketch's under the scheme `affine32`: shape (sets, 128), dtype uint32."""
    from taskgen.kernels.set_similarity import signatures

    return signatures(sets.hashes, sets.bounds, *_permutations())


def _permutations() -> tuple[Any, Any]:
    from datasketch import MinHash

    factors, offsets = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme="affine32").permutations
    return factors, offsets


class Bands(NamedTuple):
    """How many bands a signature is cut into, and how many values each has."""

    number: int
    width: int

    def chance(self, similarity: float) -> float:
        """The chance that two sets of this Jaccard similarity share a band."""
        return float(1 - (1 - similarity**self.width) ** self.number)


def bands_for(threshold: float) -> Bands:
    """The choice of datasketch where a miss weighs nine times a needless comparison, for every pair is verified."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, weights=(0.1, 0.9))
    return Bands(index.b, index.r)


def band_keys(sets: Sets, bands: Bands, salt: Any) -> Any:
    """A 64-bit key of every band of every set, shape (sets, bands); equal where two sets of equal salt share a band."""
    from taskgen.kernels.set_similarity import band_keys as keys

    return keys(minhash_signatures(sets), salt, bands.number, bands.width)
