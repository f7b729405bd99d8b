"""What can go wrong that is no fault of ours; every message is one line for the user."""


class UsageError(ValueError):
    """The command or its input has to change."""


class OrderError(UsageError):
    """An order that cannot be carried out as it stands."""


class RowError(UsageError):
    """A row that cannot be scored; the message names it."""


class Trouble(RuntimeError):
    """Something around us is in the way."""


class FolderTaken(Trouble):
    """The folder belongs to another command."""


class Damaged(Trouble):
    """A dataset folder does not hold what its manifest says."""


class ShardLost(Trouble):
    """Every worker that began a shard died, the last one as `end` says."""

    def __init__(self, position: int, end: str, what: str = "") -> None:
        super().__init__(f"every worker that made {what or f'shard {position}'} died: {end}; try fewer --workers")
        self.position = position
        self.end = end


class Stopped(Trouble):
    """Ctrl-C; what was finished is kept."""

    def __init__(self, kept: str) -> None:
        super().__init__(f"stopped; {kept} are kept; the same command resumes")
