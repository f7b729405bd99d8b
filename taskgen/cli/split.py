"""`taskgen split`: train, validation and test, read off the structures."""

from taskgen.cli.arguments import Data, StageOut


def split(data: Data, out: StageOut = None) -> None:
    """Put every record into train, validation or test by its structure, the same in every dataset and for ever."""
    from taskgen.cli.staging import run_stage_command
    from taskgen.curation.splitting import SplitSettings, split

    entry = run_stage_command(
        "split", data, out, lambda source, folder, report: split(source, folder, SplitSettings(), report)
    )
    print("  " + ", ".join(f"{name} {count:,}" for name, count in entry.notes["splits"].items()))
    for move, count in entry.notes["moved"].items():
        print(f"  moved from {move}: {count:,}")
