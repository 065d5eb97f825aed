"""Binding of a layer's parameters to the equation's: names, shapes, and the sum of torch's two biases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recur.equations import Equation
from recur.errors import ShapeError

# torch.nn has two biases where one would be enough (for cuDNN); the equations of lstm and elman have one
TORCH_NAMES: Mapping[str, tuple[str, ...]] = {
    "W_xh": ("weight_ih",),
    "W_hh": ("weight_hh",),
    "b": ("bias_ih", "bias_hh"),
    "b_x": ("bias_ih",),
    "b_h": ("bias_hh",),
    "W_hr": ("weight_hr",),
}


@dataclass(frozen=True)
class BoundParameter:
    """One parameter of the equation in one layer and direction.

    Attributes
    ----------
    name : str
        The equation's name for it.
    own : tuple of str
        The layer's attributes that are summed; empty for a bias that is switched off and therefore zero.
    shape : tuple of int
        Its shape, and that of each of ``own``.
    stored : tuple of int, optional
        The shape of ``own`` where the parameter is made from it: blocks, rows and columns of one, of a matrix that is
        zero outside the blocks on its diagonal; maps out, maps in and kernel of a convolution.
    grid : (int, int), optional
        Height and width of the grid of a convolution.
    """

    name: str
    own: tuple[str, ...]
    shape: tuple[int, ...]
    stored: tuple[int, ...] | None = None
    grid: tuple[int, int] | None = None


@dataclass(frozen=True)
class Binding:
    """All parameters of the equation in one layer and direction."""

    parts: tuple[BoundParameter, ...]

    @property
    def has_stored(self) -> bool:
        """Whether a parameter is a matrix of blocks or a convolution, made from what is stored at each call."""
        return any(part.stored is not None for part in self.parts)

    def names(self) -> list[str]:
        """The layer's own attribute names, in the order in which they are registered."""
        return [name for part in self.parts for name in part.own]

    def shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Own name and shape of each parameter, in order."""
        for part in self.parts:
            for name in part.own:
                yield name, part.stored or part.shape

    def gather(self, own: Callable[[str], Tensor]) -> dict[str, Tensor]:
        """Return the equation's parameters, computed from the layer's own.

        ``own`` looks an attribute up at each call, so that weights replaced by ``functional_call``,
        a parametrisation or ``weight_norm`` are the ones that are used.
        """
        gathered: dict[str, Tensor] = {}
        like: Tensor | None = None
        for part in self.parts:
            tensors = [own(name) for name in part.own]
            if tensors:
                like = tensors[0]
                gathered[part.name] = tensors[0] if len(tensors) == 1 else _sum(part, tensors)
                if part.grid is not None:
                    gathered[part.name] = over_grid(tensors[0], *part.grid)
                elif part.stored is not None:
                    gathered[part.name] = torch.block_diag(*tensors[0].unbind(0))  # type: ignore[no-untyped-call]
        for part in self.parts:
            if not part.own and like is not None:
                gathered[part.name] = like.new_zeros(part.shape)
        return {part.name: gathered[part.name] for part in self.parts}


def _sum(part: BoundParameter, tensors: Sequence[Tensor]) -> Tensor:
    """The sum of two parameters of equal shape; torch would silently broadcast a smaller one."""
    if tensors[0].shape != tensors[1].shape:
        shapes = " and ".join(f"{name} {tuple(t.shape)}" for name, t in zip(part.own, tensors, strict=True))
        raise ShapeError(f"the shapes are {shapes}, expected {part.shape} for both")
    return torch.add(tensors[0], tensors[1])


def over_grid(stored: Tensor, height: int, width: int) -> Tensor:
    """The matrix whose product with the maps of a grid is their convolution, zeros around it; a vector for each place.

    Row (f, y, x) has the kernel K[f, c, i, j] in column (c, y + i - r, x + j - r), where r is the kernel's reach.
    """
    places = height * width
    if stored.dim() == 1:
        return stored.repeat_interleave(places)
    outputs, inputs, size, _ = stored.shape
    down, across = (torch.arange(count, device=stored.device) for count in (height, width))
    i, j = ((one - one.unsqueeze(1) + size // 2) for one in (down, across))  # from the row's place to the column's
    inside = [(one >= 0) & (one < size) for one in (i, j)]
    tap = i.clamp(0, size - 1)[:, None, :, None] * size + j.clamp(0, size - 1)[None, :, None, :]
    tap = torch.where(inside[0][:, None, :, None] & inside[1][None, :, None, :], tap, size * size)
    taps = torch.cat([stored.flatten(2), stored.new_zeros(outputs, inputs, 1)], -1)
    whole = taps[..., tap.flatten()].reshape(outputs, inputs, places, places)
    return whole.transpose(1, 2).reshape(outputs * places, inputs * places)


def bind(
    equation: Equation, naming: Mapping[str, tuple[str, ...]], suffix: str, bias: bool, sizes: Mapping[str, int]
) -> Binding:
    """Name and shape the parameters of one layer and direction.

    Parameters
    ----------
    equation : Equation
        The recurrence.
    naming : mapping of str to tuple of str
        Own names of the equation's parameters; a parameter that is not in it keeps the equation's name.
    suffix : str
        ``"l0"``, ``"l1_reverse"``, ...
    bias : bool
        False leaves the biases out; they are then zero.
    sizes : mapping of str to int
        A number for each size symbol: X, H and the equation's own.

    Returns
    -------
    Binding
    """
    parts = []
    # in torch's order, so that one seed draws the same parameters and all_weights lists them in the same order
    order = list(naming)
    ranked = sorted(equation.parameters, key=lambda name: order.index(name) if name in naming else len(order))
    for name in ranked:
        stems = naming.get(name, (name,))
        own = () if not bias and is_bias(equation, name) else tuple(f"{stem}_{suffix}" for stem in stems)
        whole, stored = equation.shape(name, **sizes), equation.stored_shape(name, **sizes)
        convolved = equation.convolutions.get(name)
        grid = None if convolved is None else (sizes[convolved.grid[0]], sizes[convolved.grid[1]])
        parts.append(BoundParameter(name, own, whole, stored, grid))
    return Binding(tuple(parts))


def is_bias(equation: Equation, name: str) -> bool:
    """Whether a parameter is a bias that ``bias=False`` leaves out: a free vector called ``b...``."""
    drawn = equation.initial(name) is None and name not in equation.fixed
    return name.startswith("b") and len(equation.shapes[name]) == 1 and drawn


def recurrent_matrices(equation: Equation) -> list[str]:
    """The matrices that multiply h_{t-1}: those with one column for each unit of the output state."""
    output = equation.shapes[equation.states[0]][0]
    shapes = {name: shape for name, shape in equation.shapes.items() if name not in equation.fixed}
    names = [name for name, shape in shapes.items() if len(shape) == 2 and shape[1] == output]
    if equation.shapes[equation.input][0] == output:
        # input and state have the same size, so only the names distinguish W_xh from W_hh
        names = [name for name in names if f"_{equation.input}" not in name]
    return names
