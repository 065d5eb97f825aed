"""Long steps: flags that compile them faster, a sentence where it would take too long, and the same results."""

from __future__ import annotations

import pytest
import torch

from recur.engine.native import compile_effort
from recur.engine.native.compile_effort import flags_for
from recur.equations import Equation, equation, tanh
from recur.errors import BackendError
from recur.nn import Recurrent
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")


def chained(operations: int) -> Equation:
    @equation(x="X", h="H", W="H X", R="H H")
    def cell(x, h, W, R):
        v = W @ x + R @ h
        for _ in range(operations):
            v = tanh(v * 1.5 + h)
        return v

    return cell


def text(*functions: int) -> str:
    return "".join("template <class T>" + "\n" * lines for lines in functions)


def test_usual_cells_have_the_usual_flags_and_long_ones_fast_ones() -> None:
    assert flags_for(text(1000, 1000)) == ()
    assert "-O1" in flags_for(text(2000))
    assert "-O1" in flags_for(text(*[500] * 20))


@pytest.mark.parametrize("functions", [(3100,), (500,) * 23])
def test_a_text_that_takes_more_than_ten_seconds_is_refused(functions: tuple[int, ...]) -> None:
    with pytest.raises(BackendError, match="more than ten seconds to compile"):
        flags_for(text(*functions))


@pytest.mark.parametrize("operations", [400, 2000])
def test_a_step_of_too_many_operations_runs_in_torch_with_the_reason(operations: int) -> None:
    one = Recurrent(chained(operations), 2, 3)
    one(torch.randn(2, 2, 2))[0].sum().backward()
    assert one.backend_report().ran == "eager"
    assert "take too long to compile" in one.backend_report().reasons["native"]


def test_a_cell_that_is_compiled_with_fast_flags_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_effort, "_LONG_FUNCTION", 50)
    torch.manual_seed(0)
    one = Recurrent(chained(23), 2, 3).double()
    x = torch.randn(2, 2, 2, dtype=torch.float64, requires_grad=True)
    one(x)[0].sum().backward()
    assert one.backend_report().ran == "native"
    [expected], x.grad, one.engine = [x.grad], None, "eager"
    one(x)[0].sum().backward()
    close(expected, x.grad)
