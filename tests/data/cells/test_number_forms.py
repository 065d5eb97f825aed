"""How the numbers of a column are written, counted."""

from __future__ import annotations

import pytest

from recur.data.cells.number_forms import NumberForms


def forms_of(*cells: str) -> NumberForms:
    forms = NumberForms()
    for cell in cells:
        forms.see(cell)
    return forms


def test_missing_cells_are_not_counted() -> None:
    forms = forms_of("1", "", "NA", "?", "red")
    assert (forms.count, forms.texts) == (2, 1)


@pytest.mark.parametrize(
    ("cells", "decimals"),
    [
        (["12,5", "1.002"], {",": 1}), (["1.234.567"], {",": 1}), (["12.5", "0.25", "7,5"], {".": 2, ",": 1}),
        (["1.002", "900"], {}),
    ],
)  # fmt: skip
def test_the_numbers_that_show_a_decimal_sign_are_counted(cells: list[str], decimals: dict[str, int]) -> None:
    assert forms_of(*cells).decimals() == decimals


def test_an_example_of_each_form_is_kept() -> None:
    forms = forms_of("900", "1.002", "1.004", "12,5")
    assert forms.first("open") == "1.002"
    assert forms.first("decimal", "grouped") == "12,5"
    assert forms.first("open", sign=",") == ""


def test_a_column_is_of_texts_unless_a_slip_or_two_are_among_many_numbers() -> None:
    assert forms_of("1", "2", "red").is_text
    assert not forms_of(*["1"] * 40, "red").is_text


def test_no_further_cell_changes_a_column_that_shows_one_decimal_sign() -> None:
    assert forms_of("12,5").is_settled
    assert not forms_of("1.002").is_settled
    assert not forms_of("12,5", "01067").is_settled
