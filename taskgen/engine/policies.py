"""Null policies, which know nothing and must score nothing, and mutations of right answers, which must not pass."""

import re

from taskgen.seeding import Stream

CONSTANTS: tuple[str, ...] = (
    *("", "0", "1", "-1", "2", "3", "4", "5", "7", "10", "42", "100", "0.5", "1/2", "0 0", "1 2 3", "1, 2, 3"),
    *("yes", "no", "Yes", "No", "true", "false", "True", "None", "null", "A", "B", "a", "x", "x = 0"),
    *("[]", "{}", "()", "[[]]", "{[]}", "[0]", "empty", "none", "impossible", "unsatisfiable", "unknown"),
    *(".", "-", "?", "#", "...", "I do not know", "the answer", "up", "pass", "print()"),
)
"""Answers that a guesser would try first."""

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def completion(answer: str) -> str:
    """What a model writes that gives this answer."""
    return f"<answer>{answer}</answer>"


def echo(prompt: str) -> str:
    """The completion that gives the whole prompt back."""
    return completion(prompt)


def null_completions(prompt: str, other_answer: str) -> dict[str, str]:
    """What every null policy writes for a prompt, by the policy's name; `other_answer` solves another problem."""
    lines = [line for line in prompt.splitlines() if line.strip()] or [""]
    numbers = re.findall(r"\d+", prompt, re.ASCII) or ["0"]
    policies = {f"constant {answer!r}": completion(answer) for answer in CONSTANTS}
    policies["echo of the prompt"] = echo(prompt)
    policies["last line of the prompt"] = completion(lines[-1])
    policies["longest line of the prompt"] = completion(max(lines, key=len))
    policies["first number of the prompt"] = completion(numbers[0])
    policies["last number of the prompt"] = completion(numbers[-1])
    policies["number of lines"] = completion(str(len(lines)))
    policies["another problem's answer"] = completion(other_answer)
    return policies


def mutations(answer: str, stream: Stream) -> list[str]:
    """Damaged copies of an answer, each different from it, and from one another, in more than white space.

    Cut short at either end, one digit or letter changed, lost or doubled, written twice, lines or entries reversed or
    left out, two words exchanged. The last few may be right again, where order is free: see `normal_form`.
    """
    words, lines, entries = answer.split(), answer.splitlines(), answer.split(",")
    mutants = [
        answer[: len(answer) // 2],
        answer[:-1],
        answer[1:],
        answer + answer,
        f"{answer}\n{answer}",
        f"{answer} {answer[-1:]}",
        _one_changed(answer, _DIGITS, stream),
        _one_changed(answer, _DIGITS, stream),
        _one_changed(answer, _LETTERS, stream),
        _one_lost(answer, stream),
        "-" + answer,
        _without_one(lines, "\n", stream),
        _without_one(entries, ",", stream),
        _without_one(words, " ", stream),
        "\n".join(line[::-1] for line in lines),
        "\n".join(reversed(lines)),
        ",".join(reversed(entries)),
        " ".join(_two_exchanged(words, stream)),
        "\n".join(_two_exchanged(lines, stream)),
    ]
    seen = {_squeezed(answer)}
    different = []
    for mutant in mutants:
        if _squeezed(mutant) not in seen:
            seen.add(_squeezed(mutant))
            different.append(mutant)
    return different


def normal_form(answer: str) -> tuple[str, ...]:
    """An answer modulo white space and the order of its entries, which commas, semicolons and line breaks separate."""
    entries = (_squeezed(entry) for entry in re.split(r"[,;\n]", answer))
    return tuple(sorted(entry for entry in entries if entry))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _one_changed(answer: str, alphabet: str, stream: Stream) -> str:
    """One character of the alphabet, in either case, replaced by another of it."""
    places = [place for place, character in enumerate(answer) if character.lower() in alphabet]
    if not places:
        return answer
    place = stream.choice(places)
    old = answer[place]
    new = stream.choice([character for character in alphabet if character != old.lower()])
    return answer[:place] + (new.upper() if old.isupper() else new) + answer[place + 1 :]


def _one_lost(answer: str, stream: Stream) -> str:
    if not answer:
        return answer
    place = stream.below(len(answer))
    return answer[:place] + answer[place + 1 :]


def _without_one(parts: list[str], separator: str, stream: Stream) -> str:
    if len(parts) < 2:
        return separator.join(parts)
    place = stream.below(len(parts))
    return separator.join(parts[:place] + parts[place + 1 :])


def _two_exchanged(parts: list[str], stream: Stream) -> list[str]:
    if len(parts) < 2:
        return parts
    first, second = sorted(stream.sample(range(len(parts)), 2))
    exchanged = parts.copy()
    exchanged[first], exchanged[second] = parts[second], parts[first]
    return exchanged
