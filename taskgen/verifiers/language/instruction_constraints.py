"""Write a text that keeps every rule of a list: counts, letters, positions, order, case, in the text or its parts.

In the manner of Zhou et al., "Instruction-Following Evaluation for Large Language Models" (2023), with rules that bear
on one another.
"""

import re
from collections.abc import Hashable
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from taskgen.problem import Problem, Verdict, correct, malformed, wrong
from taskgen.verifiers.language._text_rules import AnyRule, Piece

_FOREIGN = re.compile(r"[^\n\t -~]")


class Constraint(Struct, frozen=True, array_like=True):
    """A rule, and where it holds: in the text, or in the paragraph, line or sentence of a number, 0 for every one."""

    where: Literal["text", "paragraph", "line", "sentence"]
    number: Annotated[int, Meta(ge=0, le=60)]
    rule: AnyRule


class InstructionConstraints(Problem, frozen=True):
    """The rules that the text has to keep."""

    max_answer: ClassVar[int] = 2_500

    constraints: Annotated[tuple[Constraint, ...], Meta(min_length=1, max_length=30)]

    def __post_init__(self) -> None:
        if len(set(self.constraints)) < len(self.constraints):
            raise ValueError("two constraints are the same")
        if any(constraint.where == "text" and constraint.number for constraint in self.constraints):
            raise ValueError("there is only one text: its number is 0")

    def verify(self, answer: str) -> Verdict:
        """The text itself, in printable ASCII; `partial` is the share of rules that it keeps."""
        text = answer.replace("\r\n", "\n").strip()
        foreign = _FOREIGN.search(text)
        if foreign:
            return malformed(f"the text holds a character that is not plain ASCII: {foreign[0]!a}")
        piece = Piece(text)
        if not piece.words:
            return malformed("the text has no words")
        kept = [holds(constraint, piece) for constraint in self.constraints]
        if all(kept):
            return correct()
        first = kept.index(False)
        return wrong(f"rule {first + 1} is broken: {_name(self.constraints[first])}", sum(kept) / len(kept))

    def structure(self) -> Hashable:
        """The constraints in a fixed order."""
        listed: list[list[Any]] = [msgspec.to_builtins(constraint) for constraint in self.constraints]
        return tuple(sorted(msgspec.json.encode(constraint).decode() for constraint in listed))


def holds(constraint: Constraint, text: Piece) -> bool:
    """Whether a text keeps a constraint; a part that is not there keeps none."""
    match constraint.where:
        case "text":
            return constraint.rule.holds(text)
        case "paragraph":
            parts = text.paragraphs
        case "line":
            parts = text.lines
        case "sentence":
            parts = text.sentences
    if constraint.number == 0:
        return bool(parts) and all(constraint.rule.holds(part) for part in parts)
    return constraint.number <= len(parts) and constraint.rule.holds(parts[constraint.number - 1])


def _name(constraint: Constraint) -> str:
    """A constraint in short, for a person."""
    part = "" if constraint.where == "text" else f" {constraint.number}" if constraint.number else " (every one)"
    values = [str(getattr(constraint.rule, field)) for field in constraint.rule.__struct_fields__]
    return " ".join([f"{constraint.where}{part}:", str(constraint.rule.__struct_config__.tag), *values])
