"""Which draws become records."""

from taskgen.engine.accepting import Acceptance


def draws(*identities, start=0):
    return [(start + place, f"{identity:032x}") for place, identity in enumerate(identities)]


def test_the_first_draws_that_are_new_are_taken_until_the_count_is_reached():
    cell = Acceptance(0, 3, {})
    cell.take(draws(7, 7, 8, 7, 9, 10), [])
    assert list(cell.accepted) == [0, 2, 4]
    assert (cell.draws, cell.duplicates, cell.done, cell.exhausted) == (5, 2, True, False)


def test_what_an_earlier_cell_has_is_not_taken_again():
    owners = {}
    Acceptance(0, 2, owners).take(draws(1, 2), [])
    later = Acceptance(1, 2, owners)
    later.take(draws(2, 1, 3, 4), [])
    assert list(later.accepted) == [2, 3]


def test_problems_of_another_cell_are_no_sign_of_an_exhausted_space():
    owners = {}
    Acceptance(0, 5000, owners).take(draws(*range(5000)), [])
    later = Acceptance(1, 10, owners)
    later.take(draws(*range(5010)), [])
    assert list(later.accepted) == list(range(5000, 5010))


def test_a_space_is_exhausted_when_nothing_new_comes_for_long():
    cell = Acceptance(0, 100, {})
    cell.take(draws(1, 2, 3, *([1, 2, 3] * 1000)), [])
    assert (list(cell.accepted), cell.exhausted, cell.draws) == ([0, 1, 2], True, 2003)


def test_three_indices_in_a_row_without_a_problem_end_a_cell():
    cell = Acceptance(0, 10, {})
    cell.take(draws(1, 2), [2, 3])
    assert not cell.done
    cell.take(draws(3, start=4), [5, 6, 7])
    assert (list(cell.accepted), cell.exhausted) == ([0, 1, 4], True)


def test_the_split_into_shards_does_not_matter():
    sequence = draws(*[n * n % 97 for n in range(300)])
    whole, parts = Acceptance(0, 40, {}), Acceptance(0, 40, {})
    whole.take(sequence, [])
    for start in range(0, 300, 7):
        parts.take(sequence[start : start + 7], [])
    assert (list(whole.accepted), whole.draws) == (list(parts.accepted), parts.draws)
