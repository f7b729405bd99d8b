"""What deduplication leaves of puzzles: the usual text recipes and taskgen's ids, on reasoning-gym's tasks.

    pip install -e '.[bench]' && PYTHONHASHSEED=0 python benchmarks/dedup_recipes.py     (--quick: half a minute)

(Some of reasoning-gym's tasks draw from sets: with another hash seed they make other rows.)

100 instances (seed 0) of the 99 tasks that are made fast. The recipes are written out here from their published
parameters, not run in their own programs: word or character n-grams, bands and rows of MinHash, normalisation. Those
called verified compare the true Jaccard similarities of all pairs, so that they miss nothing that their threshold
admits. A row goes where an earlier one is in its component. Copies of 20 rows of each task, four slow ones included,
are planted: verbatim, in other typography, relabelled, reordered; see planted_copies.py and planted_orders.py.
"""

import argparse
import json
import os
import platform
import re
import string
import time
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

import networkx
import numpy
import pyarrow
import reasoning_gym
from planted_copies import RELABELLED, Change, Row, cosmetic, typographic
from planted_orders import REORDERED
from reasoning_gym.factory import DATASETS
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

import taskgen
from taskgen.curation.identities import Identities, identify
from taskgen.kernels import refinement
from taskgen.seeding import Stream

SLOW = ("futoshiki", "intermediate_integration", "knight_swap", "puzzle24", "sokoban", "zebra_puzzles")
TOO_SLOW = ("composite", "futoshiki", "knight_swap")
Labels = Sequence[Any]
"""A label for each row; rows with one label are the same to a recipe."""


def make_rows(instances: int, quick: bool) -> dict[str, list[Row]]:
    """Some instances of every task; the slow ones are left out of a quick run."""
    rows = {}
    for name in sorted(set(DATASETS) - set(TOO_SLOW if not quick else (*TOO_SLOW, *SLOW))):
        dataset = reasoning_gym.create_dataset(name, seed=0, size=instances)
        # As a file would hold them: tuples become lists.
        rows[name] = [
            json.loads(json.dumps({key: item[key] for key in ("question", "answer", "metadata")}, default=str))
            for item in (dataset[place] for place in range(instances))
        ]
    return rows


def plant(rows: dict[str, list[Row]], copies: int) -> tuple[list[Row], list[tuple[str, int, Row]]]:
    """All originals, and the copies: kind, number of the original, row."""
    originals = [row for name in rows for row in rows[name]]
    planted = []
    start = 0
    for name in rows:
        changes: dict[str, Change | None] = {
            "exact": lambda stream, row: dict(row),
            "cosmetic": cosmetic,
            "relabelled": RELABELLED.get(name),
            "reordered": REORDERED.get(name),
        }
        for kind, change in changes.items():
            made = 0
            for place, row in enumerate(rows[name]):
                copy = change(Stream.keyed(kind, name, place), row) if change and made < copies else None
                if copy is not None and (kind == "exact" or copy["question"] != row["question"]):
                    planted.append((kind, start + place, copy))
                    made += 1
        start += len(rows[name])
    return originals, planted


def folded(text: str, numbers: bool) -> str:
    """As datatrove normalises: lower case, no punctuation, no accents, one blank between words; numbers become 0."""
    text = text.lower()
    if numbers:
        text = re.sub(r"\d+(?:[.,]\d+)*", "0", text)
    text = "".join(sign for sign in unicodedata.normalize("NFD", text) if unicodedata.category(sign) != "Mn")
    text = "".join(
        sign for sign in text if not unicodedata.category(sign).startswith("P") and sign not in string.punctuation
    )
    return " ".join(text.split())


def hashed(parts: Iterable[str]) -> Any:
    return numpy.array(
        sorted(
            {
                int.from_bytes(blake2b(part.encode(errors="surrogatepass"), digest_size=8).digest(), "little")
                for part in parts
            }
        ),
        "<u8",
    )


def word_sets(texts: Sequence[str], size: int = 5) -> list[Any]:
    """The word n-grams of every text, hashed; a text of fewer words is one n-gram."""
    found = []
    for text in texts:
        words = text.split()
        found.append(hashed(" ".join(words[place : place + size]) for place in range(max(1, len(words) - size + 1))))
    return found


def character_sets(texts: Sequence[str], size: int = 24) -> list[Any]:
    return [hashed(text[place : place + size] for place in range(max(1, len(text) - size + 1))) for text in texts]


def by_bands(sets: Sequence[Any], bands: int, rows: int) -> Labels:
    """Components of texts that agree in all values of some band of their MinHash signatures; nothing is verified."""
    draws = numpy.random.Generator(numpy.random.PCG64(1))
    factors = draws.integers(0, 2**64, bands * rows, dtype=numpy.uint64) | numpy.uint64(1)
    offsets = draws.integers(0, 2**64, bands * rows, dtype=numpy.uint64)
    signatures = numpy.array([(own[:, None] * factors + offsets).min(axis=0) for own in sets])
    links = []
    for band in range(bands):
        keys = signatures[:, band * rows : (band + 1) * rows].copy().view(f"V{8 * rows}")[:, 0]
        _, first, place = numpy.unique(keys, return_index=True, return_inverse=True)
        links.append(numpy.stack([first[place], numpy.arange(len(sets))]))
    return components(numpy.concatenate(links, axis=1), len(sets))


def by_jaccard(sets: Sequence[Any], least: float) -> Labels:
    """Components of texts whose true Jaccard similarity is at least so much."""
    values, places = numpy.unique(numpy.concatenate(sets), return_inverse=True)
    sizes = numpy.array([len(own) for own in sets])
    bounds = numpy.append(0, numpy.cumsum(sizes))
    matrix = csr_array((numpy.ones(len(places), numpy.int32), places, bounds), shape=(len(sets), len(values)))
    shared = (matrix @ matrix.T).tocoo()
    one, two = shared.coords
    alike = shared.data >= least * (sizes[one] + sizes[two] - shared.data)
    return components(numpy.stack([one[alike], two[alike]]), len(sets))


def components(links: Any, count: int) -> Labels:
    graph = csr_array((numpy.ones(links.shape[1], bool), (links[0], links[1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].tolist()


def identities(rows: Sequence[Row], metadata: bool = True) -> Identities:
    columns = {"question": [row["question"] for row in rows]}
    if metadata:
        columns["metadata"] = [json.dumps(row["metadata"]) for row in rows]
    return identify(pyarrow.table(columns))


def questions(rows: Sequence[Row]) -> list[str]:
    return [row["question"] for row in rows]


def datatrove(rows: Sequence[Row], numbers: bool) -> Labels:
    return by_bands(word_sets([folded(text, numbers) for text in questions(rows)]), 14, 8)


def verified(rows: Sequence[Row], least: float) -> Labels:
    return by_jaccard(word_sets([text.lower() for text in questions(rows)]), least)


RECIPES: dict[str, Callable[[Sequence[Row]], Labels]] = {
    "datatrove: 5 words, 14 x 8, not verified, numbers become 0": lambda rows: datatrove(rows, True),
    "the same with its numbers": lambda rows: datatrove(rows, False),
    "NeMo Curator: 24 characters, 20 x 13, not verified": lambda rows: by_bands(
        character_sets(questions(rows)), 20, 13
    ),
    "5 words, Jaccard >= 0.7, verified": lambda rows: verified(rows, 0.7),
    "5 words, Jaccard >= 0.8, verified": lambda rows: verified(rows, 0.8),
    "5 words, Jaccard >= 0.9, verified": lambda rows: verified(rows, 0.9),
    "exact, punctuation removed": lambda rows: [
        " ".join(re.sub(r"[^\w\s]", "", text.lower()).split()) for text in questions(rows)
    ],
    "exact, after datatrove's normalisation": lambda rows: [folded(text, True) for text in questions(rows)],
    "**taskgen, instance id**": lambda rows: identities(rows).instance,
    "**taskgen, structure id**": lambda rows: identities(rows).structure,
    "taskgen, structure id, questions alone": lambda rows: identities(rows, metadata=False).structure,
}


def survivors(labels: Labels) -> list[int]:
    """The first row of every label."""
    return list({label: place for place, label in reversed(list(enumerate(labels)))}.values())


def kept(rows: Sequence[Row], labels: Labels) -> tuple[float, int]:
    """The share of different prompts that survive, and how many tasks keep fewer than a tenth of theirs."""
    tasks = [row["metadata"]["source_dataset"] for row in rows]
    left = Counter(tasks[place] for place in survivors(labels))
    whole = Counter(tasks)
    return sum(left.values()) / len(rows), sum(left[task] < whole[task] / 10 for task in whole)


def removed(labels: Labels, planted: Sequence[tuple[str, int, Row]], count: int) -> dict[str, float]:
    """The share of the copies of each kind that have the label of their original."""
    found: dict[str, list[bool]] = defaultdict(list)
    for place, (kind, original, _) in enumerate(planted, count):
        found[kind].append(labels[place] == labels[original])
    return {kind: sum(hits) / len(hits) for kind, hits in found.items()}


def recipes_table(rows: dict[str, list[Row]], copies: int) -> str:
    """Every recipe: what it keeps of different puzzles, and what it finds of planted copies."""
    fast = [row for name in rows if name not in SLOW for row in rows[name]]
    distinct = list({row["question"]: row for row in fast}.values())
    originals, planted = plant(rows, copies)
    everything = [*originals, *(copy for _, _, copy in planted)]
    kinds = Counter(kind for kind, _, _ in planted)
    heading = [f"{kind} ({count:,})" for kind, count in kinds.items()]
    lines = [
        f"{len(distinct):,} different prompts of {len(set(rows) - set(SLOW))} tasks.\n",
        f"| recipe | different puzzles kept | tasks cut below 10 % | removed: {' | '.join(heading)} |",
        f"|---|---:|---:|{'---:|' * len(heading)}",
    ]
    for name, recipe in RECIPES.items():
        share, cut = kept(distinct, recipe(distinct))
        found = removed(recipe(everything), planted, len(originals))
        cells = " | ".join(f"{found[kind]:.1%}" for kind in kinds)
        lines.append(f"| {name} | {share:.2%} | {cut} | {cells} |")
    return "\n".join(lines)


def families_table(rows: dict[str, list[Row]], copies: int) -> str:
    """The families with relabelled or reordered copies, and whatever copy taskgen missed."""
    originals, planted = plant(rows, copies)
    ids = identities([*originals, *(copy for _, _, copy in planted)])
    missed: Counter[tuple[str, str]] = Counter()
    families = defaultdict(set)
    for place, (kind, original, copy) in enumerate(planted, len(originals)):
        family = copy["metadata"]["source_dataset"]
        families[kind].add(family)
        key = ids.instance if kind in ("exact", "cosmetic") else ids.structure
        missed[kind, family] += key[place] != key[original]
    lines = ["| kind of copy | families | missed by taskgen |", "|---|---|---|"]
    for kind, known in families.items():
        names = f"all {len(known)}" if kind in ("exact", "cosmetic") else f"{len(known)}: {', '.join(sorted(known))}"
        gone = {family: count for (own, family), count in missed.items() if own == kind and count}
        lines.append(f"| {kind} | {names} | {gone or 'none'} |")
    texts = [typographic(Stream.keyed(place), row) for place, row in enumerate(originals)]
    bare, other = identities(originals, metadata=False), identities(texts, metadata=False)
    lost = sum(one != two for one, two in zip(bare.instance, other.instance, strict=True))
    lines.append(f"\nQuestions alone, in other typography: {lost} of {len(originals):,} missed.")
    return "\n".join(lines)


def natural_copies(rows: dict[str, list[Row]]) -> str:
    """The copies that the library makes itself, each pair whose structure is a graph checked by networkx."""
    graphs: list[Any] = []
    hasher = refinement.structure_hash

    def remember(colours: Any, edges: Any, directed: bool = True) -> int:
        graphs.append((colours, edges))
        return hasher(colours, edges, directed)

    reworded: Counter[str] = Counter()
    alike: Counter[str] = Counter()
    answers = checked = isomorphic = 0
    for name, own in rows.items():
        first: dict[str, Any] = {}
        for row in {row["question"]: row for row in own}.values():
            graphs.clear()
            with patch.object(refinement, "structure_hash", remember):
                found = identities([row])
            graph = as_networkx(*graphs[0]) if len(graphs) == 1 else None
            same, other = first.get(found.instance[0]), first.get(found.structure[0])
            if same:
                reworded[name] += 1
                answers += same[0]["answer"] == row["answer"]
            elif other:
                alike[name] += 1
                checked += graph is not None
                isomorphic += graph is not None and equal_graphs(other[1], graph)
            first = {found.instance[0]: (row, graph), found.structure[0]: (row, graph)} | first
    return (
        f"Different prompts that are the same problem in other words: {listed(reworded)}; {answers:,} of them have the "
        f"same answer.\n\nDifferent problems that are the same modulo symmetry: {listed(alike)}. The structures of "
        f"{checked:,} of them are graphs; networkx finds {isomorphic:,} of those isomorphic to what they are copies of."
    )


def listed(counts: Counter[str]) -> str:
    names = ", ".join(f"{name} {count}" for name, count in counts.most_common())
    return f"{counts.total():,} ({names})" if names else "none"


def as_networkx(colours: Any, edges: Any) -> Any:
    graph = networkx.DiGraph()
    graph.add_nodes_from((vertex, {"colour": int(colour)}) for vertex, colour in enumerate(colours))
    together = defaultdict(list)
    for source, target, colour in numpy.array(edges).reshape(-1, 3).tolist():
        together[source, target].append(colour)
    graph.add_edges_from((*ends, {"colours": sorted(listed)}) for ends, listed in together.items())
    return graph


def equal_graphs(one: Any, two: Any) -> bool:
    def same(key: str) -> Callable[[Any, Any], bool]:
        return lambda first, second: first[key] == second[key]

    return networkx.is_isomorphic(one, two, node_match=same("colour"), edge_match=same("colours"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20 instances of the fast tasks, 5 copies")
    quick = parser.parse_args().quick
    warnings.filterwarnings("ignore")
    begin = time.perf_counter()
    rows = make_rows(20 if quick else 100, quick)
    copies = 5 if quick else 20
    print(recipes_table(rows, copies), "\n")
    print(families_table(rows, copies), "\n")
    print(natural_copies(rows), "\n")
    print(
        f"taskgen {taskgen.__version__}, reasoning-gym {version('reasoning-gym')}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores; {time.perf_counter() - begin:.0f} s"
    )


if __name__ == "__main__":
    main()
