"""Sequences of rows, and which of them are held out."""

from __future__ import annotations

from recur.data.times.series import (
    Border,
    about,
    after,
    before,
    borders,
    changes_of,
    ends,
    grouped,
    last_groups,
    last_rows,
    notes_of,
    sequences,
)
from tests.data.reading import refused
from tests.data.timed import days, in_order, table

TWICE = {"ds": days(1, 2, 3, 4) * 2, "shop": ["a"] * 4 + ["b"] * 4, "load": [float(value) for value in range(8)]}


def test_a_table_is_one_sequence_and_a_group_is_one_for_each_value() -> None:
    plain = table({"load": [1.0, 2.0, 3.0, 4.0], "shop": ["a", "b", "a", "b"]})
    assert [one.tolist() for one in sequences(plain, None)] == [[0, 1, 2, 3]]
    assert [one.tolist() for one in sequences(plain, "shop")] == [[0, 2], [1, 3]]


def test_a_group_is_in_the_order_of_its_time() -> None:
    mixed = table({"ds": days(2, 1, 3, 1), "shop": ["a", "a", "b", "b"], "load": [1.0, 2.0, 3.0, 4.0]})
    assert [one.tolist() for one in grouped(mixed, "shop")] == [[1, 0], [3, 2]]


def test_a_forecast_continues_the_last_piece_of_each_series() -> None:
    gap = in_order({"ds": days(1, 2, 3, 7, 8), "load": [1.0, 2.0, 3.0, 7.0, 8.0]})
    assert [one.tolist() for one in sequences(gap, None)] == [[0, 1, 2], [3, 4]]
    assert [one.tolist() for one in ends(gap, sequences(gap, None))] == [[3, 4]]
    plain = table({"load": [1.0, 2.0]})
    assert [one.tolist() for one in ends(plain, sequences(plain, None))] == [[0, 1]]


def test_the_end_of_each_series_is_held_out() -> None:
    both = in_order(TWICE, "shop")
    found = borders(both, 0.25, 1)
    assert [(border.pieces, border.place) for border in found] == [([(0, 4)], 3), ([(4, 8)], 7)]
    assert [before(border) for border in found] == [[(0, 3)], [(4, 7)]]
    assert [after(border) for border in found] == [[(3, 4)], [(7, 8)]]
    assert about(both, found, 0.25) == "the last 25 % of each of 2 series"


def test_a_series_that_is_too_short_is_learned_from_whole() -> None:
    long = in_order(
        {"ds": [*days(*range(1, 11)), *days(1, 2)], "shop": ["a"] * 10 + ["b"] * 2, "load": [1.0] * 12}, "shop"
    )
    found = borders(long, 0.1, 2)
    assert [border.place for border in found] == [8, 12]
    assert after(found[1]) == []
    assert about(long, found, 0.1) == "the last 10 % of each of 1 series; 1 shorter one is used for training only"


def test_series_that_are_all_too_short_are_refused() -> None:
    error = refused(lambda: borders(in_order(TWICE, "shop"), 0.1, 3))
    assert (
        error.message == "2 series of at most 4 steps are too short to learn from and to hold out: expected at least 6"
    )


def test_one_series_says_from_when_on_it_is_held_out() -> None:
    one = in_order({"ds": days(1, 2, 3, 4), "load": [1.0, 2.0, 3.0, 4.0]})
    assert about(one, borders(one, 0.5, 1), 0.5) == "the last 50 % of the series, from 2020-01-03 on"


def test_a_gap_at_the_border_divides_pieces() -> None:
    border = Border([(0, 4), (4, 9)], 6)
    assert (before(border), after(border)) == ([(0, 4), (4, 6)], [(6, 9)])
    assert (before(Border([(0, 4), (4, 9)], 4)), after(Border([(0, 4), (4, 9)], 4))) == ([(0, 4)], [(4, 9)])


def test_groups_that_follow_one_another_are_held_out_at_the_end() -> None:
    follow = table({"ds": days(*range(1, 13)), "trip": [i // 3 for i in range(12)], "load": [1.0] * 12})
    assert last_groups(follow, grouped(follow, "trip"), 0.25) == ([0, 1, 2], [3])
    beside = table(TWICE)
    assert last_groups(beside, grouped(beside, "shop"), 0.25) is None
    assert last_groups(table({"load": [1.0]}), [], 0.25) is None


def test_the_last_rows_of_equal_times_are_on_one_side() -> None:
    found = last_rows(table({"ds": days(1, 2, 3, 4, 4, 4), "load": [1.0] * 6}), 0.2)
    assert found is not None
    assert (found[0].tolist(), found[1].tolist()) == ([0, 1, 2], [3, 4, 5])
    assert found[2] == "the last 50 % of the rows by time, from 2020-01-04 on"
    assert last_rows(table({"load": [1.0, 2.0]}), 0.2) is None


def test_rows_of_one_time_have_no_end() -> None:
    error = refused(lambda: last_rows(table({"ds": days(1, 1, 1), "load": [1.0, 2.0, 3.0]}), 0.2))
    assert "all rows have the same time" in error.message
    assert "--time none" in str(error.hint)


def test_what_was_done_is_reported() -> None:
    sorted_ = in_order({"ds": days(3, 1, 2), "load": [3.0, 1.0, 2.0]})
    assert changes_of(sorted_) == ["sorted: 1 of 3 rows was out of order"]
    assert notes_of(sorted_, None) == sorted_.order.notes
    plain = table({"ds": days(1, 2, 3), "load": [3.0, 1.0, 2.0]})
    assert (changes_of(plain), notes_of(plain, None)) == ([], ["time: ds (year first)"])


def test_groups_that_begin_at_one_time_are_on_one_side() -> None:
    times = days(1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 9)
    together = table({"ds": times, "trip": [i // 3 for i in range(12)], "load": [1.0] * 12})
    assert last_groups(together, grouped(together, "trip"), 0.25) == ([0, 1], [2, 3])
