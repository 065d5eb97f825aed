"""How one number is written."""

from __future__ import annotations

import pytest

from recur.codecs.number_notation import notation_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12", "whole"), ("-12", "whole"), ("+12", "whole"), ("08", "whole"), ("12,5", "decimal"), ("12.50", "decimal"),
        ("0,123", "decimal"), ("1234.567", "decimal"), ("1.234,5", "decimal"), ("1,234.5", "decimal"),
        ("1.234", "open"), ("1,234", "open"), ("999.000", "open"), ("1.234.567", "grouped"), ("1'234", "grouped"),
        ("1 234", "grouped"), ("1\u00a0234", "grouped"), ("1\u202f234,5", "decimal"), ("1,23,456", "grouped"),
        ("1.5e-3", "decimal"), ("1.234e3", "decimal"), (".5", "decimal"), ("5.", "decimal"), ("007", "code"),
        ("01067", "code"), ("+4917012345678", "code"), ("+49 170 123 456", "code"), ("1234567890123456", "code"),
    ],
)  # fmt: skip
def test_a_number_shows_how_it_is_written(text: str, kind: str) -> None:
    found = notation_of(text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1.2.3", "192.168.1.1", "12.01.2024", "2024-01-02", "12:30", "1,2,3", "12 13", "0.123.456", "(5", "5)",
     "--5", "-5-", "1e5e5", "12 km", "1_000", "0x10", "1/2", "$5€", "3 %%", "1.23,456", "9" * 61],
)  # fmt: skip
def test_other_texts_are_no_numbers(text: str) -> None:
    assert notation_of(text) is None
