"""Which value a phrase of a zebra puzzle means: "the Swedish person" is `swede`, "the person with red hair" `red`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from taskgen.verifiers.logic.zebra_puzzle import AttributeName


class _Kind(NamedTuple):
    """An attribute: what its line speaks of, what we call it, and what a phrase about it holds."""

    described: str
    name: AttributeName | None
    cue: str


# In this order: "hair colors" before "color", "mothers' names" after "mother ... child".
_KINDS = (
    _Kind("unique name", "name", r"^\w+$"),
    _Kind("nationalit", "nationality", r"^the \w+( person)?$"),
    _Kind("hair", None, r"\bhair\b"),
    _Kind("smoothie", None, r"\bsmoothie"),
    _Kind("child", None, r"\b(child|mother of)\b"),
    _Kind("mother", None, r"\bmother's name\b"),
    _Kind("birthday", "birthday", r"\b(birthday|born)\b"),
    _Kind("cigar", None, r"\b(smok\w+|partial)\b"),
    _Kind("animal", None, r"\b(keeps (?!a pet)|lover|keeper|enthusiast|owner\b)"),
    _Kind(r"\bpet", "pet", r"\b(pet|owns a|has a|aquarium)\b"),
    _Kind("book", None, r"\bbooks\b"),
    _Kind("music", None, r"\bmusic\b"),
    _Kind("phone", None, r"\buses\b"),
    _Kind(r"\bcar", None, r"\bowns\b"),
    _Kind("style of house", None, r"\b(house|home|villa|style)\b"),
    _Kind("colou?r", "colour", r"\b(color|colour|loves)\b"),
    _Kind("drink", "drink", ""),
    _Kind("occupation|job", "job", ""),
    _Kind("hobby", "hobby", ""),
    _Kind(r"\bsport", "sport", ""),
    _Kind("flower", "flower", ""),
    _Kind("fruit", "fruit", ""),
    _Kind("instrument", "instrument", ""),
    _Kind("transport", "transport", ""),
    _Kind(r"\bcity\b", "city", ""),
)
# "The person who does not own a dog" is none of the values.
_NEGATED = re.compile(r"\b(?:not?|nor|never|neither|either|or)\b|n't\b")
_OTHER = _Kind("", None, "")


class Attribute(NamedTuple):
    """The line of an attribute: what it says before the colon, and the values after it."""

    described: str
    values: Sequence[str]


class Phrases:
    """Finds the value that a phrase means, if exactly one fits."""

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        self._attributes = attributes
        self._kinds = [_kind(attribute.described) for attribute in attributes]
        self._known: dict[str, tuple[int, int] | None] = {}

    def names(self) -> list[AttributeName | None]:
        """What we call each attribute, None where we have no such attribute."""
        return [kind.name for kind in self._kinds]

    def item(self, phrase: str) -> tuple[int, int] | None:
        """Attribute and value by their places."""
        phrase = phrase.strip().casefold()
        if phrase not in self._known:
            self._known[phrase] = self._find(phrase)
        return self._known[phrase]

    def _find(self, phrase: str) -> tuple[int, int] | None:
        if _NEGATED.search(phrase):
            return None
        spoken = re.findall("[a-z0-9]+", phrase)
        found: list[tuple[tuple[bool, int], tuple[int, int]]] = []
        for place, (attribute, kind) in enumerate(zip(self._attributes, self._kinds, strict=True)):
            if re.search(kind.cue, phrase):
                for number, value in enumerate(attribute.values):
                    likeness = _likeness(value.casefold(), spoken)
                    if likeness is not None:
                        found.append((likeness, (place, number)))
        best = max((likeness for likeness, _ in found), default=None)
        items = [item for likeness, item in found if likeness == best]
        return items[0] if len(items) == 1 else None


def _kind(described: str) -> _Kind:
    return next((kind for kind in _KINDS if re.search(kind.described, described.casefold())), _OTHER)


def _likeness(value: str, spoken: Sequence[str]) -> tuple[bool, int] | None:
    """Whether the value stands in the phrase as it is, and how long it is; None where it is not there at all."""
    words = re.findall("[a-z0-9]+", value)
    if len(words) != 1:
        return (True, len(value)) if words and "".join(words) in "".join(spoken) else None
    if words[0] in spoken:
        return True, len(value)
    return (False, len(value)) if any(_akin(words[0], word) for word in spoken) else None


def _akin(value: str, word: str) -> bool:
    """Whether a word is another form of a value: horse and horses, jan and January, swede and Swedish."""
    if len(value) < 3 or value[:3] != word[:3]:
        return False
    if word.startswith(value) or (len(word) >= 4 and value.startswith(word)):
        return True
    shared = next((place for place, (a, b) in enumerate(zip(value, word, strict=False)) if a != b), 0)
    return shared >= 5 or (shared == 4 and len(value) == 5)
