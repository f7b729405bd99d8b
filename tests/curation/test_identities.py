"""Which problem a row is: rows of ours, exported rows, foreign rows, and texts."""

import msgspec
import pyarrow
import pytest

import taskgen
from taskgen.curation import identities
from taskgen.curation.identities import columns_read, identify
from taskgen.curation.texts import normal, text_id
from taskgen.engine.errors import UsageError
from taskgen.engine.schema import SCHEMA, to_table
from taskgen.problem import decode, encode, instance_id, structure_id
from taskgen.verifiers.math.countdown import Countdown

RECORDS = [taskgen.task(name).generate(difficulty=2) for name in ("sudoku", "countdown", "knights_and_knaves")]
PROBLEM = decode(RECORDS[1].problem)


def table(**columns):
    return pyarrow.table(columns)


def families(**columns):
    return list(identify(table(**columns)).family)


def instances(*texts):
    return list(identify(table(prompt=list(texts))).instance)


def same(one, two):
    first, second = instances(one, two)
    return first == second


# Rows of ours.


def test_our_rows_are_what_their_columns_say():
    found = identify(to_table(RECORDS))
    assert list(found.instance) == [record.id for record in RECORDS]
    assert list(found.structure) == [record.structure for record in RECORDS]
    assert list(found.family) == ["sudoku", "countdown", "knights_and_knaves"]


def test_ids_of_our_rows_are_not_computed_again():
    claimed = msgspec.structs.replace(RECORDS[0], id="0" * 32, structure="1" * 32)
    assert identify(to_table([claimed])).structure == ["1" * 32]


def test_of_our_rows_the_problem_is_not_read():
    assert columns_read(SCHEMA) == ["id", "structure", "task", "task_version"]


@pytest.fixture
def newer_countdown(monkeypatch):
    """The verifier of countdown in its second version."""
    for remembered in (identities._outdated, identities._some_task_has_changed):
        remembered.cache_clear()
    monkeypatch.setattr(Countdown, "version", 2)
    yield
    for remembered in (identities._outdated, identities._some_task_has_changed):
        remembered.cache_clear()


def test_rows_of_an_older_version_get_the_ids_of_their_problem(newer_countdown):
    claimed = [msgspec.structs.replace(record, id="0" * 32, structure="1" * 32) for record in RECORDS]
    found = identify(to_table(claimed).select(columns_read(SCHEMA)))
    assert found.instance == ["0" * 32, instance_id(PROBLEM), "0" * 32]
    assert found.structure == ["1" * 32, structure_id(PROBLEM), "1" * 32]


def test_rows_of_a_task_that_is_not_installed_are_trusted():
    claimed = msgspec.structs.replace(RECORDS[0], task="of_a_plugin", task_version=3)
    assert identify(to_table([claimed])).instance == [RECORDS[0].id]


# Rows that carry our problems.


@pytest.mark.parametrize(
    "columns",
    [
        {"question": ["?"], "problem": [RECORDS[1].problem]},
        {"prompt": ["?"], "reward_model": [{"style": "rule", "ground_truth": RECORDS[1].problem}]},
        {"prompt": ["?"], "extra_info": [{"verifier": {"problem": RECORDS[1].problem}}]},
        {"label": [RECORDS[1].problem]},
    ],
)
def test_a_problem_string_of_ours_is_found_wherever_an_exporter_put_it(columns):
    found = identify(table(**columns))
    assert (list(found.instance), list(found.structure)) == ([instance_id(PROBLEM)], [structure_id(PROBLEM)])


def test_a_broken_problem_string_is_text():
    assert families(problem=['{"task":"countdown","version":1,"fields":{}}']) == ["text"]


def test_rows_with_and_without_a_problem_string_may_stand_in_one_column():
    assert families(problem=[encode(PROBLEM), "What is 2 + 2?", None]) == ["countdown", "text", "text"]


# Foreign rows.


def test_foreign_rows_are_parsed_row_by_row():
    prompts = [
        "Using the numbers [44, 19, 35], create an equation that equals 98.",
        "What is 44 + 19 + 35?",
        "Using the numbers [19, 35, 44], create an equation that equals 98.",
    ]
    found = identify(table(prompt=prompts))
    assert list(found.family) == ["countdown", "text", "countdown"]
    assert found.structure[0] == found.structure[2] == structure_id(Countdown((44, 19, 35), 98, use_all=True))
    assert found.instance[0] != found.instance[2]


def test_columns_are_enough_where_a_parser_knows_them():
    assert families(nums=[[1, 2, 3]], target=[6]) == ["countdown"]


def test_metadata_may_be_a_struct_or_text():
    metadata = {"source_dataset": "gcd", "source_index": 3, "numbers": [26, 760], "result": 2}
    as_struct = identify(table(question=["?"], metadata=[metadata]))
    as_text = identify(table(question=["!"], metadata=[msgspec.json.encode(metadata).decode()]))
    assert as_struct == as_text
    assert as_struct.family == ("gcd",)


def test_structs_of_mixed_families_are_read_although_their_keys_are_united():
    rows = [
        {"source_dataset": "spell_backward", "word": "sun"},
        {"source_dataset": "leg_counting", "animals": {"cow": 2}},
        {"source_dataset": "leg_counting", "animals": {"hen": 1}},
    ]
    united = identify(table(question=["a", "b", "c"], metadata=rows))
    apart = [identify(table(question=["?"], metadata=[row])).instance[0] for row in rows]
    assert list(united.instance) == apart


def test_all_columns_of_foreign_rows_are_read():
    assert columns_read(pyarrow.schema([("prompt", pyarrow.string())])) is None


def test_no_row_is_no_identity():
    found = identify(table(prompt=pyarrow.array([], pyarrow.string())))
    assert (list(found.instance), list(found.structure), list(found.family)) == ([], [], [])


# Texts.


@pytest.mark.parametrize(
    "copy",
    [
        "“Who's there?”\nNobody.",
        '"Who\u2019s there?"\nNobody.',
        '"Who\'s there?"\r\nNobody.',
        '"Who\'s there?"\rNobody.',
        '\n\n"Who\'s there?"\nNobody.\n',
        '"Who\'s there?"  \nNobody.\t',
        '"Who\'s\u00a0there?"\nNobody.',
        '\ufeff"Who\'s there?"\nNo\u200bbo\u00addy.',
    ],
)
def test_typography_says_nothing(copy):
    assert same(copy, '"Who\'s there?"\nNobody.')


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("#  #", "# #"),
        ("  #\n ##", "#\n ##"),
        ("a\n\nb", "a\nb"),
        ("What is 3 - 2?", "What is 32?"),
        ("Sort B, a", "Sort b, a"),
        ("1.5", "15"),
        ("x", "x."),
        ("👨‍👩", "👨👩"),
    ],
)
def test_what_may_be_the_puzzle_stays(one, two):
    assert not same(one, two)


def test_letters_are_compared_as_they_look():
    assert same("caf\u00e9", "cafe\u0301")


def test_a_normal_text_is_normal():
    text = normal("  a\u00a0b \r\n“c”\n\n")
    assert text == '  a b\n"c"'
    assert normal(text) == text


def test_the_users_messages_are_the_text():
    chat = [{"role": "system", "content": "Think."}, {"role": "user", "content": "Why?"}]
    plain, told = instances("Why?")[0], identify(table(messages=[chat])).instance[0]
    assert plain == told


@pytest.mark.parametrize(
    "chat",
    [
        [{"role": "user", "content": "Why?", "name": "me"}, {"role": "assistant", "content": "Because.", "name": "it"}],
        [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}],
        '[{"role": "user", "content": "Why?"}]',
        [{"role": "human", "content": "Why?"}],
    ],
)
def test_chats_are_written_in_many_ways(chat):
    assert identify(table(prompt=[chat])).instance == tuple(instances("Why?"))


def test_several_messages_of_a_user_are_one_text():
    said = [("user", "Why?"), ("assistant", "?"), ("user", "So!")]
    chat = [{"role": role, "content": content} for role, content in said]
    assert identify(table(prompt=[None, chat])).instance[1] == instances("Why?\n\nSo!")[0]


def test_a_question_is_another_with_other_choices_or_another_context():
    question = ["Which is right?"] * 3
    by_choice = identify(table(question=question, choices=[["a", "b"], ["a", "c"], ["a", "b"]])).instance
    assert by_choice[0] == by_choice[2] != by_choice[1]
    by_context = identify(table(question=question, context=["He ran.", "She ran.", None])).instance
    assert len(set(by_context)) == 3


def test_the_column_that_the_user_names_is_the_text():
    rows = table(prompt=["Solve:"] * 2, task_text=["a", "b"])
    assert identify(rows, "task_text").instance == tuple(instances("a", "b"))
    assert len(set(identify(rows).instance)) == 1


def test_the_id_of_a_text_never_changes():
    assert text_id("Why?") == "068ee5e5f9019481277227da25c13b94"


def test_rows_without_text_or_problem_are_refused():
    with pytest.raises(UsageError, match=r"no column holds a text to compare \(columns: x, y\); name one after #"):
        identify(table(x=[1], y=["?"]))


def test_a_column_of_numbers_is_no_text():
    with pytest.raises(UsageError, match="column prompt holds no text but int64; name another after #"):
        identify(table(prompt=[1, 2]))


def test_rows_without_a_text_are_the_same_only_if_all_cells_are():
    table = pyarrow.table({"question": [None, "", None, None], "image": [b"1", b"2", b"1", b"3"]})
    found = identify(table).instance
    assert found[0] == found[2]
    assert len(set(found)) == 3
