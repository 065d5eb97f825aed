"""Random uses of layers of every cell: the native backend against the eager one, of the same weights.

``python -m tests.fuzz.uses FIRST SECONDS`` runs cases from FIRST on for so long and prints those that differ; each
follows from its number alone.
"""

from __future__ import annotations

import contextlib
import copy
import os
import random
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.nn.utils.rnn import pack_padded_sequence

from recur import equations
from recur.equations import Equation
from recur.errors import RecurError
from recur.nn import Recurrent
from tests.engine import odd_cells
from tests.engine.helpers import threads
from tests.tolerances import close, near

ODD: Mapping[str, Equation] = {name: one for name, one in vars(odd_cells).items() if isinstance(one, Equation)}
CELLS: list[str] = [*equations.names(), *ODD]


class Use:
    """A layer with random options and what it is given, from a number."""

    def __init__(self, seed: int, cells: list[str] = CELLS, kinds: list[str] | None = None) -> None:
        self.seed, pick = seed, random.Random(seed)
        self.pick = pick
        self.cell = pick.choice(cells)
        self.kind = pick.choice(kinds or list(KINDS))
        self.generator = torch.Generator().manual_seed(seed)
        self.dtype = pick.choice((torch.float64, torch.float64, torch.float32))
        heads = pick.choice((1, 2, 3))
        hidden = heads * pick.choice((1, 2, 3, 5, 8, 16, 21))
        equation = ODD.get(self.cell) or equations.get(self.cell)
        self.sizes = {"P": pick.choice((1, 3, 7, 20)), "N": pick.choice((1, 3, 8)), "K": pick.choice((1, 2, 4)),
                      "heads": heads}  # fmt: skip
        X = pick.choice((1, 2, 3, 5, 17, 39))
        inputs = equation.shape(equation.input, X=X, H=hidden, **self.sizes)[0]
        if self.cell == "conv_lstm":  # so many maps of a grid
            grid = {"height": pick.choice((1, 2, 3)), "width": pick.choice((1, 2, 5))}
            self.sizes |= grid
            inputs, hidden = (count * grid["height"] * grid["width"] for count in (X % 4 + 1, heads))
        given: dict[str, Any] = {
            "num_layers": pick.choice((1, 1, 2)), "bidirectional": pick.random() < 0.3, "bias": pick.random() < 0.8,
            "batch_first": pick.random() < 0.5, "residual": pick.random() < 0.2,
            "learn_initial_state": pick.random() < 0.2, "memory_budget": pick.choice((None, None, "sqrt", 1, 3000)),
            "zoneout": pick.choice((0.0, 0.0, 0.3)), "recurrent_dropout": pick.choice((0.0, 0.0, 0.3)),
            "weight_drop": pick.choice((0.0, 0.0, 0.0, 0.3)), "merge": pick.choice(("concat", "concat", "sum")),
        }  # fmt: skip
        self.options = given
        torch.manual_seed(seed)
        try:
            self.layer = self.made(equation, inputs, hidden)
        except RecurError:  # an option that this cell does not have
            kept = ("bidirectional", "batch_first", "memory_budget", "learn_initial_state")
            self.options = {name: given[name] for name in kept}
            self.layer = self.made(equation, inputs, hidden)
        if pick.random() < 0.3:
            for parameter in self.layer.parameters():
                parameter.data *= pick.choice((0.0, 1e-3, 3.0))
        self.T, self.B = pick.choice((1, 2, 3, 7, 20)), pick.choice((1, 2, 3, 5, 9, 17))
        self.x = self.random(*self.shape(self.T, self.B))
        self.given: dict[str, Any] = {}
        if pick.random() < 0.4:
            self.given["lengths"] = [pick.randint(0, self.T) for _ in range(self.B)]
        if pick.random() < 0.3:
            self.given["resets"] = torch.rand(self.B, self.T, generator=self.generator) < pick.random()
        if pick.random() < 0.3:
            self.given["hx"] = self.state()

    def made(self, equation: Equation, inputs: int, hidden: int) -> Recurrent:
        return Recurrent(equation, inputs, hidden, dtype=self.dtype, sizes=self.own(equation), **self.options)

    def own(self, equation: Equation) -> dict[str, int]:
        known = {"X", "H"}
        text = " ".join(str(size) for size in equation.sizes) if hasattr(equation, "sizes") else ""
        return {name: value for name, value in self.sizes.items() if name not in known and (not text or name in text)}

    def random(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator, dtype=self.dtype)

    def shape(self, T: int, B: int) -> tuple[int, int, int]:
        return (B, T, self.layer.input_size) if self.layer.batch_first else (T, B, self.layer.input_size)

    def state(self) -> Any:
        """A random state of the form that the layer returns."""
        with torch.no_grad():
            _, state = copy.deepcopy(self.layer)(self.random(*self.shape(1, self.B)))

        def drawn(one: Any) -> Any:
            if isinstance(one, Tensor):
                return self.random(*one.shape) * 0.5
            return type(one)(drawn(part) for part in one)

        return drawn(state)

    def backends(self) -> tuple[Recurrent, Recurrent]:
        """The layer as it runs by default, and a copy that computes the equation in torch operations."""
        other = copy.deepcopy(self.layer)
        other.engine = "eager"
        return self.layer, other

    def same(self, found: Any, expected: Any, what: str) -> None:
        found, expected = flat(found), flat(expected)
        assert len(found) == len(expected), what
        for number, (a, b) in enumerate(zip(found, expected, strict=True)):
            if not b.isfinite().all():
                continue  # an equation that grows without bound
            assert a.dtype == b.dtype, f"{what} {number}: {a.dtype} and {b.dtype}"
            if self.dtype is torch.float64:
                close(a.detach(), b.detach(), f"{what} {number}")
            else:
                near(a.detach(), b.detach(), f"{what} {number}", like=torch.float32)

    def __str__(self) -> str:
        used = {name: value for name, value in self.options.items() if value}
        given = {name: value if name == "lengths" else "..." for name, value in self.given.items()}
        return (f"case {self.seed}: {self.kind}, {self.cell} X={self.layer.input_size} H={self.layer.hidden_size} "
                f"{self.sizes} {self.dtype} T={self.T} B={self.B} {used} {given}")  # fmt: skip


def flat(found: Any) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found]
    if hasattr(found, "data") and hasattr(found, "batch_sizes"):
        return [found.data]
    if isinstance(found, Mapping):
        return [one for part in found.values() for one in flat(part)]
    return [one for part in found for one in flat(part)] if found is not None else []


def trained(use: Use) -> None:
    """Outputs, states and gradients of a call in training, twice."""
    results = []
    seed = use.pick.randrange(10**6)
    every = use.pick.random() < 0.3
    noncontiguous = use.pick.random() < 0.3
    packed = use.pick.random() < 0.2 and "lengths" not in use.given and "resets" not in use.given
    rows = sorted((use.pick.randint(1, use.T) for _ in range(use.B)), reverse=True)
    for layer in use.backends():
        torch.manual_seed(seed)
        x = use.x.clone()
        if noncontiguous:
            x = x.transpose(0, 2).contiguous().transpose(0, 2)
        x.requires_grad_()
        given = dict(use.given)
        states = [one.detach().clone().requires_grad_() for one in flat(given.get("hx"))]
        if states:
            given["hx"] = refilled(given["hx"], iter(states))
        if packed:
            found = layer(pack_padded_sequence(x, rows, batch_first=layer.batch_first), given.get("hx"))
        else:
            found = layer(x, return_all_states=every, **given)
        results.append(with_gradients(flat(found), [x, *states, *layer.parameters()]))
    use.same(*results, f"{every=} {packed=} {noncontiguous=}")


def with_gradients(outputs: list[Tensor], leaves: list[Tensor]) -> list[Tensor]:
    """The outputs, and the gradient of a random weighted sum of them with respect to every leaf.

    The sum is linear, so that the gradient of outputs that are large, and rounded, does not depend on their last bits.
    """
    weights = [torch.randn(one.shape, generator=torch.Generator().manual_seed(3), dtype=one.dtype) for one in outputs]
    error = sum((one * weight).sum() for one, weight in zip(outputs, weights, strict=True))
    gradients = torch.autograd.grad(error, leaves, allow_unused=True)
    return [*outputs, *(torch.zeros_like(v) if g is None else g for g, v in zip(gradients, leaves, strict=True))]


def refilled(state: Any, values: Any) -> Any:
    return next(values) if isinstance(state, Tensor) else type(state)(refilled(part, values) for part in state)


@torch.no_grad()
def frozen(use: Use) -> None:
    """Frozen, called again, with a weight changed in between, and in threads."""
    layer, other = (one.eval() for one in use.backends())
    layer.freeze()
    for number in range(3):
        use.same(layer(use.x, **use.given), other(use.x, **use.given), f"frozen, call {number}")
        if number == 1:
            names = [name for name, _ in layer.named_parameters()]
            name = use.pick.choice(names)
            new = torch.randn(layer.get_parameter(name).shape, generator=use.generator, dtype=use.dtype) * 0.3
            if use.pick.random() < 0.5:
                layer.get_parameter(name).data.copy_(new)
            else:
                layer.get_parameter(name).data = new.clone()
            other.get_parameter(name).data.copy_(new)
            shorter = use.random(*use.shape(use.pick.randint(1, 9), use.pick.randint(1, 20)))
            use.same(layer(shorter), other(shorter), "another shape, frozen")


@torch.no_grad()
def streamed(use: Use) -> None:
    """Steps and blocks of a stream beside the layer over the whole sequence, with a restart from kept bytes."""
    layer, other = (one.eval() for one in use.backends())
    if layer.bidirectional:
        return
    x = use.x if not layer.batch_first else use.x.transpose(0, 1)
    expected, _ = other(use.x)
    expected = expected if not layer.batch_first else expected.transpose(0, 1)
    stream = layer.stream(use.B)
    found, first, kept = [], 0, None
    as_array = use.pick.random() < 0.5
    while first < use.T:
        count = use.pick.randint(1, use.T - first)
        block = x[first : first + count].contiguous()
        if use.pick.random() < 0.3:
            kept = stream.state()
            stream.run(use.random(*block.shape))
            stream.restore(kept)
        given = block.numpy() if as_array else block
        if use.pick.random() < 0.5:
            found += [torch.as_tensor(stream.step(one)).clone() for one in given]
        else:
            found += list(torch.as_tensor(stream.run(given)))
        first += count
    use.same(torch.stack(found), expected, "stream")
    if use.B > 1:
        rows = [0, use.B - 1]
        stream.reset(rows)
        again = torch.as_tensor(stream.step(x[0].contiguous()))
        zero = layer.stream(use.B)
        zero.reset()
        fresh = torch.as_tensor(zero.step(x[0].contiguous()))
        use.same(again[rows], fresh[rows], "rows that were reset")


def mapped(use: Use) -> None:
    """vmap over samples, and gradients of each sample."""
    layer, other = (one.eval() for one in use.backends())
    samples = torch.stack([use.x, *(use.random(*use.x.shape) for _ in range(use.pick.randint(0, 2)))])
    given = {name: value for name, value in use.given.items() if name != "hx"}
    use.same(*(vmap(lambda one, la=la: la(one, **given))(samples) for la in (layer, other)), "vmap")
    found = []
    for la in (layer, other):
        parameters = {name: value.detach() for name, value in la.named_parameters()}

        def error(p: dict[str, Tensor], one: Tensor, la: Recurrent = la) -> Tensor:
            return sum((part.sin()).sum() for part in flat(functional_call(la, p, (one,), given)))

        found.append(vmap(grad(error, (0, 1)), (None, 0))(parameters, samples))
    use.same(*found, "gradients of every sample")


def rounded(use: Use) -> None:
    """bfloat16 products, int8, and tensors of 16 bits."""
    layer, other = (one.eval() for one in use.backends())
    layer.float(), other.float()
    kind = use.pick.choice(("bfloat16", "int8"))
    layer.precision = other.precision = kind
    x = use.x.float()
    given = {name: value for name, value in use.given.items() if name != "hx"}
    with torch.no_grad():
        found, expected = flat(layer(x, **given)), flat(other(x, **given))
        if use.pick.random() < 0.5:
            again = flat(layer.freeze()(x, **given))
            pairs = zip(found, again, strict=True)
            assert all(torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) for a, b in pairs), f"{kind}: frozen differs"
    for number, (a, b) in enumerate(zip(found, expected, strict=True)):
        if not b.isfinite().all():
            continue
        near(a, b, f"{kind} {number}", like=torch.bfloat16)


@torch.no_grad()
def halves(use: Use) -> None:
    """Layers of 16-bit tensors near to float32."""
    dtype = use.pick.choice((torch.bfloat16, torch.float16))
    layer, other = (one.eval() for one in use.backends())
    layer.to(dtype)
    other.load_state_dict(layer.state_dict())
    other.float()
    x = use.x.to(dtype)
    given = {name: value for name, value in use.given.items() if name != "hx"}
    found, expected = flat(layer(x, **given)), flat(other(x.float(), **given))
    for number, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert a.dtype == dtype, f"{a.dtype}"
        if not b.isfinite().all() or b.abs().max() > 100:
            continue  # beyond 16 bits, or chaotic in them
        near(a.float(), b.float(), f"{dtype} {number}", like=torch.bfloat16)


@torch.no_grad()
def forked(use: Use) -> None:
    """A process forked after the layer ran computes the same."""
    layer, other = (one.eval() for one in use.backends())
    if use.pick.random() < 0.5:
        layer.freeze()
    expected = other(use.x, **use.given)
    use.same(layer(use.x, **use.given), expected, "before the fork")
    child = os.fork()
    if not child:
        try:
            use.same(layer(use.x, **use.given), expected, "in the fork")
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"forked process: {status}"
    use.same(layer(use.x, **use.given), expected, "after the fork")


def traced(use: Use) -> None:
    """Under ``torch.compile``: outputs, states and gradients."""
    results = []
    for layer, compiled in zip(use.backends(), (True, False), strict=True):
        torch._dynamo.reset()
        x = use.x.clone().requires_grad_()
        layer.eval()  # noise that is drawn inside a trace is drawn in another order
        run = torch.compile(layer, backend="aot_eager") if compiled else layer
        results.append(with_gradients(flat(run(x, **use.given)), [x, *layer.parameters()]))
    use.same(*results, "compiled by torch")


KINDS: dict[str, Callable[[Use], None]] = {
    "trained": trained, "frozen": frozen, "streamed": streamed, "mapped": mapped, "rounded": rounded, "halves": halves,
    "forked": forked, "traced": traced,
}  # fmt: skip


def run(use: Use) -> None:
    """Raise where the backends differ."""
    with warnings.catch_warnings(), threads(use.pick.choice((1, 1, 2, 3))):
        warnings.simplefilter("ignore")
        try:
            KINDS[use.kind](use)
        except AssertionError:
            if not chaotic(use):
                raise


@torch.no_grad()
def chaotic(use: Use) -> bool:
    """Whether the equation itself makes of a change in the last bits of the input more than is compared."""
    layer = use.backends()[1].eval()
    moved = use.x * (1 + 2 * torch.finfo(use.dtype).eps)
    first, second = (flat(layer(x, **use.given)) for x in (use.x, moved))
    try:
        use.same(first, second, "moved")
    except AssertionError:
        return True
    return False


def main(first: int, seconds: float, kinds: list[str] | None = None, cells: list[str] | None = None) -> None:
    os.environ["RECUR_FILL_NAN"] = "1"
    start, counts, ran, differ = time.monotonic(), dict.fromkeys(KINDS, 0), {}, 0
    seed = first
    while time.monotonic() - start < seconds:
        use = None
        try:
            use = Use(seed, cells or CELLS, kinds)
            run(use)
        except Exception as error:
            differ += 1
            text = str(error).strip().replace("\n", " | ")[:600]
            print(f"{use or f'case {seed}'}\n    {type(error).__name__}: {text}", flush=True)
            if use is None or not isinstance(error, AssertionError):
                traceback.print_exc(limit=-3, file=sys.stdout)
        if use is not None:
            counts[use.kind] += 1
            with contextlib.suppress(RecurError):  # a layer that did not run itself: a stream did
                report = use.layer.backend_report()
                key = use.cell, report.ran, str(report.reasons.get("native", ""))[:70]
                ran[key] = ran.get(key, 0) + 1
        seed += 1
    print(f"seeds {first} to {seed - 1}, {differ} differ", counts, {k: v for k, v in ran.items() if k[1] == "eager"})


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3].split(",") if len(sys.argv) > 3 and sys.argv[3] else None,
         sys.argv[4].split(",") if len(sys.argv) > 4 else None)  # fmt: skip
