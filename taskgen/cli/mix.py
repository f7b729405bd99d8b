"""`taskgen mix`: one dataset of several, in the shares that were asked for."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import Seed, StageOut

if TYPE_CHECKING:
    from taskgen.engine.manifest import StageEntry

Sources = Annotated[
    list[str], typer.Argument(help="Parquet, JSONL or CSV files, folders of them, or hf:ID.", metavar="DATA")
]
Weights = Annotated[
    list[str] | None,
    typer.Option("--weight", metavar="NAME=WEIGHT", help="Weight of a task or a domain; may be repeated, else 1."),
]
Count = Annotated[
    int | None, typer.Option("--count", "-n", min=1, help="Records in all.", show_default="as the weights allow")
]
WhenShort = Annotated[str, typer.Option("--when-short", help="A task has too few records: take_all of them, or fail.")]
Balance = Annotated[bool, typer.Option("--balance-answers", help="Even out the answers of tasks that have few.")]
MaxPrompt = Annotated[int | None, typer.Option("--max-prompt-tokens", min=1, help="Longest prompt that stays.")]
MaxTotal = Annotated[int | None, typer.Option("--max-tokens-total", min=1, help="Tokens of all prompts together.")]
Tokenizer = Annotated[
    str | None,
    typer.Option("--tokenizer", metavar="PATH", help="A tokenizer.json.", show_default="4 characters a token"),
]
Curriculum = Annotated[bool, typer.Option("--curriculum", help="Add curriculum_rank, difficulty_bin and mix_weight.")]
Stages = Annotated[int, typer.Option("--stages", min=1, max=99, help="Files of the train split, easy to hard.")]


def mix(
    data: Sources,
    weight: Weights = None,
    count: Count = None,
    when_short: WhenShort = "take_all",
    balance_answers: Balance = False,
    max_prompt_tokens: MaxPrompt = None,
    max_tokens_total: MaxTotal = None,
    tokenizer: Tokenizer = None,
    curriculum: Curriculum = False,
    stages: Stages = 1,
    seed: Seed = 0,
    out: StageOut = None,
) -> None:
    """Mix datasets: shares by task or domain, no problem twice, no structure in two splits."""
    from taskgen.cli.progress import Bar
    from taskgen.cli.staging import summarise_stage
    from taskgen.curation.mixing import MixSettings, mix
    from taskgen.curation.sources import open_source
    from taskgen.curation.stages import default_out, read_settings

    settings = read_settings(
        MixSettings,
        weights=parse_weights(weight or ()),
        count=count,
        when_short=when_short,
        balance_answers=balance_answers,
        max_prompt_tokens=max_prompt_tokens,
        max_tokens_total=max_tokens_total,
        tokenizer=tokenizer,
        curriculum=curriculum,
        stages=stages,
        seed=seed,
    )
    sources = [open_source(name) for name in data]
    folder = out or default_out(data[0], "mix")
    with Bar(sum(source.rows for source in sources), "rows") as bar:
        entry = mix(sources, folder, settings, bar.report)
    _print_shares(entry)
    summarise_stage(entry, folder)
    _print_facts(entry)
    _warn(entry)


def parse_weights(texts: Sequence[str]) -> dict[str, float]:
    """The weights in 'sudoku=2' and 'logic=0.5'. Raises UsageError."""
    from taskgen.engine.errors import UsageError

    weights: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name.strip() in weights:
            raise UsageError(f"weight {name.strip()} is given twice")
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            raise UsageError(f"weight {text} cannot be read; write it as name=2") from None
        if not 0 <= weights[name.strip()] <= 1e9:
            raise UsageError(f"weight {text} is out of range: 0 to 1e9")
    return weights


def _print_shares(entry: "StageEntry") -> None:
    from taskgen.cli.printing import console, table

    rows = [(task, facts["weight"], facts["rows"], facts["taken"]) for task, facts in entry.notes["tasks"].items()]
    console().print(table(("task", "weight", "rows", "taken"), rows))


def _print_facts(entry: "StageEntry") -> None:
    print("  " + ", ".join(f"{split} {rows:,}" for split, rows in entry.notes["splits"].items()))
    for stage, rows in enumerate(entry.notes.get("stages", ()), 1):
        print(f"  data/train-*-stage-{stage}.parquet: {rows:,}")
    if "tokens" in entry.notes:
        print(f"  {entry.notes['tokens']['prompts']:,} tokens of prompts, by {entry.notes['tokens']['counted_by']}")


def _warn(entry: "StageEntry") -> None:
    for name, facts in entry.notes["short"].items():
        print(
            f"taskgen: warning: {name} has {facts['rows']:,} of the {facts['share']:,} rows of its share",
            file=sys.stderr,
        )
