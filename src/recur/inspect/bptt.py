"""The ledger of backpropagation through time: the gradient that every step passes back, and its share.

    e_t                                          the error of each prediction;  E is their mean, as in training
    dE/dz_t                                      what the readout is told
    dE/dh_t, dE/dc_t                             total derivatives: through the readout at t and through all later steps
    dE/dW_hy = sum_t dE/dz_t h_t^T               the three paths: hidden to output,
    dE/dW_xh = sum_t dE/da_t x_t^T                                input to hidden,
    dE/dW_hh = sum_t dE/da_t h_{t-1}^T                            hidden to hidden

The term of step t is its *share*; the shares of all steps add up to the gradient that training uses. A hook on a
layer's output (``retain_grad``) shows only what the readout at t says, and nothing of what comes back through time.

Sources: P. Werbos (1990), Backpropagation through time: what it does and how to do it; R. Pascanu, T. Mikolov,
Y. Bengio (2013), On the difficulty of training recurrent neural networks, section 2 (the factors of the Jacobian).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from recur.engine import bptt as engine_bptt
from recur.equations.graph import Node, topological
from recur.errors import ConfigError
from recur.inspect.itemised import itemise
from recur.inspect.jacobian import spectrum
from recur.inspect.paths import Path, path_of
from recur.inspect.record import Answer, Reading, Recorder, Seen, Steps, derivatives, recording, step_values
from recur.modes import Mode
from recur.network import Batch
from recur.nn.places import Place
from recur.training.tbptt import detached, piece
from recur.views.picture import ledger_figure

Array = np.ndarray[Any, np.dtype[Any]]

MEMORY = 0.01  # a step that receives less of the last step's gradient is forgotten
ITEMISED = 64  # errors that are followed back one by one, unless asked for otherwise


@dataclass(frozen=True)
class LayerLedger:
    """BPTT in one direction of one layer.

    Attributes
    ----------
    place : Place
    cell : str
    lengths : ndarray
        (B,) real steps of each row.
    states : dict of str to ndarray
        (T, B, S) each state after each step.
    d_states : dict of str to ndarray
        (T, B, S) dE/dstate_t, the total derivative.
    messages : dict of str to ndarray
        (T, B, S) what is handed to each state of copy t from outside the copy: by step t+1, and by what reads h_t.
        It differs from ``d_states`` where one state enters another within the step, as c_t enters h_t.
    paths : dict of str to Path
        By parameter.
    boundaries : tuple of int
        Steps before which nothing is handed back: where truncated BPTT cuts, or a new document begins.
    jacobian : dict of str to ndarray
        (T, S) singular values of dstate_t/dstate_{t-1}, the largest first; empty unless asked for.
    """

    place: Place
    cell: str
    lengths: Array
    states: dict[str, Array]
    d_states: dict[str, Array]
    messages: dict[str, Array]
    paths: dict[str, Path]
    boundaries: tuple[int, ...]
    jacobian: dict[str, Array]

    def norms(self) -> dict[str, Array]:
        """(T, B) ||dE/dstate_t|| of each state."""
        return {name: np.linalg.norm(d, axis=-1) for name, d in self.d_states.items()}

    def message_norm(self) -> Array:
        """(T, B) the norm of all that copy t is told about its states, ||dE/d(h_t, c_t)||."""
        square = np.stack([np.square(d).sum(-1) for d in self.messages.values()]).sum(0)
        return np.asarray(np.sqrt(square))


@dataclass(frozen=True)
class Ledger:
    """BPTT of one example, or of a batch.

    Attributes
    ----------
    error : float
        E, the mean of the errors.
    errors : ndarray
        (N,) e of each prediction.
    where : ndarray
        (N, 2) row and step of each; the answer to a whole sequence is at its last step.
    d_z : ndarray or None
        (N, V) dE/dz of each prediction; None where the readout is not one matrix (adaptive softmax).
    layers : tuple of LayerLedger
        Every layer and direction.
    readout : dict of str to Path
        W_hy and b_y, empty where the readout is not one matrix.
    read_at : ndarray
        (S,) the step of each share of W_hy. There is one for each prediction, but for the answer to a whole sequence,
        whose vector is put together from several steps: one for each of these.
    itemised : dict of Place to dict of str to ndarray
        For each place (K, T) ||de_k/dstate_t||, of each state, and of all together as "message"; empty unless asked
        for. Only of a single row.
    followed : ndarray
        (K,) which predictions were followed one by one.
    """

    error: float
    errors: Array
    where: Array
    d_z: Array | None
    layers: tuple[LayerLedger, ...]
    readout: dict[str, Path]
    read_at: Array
    itemised: dict[Place, dict[str, Array]]
    followed: Array

    def plot(self, row: int = 0) -> Any:
        """Draw ||dE/dstate_t|| of every layer, and the shares of the steps in the gradient of every matrix.

        Parameters
        ----------
        row : int
            The sequence of the batch whose norms are drawn; the shares are those of all rows together.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ConfigError
            When matplotlib is not installed.
        """
        return ledger_figure(
            [
                (
                    str(layer.place),
                    {name: values[:, row] for name, values in layer.norms().items()},
                    {name: path.fraction for name, path in layer.paths.items() if path.kind != "bias"},
                )
                for layer in self.layers
            ]
        )


def bptt(
    model: Any, example: Any, *, window: int | None = None, itemised: int = ITEMISED, jacobian: bool = False
) -> Ledger:
    """Follow the error of an example back through time.

    Parameters
    ----------
    model : Model or Mode
        A network.
    example : text, (input, target), or Batch
        A text for a model of the next item; an input and its target for the others; or rows that are encoded already.
    window : int, optional
        Steps of truncated BPTT, between which the state goes on and the error does not; by default all steps.
    itemised : int
        How many errors, the last ones, are followed back one by one (single rows only); 0 for none.
    jacobian : bool
        Whether the singular values of dh_t/dh_{t-1} are computed.

    Returns
    -------
    Ledger
        Of every layer and direction: total derivatives dE/dstate_t (T, B, S), and for every matrix the share of each
        step in its gradient.

    Raises
    ------
    RecurError
        When the example cannot be read, or the network's error is not one of single steps.

    References
    ----------
    P. Werbos (1990), Backpropagation through time: what it does and how to do it. R. Pascanu, T. Mikolov, Y. Bengio
    (2013), On the difficulty of training recurrent neural networks, section 2.

    Examples
    --------
    >>> import recur
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> model = recur.fit(rows, epochs=1, hidden_size=8, bidirectional=False, progress=False)
    >>> [layer] = bptt(model, ("a fine film", "good")).layers
    >>> layer.norms()["h"].shape  # (T, B): ||dE/dh_t|| of each step
    (3, 1)
    >>> round(float(layer.paths["W_hh"].fraction.sum()), 3)
    1.0
    """
    mode: Mode = model.mode
    return ledger(mode, as_batch(mode, example), window=window, itemised=itemised, jacobian=jacobian)


def as_batch(mode: Mode, example: Any) -> Batch:
    """An example as rows of one, on the network's device and in its precision."""
    if not isinstance(example, Batch):
        from recur.data import Example

        given, target = example if isinstance(example, tuple) else (example, example)
        example = mode.collate([mode.encode(Example(given, target, ""))])
    batch = example.to(mode.device)
    dtype = next(mode.parameters()).dtype

    def cast(values: Tensor | None) -> Tensor | None:
        return values.to(dtype) if values is not None and values.is_floating_point() else values

    return Batch(
        cast(batch.inputs), batch.input_lengths, batch.targets, batch.target_lengths, batch.resets
    )  # targets are cast where they are compared


def ledger(
    mode: Mode,
    batch: Batch,
    *,
    window: int | None = None,
    itemised: int = 0,
    jacobian: bool = False,
    only: Tensor | Literal["last"] | None = None,
) -> Ledger:
    """Return the ledger of a batch.

    Parameters
    ----------
    mode : Mode
    batch : Batch
    window, itemised, jacobian
        As for `bptt`.
    only : Tensor or "last", optional
        Other weights (N,) of the errors than 1/N each, or the last error alone.
    """
    return follow(mode, batch, window=window, itemised=itemised, jacobian=jacobian, only=only)[0]


def follow(
    mode: Mode,
    batch: Batch,
    *,
    window: int | None = None,
    itemised: int = 0,
    jacobian: bool = False,
    only: Tensor | Literal["last"] | None = None,
    run: Callable[[], bool] | None = None,
) -> tuple[Ledger, list[Part]]:
    """The ledger of a batch, and the passes that it was made of; ``run`` computes another error than training's."""
    with recording(mode) as recorder:
        cuts = _run(mode, batch, window, recorder) if run is None else run()
        readings = _readings(recorder.answers, batch)
        errors = torch.cat([one.errors for one in readings])
        weights = torch.full_like(errors, 1 / max(1, len(errors)))
        if isinstance(only, str):
            weights = torch.zeros_like(errors)
            weights[-1:] = 1
        elif only is not None:
            weights = only.to(errors)
        error = (errors * weights).sum()
        outside = recorder.outside(error)
        single = len(batch) == 1
        chosen = torch.arange(max(0, len(errors) - itemised), len(errors)) if single else torch.arange(0)
        items = [recorder.outside(errors[int(k)]) for k in chosen]
    traced = [step_values(one.call) for one in recorder.passes]
    found = []
    for number, (one, steps, (d_outputs, d_states)) in enumerate(zip(recorder.passes, traced, outside, strict=True)):
        messages = engine_bptt.backward(steps.tape, d_outputs, d_states).totals
        rows = [(item[number][0], item[number][1]) for item in items]
        found.append(Part(one, steps, messages, itemise(steps, rows), spectrum(steps) if jacobian else {}))
    layers, matrix = _by_place(found, cuts)
    where = torch.cat([one.where for one in readings])
    d_z, readout, read_at = _readout(mode, batch, recorder.answers, readings, error)
    whole = Ledger(
        float(error.detach()), _array(errors), _array(where), d_z, layers, readout, read_at, matrix, _array(chosen)
    )  # fmt: skip
    return whole, found


@dataclass(frozen=True)
class Part(Seen):
    """One pass of one place, with what BPTT found in it: messages dE/dstate_t (T, B, S) that copies are handed."""

    messages: dict[str, Tensor]
    itemised: dict[str, Array]
    jacobian: dict[str, Array]


def _run(mode: Mode, batch: Batch, window: int | None, recorder: Recorder) -> bool:
    """Compute the error as training does, in windows if asked for; return whether passes are cut from each other."""
    steps = batch.targets.shape[1] if batch.targets.dim() > 1 else 1
    if window is None or window >= steps or not mode.carries_state:
        mode.loss(batch)
        return False
    state: Any = None
    for start in range(0, steps, window):
        state = detached(mode.loss(_window(batch, start, min(steps, start + window)), state).state)
    del recorder
    return True


def _window(batch: Batch, start: int, stop: int) -> Batch:
    """Some steps of a batch, of which each row has those that are left."""
    cut = piece(batch, start, stop)
    for name in ("input_lengths", "target_lengths"):
        lengths = getattr(batch, name)
        if lengths is not None:
            setattr(cut, name, (lengths - start).clamp(0, stop - start))
    return cut


def _readings(answers: Sequence[Answer], batch: Batch) -> list[Reading]:
    """The predictions of all windows, with the steps that they have in the whole."""
    if not answers:
        raise ConfigError("the error of this network is not one of single steps, so it cannot be followed back by step")
    found, offset = [], 0
    for answer in answers:
        one = answer.read(batch.input_lengths)
        found.append(replace(one, where=one.where + torch.tensor([0, offset], device=one.where.device)))
        offset += answer.steps
    return found


def _by_place(parts: Sequence[Part], cut: bool) -> tuple[tuple[LayerLedger, ...], dict[Place, dict[str, Array]]]:
    """Put the passes of each place one behind the other."""
    layers, matrix = [], {}
    for place in dict.fromkeys(part.one.place for part in parts):
        mine = [part for part in parts if part.one.place == place]
        names = mine[0].one.call.equation.states

        def joined(values: list[dict[str, Tensor]], names: tuple[str, ...] = names) -> dict[str, Array]:
            return {name: np.concatenate([_array(one[name]) for one in values]) for name in names}

        full = [_totals(part) for part in mine]
        boundaries, offset = [], 0
        for part in mine:
            call = part.one.call
            if cut and offset:
                boundaries.append(offset)
            if call.resets is not None:
                boundaries += [offset + int(t) for t in call.resets.any(1).nonzero()[:, 0]]
            offset += call.x.shape[0]
        lengths = sum(
            np.full(part.one.call.x.shape[1], part.one.call.x.shape[0])
            if part.one.call.lengths is None
            else _array(part.one.call.lengths)
            for part in mine
        )
        layers.append(
            LayerLedger(
                place, mine[0].one.call.equation.name, np.asarray(lengths), joined([p.steps.states for p in mine]),
                joined(full), joined([p.messages for p in mine]), _paths(mine), tuple(sorted({*boundaries} - {0})),
                {n: np.concatenate([p.jacobian[n] for p in mine]) for n in mine[0].jacobian},
            )
        )  # fmt: skip
        if mine[0].itemised:
            matrix[place] = {n: np.concatenate([p.itemised[n] for p in mine], axis=1) for n in mine[0].itemised}
    return tuple(layers), matrix


def _totals(part: Part) -> dict[str, Tensor]:
    """dE/dstate_t through everything, also through other states of the same step."""
    steps = part.steps
    nodes = [steps.derived.nodes[id(node)] for node in steps.graph.outputs.values()]
    return dict(zip(steps.graph.outputs, derivatives(steps, part.messages, nodes), strict=True))


def _paths(parts: Sequence[Part]) -> dict[str, Path]:
    """Every parameter's shares."""
    first = parts[0].steps
    factors: dict[str, list[list[tuple[Array, Array | None]]]] = {}
    kinds: dict[str, str] = {}
    for part in parts:
        derived = part.steps.derived
        nodes: list[Node] = []
        for pairs in derived.products.values():
            nodes += [dz for dz, _ in pairs]
            nodes += [v for _, v in pairs]
        nodes += list(derived.vectors.values())
        values = {
            id(n): _array(v)
            for n, v in zip(nodes, _any_values(part, nodes), strict=True)
        }  # fmt: skip
        for name, pairs in derived.products.items():
            factors.setdefault(name, []).append([(values[id(dz)], values[id(v)]) for dz, v in pairs])
            kinds[name] = _kind(derived, name)
        for name, node in derived.vectors.items():
            factors.setdefault(name, []).append([(values[id(node)], None)])
            kinds[name] = "hidden to hidden" if _multiplies_state(first, name) else "bias"
    order = first.graph.parameters
    return {name: path_of(name, kinds[name], _joined(factors[name])) for name in order}


def _any_values(part: Part, nodes: list[Node]) -> list[Tensor]:
    """Values of nodes of the step or of its gradient."""
    own = {id(n) for n in part.steps.graph.order} | {id(part.steps.graph.input)}
    own |= {id(n) for n in part.steps.graph.states.values()}
    backward = [n for n in nodes if id(n) not in own]
    found = {id(n): v for n, v in zip(backward, derivatives(part.steps, part.messages, backward), strict=True)}
    return [found[id(n)] if id(n) in found else part.steps.of(n) for n in nodes]


def _joined(passes: list[list[tuple[Array, Array | None]]]) -> tuple[tuple[Array, Array | None], ...]:
    """The factors of one parameter over all passes."""
    count = len(passes[0])
    joined: list[tuple[Array, Array | None]] = []
    for place in range(count):
        seconds = [one[place][1] for one in passes]
        v = None if seconds[0] is None else np.concatenate([s for s in seconds if s is not None])
        joined.append((np.concatenate([one[place][0] for one in passes]), v))
    return tuple(joined)


def _kind(derived: Any, name: str) -> str:
    """Which way a matrix leads: from the input, or from a state (also where it meets something made of one)."""
    ops = {n.op for _, v in derived.products[name] for n in topological([v])}
    return "hidden to hidden" if "state" in ops else "input to hidden"


def _multiplies_state(steps: Steps, name: str) -> bool:
    """Whether a vector parameter is a diagonal recurrent matrix, as that of IndRNN."""
    leaf = steps.graph.parameters[name]
    states = {id(n) for n in steps.graph.states.values()}
    return any(n.op == "mul" and leaf in n.args and any(id(a) in states for a in n.args) for n in steps.graph.order)


def _readout(
    mode: Mode, batch: Batch, answers: Sequence[Answer], readings: Sequence[Reading], error: Tensor
) -> tuple[Array | None, dict[str, Path], Array]:
    """dE/dz (N, V), the shares of W_hy and b_y, and the steps of the shares of W_hy."""
    readout = answers[0].output.matrix
    where = torch.cat([one.where for one in readings])
    inner = [one.z for one in readings if one.z is not None]
    if readout is None or len(inner) < len(readings):
        return None, {}, np.zeros(0, np.int64)
    given = (
        torch.autograd.grad(error, inner, retain_graph=True, allow_unused=True)
        if error.requires_grad else [None] * len(inner)
    )  # fmt: skip
    pairs = zip(inner, given, readings, strict=True)
    dz = _array(torch.cat([(torch.zeros_like(z) if d is None else d)[one.mask] for z, d, one in pairs]))
    with torch.no_grad():
        given_by_step = mode.contributions(batch.inputs, batch.input_lengths)
    if given_by_step is not None:
        v = _array(given_by_step.transpose(0, 1))
        factors = ((np.broadcast_to(dz, (len(v), *dz.shape)), v),)
        read_at = np.arange(len(v))
    else:
        factors = ((dz[:, None], _array(torch.cat([one.vectors for one in readings]))[:, None]),)
        read_at = _array(where[:, 1])
    paths = {"W_hy": path_of("W_hy", "hidden to output", factors)}
    if readout.bias is not None:
        paths["b_y"] = path_of("b_y", "bias", ((dz[:, None], None),))
    return dz, paths, read_at


def distance_of_memory(norms: Array) -> float:
    """Return how many steps back a gradient falls below 1 % of what the last step has.

    A cell with gates hands most of a gradient to its cell state at the first step back and keeps that part for long:
    a threshold of 1/e would call this a memory of one step.

    Parameters
    ----------
    norms : ndarray
        (T,) norms of one error's derivative, in the order of time.

    Returns
    -------
    float
        Steps; infinite if it never falls so low.

    Examples
    --------
    >>> distance_of_memory(np.array([0.002, 0.02, 0.2, 1.0])), distance_of_memory(np.array([0.2, 0.2, 0.2, 1.0]))
    (3.0, inf)
    """
    back = np.asarray(norms, float)[::-1]
    if not len(back) or back[0] <= 0:
        return 0.0
    low = np.nonzero(back < MEMORY * back[0])[0]
    return float(low[0]) if len(low) else math.inf


def _array(value: Tensor) -> Array:
    return value.detach().cpu().numpy()
