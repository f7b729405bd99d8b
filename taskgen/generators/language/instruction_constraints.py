"""Makes lists of rules for a text: a text is built first, and the rules are read off it, so that one exists."""

from typing import Annotated, Literal

from msgspec import Meta

from taskgen.generators.language._text_builder import PATTERNS, Builder, Plan
from taskgen.generators.language._word_list import WORDS
from taskgen.knobs import BaseKnobs, ladder
from taskgen.registry import Draft
from taskgen.seeding import Stream
from taskgen.verifiers.language._text_rules import (
    Acrostic,
    Alphabetical,
    AnyRule,
    At,
    Case,
    Chain,
    Contains,
    Different,
    EndsIn,
    EveryWordHas,
    First,
    Growing,
    Initials,
    Last,
    Lengths,
    LetterCount,
    Letters,
    Lines,
    LongWords,
    Marks,
    Mirror,
    NoRepeat,
    Paragraphs,
    Piece,
    SameEnds,
    Sentences,
    Steps,
    Sum,
    Words,
)
from taskgen.verifiers.language.instruction_constraints import Constraint, InstructionConstraints, holds

# How much work a rule is to somebody who writes: how many letters, words or lines it ties together.
WEIGHTS = {
    Words: 2, Sentences: 1, Lines: 1, Paragraphs: 1, Letters: 6, Lengths: 3, Contains: 2, LetterCount: 5, First: 1,
    Last: 1, At: 2, LongWords: 4, NoRepeat: 2, Different: 1, Case: 1, Alphabetical: 5, Growing: 4, Chain: 6, Mirror: 4,
    Acrostic: 5, Initials: 5, Sum: 3, Steps: 4, Marks: 1, EveryWordHas: 5, EndsIn: 2, SameEnds: 2,
}  # fmt: skip
PATTERN_RULES: dict[str, AnyRule] = {
    "alphabetical": Alphabetical(), "growing": Growing(), "chain": Chain(), "mirror": Mirror(), "same": SameEnds()
}  # fmt: skip
Style = Literal["lower", "upper", "capitals", "turns"]
Where = Literal["text", "paragraph", "line", "sentence"]
STYLES: tuple[Style, ...] = ("lower", "upper", "capitals", "turns")
COMMON = "etaoinsr"


class Knobs(BaseKnobs, frozen=True):
    """What moves the difficulty of the list."""

    constraints: Annotated[int, Meta(ge=3, le=24, description="how many rules there are")] = 8
    kinds: Annotated[int, Meta(ge=1, le=4, description="1: counts of words; 2: letters; 3: places; 4: whole lines")] = 3
    paragraphs: Annotated[int, Meta(ge=1, le=4, description="how many paragraphs the text has")] = 2
    lines: Annotated[int, Meta(ge=1, le=12, description="how many lines the text has")] = 4
    words: Annotated[tuple[int, int], Meta(description="least and greatest number of words in a line")] = (4, 6)
    patterns: Annotated[int, Meta(ge=0, le=8, description="how many lines have words in a pattern")] = 1
    exact: Annotated[float, Meta(ge=0, le=1, description="share of counts that are exact and not a range")] = 0.6

    def __post_init__(self) -> None:
        if self.paragraphs > self.lines:
            raise ValueError("every paragraph has a line: raise lines or lower paragraphs")
        if self.patterns > self.lines:
            raise ValueError("a pattern takes a line: raise lines or lower patterns")
        if not 3 <= self.words[0] <= self.words[1] <= 9:
            raise ValueError("words is a least and a greatest number, between 3 and 9")


LADDER = ladder(
    Knobs,
    constraints=[3, 4, 5, 6, 8, 9, 11, 13, 15, 18],
    kinds=      [1, 1, 2, 2, 3, 3, 3, 4, 4, 4],
    paragraphs= [1, 1, 1, 1, 2, 2, 2, 3, 3, 3],
    lines=      [1, 2, 2, 3, 4, 4, 5, 6, 7, 8],
    words=      [(6, 9), (4, 6), (5, 7), (4, 6), (4, 6), (4, 6), (4, 6), (4, 7), (4, 7), (5, 7)],
    patterns=   [0, 0, 0, 0, 1, 2, 2, 3, 4, 6],
    exact=      [0.5, 0.5, 0.5, 0.6, 0.6, 0.7, 0.8, 0.8, 0.9, 1.0],
)  # fmt: skip


def generate(stream: Stream, knobs: Knobs) -> Draft | None:
    """A text is built, then rules that it keeps are drawn; None where no text was found."""
    plan = _plan(stream, knobs)
    builder = Builder(stream, plan)
    lines = builder.lines() if len(builder.words) > 60 else None
    if lines is None:
        return None
    keyword = _keyword(stream, knobs, builder, lines)
    style = stream.choice(STYLES) if stream.chance(0.5) else None
    numbers = [stream.between(2, 99) for _ in range(stream.between(2, 4))] if stream.chance(0.5) else []
    answer = _written(stream, knobs, lines, style, numbers)
    text = Piece(answer)
    chosen = _required(stream, knobs, plan, text, keyword)
    offered = _offered(stream, knobs, plan, text)
    if style:
        offered.append(Constraint("text", 0, Case(style)))
    if numbers:
        offered.append(Constraint("text", 0, Sum(len(numbers), sum(numbers))))
    for constraint in stream.shuffled(offered):
        if len(chosen) < knobs.constraints and not _covered(constraint, chosen) and holds(constraint, text):
            chosen.append(constraint)
    if len(chosen) != knobs.constraints or not all(holds(constraint, text) for constraint in chosen):
        return None
    problem = InstructionConstraints(tuple(stream.shuffled(chosen)))
    return Draft(problem, answer, effort=_effort(problem, text, builder.tries))


def _plan(stream: Stream, knobs: Knobs) -> Plan:
    """The frame of the text; from the second kind on some letters are banned, from the fourth an acrostic may rule."""
    count = knobs.lines
    low, high = knobs.words
    if knobs.kinds > 2 and count > 2 and low + (count - 1) <= 9 and stream.chance(0.25):
        lengths = tuple(low - 1 + number for number in range(count))
    else:
        lengths = tuple(stream.between(low, high) for _ in range(count))
    kinds = stream.shuffled([stream.choice(PATTERNS) for _ in range(knobs.patterns)] + [""] * (count - knobs.patterns))
    starts = ""
    if knobs.kinds > 3 and stream.chance(0.6):
        starts = stream.choice([word for word in WORDS if len(word) == min(count, 8)])
    starts = starts if len(starts) == count else ""
    banned = "".join(stream.sample(COMMON, stream.between(1, 2) if stream.chance(0.3) else 1))
    banned = banned if knobs.kinds > 1 and stream.chance(0.6) and not set(banned) & set(starts) else ""
    least, most = (stream.between(2, 3), stream.between(6, 8)) if stream.chance(0.4) else (1, 9)
    return Plan(lengths, tuple(kinds), starts, banned, least, most, repeat=stream.chance(0.5))


def _written(stream: Stream, knobs: Knobs, lines: list[list[str]], style: Style | None, numbers: list[int]) -> str:
    """The text: full stops at the ends of lines, some commas, numbers after some words, paragraphs apart."""
    breaks = set(stream.sample(range(1, len(lines)), knobs.paragraphs - 1))
    places = [stream.below(len(lines)) for _ in numbers]
    position = 0
    written = []
    for number, words in enumerate(lines):
        shown = []
        for word in words:
            shown.append(_styled(word, style, position))
            position += 1
        if not style:
            shown[0] = shown[0].capitalize()
        if len(shown) > 3 and stream.chance(0.3):
            shown[1] += ","
        elif len(shown) > 4 and stream.chance(0.2):
            shown[2] += stream.choice("?!.")
        shown += [str(value) for value, place in zip(numbers, places, strict=True) if place == number]
        written.append("\n" * (number in breaks) + " ".join(shown) + ".")
    return "\n".join(written)


def _styled(word: str, style: Style | None, position: int) -> str:
    if style == "upper" or (style == "turns" and position % 2):
        return word.upper()
    return word.capitalize() if style == "capitals" else word


def _keyword(stream: Stream, knobs: Knobs, builder: Builder, lines: list[list[str]]) -> str:
    """A word that a rule asks for, put into some lines that keep no pattern where words may be repeated."""
    plan = builder.plan
    keyword = stream.choice([word for word in builder.words if len(word) > 3])
    free = [words for words, pattern in zip(lines, plan.patterns, strict=True) if not pattern]
    if not free:
        return stream.choice(lines[0])
    for _ in range(stream.between(1, knobs.kinds) if plan.repeat else 1):
        words = stream.choice(free)
        words[stream.between(1, len(words) - 1)] = keyword
    return keyword


def _required(stream: Stream, knobs: Knobs, plan: Plan, text: Piece, keyword: str) -> list[Constraint]:
    """The rules that every list has: the number of words, a word of its own, and what the plan has built in."""
    count = len(text.words)
    chosen = [Constraint("text", 0, Words(*_range(stream, knobs, count)))]
    chosen.append(Constraint("text", 0, Contains(keyword, text.words.count(keyword))))
    for number, pattern in enumerate(plan.patterns, 1):
        words = text.lines[number - 1].words
        if pattern == "initials":
            chosen.append(Constraint("line", number, Initials("".join(word[0] for word in words))))
        elif pattern:
            chosen.append(Constraint("line", number, PATTERN_RULES[pattern]))
            chosen.append(Constraint("line", number, Words(len(words), len(words))))
    if plan.starts:
        chosen.append(Constraint("text", 0, Acrostic(plan.starts)))
    if plan.banned:
        chosen += [Constraint("text", 0, LetterCount(letter, 0)) for letter in plan.banned]
    if knobs.paragraphs > 1:
        chosen.append(Constraint("text", 0, Paragraphs(knobs.paragraphs, knobs.paragraphs)))
    return chosen[: knobs.constraints]


def _offered(stream: Stream, knobs: Knobs, plan: Plan, text: Piece) -> list[Constraint]:
    """Rules that the text keeps, of the kinds that the knob allows; a list is drawn from them."""
    rules = _count_rules(stream, knobs, plan, text)
    offered = [Constraint("text", 0, rule) for rule in rules]
    if knobs.kinds > 1:
        offered += [Constraint("text", 0, rule) for rule in _letter_rules(stream, knobs, plan, text)]
    if knobs.kinds > 2:
        offered += _place_rules(stream, knobs, text)
    if knobs.kinds > 3:
        offered += _line_rules(stream, knobs, text)
    return offered


def _range(stream: Stream, knobs: Knobs, value: int) -> tuple[int, int]:
    """A range around a number, or the number alone."""
    if stream.chance(knobs.exact):
        return value, value
    return max(0, value - stream.between(0, 2)), value + stream.between(1, 2)


def _count_rules(stream: Stream, knobs: Knobs, plan: Plan, text: Piece) -> list[AnyRule]:
    words = text.words
    absent = stream.sample([word for word in WORDS if word not in words], 1)
    rules: list[AnyRule] = [
        Contains(absent[0], 0),
        Lines(len(text.lines), len(text.lines)),
        Sentences(*_range(stream, knobs, len(text.sentences))),
        Marks(",", text.text.count(",")),
        First(words[0]),
        Last(words[-1]),
        Different(len(set(words)) - stream.below(2)),
    ]
    rules += [Contains(word, words.count(word)) for word in stream.sample(words, min(2, len(words)))]
    if len(set(words)) == len(words):
        rules.append(NoRepeat())
    lengths = [len(line.words) for line in text.lines]
    if len(lengths) > 2 and lengths == list(range(lengths[0], lengths[0] + len(lengths))):
        rules += [Steps(lengths[0], 1)] * 2
    return rules


def _letter_rules(stream: Stream, knobs: Knobs, plan: Plan, text: Piece) -> list[AnyRule]:
    lengths = [len(word) for word in text.words]
    rules: list[AnyRule] = [
        LetterCount(letter, text.text.lower().count(letter)) for letter in stream.sample("aeiobdglmp", 2)
    ]
    long = stream.between(5, 6)
    rules.append(LongWords(long, sum(length >= long for length in lengths)))
    rules.append(Letters(*_range(stream, knobs, sum(lengths))))
    if max(lengths) - min(lengths) < 5:
        rules.append(Lengths(min(lengths), max(lengths)))
    return rules


def _place_rules(stream: Stream, knobs: Knobs, text: Piece) -> list[Constraint]:
    """Rules about the words of a paragraph, a line or a sentence, or at a position."""
    position = stream.between(2, len(text.words) - 1)
    offered = [Constraint("text", 0, At(position, text.words[position - 1]))]
    listed: list[tuple[Where, list[Piece]]] = [
        ("paragraph", text.paragraphs), ("line", text.lines), ("sentence", text.sentences)
    ]  # fmt: skip
    for where, parts in listed:
        if len(parts) < 2:
            continue
        number = stream.between(1, len(parts))
        words = parts[number - 1].words
        rules: list[AnyRule] = [
            Words(*_range(stream, knobs, len(words))),
            At(len(words) // 2 + 1, words[len(words) // 2]),
            Contains(words[0], words.count(words[0])),
            EndsIn(words[-1][-1]),
            LongWords(5, sum(len(word) >= 5 for word in words)),
        ]
        letter = stream.choice("aeiorst")
        rules.append(LetterCount(letter, parts[number - 1].text.lower().count(letter)))
        offered += [Constraint(where, number, rule) for rule in stream.sample(rules, 3)]
        counts = [len(part.words) for part in parts]
        offered.append(Constraint(where, 0, Words(min(counts), max(counts))))
    return offered


def _line_rules(stream: Stream, knobs: Knobs, text: Piece) -> list[Constraint]:
    """Rules that every line or paragraph keeps, and letters that every word of a line has."""
    offered = []
    listed: list[tuple[Where, list[Piece]]] = [("line", text.lines), ("paragraph", text.paragraphs)]
    for where, parts in listed:
        offered.append(Constraint(where, 0, NoRepeat()))
        longest = min(sum(len(word) >= 6 for word in part.words) for part in parts)
        offered.append(Constraint(where, 0, LongWords(6, longest)))
        for letter in COMMON:
            counts = {part.text.lower().count(letter) for part in parts}
            if len(counts) == 1:
                offered.append(Constraint(where, 0, LetterCount(letter, counts.pop())))
    for number, line in enumerate(text.lines, 1):
        shared = set(line.words[0]).intersection(*line.words)
        offered += [Constraint("line", number, EveryWordHas(letter)) for letter in sorted(shared)]
        count = sum(map(len, line.words))
        offered.append(Constraint("line", number, Letters(*_range(stream, knobs, count))))
    return offered


def _covered(constraint: Constraint, chosen: list[Constraint]) -> bool:
    """Whether a rule of the same kind, about the same thing, is there already."""
    rule = constraint.rule
    for other in chosen:
        if isinstance(rule, LetterCount) and other.where == "text" and other.rule == LetterCount(rule.letter, 0):
            return True
        same_kind = type(other.rule) is type(rule) and (other.where, other.number) == (
            constraint.where,
            constraint.number,
        )
        if same_kind and not isinstance(rule, Contains | LetterCount | At):
            return True
        if same_kind and _subject(other.rule) == _subject(rule):
            return True
        if isinstance(rule, NoRepeat) and isinstance(other.rule, NoRepeat | Mirror | SameEnds):
            return True
        if isinstance(rule, Contains) and isinstance(other.rule, First | Last | At) and rule.word == other.rule.word:
            return True
    return False


def _subject(rule: AnyRule) -> str | int:
    return rule.position if isinstance(rule, At) else rule.word if isinstance(rule, Contains) else str(rule)


def _effort(problem: InstructionConstraints, text: Piece, tries: int) -> float:
    """The rules by weight, those for every part counting once a part, and the words that the builder tried."""
    total = 0.0
    parts = {"text": 1, "paragraph": len(text.paragraphs), "line": len(text.lines), "sentence": len(text.sentences)}
    for constraint in problem.constraints:
        rule = constraint.rule
        tight = 0.5 if getattr(rule, "low", 0) != getattr(rule, "high", 0) else 1.0
        total += WEIGHTS[type(rule)] * tight * (parts[constraint.where] if constraint.number == 0 else 1)
    return total + len(text.words) / 4 + tries / 50
