"""taskgen as a Taskset of verifiers: the rows of an export, judged by taskgen."""

import asyncio
import json
from pathlib import Path

from verifiers.v1.task import Task, TaskData
from verifiers.v1.taskset import Taskset, TasksetConfig
from verifiers.v1.utils.decorators import reward

import taskgen

__all__ = ["TaskgenTaskset"]


class TaskgenConfig(TasksetConfig):
    """Which file of the export is read."""

    file: Path = Path(__file__).with_name("train.jsonl")


class TaskgenData(TaskData):
    """A prompt and its problem."""

    problem: str


class TaskgenTask(Task[TaskgenData]):
    """One problem."""

    @reward
    async def correct(self, trace):
        """1 for a correct answer, 0 for any other. Raises RuntimeError where the problem could not be judged."""
        verdict = await asyncio.to_thread(taskgen.verify, self.data.problem, trace.last_reply)
        if verdict.status == "verifier_error":
            raise RuntimeError(verdict.reason)
        return verdict.score


class TaskgenTaskset(Taskset[TaskgenTask, TaskgenConfig]):
    """The problems of a file, in order."""

    def load(self):
        """A task for every row."""
        with open(self.config.file, encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                facts = json.loads(row["info"])
                data = TaskgenData(id=facts.get("id"), name=row["task"], prompt=row["prompt"], problem=facts["problem"])
                yield TaskgenTask(data, self.config.task)
