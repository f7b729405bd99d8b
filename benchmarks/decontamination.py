"""Decontamination: what our rule finds and what it drops for nothing, beside three published rules; rows a second.

    pip install -e '.[bench]' && python benchmarks/decontamination.py [--quick] [--write docs/benchmarks.md]

Evaluation items are planted in training sets of the same families: as they are, relabelled (the oracle's `relabel`),
in another wording, and both. The same rows are then given as text alone. Word problems written for this purpose stand
for text that no parser reads: renamed, reordered, retold, and with other numbers, which is another problem. The
thresholds of our rule were chosen on the first 36 of them; the 18 held out were written afterwards. Rows of
reasoning-gym show what the rules do where nothing but a template is shared. The full run takes some minutes.
"""

import argparse
import json
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet

from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate
from taskgen.curation.decontamination.ngrams import Reading, in_pieces, read_texts
from taskgen.curation.decontamination.presets import PRESETS
from taskgen.curation.decontamination.text_layer import HashList
from taskgen.curation.sources import open_source
from taskgen.engine.schema import to_table
from taskgen.problem import decode, encode, instance_id, structure_id
from taskgen.prompts import render, wordings
from taskgen.records import Record, make_record
from taskgen.registry import task
from taskgen.seeding import Stream

TASKS = ("zebra_puzzle", "knights_and_knaves", "countdown", "shortest_path", "sudoku")
DIFFICULTY = 3
CLEAN = "not in the evaluation"
LOOKALIKE = "other numbers"
Rule = tuple[str, str, float | None]
RULES: list[Rule] = [
    ("ours", "default", None),
    ("lm-eval / GPT-3", "gpt3-13", None),
    ("s1 / open-r1", "s1-8", None),
    ("Tulu 3", "tulu3-8-50", None),
    ("Tulu 3, template subtracted", "tulu3-8-50", 0.01),
]
"""A label, a preset and a template share, if not the preset's own."""
SLOW = {"composite", "futoshiki", "intermediate_integration", "puzzle24", "sokoban", "zebra_puzzles"}


class Planted(NamedTuple):
    """A training row and how it came there: CLEAN, LOOKALIKE, or the kind of copy that it is."""

    row: dict[str, Any]
    kind: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--write", type=Path, help="also append the tables to this file")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    sections = []
    for name, make in (
        ("Puzzles of five tasks", lambda: puzzle_table(2_000 // scale, 200 // scale)),
        ("Word problems", lambda: word_table(6_000 // scale, held_out=False)),
        ("Word problems, held out", lambda: word_table(6_000 // scale, held_out=True)),
        ("reasoning-gym, the question alone", lambda: gym_table(100 // scale, 20 // scale)),
        ("Rows a second, one core", lambda: speed_table(100_000 // scale)),
    ):
        sections.append(f"### {name}\n\n{make()}\n")
        print(sections[-1], flush=True)
    if options.write:
        with open(options.write, "a", encoding="utf-8") as file:
            file.write("\n".join(sections))


def puzzle_table(clean: int, items: int) -> str:
    """Items of every task among `clean` training records of it: as records, whose ids are compared, and as text."""
    evaluation: list[dict[str, Any]] = []
    training: list[Planted] = []
    for name in TASKS:
        own = records(name, items, "test")
        stream = Stream.keyed("benchmark", "decontamination", name)
        evaluation += [as_row(record) for record in own]
        training += [Planted(as_row(record), CLEAN) for record in records(name, clean, "train")]
        for record in own[: items // 2]:
            same, moved = decode(record.problem), task(name).oracle.relabel(decode(record.problem), stream)
            other = stream.choice(
                [own for own in wordings(task(name).template) if own not in ("terse", record.wording)]
            )
            training += [
                Planted(as_row(record), "verbatim"),
                Planted(as_row(remade(record, moved, record.wording)), "relabelled"),
                Planted(as_row(remade(record, same, other)), "reworded"),
                Planted(as_row(remade(record, moved, other)), "both"),
            ]
    kinds = ("verbatim", "relabelled", "reworded", "both", CLEAN)
    questions = [Planted(as_questions([planted.row])[0], planted.kind) for planted in training]
    ours = comparison(evaluation, training, kinds, [("ours, records", "default", None)])
    text = comparison(as_questions(evaluation), questions, kinds, [("ours, text alone", *RULES[0][1:]), *RULES[1:]])
    return table([*ours, *text[1:]])


def records(name: str, count: int, split: Any) -> list[Record]:
    """The first records of a task's split."""
    kind = task(name)
    found: dict[str, Record] = {}
    index = 0
    while len(found) < count:
        record = make_record(kind, DIFFICULTY, kind.ladder[DIFFICULTY - 1], 0, split, index, None)
        found.setdefault(record.id, record)
        index += 1
    return list(found.values())


def remade(record: Record, problem: Any, wording: str) -> Record:
    """The record of another problem of the same task, in a wording."""
    row = json.loads(to_json(record))
    row |= {"id": instance_id(problem), "structure": structure_id(problem), "problem": encode(problem)}
    row |= {"prompt": render(task(record.task).template, problem, wording), "wording": wording}
    return Record(**row)


def to_json(record: Record) -> str:
    return json.dumps(as_row(record))


def as_row(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def as_questions(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a plain dataset has: the question, and which kind of puzzle it is."""
    return [{"question": row["prompt"], "source": row["task"]} for row in rows]


def word_table(background: int, held_out: bool) -> str:
    """The word problems among others of grade-school mathematics."""
    lines = Path(__file__).with_name("word_problems.jsonl").read_text(encoding="utf-8").splitlines()
    problems = [problem for problem in map(json.loads, lines) if problem["held_out"] == held_out]
    stream = Stream.keyed("benchmark", "decontamination", "words")
    training = [Planted({"question": text}, CLEAN) for text in gym_questions("gsm_symbolic", background, 5)]
    for problem in problems:
        text, other = problem["text"], renamed(problem)
        for kind, copy in (
            ("verbatim", text),
            ("in a longer text", f"Solve this problem step by step.\n\nProblem: {text}\n\nShow all your work."),
            ("renamed", other),
            ("reordered", reordered(text, stream)),
            ("both", reordered(other, stream)),
            ("retold", problem["paraphrase"]),
            (LOOKALIKE, re.sub(r"\d+", lambda number: str(int(number[0]) + stream.between(1, 5)), text)),
        ):
            training.append(Planted({"question": copy}, kind))
    kinds = ("verbatim", "in a longer text", "renamed", "reordered", "both", "retold", LOOKALIKE, CLEAN)
    return table(comparison([{"question": problem["text"]} for problem in problems], training, kinds, RULES))


def renamed(problem: dict[str, Any]) -> str:
    names = problem["names"]
    return re.sub(rf"\b({'|'.join(map(re.escape, names))})\b", lambda name: names[name[0]], problem["text"])


def reordered(text: str, stream: Stream) -> str:
    """The statements in another order, the question last."""
    *statements, question = re.split(r"(?<=[.?!]) ", text)
    return " ".join([*stream.shuffled(statements), question])


def gym_table(count: int, items: int) -> str:
    """Every family of reasoning-gym against itself with other seeds; a few items are planted."""
    import reasoning_gym.factory

    evaluation: list[dict[str, Any]] = []
    training: list[Planted] = []
    for name in sorted(set(reasoning_gym.factory.DATASETS) - SLOW):
        try:
            own, others = gym_questions(name, items, 9_000_000), gym_questions(name, count, 1_000_000)
        except TimeoutError:
            continue
        evaluation += [{"question": text, "source": name} for text in own]
        known = {"".join(text.lower().split()) for text in own}
        for text in others + own[:2]:
            kind = "verbatim" if "".join(text.lower().split()) in known else CLEAN
            training.append(Planted({"question": text, "source": name}, kind))
    return table(comparison(evaluation, training, ("verbatim", CLEAN), RULES))


def gym_questions(name: str, count: int, seed: int) -> list[str]:
    """Questions of a family of reasoning-gym; TimeoutError where that takes more than ten seconds."""
    import reasoning_gym

    def stop(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(10)
    try:
        made = reasoning_gym.create_dataset(name, size=count, seed=seed)
        return [made[number]["question"] for number in range(count)]
    finally:
        signal.alarm(0)


def comparison(
    evaluation: list[dict[str, Any]], training: list[Planted], kinds: Sequence[str], rules: Sequence[Rule]
) -> list[list[str]]:
    """Each rule: the share of each kind that it drops; precision over all rows dropped."""
    lines = [["rule", *kinds, "precision"]]
    for label, preset, share in rules:
        dropped = run(evaluation, [planted.row for planted in training], preset, share)
        shares = []
        for kind in kinds:
            rows = {place for place, planted in enumerate(training) if planted.kind == kind}
            shares.append(f"{len(rows & dropped) / len(rows):.1%} of {len(rows):,}")
        right = sum(training[row].kind not in (CLEAN, LOOKALIKE) for row in dropped)
        lines.append([label, *shares, f"{right / max(1, len(dropped)):.1%}"])
    return lines


def run(evaluation: list[dict[str, Any]], training: list[dict[str, Any]], preset: str, share: float | None) -> set[int]:
    """The numbers of the rows that the stage drops."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        for name, rows in (("evaluation", evaluation), ("training", training)):
            native = "structure" in rows[0]
            made = to_table([Record(**row) for row in rows]) if native else pyarrow.Table.from_pylist(rows)
            pyarrow.parquet.write_table(made, folder / f"{name}.parquet")
        settings = DecontaminateSettings(
            against=(str(folder / "evaluation.parquet"),), preset=preset, template_share=share
        )
        decontaminate(open_source(str(folder / "training.parquet")), folder / "out", settings)
        return set(pyarrow.parquet.read_table(folder / "out" / "dropped.parquet")["row"].to_pylist())


def speed_table(rows: int) -> str:
    """Rows a second: n-grams hashed and looked up, with plain Python sets beside; and the stage from file to folder."""
    asked = [record for name in TASKS for record in records(name, 100, "test")]
    own = [record for name in TASKS for record in records(name, rows // len(TASKS), "train")]
    items, prompts = [record.prompt for record in asked], [record.prompt for record in own]
    published, default = PRESETS["s1-8"].reading, PRESETS["default"].reading
    known, own_known = (HashList(read_texts(items, reading).ngrams) for reading in (published, default))
    assert flags(prompts, published, known) == plain_flags(prompts, items)
    native = [as_row(record) for record in own], [as_row(record) for record in asked]
    questions = as_questions(native[0]), as_questions(native[1])
    long = sum(map(len, prompts)) // len(prompts)
    work: dict[str, Callable[[], Any]] = {
        f"8-grams as s1 reads them, hashed ({len(prompts):,} prompts of {long} characters)": lambda: flags(
            prompts, published, known
        ),
        "the same 8-grams, Python sets of strings": lambda: plain_flags(prompts, items),
        f"{default.size}-grams as ours reads them, hashed": lambda: flags(prompts, default, own_known),
        "ours, the whole stage, text alone": lambda: run(questions[1], questions[0], "default", None),
        "ours, the whole stage, records": lambda: run(native[1], native[0], "default", None),
    }
    return table([["what", "rows/s"], *([name, f"{len(own) / seconds(step):,.0f}"] for name, step in work.items())])


def flags(prompts: list[str], reading: Reading, known: HashList) -> list[bool]:
    """Which prompts hold a known n-gram."""
    found: list[bool] = []
    for piece in in_pieces(prompts):
        grams = read_texts(prompts[piece], reading)
        ends, _ = known.held(grams.ngrams, grams.ngram_ends)
        found += (ends > [0, *ends[:-1]]).tolist()
    return found


def plain_flags(prompts: list[str], items: list[str]) -> list[bool]:
    """The same by sets of strings, as open-r1 does it."""
    known = {gram for text in items for gram in word_ngrams(text)}
    return [any(gram in known for gram in set(word_ngrams(text))) for text in prompts]


def word_ngrams(text: str) -> Iterator[str]:
    words = text.lower().split()
    return (" ".join(words[start : start + 8]) for start in range(len(words) - 7))


def seconds(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def table(lines: list[list[str]]) -> str:
    head, *body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])


if __name__ == "__main__":
    main()
