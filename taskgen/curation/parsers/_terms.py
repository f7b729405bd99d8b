"""Puzzles as terms in which names may be changed and bags have no order, and hashes that forget both.

A term is a string, a number, None, a Name, a tuple of terms (in order), or a Bag of terms.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

import msgspec

Term: TypeAlias = Any
Square: TypeAlias = tuple[tuple[Any, ...], ...]


class Name(NamedTuple):
    """Something that could as well be called anything else: equal names of one sort stay equal."""

    name: str | int
    sort: str = ""


class Bag(NamedTuple):
    """Terms whose order means nothing; the same one may be there twice."""

    parts: tuple[Term, ...]


def bag(parts: Iterable[Term]) -> Bag:
    """A bag of some terms."""
    return Bag(tuple(parts))


def pattern(term: Term) -> int:
    """A hash of a term that stays the same when names are changed (within a sort) and bags are shuffled."""
    from taskgen.kernels.refinement import structure_hash

    graph = _Graph()
    graph.add(term)
    return structure_hash(graph.colours, graph.edges)


class _Graph:
    """A term as a graph: a vertex for every part and one for every name; edges lead to parts, coloured by place."""

    def __init__(self) -> None:
        self.colours: list[int] = []
        self.edges: list[tuple[int, int, int]] = []
        self._names: dict[Name, int] = {}

    def add(self, term: Term) -> int:
        """The vertex that stands for a term."""
        match term:
            case Name():
                if term not in self._names:
                    self._names[term] = self._vertex(["name", term.sort])
                return self._names[term]
            case Bag(parts):
                vertex = self._vertex(["bag", len(parts)])
                self.edges += [(vertex, self.add(part), 0) for part in parts]
                return vertex
            case tuple():
                vertex = self._vertex(["tuple", len(term)])
                self.edges += [(vertex, self.add(part), place) for place, part in enumerate(term, 1)]
                return vertex
        return self._vertex(["value", term])

    def _vertex(self, meaning: list[Any]) -> int:
        digest = blake2b(msgspec.json.encode(meaning), digest_size=8).digest()
        self.colours.append(int.from_bytes(digest, "little") >> 1)
        return len(self.colours) - 1


def orientations(square: Square) -> list[Square]:
    """A rectangle of cells turned and flipped in all eight ways."""
    found = []
    for _ in range(4):
        square = tuple(zip(*square[::-1], strict=True))
        found += [square, square[::-1]]
    return found


def least(square: Iterable[Iterable[Any]]) -> Square:
    """The first in order of a rectangle's eight orientations; its cells are strings or numbers, not both."""
    return min(orientations(tuple(map(tuple, square))))
