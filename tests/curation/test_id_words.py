"""Hex ids as words, strings as bytes."""

import pyarrow
import pytest

from taskgen.curation.id_words import id_words, string_bytes, strings
from taskgen.engine.errors import UsageError

FIRST, SECOND = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"


def as_hex(words):
    return [bytes(pair.tobytes()).hex() for pair in words]


@pytest.mark.parametrize(
    "ids",
    [
        [FIRST, SECOND],
        pyarrow.array([FIRST, SECOND]),
        pyarrow.array([FIRST, SECOND], pyarrow.large_string()),
        pyarrow.array([FIRST, SECOND]).dictionary_encode(),
        pyarrow.array(["x", FIRST, SECOND, None]).slice(1, 2),
        pyarrow.chunked_array([[FIRST], [], [SECOND]]),
        [FIRST.upper(), SECOND.upper()],
    ],
    ids=["list", "array", "large", "dictionary", "slice", "chunks", "upper case"],
)
def test_ids_of_every_shape_become_words(ids):
    assert as_hex(id_words(ids, "row", 0)) == [FIRST, SECOND]


@pytest.mark.parametrize("ids", [[], pyarrow.array([], pyarrow.string())])
def test_no_ids_are_no_words(ids):
    assert id_words(ids, "row", 0).shape == (0, 2)


@pytest.mark.parametrize("wrong", ["", "abc", "g" * 32, "é" * 16, None, FIRST + "00"])
def test_what_is_no_id_is_named_with_its_row(wrong):
    with pytest.raises(UsageError, match=r"^data row 8: .* is no id of taskgen's, 32 hexadecimal digits$"):
        id_words([FIRST, wrong], "data row", 7)


def test_bytes_of_a_slice_begin_with_its_first_string():
    text, bounds = string_bytes(strings(pyarrow.array(["one", "two", "", "three"]).slice(1)))
    assert (text.tobytes(), bounds.tolist()) == (b"twothree", [0, 3, 3, 8])
