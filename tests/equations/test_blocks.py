"""Matrices of blocks on their diagonal: declared, refused, stored, and trained by layers as blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import recur
from recur.equations import Equation, equation, get, tanh
from recur.equations.document import checksum, document_of, read_equation
from recur.errors import EquationError
from recur.export import export_layer
from recur.nn import Recurrent
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")


@equation(x="X", h="H", W="H X", R="H H / heads", S="2H H / heads")
def two_sizes(x, h, W, R, S):
    """A block of S has twice as many rows as columns."""
    a, b = (S @ h, S @ tanh(h))
    return tanh(W @ x + R @ h + recur.equations.split(a * b, 2)[0])


def layer(heads: int = 2, hidden: int = 6, **options: Any) -> Recurrent:
    torch.manual_seed(0)
    return Recurrent(two_sizes, 3, hidden, sizes={"heads": heads}, **options)


def test_a_layer_has_the_blocks_and_computes_each_head_by_itself() -> None:
    heads, one = 3, layer(3).double()
    w = dict(one.named_parameters())
    assert w["R_l0"].shape == (3, 2, 2)
    assert w["S_l0"].shape == (3, 4, 2)
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    h, outputs = x.new_zeros(2, 6), []
    for step in x:
        parts = h.chunk(heads, dim=1)
        r = torch.cat([part @ block.T for part, block in zip(parts, w["R_l0"], strict=True)], dim=1)
        a = torch.cat([part @ block.T for part, block in zip(parts, w["S_l0"], strict=True)], dim=1)
        b = torch.cat([part.tanh() @ block.T for part, block in zip(parts, w["S_l0"], strict=True)], dim=1)
        h = torch.tanh(step @ w["W_l0"].T + r + (a * b)[:, :6])
        outputs.append(h)
    close(one(x)[0], torch.stack(outputs))
    assert one.backend_report().ran == "native"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_gradient_is_that_of_the_eager_backend_and_of_the_blocks_alone(dtype: torch.dtype) -> None:
    gradients = {}
    for engine in ("native", "eager"):
        one = layer(bidirectional=True, num_layers=2, engine=engine, batch_first=True).to(dtype)
        x = torch.randn(3, 5, 3, dtype=dtype, generator=torch.Generator().manual_seed(1)).requires_grad_()
        one(x, lengths=[5, 2, 4])[0].square().sum().backward()
        gradients[engine] = {"x": x.grad, **{name: p.grad for name, p in one.named_parameters()}}
    for name, expected in gradients["eager"].items():
        close(gradients["native"][name], expected, name)
    assert gradients["native"]["R_l1_reverse"].shape == (2, 3, 3)


def test_gradients_are_those_of_finite_differences() -> None:
    one = layer().double()
    parameters = {name: p.detach().requires_grad_() for name, p in one.named_parameters()}
    x = torch.randn(3, 2, 3, dtype=torch.float64)

    def output(*values: torch.Tensor) -> torch.Tensor:
        given = dict(zip(parameters, values, strict=True))
        result: torch.Tensor = torch.func.functional_call(one, given, (x,))[0]
        return result

    assert torch.autograd.gradcheck(output, tuple(parameters.values()))


def test_streams_copies_options_and_exports_have_the_whole_matrix(tmp_path: Path) -> None:
    one = layer(recurrent_init="orthogonal")
    block = one.R_l0[1].detach()
    close(block @ block.T, torch.eye(3))
    again = layer()
    again.load_state_dict(one.state_dict())
    x = torch.randn(4, 1, 3)
    stream = again.stream(1)
    close(torch.stack([torch.as_tensor(stream.step(step.numpy())) for step in x]), one(x)[0].detach())
    assert export_layer(one, tmp_path / "it.onnx")
    dropped = layer(weight_drop=0.5).train()
    assert dropped(x)[0].isfinite().all()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"R": "H / heads"}, "the left side is H, not a matrix"),
        ({"R": "H H / 0"}, "has no blocks"),
        ({"R": "H H / a b"}, "cannot read the size"),
        ({"h": "H / heads"}, "h has blocks on its diagonal, and is not a matrix that is trained"),
        ({"R": "heads H H"}, "3 sizes"),
    ],
)
def test_a_declaration_that_has_no_meaning_is_refused(declared: dict[str, str], message: str) -> None:
    with pytest.raises(EquationError) as refused:

        @equation(**{"x": "X", "h": "H", "W": "H X", "R": "H H", **declared})
        def cell(x, h, W, R):
            return W @ x + R @ h

    assert message in refused.value.message


def test_blocks_that_do_not_divide_the_units_are_refused() -> None:
    with pytest.raises(EquationError, match="R of 6 x 6 is not divided into heads = 4 blocks"):
        layer(4)
    with pytest.raises(EquationError, match="the number of blocks heads of R is required"):
        Recurrent(two_sizes, 3, 6)


def test_a_stored_equation_has_its_blocks_and_another_number_is_refused() -> None:
    document = document_of(two_sizes)
    again: Equation = read_equation(json.loads(json.dumps(document)))
    assert again.blocks == two_sizes.blocks
    assert again.free_sizes == ("heads",)
    for wrong in ("0", "H H", 3):
        damaged = json.loads(json.dumps(document))
        damaged["parameters"][1]["blocks"] = wrong
        damaged["sha256"] = checksum(damaged)
        with pytest.raises(EquationError):
            read_equation(damaged)


@pytest.mark.parametrize(("hidden", "heads"), [(8, 4), (6, 3), (5, 1)])
def test_a_network_has_four_heads_or_as_many_as_divide_its_units(hidden: int, heads: int) -> None:
    rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 4
    model = recur.fit(rows, cell="slstm_heads", hidden_size=hidden, epochs=1, progress=False)
    blocks = dict(model.mode.named_parameters())["stack.layer.R_i_l0"]
    assert tuple(blocks.shape) == (heads, hidden // heads, hidden // heads)


def test_heads_of_the_slstm_do_not_read_each_other() -> None:
    torch.manual_seed(0)
    one = Recurrent(get("slstm_heads"), 2, 8, sizes={"heads": 4}).double()
    h = torch.randn(1, 1, 8, dtype=torch.float64, requires_grad=True)
    rest = [torch.rand(1, 1, 8, dtype=torch.float64) + 1 for _ in range(3)]
    y = one(torch.randn(1, 1, 2, dtype=torch.float64), (h, *rest))[0][0, 0]
    reads = torch.stack([torch.autograd.grad(unit, h, retain_graph=True)[0][0, 0] for unit in y]) != 0
    assert np.array_equal(reads.numpy(), np.kron(np.eye(4, dtype=bool), np.ones((2, 2), dtype=bool)))
