"""Rows as sets of shingles, their signatures and bands: held against plain Python and against datasketch."""

import msgspec
import numpy
import pyarrow
import pytest
from datasketch import MinHash, MinHashLSH

import taskgen
from taskgen.curation.minhash import (
    PERMUTATIONS,
    Bands,
    Sets,
    band_keys,
    bands_for,
    minhash_signatures,
    payload_sets,
    text_sets,
)
from taskgen.engine.errors import UsageError
from taskgen.kernels.set_similarity import jaccard_from
from taskgen.seeding import Stream

MASK = 2**64 - 1


def carried(state, part):
    """One step of the hash, in plain Python."""
    state = (state ^ part) * 0xD6E8FEB86659FD93 & MASK
    return state ^ (state >> 32)


def hashed(parts, state=0x9E3779B97F4A7C15):
    for part in parts:
        state = carried(state, part)
    return state


def shingles(tokens, width):
    """The set of hashes of all runs of `width` tokens, or of all tokens where they are fewer."""
    hashes = [hashed([len(token), *token]) for token in tokens]
    starts = range(max(len(hashes) - width, 0) + 1)
    return {hashed(hashes[start : start + width]) for start in starts} if hashes else set()


def values(content):
    """The scalars of a JSON value in order, each as its JSON."""
    match content:
        case dict():
            return [value for item in content.values() for value in values(item)]
        case list():
            return [value for item in content for value in values(item)]
    return [msgspec.json.encode(content)]


def listed(sets):
    """The sets as Python has them."""
    return [set(part.tolist()) for part in numpy.split(sets.hashes, sets.bounds[1:-1])]


def of(*sets):
    """Python sets as Sets."""
    bounds = numpy.cumsum([0, *map(len, sets)])
    return Sets(numpy.array([part for own in sets for part in sorted(own)], numpy.uint64), bounds)


def problem(fields, task="any"):
    return f'{{"task":"{task}","version":1,"fields":{fields}}}'


@pytest.fixture(scope="module")
def records():
    """Six real records of every task."""
    return [
        taskgen.task(name).generate(difficulty=2, seed=1, index=index) for name in taskgen.tasks() for index in range(6)
    ]


def test_a_problem_is_the_set_of_all_runs_of_three_of_its_fields_values(records):
    found = listed(payload_sets([record.problem for record in records], "row", 0))
    fields = [msgspec.json.decode(record.problem)["fields"] for record in records]
    assert found == [shingles(values(content), 3) for content in fields]


def test_names_of_fields_and_the_task_do_not_count():
    texts = [problem('{"a":[1,2],"b":{"c":"x","d":null}}'), problem('[[1],2,["x",null]]', task="other")]
    first, second = listed(payload_sets(texts, "row", 0))
    assert first == second == shingles([b"1", b"2", b'"x"', b"null"], 3)


@pytest.mark.parametrize("word", ['":"', r"\"", r"\\", "[1,2]", "é", ""])
def test_a_text_among_the_values_is_one_value_whatever_it_holds(word):
    text = msgspec.json.encode(["x", word, "y", "z"]).decode()
    (found,) = listed(payload_sets([problem(text)], "row", 0))
    assert found == shingles([b'"x"', msgspec.json.encode(word), b'"y"', b'"z"'], 3)


def test_fewer_than_three_values_are_one_shingle_and_none_are_none():
    found = listed(payload_sets([problem("[]"), problem("[7]"), problem("[7,8]")], "row", 0))
    assert found == [set(), shingles([b"7"], 3), shingles([b"7", b"8"], 3)]


@pytest.mark.parametrize("wrong", ["Find x.", None, "", '{"fields":[1,2,3]}'])
def test_what_is_no_problem_of_ours_is_named_with_its_row(wrong):
    with pytest.raises(UsageError, match=r"^data row 11: the problem is not one of taskgen's; to compare texts"):
        payload_sets([problem("[1]"), wrong], "data row", 10)


def test_a_text_is_the_set_of_all_runs_of_five_words():
    (found,) = listed(text_sets(["one two three four five six, seven"]))
    assert found == shingles([b"one", b"two", b"three", b"four", b"five", b"six,", b"seven"], 5)


def test_case_and_white_space_of_a_text_do_not_count():
    plain, spaced = listed(text_sets(["a b c d e f", "  A b\tC\n\n d\u00a0e F\u2003"]))
    assert plain == spaced


def test_a_letter_and_its_accent_are_one_however_they_are_written():
    together, apart = listed(text_sets(["caf\u00e9", "cafe\u0301"]))
    assert together == apart


@pytest.mark.parametrize("other", ["x = 5", "x = 4.", "y = 4", "x == 4"])
def test_digits_punctuation_and_names_of_a_text_count(other):
    first, second = listed(text_sets(["x = 4", other]))
    assert first != second


def test_rows_without_words_are_empty_sets_and_keep_their_places():
    found = listed(text_sets(pyarrow.chunked_array([["skipped", "", "  \n"], [None, "word"]]).slice(1)))
    assert found == [set(), set(), set(), shingles([b"word"], 5)]


def reference(sets):
    """datasketch's own sketches of the sets, of the low 32 bits of their hashes."""
    sketches = []
    for own in sets:
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32", hashfunc=int)
        sketch.update_batch([value & 0xFFFFFFFF for value in own])
        sketches.append(sketch)
    return sketches


def test_signatures_are_those_of_datasketch_to_the_last_bit(records):
    for sets in (
        payload_sets([record.problem for record in records], "row", 0),
        text_sets([record.prompt for record in records] + [""]),
    ):
        expected = [sketch.hashvalues for sketch in reference(listed(sets))]
        found = minhash_signatures(sets)
        assert found.dtype == expected[0].dtype
        assert (found == numpy.array(expected)).all()


def random_sets(number, least, most):
    """Sets of numbers that have much in common, of many sizes."""
    stream = Stream.keyed("sets", number, least, most)
    pool = [stream.bits64() for _ in range(most + most // 4)]
    return [set(stream.sample(pool, stream.between(least, most))) for _ in range(number)]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.95])
def test_sets_share_a_band_just_where_datasketch_finds_one_from_the_other(threshold):
    sets = random_sets(120, 30, 40)
    bands = bands_for(threshold)
    keys = band_keys(of(*sets), bands, numpy.zeros(len(sets), numpy.uint64))
    index = MinHashLSH(num_perm=PERMUTATIONS, params=(bands.number, bands.width))
    sketches = reference(sets)
    found = 0
    for row, sketch in enumerate(sketches):
        ours = set(numpy.flatnonzero((keys[:row] == keys[row]).any(axis=1)).tolist())
        assert ours == set(index.query(sketch))
        index.insert(row, sketch)
        found += len(ours)
    assert 0 < found < 120 * 119 / 2


def test_sets_of_different_salt_share_no_band():
    keys = band_keys(of({1, 2}, {1, 2}), Bands(4, 2), numpy.array([0, 1], numpy.uint64))
    assert (keys[0] != keys[1]).all()


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
def test_pairs_at_the_threshold_are_likely_to_meet_and_those_well_above_it_nearly_sure(threshold):
    bands = bands_for(threshold)
    assert bands.number * bands.width <= PERMUTATIONS
    assert bands.chance(threshold) > 0.8
    assert bands.chance((1 + threshold) / 2) > 0.97


@pytest.mark.parametrize("threshold", [0.5, 0.75, 0.8, 0.9])
def test_the_jaccard_similarity_is_exact_and_below_the_threshold_it_is_minus_one(threshold):
    sets = [*random_sets(40, 1, 12), *random_sets(40, 60, 70), {1, 2, 3, 4}, {1, 2, 3}]
    packed = of(*sets)
    above = 0
    for one, first in enumerate(sets):
        for other, second in enumerate(sets):
            exact = len(first & second) / len(first | second)
            places = (*packed.bounds[one : one + 2], *packed.bounds[other : other + 2])
            assert jaccard_from(packed.hashes, *places, threshold) == (exact if exact >= threshold else -1)
            above += exact >= threshold
    assert len(sets) < above < len(sets) ** 2
