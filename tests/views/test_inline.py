"""JSON within a script element: it cannot end the element, and can be encoded."""

from __future__ import annotations

import json

import pytest

from recur.views.inline import inline


@pytest.mark.parametrize("text", ["</script>", "<!-- <script>", 'a "quote" \\ and \u2028'])
def test_a_text_comes_back_and_does_not_end_the_script(text: str) -> None:
    written = inline({"text": text})
    assert "<" not in written
    assert json.loads(written) == {"text": text}


def test_half_a_surrogate_pair_can_be_encoded() -> None:
    assert inline("\ud800").encode()


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        inline(float("nan"))
