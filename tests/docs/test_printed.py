"""The rules by which a page is compared with what is printed: what may differ, and what may not."""

from __future__ import annotations

import pytest

from tests.docs.printed import difference, same


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("  sky       94.9 %  █████▎", "  sky      93.2 %  ████"),
        ("finished in 12 s", "finished in less than a second"),
        ("an epoch takes 2 h 05 min", "an epoch takes 40 min"),
        ("step 1 receives 2.6e-05 of step 50", "step 1 receives 9.1e-06 of step 50"),
        ("the odds are 161 times higher", "the odds are 120.5 times higher"),
        ("rmse 1.306", "rmse 1.35"),
        ("it falls below 1 % after 7 steps", "it falls below 1 % after 8 steps"),
        ("5 microseconds per step", "12.5 microseconds per step"),
        ('{"id":"cmpl-259e","created":1795945782}', '{"id":"cmpl-77","created":12}'),
        ("1,a film,good,0.96198...", "1,a film,good,0.95,0.05"),
        ("a folder of 88979 bytes", "a folder of 89757 bytes"),
        ("load 50.22 ± 14.3", "load 50.2 ± 14.31"),
        ('{"value":"good","pro...', '{"value":"good","probability":0.98,"more":1}'),
    ],
)  # fmt: skip
def test_what_belongs_to_the_machine_may_differ(shown: str, said: str) -> None:
    assert same(shown, said)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("  sky  94.9 %", "  sea  94.9 %"),
        ("  sky  94.9 %", "  sky  91.0 %"),
        ("216 rows", "217 rows"),
        ("267,394 parameters", "267,395 parameters"),
        ("rmse 1.306", "rmse 1.556"),
        ("rmse 1.306", "mae 1.306"),
        ("the odds are 161 times higher", "the odds are 12 times higher"),
        ("receives 2.6e-05", "receives 2.6e-03"),
        ("finished: accuracy", "finished: accuracy 100.0 %"),
        ("layer.png", "layer 1.png"),
        ("it falls below 1 % after 7 steps", "it falls below 1 % after 17 steps"),
        ("1,a film,good,0.96", "1,a film,good,0.96,0.04"),
        ('{"value":"good","pro...', '{"value":"bad","probability":0.98}'),
        ("every word ...", "every"),
    ],
)  # fmt: skip
def test_words_counts_and_distant_figures_may_not(shown: str, said: str) -> None:
    assert not same(shown, said)


PRINTED = "head\nrows 3\nepoch 1/2  step 5/10  loss 0.3\nheld out 5.0 %\nlast line\n"


@pytest.mark.parametrize(
    "shown",
    [
        "head\nrows 3\nheld out 5.0 %\nlast line", "head\n...", "...\nlast line",
        "head\n...\nheld out 6 %\n...", "...\nrows 3\n...\nlast ...",
    ],
)  # fmt: skip
def test_an_ellipsis_stands_for_lines_and_live_lines_are_left_out(shown: str) -> None:
    assert difference(shown, PRINTED) is None


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        ("head\nrows 3", "does not show: held out 5.0 %"),
        ("head\nrows 4\n...", "does not print: rows 4"),
        ("...\nrows 3", "does not print: rows 3"),
        ("head\n...\nheld out 5.0 %\nrows 3\n...", "does not print: rows 3"),
        ("held out 5.0 %\n...", "does not print: held out 5.0 %"),
        ("head\n...\nlast line\nand one more", "does not print:"),
    ],
)
def test_the_line_that_differs_is_named(shown: str, says: str) -> None:
    assert says in (difference(shown, PRINTED) or "")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("many trains are in the station\n", None),
        ("the trains\n", "what is printed is no continuation of 'many'"),
        ("many\n", "what is printed is no continuation of 'many'"),
    ],
)
def test_of_a_sampled_text_the_prompt_is_compared(said: str, fault: str | None) -> None:
    found = difference("many fish are in the sea", said, 'recur generate runs/sentences --prompt "many" --seed 1')
    assert (found or "").startswith(fault or "")
    assert (found is None) == (fault is None)


def test_a_text_that_is_not_sampled_is_compared_whole() -> None:
    assert difference("une maison rouge", "un chien rouge", 'recur generate runs/pairs --prompt "a red house"')
