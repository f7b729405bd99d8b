"""What the package does with hashes, said again with plain Python strings, sets and loops."""

import re
import string
import unicodedata


def category(sign):
    return unicodedata.category(sign)


def is_space(sign):
    return sign.isspace()


def is_ideograph(sign):
    code = ord(sign)
    ranges = ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
    return category(sign)[0] in "LM" and any(first <= code <= last for first, last in ranges)


def is_word(sign):
    return category(sign)[0] in "LMN" and not is_ideograph(sign)


def words(text):
    """As s1 and open-r1 read."""
    return text.lower().split()


def bare_words(text):
    """As lm-eval reads."""
    table = str.maketrans(string.ascii_uppercase, string.ascii_lowercase, string.punctuation)
    return text.translate(table).split()


def words_and_signs(text):
    """Runs of letters and digits, and every other sign."""
    found, run = [], ""
    for sign in text.lower() + " ":
        if category(sign) == "Cf":
            continue
        if category(sign)[0] in "LMN":
            run += sign
            continue
        found += [run] if run else []
        run = ""
        found += [] if is_space(sign) else [sign]
    return found


def lines(text):
    """As the default reads: prose word by word, any other line as one token."""
    text = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())
    return [token for line in text.split("\n") for token in line_tokens(line)]


def line_tokens(line):
    line = "".join(sign for sign in line if category(sign) != "Cf")
    letters = "".join("a" if category(s)[0] in "LM" and not is_ideograph(s) else "-" for s in line)
    if "aa" not in letters and not any(map(is_ideograph, line)):
        whole = "".join(sign for sign in line if not is_space(sign))
        return [whole] if whole else []
    parts = re.findall(r"[^\0]+", "".join(separated(line)))
    found, run = [], False
    for part in parts:
        short = len(part) == 1 and not is_ideograph(part)
        if short and run:
            found[-1] += part
        else:
            found.append(part)
        run = short
    return found


def separated(line):
    """The signs of a line with \\0 between the tokens."""
    for sign in line:
        if is_ideograph(sign):
            yield f"\0{sign}\0"
        else:
            yield sign if is_word(sign) else "\0"


def ngrams(tokens, size):
    return [tuple(tokens[start : start + size]) for start in range(len(tokens) - size + 1)]


def covered_share(item, text, size):
    """The share of an item's tokens that stand in n-grams which a text holds, too."""
    held = set(ngrams(text, size))
    covered = {
        place + offset for place, gram in enumerate(ngrams(item, size)) if gram in held for offset in range(size)
    }
    return len(covered) / len(item) if item else 0.0


MASK = (1 << 64) - 1


def mixed(word):
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
    return word ^ (word >> 31)


def token_hash(token):
    state = 0xCBF29CE484222325
    for sign in token:
        state = (state ^ ord(sign)) * 0x9FB21C651E98DF25 & MASK
        state ^= state >> 32
    return mixed(state)


def ngram_hash(gram):
    state = 0
    for token in gram:
        state = (state * 0xD6E8FEB86659FD93 + token_hash(token)) & MASK
    return mixed(state)
