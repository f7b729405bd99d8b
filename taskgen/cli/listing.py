"""`taskgen list`: every task with its domain, levels and knobs."""

from taskgen.cli.arguments import AsJson


def list_tasks(json: AsJson = False) -> None:
    """List the tasks with their levels and knobs."""
    from taskgen.cli.printing import console, table
    from taskgen.engine.overview import overview

    entries = overview()
    if json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(entries), indent=2).decode())
        return
    rows = [(entry.task, entry.domain, entry.levels, entry.error or entry.knobs_in_short()) for entry in entries]
    console().print(table(("task", "domain", "levels", "knobs (at level 1 → at level 10)"), rows))
    print(f"{len(entries)} tasks. Next: taskgen show {entries[0].task} -d 3")
