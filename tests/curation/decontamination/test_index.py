"""The saved index: hashes only, checked when it is read, of use only to who has its key."""

import os

import msgspec
import numpy
import pyarrow
import pyarrow.parquet
import pytest

from taskgen.curation.decontamination import index as module
from taskgen.curation.decontamination.decontaminate import DecontaminateSettings, decontaminate, save_index
from taskgen.curation.decontamination.index import LABEL, is_index, read_index
from taskgen.curation.decontamination.keys import keyed, read_key
from taskgen.curation.sources import open_source
from taskgen.engine.errors import UsageError
from taskgen.engine.files import sha256_of
from tests.curation.decontamination import plain
from tests.curation.decontamination.datasets import dropped, record, write_lines, write_records
from tests.curation.decontamination.real_texts import PARAGRAPHS, prompts
from tests.curation.decontamination.test_text_layer import BAKERY, RENAMED, UNRELATED


@pytest.fixture
def evaluation(tmp_path):
    """An evaluation set of questions with solutions, in many scripts."""
    rows = [
        {"question": text, "solution": f"Solution {number}: {text}", "answer": f"answer-{number}", "source": "private"}
        for number, text in enumerate([*PARAGRAPHS, *prompts(), BAKERY])
    ]
    return write_lines(tmp_path / "private.jsonl", rows)


def saved(tmp_path, *sources, name="index.parquet", key=None):
    save_index([open_source(source) for source in sources], tmp_path / name, key)
    return tmp_path / name


def values(column):
    """The different values of a column, or of its lists."""
    held = column.combine_chunks()
    return set((held.flatten() if pyarrow.types.is_list(held.type) else held).to_pylist())


def key_file(tmp_path, content=b"sixteen bytes or more of randomness"):
    (tmp_path / "key").write_bytes(content)
    return str(tmp_path / "key")


def plain_bytes(path):
    """What a Parquet file holds once it is unpacked, names of columns apart."""
    table = pyarrow.parquet.read_table(path)
    metadata = table.schema.metadata
    buffers = [b for c in table.columns for chunk in c.chunks for b in chunk.buffers() if b is not None]
    return b"".join(bytes(buffer) for buffer in buffers) + metadata[LABEL]


def test_no_word_of_the_source_is_in_the_file(tmp_path, evaluation):
    path = saved(tmp_path, evaluation)
    other = write_lines(tmp_path / "private.jsonl", [{"question": "x", "solution": "word " * 20}] * 2)
    content = (plain_bytes(path) + path.read_bytes()).lower()
    told = plain_bytes(saved(tmp_path, other, name="other.parquet")) + (tmp_path / "other.parquet").read_bytes()
    texts = [*PARAGRAPHS, *prompts(), BAKERY]
    words = {word for text in texts for word in plain.lines(text) if len(word.encode()) >= 6}
    secret = {word for word in words if word.encode() not in told.lower()}
    assert len(secret) > 300
    assert {word for word in secret if word.encode() in content} == set()
    assert b"answer-" not in content


def test_what_the_header_tells(tmp_path, evaluation):
    (source,) = read_index(saved(tmp_path, evaluation)).header.sources
    assert (source.name, source.column, source.rows) == (
        "private.jsonl",
        "question",
        len(PARAGRAPHS) + len(prompts()) + 1,
    )
    assert source.sha256 == (sha256_of(open_source(evaluation).files[0].path),)


def test_it_holds_the_ngrams_of_every_rule_and_no_short_answer(tmp_path):
    rows = [{"question": BAKERY, "answer": "16", "solution": f"{BAKERY} It is 16."}]
    table = read_index(saved(tmp_path, write_lines(tmp_path / "one.jsonl", rows))).table
    assert table["part"].to_pylist() == ["prompt", "solution"]
    for name, read, size in (("s1-8", plain.words, 8), ("gpt3-13", plain.bare_words, 13), ("default", plain.lines, 4)):
        expected = [plain.ngram_hash(gram) for gram in plain.ngrams(read(BAKERY), size)]
        assert table[f"{name} ngrams"][0].as_py() == expected
        assert table[f"{name} tokens"][0].as_py() == len(read(BAKERY))


def test_equal_sources_leave_equal_bytes(tmp_path, evaluation):
    first, second = saved(tmp_path, evaluation), saved(tmp_path, evaluation, name="second.parquet")
    assert first.read_bytes() == second.read_bytes()
    saved(tmp_path, evaluation)
    assert first.read_bytes() == second.read_bytes()


def test_indexes_can_be_joined(tmp_path, evaluation):
    records = write_records(tmp_path / "own.parquet", [record("sudoku", index) for index in range(3)])
    parts = [str(saved(tmp_path, evaluation, name="a.parquet")), str(saved(tmp_path, records, name="b.parquet"))]
    joined, direct = saved(tmp_path, *parts, name="c.parquet"), saved(tmp_path, evaluation, records, name="d.parquet")
    assert joined.read_bytes() == direct.read_bytes()


def test_only_a_saved_index_is_taken_for_one(tmp_path, evaluation):
    records = write_records(tmp_path / "own.parquet", [record("sudoku", 0)])
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    assert is_index(str(saved(tmp_path, evaluation)))
    assert not any(map(is_index, (records, evaluation, str(tmp_path / "junk.parquet"), str(tmp_path), "hf:a/b")))


def test_another_file_is_not_overwritten(tmp_path, evaluation):
    write_records(tmp_path / "own.parquet", [record("sudoku", 0)])
    before = (tmp_path / "own.parquet").read_bytes()
    with pytest.raises(UsageError, match="is there already and is no index"):
        saved(tmp_path, evaluation, name="own.parquet")
    with pytest.raises(UsageError, match=r"does not end in \.parquet"):
        saved(tmp_path, evaluation, name="own.index")
    assert (tmp_path / "own.parquet").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["own.parquet", "private.jsonl"]


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_byte_is_noticed(tmp_path, evaluation, place):
    path = saved(tmp_path, evaluation)
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"is a damaged index .*; make it again with taskgen index"):
        read_index(path)


def test_a_truncated_file_is_noticed(tmp_path, evaluation):
    path = saved(tmp_path, evaluation)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UsageError):
        decontaminate(open_source(evaluation), tmp_path / "out", DecontaminateSettings(against=(str(path),)))


def test_an_index_of_another_version_or_layout_is_refused(tmp_path, evaluation, monkeypatch):
    path = saved(tmp_path, evaluation)
    monkeypatch.setattr(module, "VERSION", 2)
    with pytest.raises(UsageError, match="another version"):
        read_index(path)
    monkeypatch.undo()
    monkeypatch.setitem(module.READINGS, "default", ("lines", 5))
    with pytest.raises(UsageError, match="another version"):
        read_index(path)
    monkeypatch.undo()
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.drop_columns(["whole"]), path)
    with pytest.raises(UsageError, match="another layout"):
        read_index(path)


def test_a_keyed_index_finds_the_same_rows_and_says_nothing_without_its_key(tmp_path):
    evaluation = write_lines(tmp_path / "private.jsonl", [{"question": BAKERY}, {"question": UNRELATED[3]}])
    training = write_lines(tmp_path / "train.jsonl", [{"question": text} for text in (RENAMED, *UNRELATED)])
    key = key_file(tmp_path)
    open_index, closed = saved(tmp_path, evaluation), saved(tmp_path, evaluation, name="closed.parquet", key=key)
    found = []
    for name, index, own in (("open", open_index, None), ("closed", closed, key)):
        settings = DecontaminateSettings(against=(str(index),), key_file=own)
        decontaminate(open_source(training), tmp_path / name, settings)
        found.append(dropped(tmp_path / name))
    assert found[0] == found[1]
    assert [row for row, _, _ in found[0]] == [0, 4]
    plainly, hidden = read_index(open_index).table, read_index(closed, read_key(tmp_path / "key")).table
    for name in ("whole", "instance", "structure", "default ngrams", "s1-8 ngrams", "numbers"):
        assert values(plainly[name]).isdisjoint(values(hidden[name]))
    for index, own, complaint in (
        (closed, None, "was made under a key"),
        (closed, key_file(tmp_path, b"another sixteen bytes"), "was made under another key"),
        (open_index, key, "was made without a key"),
    ):
        with pytest.raises(UsageError, match=complaint):
            read_index(index, own and read_key(tmp_path / "key"))


def test_a_key_is_a_file_of_enough_bytes(tmp_path):
    with pytest.raises(UsageError, match="holds 5 bytes; a key needs 16"):
        read_key(tmp_path / key_file(tmp_path, b"short"))
    with pytest.raises(UsageError, match="No such file"):
        read_key(tmp_path / "nowhere")


def test_keyed_hashes_are_siphash_2_4():
    """The vector of the reference implementation: key 00 to 0f, message 00 to 07."""
    message = numpy.frombuffer(bytes(range(8)), "<u8")
    assert keyed(message, bytes(range(16))).tobytes() == bytes.fromhex("6224939a79f5f593")
    many = numpy.arange(1000, dtype=numpy.uint64)
    assert len(numpy.unique(keyed(many, bytes(16)))) == 1000
    assert keyed(many, None) is many


def test_the_header_is_plain_json(tmp_path, evaluation):
    header = msgspec.json.decode(pyarrow.parquet.read_schema(saved(tmp_path, evaluation)).metadata[LABEL])
    assert set(header) == {"version", "sources", "readings", "key_check"}
    assert str(tmp_path) not in str(header)
