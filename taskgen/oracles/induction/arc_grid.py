"""A second opinion on grid puzzles: every rule of one and two steps, tried with primitives of its own."""

from collections import Counter
from collections.abc import Iterator

from taskgen.oracles.induction._grid_objects import Picture
from taskgen.oracles.induction._grid_rules import LIMIT, Rule, rules
from taskgen.seeding import Stream
from taskgen.verifiers.induction.arc_grid import ArcGrid, Grid, Pair


def solutions(problem: ArcGrid, limit: int) -> list[str] | None:
    """What the shortest rules that fit the pairs give for the test; None where no rule of two steps fits.

    Rules of three and four steps are too many to go through in seconds without compiled code.
    """
    pairs, test, background = _with_background(problem)
    colours = sorted(set("".join("".join(grid) for pair in pairs for grid in pair)) - {"."})
    pool = list(rules(colours))
    pairs.sort(key=lambda pair: sum(len(grid) * len(grid[0]) for grid in pair))
    for fitting in (_one_step(pool, pairs), _two_steps(pool, pairs)):
        found: list[str] = []
        for program in fitting:
            output = _run(program, test)
            answer = "\n".join(output).replace(".", background) if output else ""
            if answer and answer not in found:
                found.append(answer)
            if len(found) == limit:
                return found
        if found:
            return found
    return None


def _with_background(problem: ArcGrid) -> tuple[list[tuple[Picture, Picture]], Picture, str]:
    """Pairs and test with '.' for the background, which is the commonest colour of the training inputs."""
    counts = Counter("".join("".join(pair.input) for pair in problem.pairs))
    background = max(sorted(counts), key=lambda colour: counts[colour])

    def dotted(grid: Grid) -> Picture:
        return tuple(row.replace(background, ".") for row in grid)

    return [(dotted(pair.input), dotted(pair.output)) for pair in problem.pairs], dotted(problem.test), background


def _run(program: tuple[Rule, ...], picture: Picture) -> Picture | None:
    """The picture after all rules, None where one of them is undefined or the picture outgrows the limit."""
    for rule in program:
        result = rule(picture)
        if not result or not result[0] or len(result) > LIMIT or len(result[0]) > LIMIT:
            return None
        picture = result
    return picture


def _one_step(pool: list[Rule], pairs: list[tuple[Picture, Picture]]) -> Iterator[tuple[Rule, ...]]:
    for rule in pool:
        if all(_run((rule,), given) == made for given, made in pairs):
            yield (rule,)


def _two_steps(pool: list[Rule], pairs: list[tuple[Picture, Picture]]) -> Iterator[tuple[Rule, ...]]:
    """Pairs of rules that fit; the second is looked for on the first pair once for every picture in between."""
    given, made = pairs[0]
    seconds: dict[Picture, list[Rule]] = {}
    for first in pool:
        between = _run((first,), given)
        if between is None:
            continue
        if between not in seconds:
            seconds[between] = [second for second in pool if _run((second,), between) == made]
        for second in seconds[between]:
            if all(_run((first, second), start) == end for start, end in pairs[1:]):
                yield first, second


def relabel(problem: ArcGrid, stream: Stream) -> ArcGrid:
    """The same puzzle with all grids turned or mirrored together, colours exchanged and pairs reordered."""
    colours = "".join(stream.shuffled("0123456789"))
    names = str.maketrans("0123456789", colours)
    turns, mirrored = stream.below(4), stream.chance(0.5)

    def moved(grid: Grid) -> Grid:
        rows = [row.translate(names) for row in grid]
        for _ in range(turns):
            rows = ["".join(column) for column in zip(*rows[::-1], strict=True)]
        return tuple(row[::-1] for row in rows) if mirrored else tuple(rows)

    pairs = [Pair(moved(pair.input), moved(pair.output)) for pair in problem.pairs]
    return ArcGrid(tuple(stream.shuffled(pairs)), moved(problem.test), moved(problem.output))
