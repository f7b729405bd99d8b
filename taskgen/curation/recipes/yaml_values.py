"""YAML as plain values that remember their lines.

Scalars are read as YAML 1.2's core schema reads them (`yes` is text, `20:80` is no number of base 60). Tags and merge
keys are refused.
"""

import re
from collections.abc import Sequence
from typing import Any

import yaml

from taskgen.engine.errors import UsageError

MAX_NODES = 20_000
_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "seq", "map")
_NULL = ("", "~", "null")
_TRUTH = {"true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", re.ASCII)

Step = str | int
"""A key of a mapping or a position in a sequence."""


class Document:
    """A YAML document: its plain value, and the line of every place in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = error.problem or "not YAML"
            whole = f"{error.context}, {problem}" if problem.startswith("but ") else problem
            raise self._complaint(mark.line if mark else 0, whole) from None
        except yaml.YAMLError as error:
            raise UsageError(f"{name}: not YAML: {error}") from None
        if root is None:
            raise UsageError(f"{name} is empty")
        self._lines: dict[tuple[Step, ...], int] = {}
        self._nodes = 0
        self.value = self._read(root, ())

    def error(self, path: Sequence[Step], complaint: str) -> UsageError:
        """What is wrong at a place, or at the nearest place above it that exists."""
        place = tuple(path)
        while place not in self._lines:
            place = place[:-1]
        where = written(path)
        return self._complaint(self._lines[place], f"{where}: {complaint}" if where else complaint)

    def _complaint(self, line: int, complaint: str) -> UsageError:
        return UsageError(f"{self.name} line {line + 1}: {complaint}")

    def _read(self, node: Any, path: tuple[Step, ...]) -> Any:
        self._lines.setdefault(path, node.start_mark.line)
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > 20:
            raise self._complaint(node.start_mark.line, "more than a recipe can hold; are there aliases in it?")
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            raise self._complaint(node.start_mark.line, f"tags such as {node.tag} are not read")
        match node:
            case yaml.ScalarNode():
                return self._scalar(node)
            case yaml.SequenceNode():
                return [self._read(item, (*path, position)) for position, item in enumerate(node.value)]
        values: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                raise self._complaint(key.start_mark.line, "a key must be plain text")
            if key.value in values:
                raise self._complaint(key.start_mark.line, f"{key.value} stands there twice")
            self._lines[(*path, key.value)] = key.start_mark.line
            values[key.value] = self._read(item, (*path, key.value))
        return values

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.style is not None:
            return text
        if text.lower() in _NULL:
            return None
        if text.lower() in _TRUTH:
            return _TRUTH[text.lower()]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        return text


def written(path: Sequence[Step]) -> str:
    """A place as a person writes it: stages[1].generate.tasks[0].count."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")
