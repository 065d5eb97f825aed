"""Where threads that share the units of a cell must wait for each other, and where they need not."""

from __future__ import annotations

import pytest

from recur import equations
from recur.compiler.program import program
from recur.equations import equation, tanh

# of each schedule whether all wait behind its stages
WAITS = {
    "elman": ("w", "w", "w."), "indrnn": (".", ".", "."), "lstm": ("w", "w", "w."), "gru": ("w", "w", "w."),
    "gru_reset_before": ("ww", "ww", "ww."), "lstm_projected": ("ww", "ww", "ww."),
}  # fmt: skip


def waits(graph) -> tuple[str, ...]:
    made = program(graph)
    schedules = (made.forward, made.training, made.backward)
    return tuple("".join("w" if stage.waits else "." for stage in planned.stages) for planned in schedules)


@pytest.mark.parametrize(("name", "expected"), WAITS.items())
def test_threads_wait_once_for_every_operand_that_they_share(name, expected):
    assert waits(equations.get(name).graph) == expected


def test_a_state_is_not_overwritten_while_a_later_stage_of_the_step_before_reads_it():
    # h is written in the first stage, and read as it was in the second; the states of two steps take turns in memory
    @equation(x="X", h="H", c="H", W="H X", U="H H", V="H H", Z="H H")
    def reads_late(x, h, c, W, U, V, Z):
        new = tanh(W @ x + U @ h)
        return new, 0.5 * c + V @ new + Z @ h

    assert waits(reads_late.graph)[0] == "ww"


def test_a_state_of_one_number_is_written_before_units_of_other_threads_read_it():
    @equation(x="X", h="H", c="1", W="H X", w="1 X")
    def scaled(x, h, c, W, w):
        return tanh(W @ x) * c + 0 * h, 0.5 * c + w @ x

    made = program(scaled.graph)
    for planned in (made.forward, made.training):
        writes = [stage.waits for stage in planned.stages if str(stage.size) == "1"]
        assert writes == [True]
