"""Entries on disk by group."""

import numpy

from taskgen.curation.grouped_files import read_group, write_part

KIND = numpy.dtype([("number", "<i8"), ("group", "<i8")])


def entries(*pairs):
    return numpy.array(list(pairs), KIND)


def test_a_group_comes_back_from_all_parts_in_order(tmp_path):
    first, second = entries((1, 2), (2, 0), (3, 2)), entries((4, 2), (5, 1))
    paths = [tmp_path / "part-0", tmp_path / "part-1"]
    write_part(paths[0], first, first["group"], 3)
    write_part(paths[1], second, second["group"], 3)
    found = [read_group(paths, KIND, group, 3)["number"].tolist() for group in range(3)]
    assert found == [[2], [5], [1, 3, 4]]


def test_a_part_without_entries_is_a_part(tmp_path):
    write_part(tmp_path / "part", entries(), entries()["group"], 2)
    assert len(read_group([tmp_path / "part"], KIND, 1, 2)) == 0


def test_no_parts_have_no_entries():
    assert read_group([], KIND, 0, 1).dtype == KIND
