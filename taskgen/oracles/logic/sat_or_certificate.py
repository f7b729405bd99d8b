"""A second opinion on formulas: z3 finds models, a look-ahead search over sets of integers finds refutations."""

import re

from taskgen.seeding import Stream
from taskgen.verifiers.logic.sat_or_certificate import SatOrCertificate

Clause = frozenset[int]


def solutions(problem: SatOrCertificate, limit: int) -> list[str] | None:
    """Up to `limit` models or, where there are none, a refutation; None where no refutation found is short enough."""
    import z3

    variables = z3.Bools([f"p{number}" for number in range(1, problem.variables + 1)])
    solver = z3.Solver()
    for clause in problem.clauses:
        solver.add(z3.Or([variables[v - 1] if v > 0 else z3.Not(variables[-v - 1]) for v in clause]))
    found: list[str] = []
    while len(found) < limit and solver.check() == z3.sat:
        model = solver.model()
        true = [z3.is_true(model.eval(variable, model_completion=True)) for variable in variables]
        signed = [v if holds else -v for v, holds in enumerate(true, 1)]
        found.append("sat: " + " ".join(_spell(problem, literal) for literal in signed))
        solver.add(z3.Or([variable != holds for variable, holds in zip(variables, true, strict=True)]))
    if found:
        return found
    for attempt in range(400 // problem.variables):
        refutation = _Refutation(problem, Stream.keyed("oracle", attempt)).lines()
        if len(refutation) <= problem.lines:
            lines = [" ".join(_spell(problem, literal) for literal in sorted(clause)) for clause in refutation[:-1]]
            return ["unsat:\n" + "\n".join([*lines, "empty"])]
    return None


class _Refutation:
    """Case splits chosen by looking ahead; every closed case leaves the clause of the decisions that closed it."""

    def __init__(self, problem: SatOrCertificate, stream: Stream) -> None:
        self.clauses: list[Clause] = [frozenset(clause) for clause in problem.clauses]
        self.given = len(self.clauses)
        self.used: dict[int, set[int]] = {}
        self.order = stream.shuffled([v * sign for v in range(1, problem.variables + 1) for sign in (1, -1)])

    def lines(self) -> list[Clause]:
        """The learnt clauses that the empty one rests on, in order; the empty one is the last."""
        self.close([])
        needed = {len(self.clauses) - 1}
        for number in range(len(self.clauses) - 1, self.given - 1, -1):
            if number in needed:
                needed |= self.used[number]
        return [self.clauses[number] for number in sorted(needed) if number >= self.given]

    def close(self, path: list[int]) -> Clause:
        """Learn, and return, a clause that is false under these decisions."""
        while True:
            reasons, conflict = self.propagate(path)
            if conflict is not None:
                return self.learn(reasons, conflict)
            literal = self.choose(path, reasons)
            learnt = self.close([*path, literal])
            if -literal not in learnt:
                return learnt

    def choose(self, path: list[int], reasons: dict[int, int | None]) -> int:
        """The literal to assume: one that fails at once, or one of the variable with the most consequences."""
        counts = dict.fromkeys(self.order, 0)
        for clause in self.clauses:
            if not any(literal in reasons for literal in clause):
                for literal in clause:
                    counts[literal] += 1
        free = [literal for literal in self.order if literal not in reasons and -literal not in reasons]
        candidates = sorted((v for v in free if v > 0), key=lambda v: -(counts[v] + 1) * (counts[-v] + 1))[:10]
        best, most = free[0], -1
        for variable in candidates:
            sizes = []
            for literal in (variable, -variable):
                consequences, conflict = self.propagate([*path, literal])
                if conflict is not None:
                    return literal
                sizes.append(len(consequences) - len(reasons))
            if sizes[0] * sizes[1] > most:
                best, most = variable if sizes[0] > sizes[1] else -variable, sizes[0] * sizes[1]
        return best

    def propagate(self, assumed: list[int]) -> tuple[dict[int, int | None], int | None]:
        """The true literals in the order found, each with the clause that forced it, and a clause that became false."""
        reasons: dict[int, int | None] = dict.fromkeys(assumed)
        changed = True
        while changed:
            changed = False
            for number, clause in enumerate(self.clauses):
                if any(literal in reasons for literal in clause):
                    continue
                free = [literal for literal in clause if -literal not in reasons]
                if not free:
                    return reasons, number
                if len(free) == 1:
                    reasons[free[0]] = number
                    changed = True
        return reasons, None

    def learn(self, reasons: dict[int, int | None], conflict: int) -> Clause:
        """Add the clause of those decisions from which the conflict follows."""
        used, needed, decisions = {conflict}, {-literal for literal in self.clauses[conflict]}, set()
        for literal, reason in reversed(reasons.items()):
            if literal in needed and reason is None:
                decisions.add(literal)
            elif literal in needed and reason is not None:
                used.add(reason)
                needed |= {-other for other in self.clauses[reason] if other != literal}
        learnt = frozenset(-literal for literal in decisions)
        self.used[len(self.clauses)] = used
        self.clauses.append(learnt)
        return learnt


def accepts(problem: SatOrCertificate, answer: str) -> bool:
    """Whether an answer is a model, checked clause by clause, or a refutation, checked with naive propagation."""
    for sign in "−¬~!":
        answer = answer.replace(sign, "-")
    kind, _, body = answer.lower().replace(",", " ").partition(":")
    kind = re.sub(r"^[\s*]+|[\s*]+$", "", kind)
    names = problem.names or [str(v) for v in range(1, problem.variables + 1)]
    numbers = {name: v for v, name in enumerate(names, 1)}
    numbers |= {f"-{name}": -v for name, v in numbers.items()}

    def read(line: str) -> list[int]:
        words = " ".join(line.split()).replace("not ", "-").split()
        return [numbers.get(word, 0) for word in (words[:-1] if words[-1:] == ["0"] else words)]

    if kind == "sat":
        model = read(re.sub(r"^\*+|\*+$", "", body))
        complete = sorted(map(abs, model)) == list(range(1, problem.variables + 1))
        return complete and all(set(clause) & set(model) for clause in problem.clauses)
    lines = [line.strip() for line in re.sub(r"^\*+", "", body).replace(";", "\n").split("\n") if line.strip()]
    if kind != "unsat" or not 0 < len(lines) <= problem.lines:
        return False
    if not re.fullmatch(r"[\s.'\"*]*(empty|0|⊥)[\s.'\"*]*", lines[-1]):
        return False
    known = [set(clause) for clause in problem.clauses]
    for line in lines:
        last = len(known) - len(problem.clauses) == len(lines) - 1
        clause = set() if last else set(read(line.replace(" or ", " ")))
        if not (clause or last) or 0 in clause or any(-literal in clause for literal in clause):
            return False
        if not _follows(known, clause):
            return False
        known.append(clause)
    return True


def _follows(known: list[set[int]], clause: set[int]) -> bool:
    false = set(clause)
    for _ in range(200):
        open_parts = [other - false for other in known if not any(-literal in false for literal in other)]
        if any(not part for part in open_parts):
            return True
        forced = {-literal for part in open_parts if len(part) == 1 for literal in part}
        if any(-literal in forced for literal in forced):
            return True
        if not forced - false:
            return False
        false |= forced
    return False


def relabel(problem: SatOrCertificate, stream: Stream) -> SatOrCertificate:
    """The same formula with variables renamed and negated, and clauses and literals in another order."""
    count = problem.variables
    sign = [stream.choice((1, -1)) for _ in range(count)]
    image = [v * s for v, s in zip(stream.shuffled(range(1, count + 1)), sign, strict=True)]
    clauses = [
        tuple(stream.shuffled([image[v - 1] if v > 0 else -image[-v - 1] for v in clause]))
        for clause in stream.shuffled(problem.clauses)
    ]
    return SatOrCertificate(count, tuple(clauses), problem.lines, tuple(stream.shuffled(problem.names)))


def _spell(problem: SatOrCertificate, literal: int) -> str:
    name = problem.names[abs(literal) - 1] if problem.names else str(abs(literal))
    return name if literal > 0 else f"-{name}"
