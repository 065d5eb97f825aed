"""``Recurrent``: any equation as a layer: deep, bidirectional, over ragged rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Unpack

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from recur import engine as backends
from recur.engine import BackendReport, Result, observers, torch_state
from recur.engine.noise import drawn_states
from recur.equations import Equation
from recur.errors import RecurError
from recur.nn import checks, initialization
from recur.nn.backend_report import merge_reports
from recur.nn.fast_path import FastPath
from recur.nn.interlayer import drop_between, merge_directions
from recur.nn.layer_layout import lay_out
from recur.nn.locked_masks import Lock
from recur.nn.look_up import LookUp
from recur.nn.masks import draw_noise, drop_weights
from recur.nn.options import Device, Extras, complete, describe
from recur.nn.padding import TimeMajorSteps, arrange, packing_of
from recur.nn.state import State, StepStates, flat_state, join_state, split_state
from recur.nn.stream import Stream
from recur.nn.torch_interface import TorchInterface

Series = list[list[dict[str, Tensor]]]


class Recurrent(TorchInterface):
    r"""A layer over any equation: ``states_t = f(x_t, states_{t-1})`` for t = 1..T, in L layers and D directions.

    Parameters
    ----------
    equation : Equation or str
        The cell: an equation defined with ``recur.equation``, or a name that ``recur cells`` lists.
    input_size : int
        X.
    hidden_size : int or sequence of int
        H, or one H per layer.
    num_layers : int
        L; each layer reads the outputs of the one below.
    bias : bool
        If False, the equation's bias vectors (free vectors called ``b...``) are zero instead of parameters.
    batch_first : bool
        Axis order of input and output: (B, T, .) or (T, B, .). States are (L*D, B, S) in both.
    dropout : float
        Dropout between layers: on the outputs of every layer but the last, with a new mask at every step.
    bidirectional : bool
        Also read each row from its last real step to its first.
    device, dtype
        Device and dtype of the parameters.
    sizes : mapping of str to int
        Numbers for the equation's own size symbols, ``{"P": 64}``.
    residual : bool
        Add a layer's input to its output, where the two have the same size.
    merge : "concat" or "sum"
        How the two directions are merged.
    variational_dropout : float
        Dropout between layers with one mask for all steps (Gal and Ghahramani 2016).
    recurrent_dropout : float
        One mask for all steps on h_{t-1} where it enters a product (Gal and Ghahramani 2016).
    zoneout : float or mapping of str to float
        Probability that a unit keeps its old value at a step, for all states or by state (Krueger et al. 2017).
    weight_drop : float
        DropConnect on the recurrent matrices, drawn once per forward pass (Merity et al. 2018).
    forget_bias : float, optional
        Initial bias of the forget gate of an LSTM (Jozefowicz et al. 2015).
    memory_steps : int, optional
        Initial memory span: the gate biases of an LSTM or GRU are set for spans between 1 and this many steps
        (Tallec and Ollivier 2018); in place of ``forget_bias``.
    recurrent_init : "uniform" or "orthogonal"
        Initialisation of the recurrent matrices; orthogonal for each gate (Saxe et al. 2014).
    learn_initial_state : bool
        Make the state before the first step a parameter (initially zero) instead of zero. A reset still zeroes it.
    engine : str
        Backend: "auto", "native", "stock" or "eager". ``backend_report()`` tells which one ran.
    precision : "float32", "bfloat16" or "int8"
        Of the matrix products; "float32" means the dtype of the parameters. "int8" is for inference: it has no
        gradient. ``backend_report()`` names the instructions that multiply.
    memory_budget : int or "sqrt", optional
        Bytes that each layer and direction may keep for its backward pass; what does not fit is recomputed there,
        in segments, at the cost of one more forward pass. "sqrt" keeps O(sqrt(T)) steps.

    Raises
    ------
    ArgumentTypeError
        If an argument has the wrong type.
    ConfigError
        If a value is out of its range, or an option does not fit the equation.
    EquationError
        If there is no cell of that name, or one of its sizes is not given.

    Attributes
    ----------
    {name}_l{k}, {name}_l{k}_reverse : nn.Parameter
        The equation's parameter ``name`` in layer k.

    Examples
    --------
    >>> import torch
    >>> from recur.nn import Recurrent
    >>> layer = Recurrent("minimal_gated_unit", 3, 5, num_layers=2, batch_first=True)
    >>> output, state = layer(torch.randn(4, 7, 3), lengths=[7, 0, 3, 5])
    >>> output.shape, state.shape
    (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))
    """

    # own names of the equation's parameters; a layer of torch.nn has torch's
    naming: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(
        self,
        equation: Equation | str,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: torch.dtype | None = None,
        *,
        sizes: Mapping[str, int] | None = None,
        forget_bias: float | None = None,
        **extras: Unpack[Extras],
    ) -> None:
        super().__init__()
        options = complete(type(self).__name__, extras)
        self.equation = checks.as_equation(equation)
        self.hidden_sizes = checks.check_sizes(input_size, hidden_size, num_layers, bias, batch_first, dropout)
        self.input_size = input_size
        self.hidden_size = hidden_size if isinstance(hidden_size, int) else list(hidden_size)
        self.num_layers = len(self.hidden_sizes)
        self.bias = bias
        self.bidirectional = bidirectional
        self.merge = checks.check_choice("merge", options.pop("merge"), ("concat", "sum"))
        self.learn_initial_state = checks.check_flag("learn_initial_state", options.pop("learn_initial_state"))
        self.layout = lay_out(
            self.equation, self.naming, input_size, self.hidden_sizes, own_sizes=checks.check_own_sizes(sizes),
            bias=bias, directions=2 if bidirectional else 1, concatenated=self.merge == "concat",
        )  # fmt: skip
        self.output_size = self.layout.output_size
        options |= {"batch_first": batch_first, "dropout": dropout, "forget_bias": forget_bias}
        for name, value in options.items():
            setattr(self, name, value)  # each assignment is checked: see LayerBase
        checks.warn_unused_dropout("dropout", self.dropout, self.num_layers)
        checks.warn_unused_dropout("variational_dropout", self.variational_dropout, self.num_layers)
        for name, shape in self._shapes():
            self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        for name, values in self._fixed():
            self.register_buffer(name, torch.as_tensor(values, device=device, dtype=dtype or torch.get_default_dtype()))
        self.reset_parameters()
        self._reports: list[BackendReport] = []
        self._fast_path = FastPath()

    def _fixed(self) -> Iterator[tuple[str, np.ndarray]]:
        """Name and values of every parameter that the equation fixes."""
        for level in self.layout.levels:
            values = {name: self.equation.fixed_value(name, **level.sizes) for name in self.equation.fixed}
            for binding in level.bindings:
                yield from ((part.own[0], values[part.name]) for part in binding.parts if part.name in values)

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape of every trained parameter, in torch.nn's order."""
        fixed = {name for name, _ in self._fixed()}
        for binding in self.layout.bindings:
            yield from ((name, shape) for name, shape in binding.shapes() if name not in fixed)
        for level in self.layout.levels if self.learn_initial_state else ():
            for names in level.initial:
                for state, name in names.items():
                    yield name, (level.state_sizes[state],)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw new parameters: U(-1/sqrt(H), 1/sqrt(H)) in torch.nn's order, then those of the chosen options."""
        parameters: dict[str, Tensor] = dict(self.named_parameters(recurse=False))
        for hidden, level in zip(self.hidden_sizes, self.layout.levels, strict=True):
            for binding in level.bindings:
                initialization.uniform(parameters, self.equation, binding, hidden)
        for binding in self.layout.bindings:
            if self.recurrent_init == "orthogonal":
                initialization.orthogonal(parameters, self.equation, binding)
            if self.forget_bias is not None:
                initialization.forget_bias(parameters, binding, self.forget_bias)
            if self.memory_steps is not None:
                initialization.chrono(parameters, self.equation, binding, self.memory_steps)
        if self.learn_initial_state:
            for name in (name for level in self.layout.levels for names in level.initial for name in names.values()):
                parameters[name].zero_()

    def forward(
        self,
        input: Tensor | PackedSequence | LookUp,
        hx: State | None = None,
        *,
        lengths: Tensor | Sequence[int] | None = None,
        resets: Tensor | None = None,
        return_all_states: bool = False,
    ) -> Any:
        """Run the recurrence.

        Parameters
        ----------
        input : Tensor, PackedSequence or LookUp
            (T, B, X); (B, T, X) with ``batch_first``; (T, X) for one sequence without a batch.
        hx : Tensor or tuple of Tensor, optional
            The state before the first step, (L*D, B, S) for each state of the equation; zeros, or the learned
            state, if left out. Where layers differ in size: a list with one such state per layer.
        lengths : Tensor or sequence of int, optional
            (B,) real steps of each row, in any order, from 0 to T. The reverse direction starts at a row's last
            real step, the state returned is the one after it, and outputs beyond it are zero.
        resets : Tensor, optional
            (B, T) bool in every layout: True where the state is zeroed before that step, because a new sequence
            begins there.
        return_all_states : bool
            Also return each state of each layer at every step.

        Returns
        -------
        output : Tensor or PackedSequence
            (T, B, O), (B, T, O) or (T, O) as the input came; O is S of the first state, twice that when two
            directions are concatenated. A PackedSequence gives a PackedSequence.
        state : Tensor, tuple or list
            As ``hx``.
        all_states : list of list of dict, only with ``return_all_states``
            ``[layer][direction][name]``: (T, B, S) or (B, T, S), zero at padded steps.

        Raises
        ------
        LayerInputError
            If a tensor does not fit; the hint tells what to change.
        ArgumentTypeError
            If the input is not a tensor.
        BackendError
            If the backend requested by name cannot run this.
        """
        if resets is None and not return_all_states:
            own = self._parameters | self._buffers if self._buffers else self._parameters
            result = self._fast_path.run(self, own, input, hx, lengths)
            if result is not None:
                self.__dict__["_reports"] = self._fast_path.reports
                return result
        if isinstance(input, LookUp):
            input = input.vectors()
        steps, initial_states = self._enter(input, hx, lengths, resets)
        y, finals, series = self._run_layers(steps, initial_states, return_all_states)
        joined = join_state(finals, self.equation.states, self.layout.state_sizes)
        if not return_all_states:
            alone = _holds_alone()
            if alone and steps.moves_axes and y.requires_grad and self._reports[-1].ran == "stock":
                # torch's kernels save their output for the backward pass, so it must not be changed in place
                y = y.clone()
            return steps.output(y, alone), steps.leave(joined, alone)
        state = steps.leave(joined)
        arranged = [[{n: steps.series(s) for n, s in one.items()} for one in layer] for layer in series]
        return steps.output(y), state, arranged

    def _enter(
        self,
        x: Tensor | PackedSequence,
        hx: State | None,
        lengths: Tensor | Sequence[int] | None,
        resets: Tensor | None,
    ) -> tuple[TimeMajorSteps, list[list[StepStates]] | None]:
        """Check the caller's arguments and arrange them for the layers."""
        packed = isinstance(x, PackedSequence)
        values = x.data if isinstance(x, PackedSequence) else x
        kind = type(self).__name__
        if not isinstance(values, Tensor):
            raise checks.ArgumentTypeError(
                f"{kind} takes a tensor or a PackedSequence, got {type(values).__name__}",
                hint="torch.as_tensor(input, dtype=torch.float32)",
            )
        if not packed and values.dim() not in (2, 3):
            tail = "instead" if kind in ("LSTM", "GRU") else "tensor instead"
            raise checks.LayerInputError(
                f"{kind}: Expected input to be 2D or 3D, got {values.dim()}D {tail}",
                hint="(B, T, X) with batch_first=True, (T, B, X) without, (T, X) for one sequence",
            )
        if not torch.compiler.is_compiling():
            self.check_parameters()
        weight = self.first_weight()
        unbatched = not packed and values.dim() == 2
        checks.check_input(
            kind, values.unsqueeze(1) if unbatched else values, weight, self.input_size, packed, self.batch_first
        )
        batch: int | None
        packing = packing_of(x) if isinstance(x, PackedSequence) else None
        if packing is not None:
            batch = packing.rows
        else:
            batch = None if unbatched else values.shape[0 if self.batch_first else 1]
        directions, sizes = self.layout.directions, self.layout.state_sizes
        if hx is None:
            checks.check_devices(values, (), weight)
            return arrange(x, lengths, resets, self.batch_first, packing), None
        states = split_state(kind, hx, self.equation.states, sizes, directions, batch)
        checks.check_devices(values, flat_state(hx), weight)
        steps = arrange(x, lengths, resets, self.batch_first, packing)
        if steps.packed is not None:
            states = split_state(kind, steps.enter(hx), self.equation.states, sizes, directions, batch)
        return steps, states

    def _run_layers(
        self, steps: TimeMajorSteps, initial_states: list[list[StepStates]] | None, all_states: bool
    ) -> tuple[Tensor, list[list[StepStates]], Series]:
        finals, series, reports = [], [], []
        for layer in range(self.num_layers):
            x = steps.x
            outputs, ends, histories = [], [], []
            for direction in range(self.layout.directions):
                states = initial_states[layer][direction] if initial_states is not None else None
                result = self._run_direction(steps, layer, direction, states, all_states)
                outputs.append(result.outputs)
                ends.append(result.states)
                histories.append(result.all_states or {})
                reports.append(result.report)
            y = merge_directions(outputs, self.merge)
            if self.training and layer < self.num_layers - 1:
                y = drop_between(y, steps, self.dropout, self.variational_dropout, self._lock_of(layer))
            if self.residual and y.shape == x.shape:
                y = steps.without_padding().x + y
            steps = steps.carrying(y)
            finals.append(ends)
            series.append(histories)
        if torch_state.SETS_UNDER_COMPILE or not torch.compiler.is_compiling():
            self._reports = reports
        return steps.x, finals, series

    def _run_direction(
        self, steps: TimeMajorSteps, layer: int, direction: int, states: StepStates | None, all_states: bool
    ) -> Result:
        """Run one layer of the stack in one direction."""
        layout, lock = self.layout, self._lock_of(layer, direction)
        if states is None:
            states = self.learned_states(layer, direction, steps.rows)
        if states is None and self.layout.sized_by_states:
            zero = self.first_weight().new_zeros
            states = {name: zero(steps.rows, size) for name, size in layout.state_sizes[layer].items()}
        parameters = drop_weights(
            self.gather(layer, direction), layout.recurrent_matrices, self.weight_drop, self.training, lock
        )
        noise = draw_noise(
            steps, layout.state_sizes[layer], layout.recurrent_states, self.recurrent_dropout, self.zoneout,
            self.training, lock, drawn_states(self.equation),
        )  # fmt: skip
        run = backends.run
        if torch.compiler.is_compiling():
            # imported here: it loads torch's compiler, which takes as long as torch itself
            from recur.nn.tracing import run_between, run_traced

            if self.engine in {"auto", "native"}:
                result = run_traced(
                    self, layer, direction, steps.x, states, parameters, steps.lengths, steps.resets, noise, all_states
                )
                if result is not None:
                    return result
            run = run_between
        return run(
            self.equation, steps.x, states, parameters, lengths=steps.lengths, resets=steps.resets,
            reverse=direction == 1, noise=noise, backend=self.engine, all_states=all_states, precision=self.precision,
            packing=steps.packing, memory_budget=self.memory_budget, frozen=self.frozen_weights(layer, direction),
        )  # fmt: skip

    def _lock_of(self, *place: int) -> Lock:
        """`lock` for the masks of one layer and direction, or of the dropout above a layer."""
        return lambda name, draw: self.lock((*place, name), draw)

    def stream(self, batch: int = 1) -> Stream:
        """Return a stream of the layer: one step per call, the state kept between calls.

        Parameters
        ----------
        batch : int
            B, sequences per step.

        Returns
        -------
        Stream
            ``step(x)`` takes (B, X), a tensor or an ndarray, and gives the output (B, O); ``state()`` and ``restore``
            save the state as bytes. The weights are those at the time of this call.

        Raises
        ------
        ConfigError
            If the layer is bidirectional, or not on the CPU in float32 or float64.

        Examples
        --------
        >>> import numpy as np
        >>> from recur.nn import GRU
        >>> stream = GRU(3, 8).stream(batch=2)
        >>> stream.step(np.zeros((2, 3), np.float32)).shape
        (2, 8)
        """
        return Stream(self, batch)

    def backend_report(self) -> BackendReport:
        """The backend of the last forward pass, and why each faster backend did not run.

        Raises
        ------
        RecurError
            If the layer has not run yet.
        """
        if not self._reports:
            raise RecurError("this layer has not run yet, so there is nothing to report", hint="call it once: layer(x)")
        return merge_reports(self._reports)

    def extra_repr(self) -> str:
        cell = [self.equation.name] if type(self) is Recurrent else []
        return ", ".join([*cell, f"{self.input_size}", f"{self.hidden_size}", *describe(self)])


def _holds_alone() -> bool:
    """Whether nothing but the layer refers to its results: no observer, no tracer, no transform."""
    return not torch.compiler.is_compiling() and observers.current() is None and not torch_state.transformed()
