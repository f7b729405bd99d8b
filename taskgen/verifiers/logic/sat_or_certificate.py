"""Clauses over propositions: give an assignment that satisfies all of them, or a refutation that can be replayed.

Refutations are lists of clauses with the property RUP, reverse unit propagation (Goldberg and Novikov, "Verification of
proofs of unsatisfiability for CNF formulas", 2003): each clause follows from those before it by unit propagation.
"""

import re
from collections.abc import Hashable
from functools import cached_property
from typing import Annotated, ClassVar

from msgspec import Meta

from taskgen.problem import Forms, Problem, Verdict, correct, limit, malformed, wrong

MAX_VARIABLES = 80
MAX_CLAUSES = 600
MAX_LINES = 200
MAX_STEPS = 200_000
"""Clauses looked at while a refutation is replayed; about 20 ms."""

Literal = Annotated[int, Meta(ge=-MAX_VARIABLES, le=MAX_VARIABLES)]
Clause = Annotated[tuple[Literal, ...], Meta(min_length=1, max_length=8)]
Name = Annotated[str, Meta(pattern=r"^[a-z]{1,12}\Z")]
RESERVED = ("sat", "unsat", "not", "or", "empty")

_SIGNS = str.maketrans("−¬~!,", "---- ")


class SatOrCertificate(Problem, frozen=True, dict=True):
    """Clauses, literals numbered as in DIMACS files: 3 is variable 3, -3 its negation."""

    forms: ClassVar[Forms] = ("answer", "fenced")
    max_answer: ClassVar[int] = 20_000

    variables: Annotated[int, Meta(ge=1, le=MAX_VARIABLES)]
    clauses: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=MAX_CLAUSES)]
    lines: Annotated[int, Meta(ge=1, le=MAX_LINES)]
    """Most lines that a refutation may have."""
    names: Annotated[tuple[Name, ...], Meta(max_length=MAX_VARIABLES)] = ()
    """What the variables are called; empty where they are called by their numbers."""

    def __post_init__(self) -> None:
        for clause in self.clauses:
            if 0 in clause or max(map(abs, clause)) > self.variables:
                raise ValueError(f"clause {list(clause)} names a variable that is not there")
            if len(set(map(abs, clause))) != len(clause):
                raise ValueError(f"clause {list(clause)} names a variable twice")
        if self.names and not len(self.names) == self.variables == len(set(self.names) - set(RESERVED)):
            raise ValueError("every variable needs a name of its own, none of them a word of the answer format")

    def verify(self, answer: str) -> Verdict:
        """`sat:` and a literal for every variable, or `unsat:` and a refutation, a clause a line; in either case."""
        kind, colon, rest = answer.casefold().translate(_SIGNS).partition(":")
        match kind.strip(" \t\r\n\xa0*"):
            case "sat" if colon:
                return self._judge_model(rest.strip("*"))
            case "unsat" if colon:
                return self._judge_refutation(rest.lstrip("*"))
        return malformed("the answer must begin with 'sat:' or with 'unsat:'")

    def _judge_model(self, text: str) -> Verdict:
        literals = self._read(text)
        if isinstance(literals, str):
            return malformed(literals)
        true = 0
        for literal in literals:
            true |= literal
        once = len(literals) == self.variables == true.bit_count()
        if not once or (true | true >> self.variables | true << self.variables) & self._everything != self._everything:
            return malformed(f"a model gives each of the {self.variables} variables exactly once, true or false")
        false = [mask for mask in self._masks if not mask & true]
        if not false:
            return correct()
        clause = self._masks.index(false[0]) + 1
        return wrong(f"every literal of clause {clause} is false", 1 - len(false) / len(self._masks))

    def _judge_refutation(self, text: str) -> Verdict:
        lines = [line for line in re.split(r"[\n;]", text) if line.strip()]
        if len(lines) > self.lines:
            return wrong(f"the refutation has {len(lines)} lines, more than {self.lines}")
        if not lines or lines[-1].strip(" \t\r\xa0.'\"*") not in ("empty", "0", "⊥"):
            return wrong("a refutation ends with the line 'empty'")
        lemmas: list[list[int]] = []
        for number, line in enumerate(lines[:-1], 1):
            literals = self._read(line.replace(" or ", " "))
            if isinstance(literals, str):
                return malformed(f"line {number}: {literals}")
            lemma = dict.fromkeys(literals)
            if not lemma or any(self._opposites[literal] in lemma for literal in lemma):
                return malformed(f"line {number} must be a clause that names no variable both plainly and negated")
            lemmas.append(list(lemma))
        return self._replay([*lemmas, []])

    def _replay(self, lemmas: list[list[int]]) -> Verdict:
        """Whether each lemma follows by unit propagation from the clauses and the lemmas before it."""
        opposites = self._opposites
        containing = {literal: list(clauses) for literal, clauses in self._containing.items()}
        units = dict.fromkeys(mask for mask in self._masks if mask in opposites)
        steps = MAX_STEPS
        for number, lemma in enumerate(lemmas, 1):
            true, possible, refuted = 0, self._everything, False
            queue = [opposites[literal] for literal in lemma]
            for literal in queue:
                true |= literal
                possible ^= opposites[literal]
            for literal in units:
                if not literal & possible:
                    refuted = True
                elif not literal & true:
                    true |= literal
                    possible ^= opposites[literal]
                    queue.append(literal)
            steps -= len(units)
            while queue and not refuted:
                clauses = containing[opposites[queue.pop()]]
                steps -= len(clauses) + 1
                for clause in clauses:
                    if clause & true:
                        continue
                    rest = clause & possible
                    if not rest:
                        refuted = True
                        break
                    if not rest & (rest - 1):
                        true |= rest
                        possible ^= opposites[rest]
                        queue.append(rest)
            if steps < 0:
                return limit(f"the refutation takes too long to replay: {MAX_STEPS} clauses were looked at")
            if not refuted:
                return wrong(f"line {number} does not follow by unit propagation", (number - 1) / len(lemmas))
            mask = sum(lemma)
            for literal in lemma:
                containing[literal].append(mask)
            if mask in opposites:
                units[mask] = None
        return correct()

    def _read(self, text: str) -> list[int] | str:
        """The literals of a line as one-bit masks, or what is wrong with it."""
        bits = self._bits
        tokens = (re.sub(r"\bnot\s+", "-", text) if "not" in text else text).split()
        if tokens and tokens[-1] == "0":
            tokens.pop()
        try:
            return [bits[token] for token in tokens]
        except KeyError as error:
            return f"{str(error.args[0])[:40]!r} is not a literal"

    # A literal is one bit of a mask, a clause the mask of its literals: bit v - 1 is variable v, the bit `variables`
    # places higher its negation.

    @cached_property
    def _everything(self) -> int:
        return (1 << 2 * self.variables) - 1

    @cached_property
    def _opposites(self) -> dict[int, int]:
        plain = {1 << number: 1 << self.variables + number for number in range(self.variables)}
        return plain | {negated: literal for literal, negated in plain.items()}

    @cached_property
    def _bits(self) -> dict[str, int]:
        names = self.names or tuple(map(str, range(1, self.variables + 1)))
        plain = {name: 1 << number for number, name in enumerate(names)}
        return plain | {f"-{name}": self._opposites[bit] for name, bit in plain.items()}

    @cached_property
    def _masks(self) -> tuple[int, ...]:
        count = self.variables
        return tuple(sum(1 << (v - 1 if v > 0 else count - v - 1) for v in clause) for clause in self.clauses)

    @cached_property
    def _containing(self) -> dict[int, list[int]]:
        return {literal: [mask for mask in self._masks if mask & literal] for literal in self._opposites}

    def structure(self) -> Hashable:
        """A hash of the graph of clauses and literals; names, polarity, order and the limit on lines are forgotten."""
        from taskgen.kernels.refinement import structure_hash

        count = self.variables
        edges = []
        for variable in range(count):
            edges += [(variable, count + variable, 1), (count + variable, variable, 1)]
        for number, clause in enumerate(self.clauses):
            edges += [(2 * count + number, v - 1 if v > 0 else count - v - 1, 0) for v in clause]
        return structure_hash([0] * (2 * count) + [1] * len(self.clauses), edges)
