"""`taskgen decontaminate` and `taskgen index`: drop what evaluation sets hold, too."""

from pathlib import Path
from typing import Annotated

import typer

from taskgen.cli.arguments import Data, StageOut

Against = Annotated[
    list[str],
    typer.Option("--against", "-a", metavar="SOURCE", help="Evaluation set or saved index; may be repeated."),
]
Preset = Annotated[str, typer.Option("--preset", help="default, gpt3-13, s1-8 or tulu3-8-50.")]
TemplateShare = Annotated[
    float | None,
    typer.Option(
        "--template-share",
        help="N-grams in a larger share of a task's texts are template; 1: none.",
        show_default="as the preset says",
    ),
]
SaveIndex = Annotated[Path | None, typer.Option("--save-index", metavar="FILE.parquet", help="Keep the index.")]
Embeddings = Annotated[
    str | None, typer.Option("--embeddings", metavar="URL#MODEL", help="Report the nearest item of every row, too.")
]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="Key of the index: a file of random bytes.")]
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Evaluation sets.")]
IndexOut = Annotated[Path, typer.Option("--out", "-o", metavar="FILE.parquet", help="File of the index.")]


def decontaminate(
    data: Data,
    against: Against,
    preset: Preset = "default",
    template_share: TemplateShare = None,
    save_index: SaveIndex = None,
    embeddings: Embeddings = None,
    key_file: KeyFile = None,
    out: StageOut = None,
) -> None:
    """Drop the rows that are, or contain, an item of an evaluation set."""
    from taskgen.cli.staging import run_stage_command
    from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate
    from taskgen.curation.stages import read_settings

    settings = read_settings(
        DecontaminateSettings,
        against=against,
        preset=preset,
        template_share=template_share,
        embeddings=embeddings,
        key_file=str(key_file) if key_file else None,
    )
    entry = run_stage_command(
        "decontaminate",
        data,
        out,
        lambda source, folder, report: decontaminate(source, folder, settings, report, save_index),
    )
    for family, counts in entry.notes["families"].items():
        if 2 * counts["dropped"] > counts["rows"]:
            print(
                f"  {family} lost {counts['dropped']:,} of {counts['rows']:,} rows to this rule: {entry.notes['rule']}"
            )


def index(sources: Sources, out: IndexOut, key_file: KeyFile = None) -> None:
    """Make an index of evaluation sets: hashes only, to decontaminate with where the sets themselves are not."""
    from taskgen.cli.progress import Bar
    from taskgen.curation.decontamination.decontaminate import save_index
    from taskgen.curation.sources import open_source

    opened = [open_source(name) for name in sources]
    with Bar(sum(source.rows for source in opened), "rows") as bar:
        items = save_index(opened, out, str(key_file) if key_file else None, bar.report)
    print(f"{items:,} items, prompts and solutions, in {out}")
