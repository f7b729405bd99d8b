"""Similar sets among many: MinHash signatures, the bands of their locality-sensitive index, and the true Jaccard
similarity of those that share one.

A. Z. Broder, "On the resemblance and containment of documents" (1997); P. Indyk and R. Motwani, "Approximate nearest
neighbors" (1998). The signatures are those of datasketch's scheme `affine32`: the finaliser of MurmurHash3, then
a * h + b modulo 2^32 for each permutation, and the least value of each over the set.

Sets are sorted arrays of different 64-bit hashes, end to end in one array; `bounds` says where each begins and the last
one ends.
"""

import numpy as np
from numba import njit

Array = np.ndarray

NONE = -1


@njit(cache=True)
def signatures(hashes: Array, bounds: Array, factors: Array, offsets: Array) -> Array:
    """The signature of every set, of the low 32 bits of its hashes: shape (sets, permutations), dtype uint32."""
    found = np.full((len(bounds) - 1, len(factors)), np.uint32(0xFFFFFFFF), np.uint32)
    for row in range(len(found)):
        least = found[row]
        for place in range(bounds[row], bounds[row + 1]):
            value = np.uint32(hashes[place])
            value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
            value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
            value ^= value >> np.uint32(16)
            for permutation in range(len(factors)):
                least[permutation] = min(
                    least[permutation], np.uint32(factors[permutation] * value + offsets[permutation])
                )
    return found


@njit(cache=True)
def band_keys(signature: Array, salt: Array, bands: int, width: int) -> Array:
    """A 64-bit hash of every band of `width` values of the signatures: shape (sets, bands).

    Sets of different salt share no band.
    """
    keys = np.empty((len(signature), bands), np.uint64)
    for row in range(len(signature)):
        for band in range(bands):
            state = salt[row]
            for place in range(band * width, (band + 1) * width):
                state = (state ^ np.uint64(signature[row, place])) * np.uint64(0xD6E8FEB86659FD93)
                state ^= state >> np.uint64(32)
            keys[row, band] = state
    return keys


@njit(cache=True)
def jaccard_from(hashes: Array, start: int, end: int, other: int, other_end: int, threshold: float) -> float:
    """The Jaccard similarity of the sets at start:end and other:other_end, or -1 where it is below the threshold."""
    sizes = (end - start) + (other_end - other)
    needed = np.int64(np.ceil(threshold * sizes / (1 + threshold) - 1e-9))
    shared = 0
    while shared + min(end - start, other_end - other) >= needed:
        if start == end or other == other_end:
            similarity = shared / (sizes - shared)
            return similarity if similarity >= threshold else -1.0
        left, right = hashes[start], hashes[other]
        shared += left == right
        start += left <= right
        other += right <= left
    return -1.0


@njit(cache=True)
def resolve(
    first: int,
    last: int,
    hashes: Array,
    bounds: Array,
    threshold: float,
    groups: Array,
    places: Array,
    members: Array,
    kept: Array,
    met: Array,
    match: Array,
    similarity: Array,
) -> int:
    """Find out which of the sets first:last stay, where those before them have been told apart.

    A set that shares a band with a set that stays and is at least `threshold` similar to it goes, and `match` gets the
    first such set, `similarity` how similar it is; any other stays. `groups[row, band]` is the group of sets with the
    same band, NONE where it is alone; `members[places[group]:][:kept[group]]` are those of a group that stay so far;
    `met[row]` is the last set that was compared with that one. The result is how many pairs were compared.
    """
    compared = 0
    for row in range(first, last):
        best = row
        for band in range(groups.shape[1]):
            group = groups[row, band]
            if group == NONE:
                continue
            for place in range(places[group], places[group] + kept[group]):
                other = members[place]
                if other >= best:
                    break
                if met[other] == row:
                    continue
                met[other] = row
                compared += 1
                found = jaccard_from(hashes, bounds[row], bounds[row + 1], bounds[other], bounds[other + 1], threshold)
                if found >= 0:
                    best = other
                    match[row], similarity[row] = other, found
                    break
        if best < row:
            continue
        for band in range(groups.shape[1]):
            group = groups[row, band]
            if group != NONE:
                members[places[group] + kept[group]] = row
                kept[group] += 1
    return compared
