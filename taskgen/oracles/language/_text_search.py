"""Writes texts of made-up words: a rule that is broken is mended somewhere, and the change kept if it does no harm."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from taskgen.seeding import Stream
from taskgen.verifiers.language.instruction_constraints import Constraint

STEPS = 2_500
NOISE = 0.02
ALPHABET = "abcdefghijklmnopqrstuvwxyz"

# A token is [word, whether a sentence ends after it, 0 or 1 or 2 for no break, a line break or a paragraph break].
Token = list[Any]


def kept_by_words(rule: Any, words: list[str]) -> bool:
    """Whether words in lower case keep a rule that is about words only."""
    pairs = list(pairwise(words))
    match rule.__struct_config__.tag:
        case "words":
            return rule.low <= len(words) <= rule.high
        case "letters":
            return rule.low <= len("".join(words)) <= rule.high
        case "lengths":
            return {len(word) for word in words} <= set(range(rule.low, rule.high + 1))
        case "contains":
            return Counter(words)[rule.word] == rule.times
        case "letter":
            return Counter("".join(words))[rule.letter] == rule.times
        case "first":
            return bool(words) and words[0] == rule.word
        case "last":
            return bool(words) and words[-1] == rule.word
        case "at":
            return len(words) >= rule.position and words[rule.position - 1] == rule.word
        case "long":
            return len([word for word in words if len(word) >= rule.length]) == rule.times
        case "norepeat":
            return max(Counter(words).values(), default=0) < 2
        case "different":
            return len(Counter(words)) >= rule.least
        case "alphabetical":
            return sorted(words) == words
        case "growing":
            return sorted(words, key=len) == words
        case "chain":
            return not [1 for word, after in pairs if word[-1:] != after[:1]]
        case "mirror":
            return list(reversed(words)) == words
        case "initials":
            return [word[0] for word in words] == list(rule.letters)
        case "has":
            return not [word for word in words if rule.letter not in word]
        case "ends":
            return bool(words) and words[-1].endswith(rule.letter)
        case "same":
            return bool(words) and words[0] == words[-1]
    raise ValueError(f"not a rule about words: {rule}")


def search(constraints: Sequence[Constraint], stream: Stream) -> str | None:
    """A text that keeps the constraints, or None after STEPS changes."""
    late = {"case", "sum", "marks"}
    if any(_tag(item) in late and item.where != "text" for item in constraints):
        return None
    active = [item for item in constraints if _tag(item) not in late]
    writer = _Writer(active, stream)
    broken = [item for item in active if writer.broken(item)]
    for _ in range(STEPS):
        if not broken:
            return _finished(writer.tokens, [item.rule for item in constraints if _tag(item) in late])
        before = [list(token) for token in writer.tokens]
        chosen = stream.choice(broken)
        writer.mend(chosen)
        now = [item for item in active if writer.broken(item)]
        if len(now) <= len(broken) or stream.chance(NOISE):
            broken = now
        else:
            writer.tokens = before
    return None


def _tag(item: Constraint) -> str:
    return str(item.rule.__struct_config__.tag)


def _finished(tokens: list[Token], late: list[Any]) -> str:
    """The text of the tokens; punctuation marks and numbers that are asked for stand at its end."""
    style = next((rule.style for rule in late if rule.__struct_config__.tag == "case"), "lower")
    cases = {"lower": [str.lower], "upper": [str.upper], "capitals": [str.capitalize], "turns": [str.lower, str.upper]}
    text = ""
    for number, (word, stop, gap) in enumerate(tokens):
        text += cases[style][number % len(cases[style])](word) + "." * stop + (" ", "\n", "\n\n")[gap]
    text = text.strip()
    for rule in late:
        if rule.__struct_config__.tag == "marks":
            text += " " + rule.mark * rule.times
        elif rule.__struct_config__.tag == "sum":
            text += " 0" * (rule.times - 1) + f" {rule.total}"
    return text


class _Writer:
    def __init__(self, constraints: Sequence[Constraint], stream: Stream) -> None:
        self.stream = stream
        named: dict[str, list[Any]] = {}
        for item in constraints:
            named.setdefault(f"{_tag(item)} {item.where}" if _tag(item) != "letter" else "letter", []).append(item.rule)
        counted = {rule.letter for rule in named.get("letter", [])}
        self.quiet = [letter for letter in ALPHABET if letter not in counted]
        self.lengths = next(((rule.low, rule.high) for rule in named.get("lengths text", [])), (2, 8))
        count = next((rule.low for rule in named.get("words text", [])), 12)
        self.tokens: list[Token] = [[self.word(), False, 0] for _ in range(max(1, count))]

    def word(self) -> str:
        """A new word, without letters that are counted anywhere."""
        size = self.stream.between(max(1, self.lengths[0]), min(15, self.lengths[1]))
        return "".join(self.stream.choice(self.quiet) for _ in range(size))

    def spans(self, where: str) -> list[tuple[int, int]]:
        """Where the parts begin and end, as positions of tokens."""
        ends = [len(self.tokens)]
        if where == "sentence":
            ends += [number for number, token in enumerate(self.tokens, 1) if token[1]]
        elif where != "text":
            least = 2 if where == "paragraph" else 1
            ends += [number for number, token in enumerate(self.tokens, 1) if token[2] >= least]
        ordered = sorted(set(ends))
        return list(zip([0, *ordered], ordered, strict=False))

    def broken(self, item: Constraint) -> list[tuple[int, int]]:
        """The parts in which a constraint is broken; a part that is not there counts as one."""
        spans = self.spans(item.where)
        if item.number:
            if len(spans) < item.number:
                return [(-1, -1)]
            spans = [spans[item.number - 1]]
        return [span for span in spans if not self.kept(item.rule, span)]

    def kept(self, rule: Any, span: tuple[int, int]) -> bool:
        start, end = span
        tokens = self.tokens[start:end]
        match rule.__struct_config__.tag:
            case "sentences":
                return rule.low <= 1 + sum(token[1] for token in tokens[:-1]) <= rule.high
            case "lines":
                return rule.low <= 1 + sum(token[2] > 0 for token in tokens[:-1]) <= rule.high
            case "paragraphs":
                return rule.low <= 1 + sum(token[2] > 1 for token in tokens[:-1]) <= rule.high
            case "acrostic":
                starts = [0] + [number for number in range(1, len(tokens)) if tokens[number - 1][2]]
                return [tokens[number][0][0] for number in starts] == list(rule.letters)
            case "steps":
                return not self.uneven(rule, span)
        return kept_by_words(rule, [token[0] for token in tokens])

    def uneven(self, rule: Any, span: tuple[int, int]) -> list[tuple[int, int, int]]:
        """The lines whose number of words is wrong, and what it should be."""
        lines = [line for line in self.spans("line") if span[0] <= line[0] < span[1]]
        wanted = [rule.first + rule.step * number for number in range(len(lines))]
        return [(*line, size) for line, size in zip(lines, wanted, strict=True) if line[1] - line[0] != size]

    def mend(self, item: Constraint) -> None:
        """Change something so that a broken constraint is nearer to being kept."""
        span = self.stream.choice(self.broken(item))
        if span == (-1, -1):
            self.part(
                {"sentence": "sentences", "line": "lines", "paragraph": "paragraphs"}[item.where],
                (0, len(self.tokens)),
                True,
            )
            return
        rule: Any = item.rule
        tag = _tag(item)
        start, end = span
        words = [token[0] for token in self.tokens[start:end]]
        mended = _mended(rule, tag, words, self)
        if mended is not None:
            for token, word in zip(self.tokens[start:end], mended, strict=True):
                token[0] = word
        elif tag in ("sentences", "lines", "paragraphs"):
            column = {"sentences": 1, "lines": 2, "paragraphs": 2}[tag]
            least = 2 if tag == "paragraphs" else 1
            count = 1 + sum(token[column] >= least for token in self.tokens[start : end - 1])
            self.part(tag, span, count < rule.low)
        elif tag == "acrostic":
            self.acrostic(rule, span)
        elif tag == "steps":
            first, last, size = self.stream.choice(self.uneven(rule, span))
            self.resize(first, last, last - first < size)
        else:
            self.resize(start, end, self.too_few(rule, tag, len(words)))

    def too_few(self, rule: Any, tag: str, count: int) -> bool:
        """Whether a part has too few words for a rule, rather than too many."""
        wanted = {"at": "position", "different": "least", "words": "low"}.get(tag)
        return count < (getattr(rule, wanted) if wanted else len(rule.letters))

    def part(self, tag: str, span: tuple[int, int], more: bool) -> None:
        """Set or take away an end of a sentence, a line or a paragraph inside a part."""
        inside = self.tokens[span[0] : span[1] - 1]
        if not inside:
            self.tokens.insert(span[0], [self.word(), False, 0])
            return
        token = self.stream.choice(inside)
        if tag == "sentences":
            token[1] = more
        elif tag == "lines":
            token[2] = 1 if more else 0
        else:
            token[2] = 2 if more else self.stream.below(2)

    def resize(self, start: int, end: int, more: bool) -> None:
        """Put a word into a part or take one out; the ends of the part stay."""
        if more:
            self.tokens.insert(self.stream.between(start, end - 1), [self.word(), False, 0])
        elif end - start > 1:
            del self.tokens[self.stream.between(start, end - 2)]

    def acrostic(self, rule: Any, span: tuple[int, int]) -> None:
        """Add or remove a line break, or set the first letters of the lines."""
        lines = [line for line in self.spans("line") if span[0] <= line[0] < span[1]]
        if len(lines) != len(rule.letters):
            self.part("lines", span, len(lines) < len(rule.letters))
            return
        for line, letter in zip(lines, rule.letters, strict=True):
            token = self.tokens[line[0]]
            token[0] = letter + token[0][1:]


def _mended(rule: Any, tag: str, words: list[str], writer: _Writer) -> list[str] | None:
    """The words with one of them changed, or in another order; None where their number or the breaks must change."""
    stream, count = writer.stream, len(words)
    place = stream.below(count)
    match tag:
        case "contains":
            spots = [number for number, word in enumerate(words) if word == rule.word]
            if len(spots) < rule.times:
                words[place] = rule.word
            else:
                words[stream.choice(spots)] = writer.word()
        case "letter":
            return _lettered(rule, words, writer)
        case "letters" | "lengths" | "long":
            return _sized(rule, tag, words, writer)
        case "first" | "last" | "at":
            position = {"first": 0, "last": count - 1}.get(tag, getattr(rule, "position", 1) - 1)
            if position >= count:
                return None
            words[position] = rule.word
        case "norepeat" | "different":
            doubled = [number for number, word in enumerate(words) if words.count(word) > 1]
            if not doubled:
                return None
            words[stream.choice(doubled)] = writer.word()
        case "alphabetical":
            words.sort()
        case "growing":
            words.sort(key=len)
        case "chain":
            for number in range(1, count):
                words[number] = words[number - 1][-1] + words[number][1:]
        case "mirror":
            words = [words[min(number, count - 1 - number)] for number in range(count)]
        case "initials":
            if count != len(rule.letters):
                return None
            words = [letter + word[1:] for letter, word in zip(rule.letters, words, strict=True)]
        case "has":
            lacking = [number for number, word in enumerate(words) if rule.letter not in word]
            words[lacking[0]] = _with(words[lacking[0]], rule.letter, stream)
        case "ends":
            words[-1] = words[-1][:-1] + rule.letter
        case "same":
            words[0 if stream.chance(0.5) else -1] = words[-1 if stream.chance(0.5) else 0]
        case _:
            return None
    return words


def _with(word: str, letter: str, stream: Stream) -> str:
    spot = stream.below(len(word))
    return word[:spot] + letter + word[spot + 1 :]


def _lettered(rule: Any, words: list[str], writer: _Writer) -> list[str]:
    """The words with one more or one fewer of a letter."""
    stream = writer.stream
    if "".join(words).count(rule.letter) < rule.times:
        place = stream.below(len(words))
        words[place] = _with(words[place], rule.letter, stream)
        return words
    place = stream.choice([number for number, word in enumerate(words) if rule.letter in word])
    words[place] = words[place].replace(rule.letter, stream.choice(writer.quiet), 1)
    return words


def _sized(rule: Any, tag: str, words: list[str], writer: _Writer) -> list[str]:
    """The words with one of them longer or shorter by a letter, at its middle, so that its ends stay."""
    stream = writer.stream
    if tag == "letters":
        more = len("".join(words)) < rule.low
        places = [number for number, word in enumerate(words) if more or len(word) > 1]
    elif tag == "lengths":
        places = [number for number, word in enumerate(words) if not rule.low <= len(word) <= rule.high]
        more = bool(places) and len(words[places[0]]) < rule.low
        places = places[:1]
    else:
        more = sum(len(word) >= rule.length for word in words) < rule.times
        places = [number for number, word in enumerate(words) if (len(word) < rule.length) == more]
    if not places:
        return words
    place = stream.choice(places)
    word = words[place]
    sizes = 1 if tag != "long" else abs(rule.length - len(word)) + (not more)
    for _ in range(sizes):
        middle = len(word) // 2
        word = (
            word[:middle] + stream.choice(writer.quiet) + word[middle:] if more else word[:middle] + word[middle + 1 :]
        )
    words[place] = word or writer.word()
    return words
