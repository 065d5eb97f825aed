"""Summary of a network: its layers, their shapes, parameters, memory and the operations of one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from recur.equations import Equation
from recur.markup import table
from recur.nn.base import LayerBase
from recur.nn.convolutions import Convolutions

HEAD = ("layer", "kind", "shape", "parameters", "memory", "operations per step")


@dataclass(frozen=True)
class LayerSummary:
    """One layer and direction, or one module with parameters of its own.

    Attributes
    ----------
    name : str
        Its path in the network.
    kind : str
        The cell, or the class of the module.
    shape : str
        Sizes of input and output.
    parameters : int
        Trained parameters; a shared matrix is counted where it occurs first.
    bytes : int
        Memory of the parameters.
    operations : int or None
        Floating-point operations of one step of one sequence, a multiply-add counted as two; None where
        they depend on the size of the input.
    recurrent : bool
        Whether the operations are those of a time step.
    pictured : bool
        Whether the operations are those of one picture.
    outputs : int
        Size of its output: units of a recurrence, rows of a matrix, channels at all positions.
    """

    name: str
    kind: str
    shape: str
    parameters: int
    bytes: int
    operations: int | None
    recurrent: bool = False
    pictured: bool = False
    outputs: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        count = "" if self.operations is None else f"{self.operations:,}"
        return self.name, self.kind, self.shape, f"{self.parameters:,}", f"{self.bytes / 1000:,.1f} kB", count


@dataclass(frozen=True)
class Summary:
    """The layers of a network; printed, or shown in a notebook, as a table.

    Attributes
    ----------
    layers : tuple of LayerSummary
        In the order of the modules.
    """

    layers: tuple[LayerSummary, ...]

    @property
    def total(self) -> LayerSummary:
        """The sums over all layers."""
        return LayerSummary(
            "total", "", "", sum(one.parameters for one in self.layers), sum(one.bytes for one in self.layers),
            sum(one.operations or 0 for one in self.layers),
        )  # fmt: skip

    def __str__(self) -> str:
        rows = [HEAD, *(one.cells for one in (*self.layers, self.total))]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if column < 3 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    __repr__ = __str__

    def html(self) -> str:
        """The table as HTML."""
        return table([one.cells for one in (*self.layers, self.total)], HEAD)

    _repr_html_ = html


def parameter_count(network: nn.Module) -> int:
    """Return how many numbers a network learns; a shared matrix counts once.

    >>> from recur.nn import LSTM
    >>> parameter_count(LSTM(3, 5))
    200
    """
    return sum(p.numel() for p in network.parameters())


def summarize(network: nn.Module) -> Summary:
    """Summarize a network or a layer.

    Parameters
    ----------
    network : nn.Module
        Any module; recurrent layers are counted by their equation.

    Returns
    -------
    Summary

    Examples
    --------
    >>> from recur.nn import LSTM
    >>> summarize(LSTM(3, 5)).total.parameters
    200
    """
    counted: set[int] = set()
    pictures = _of_pictures(network)
    return Summary(
        tuple(one for name, module in network.named_modules() for one in _rows(name, module, counted, pictures))
    )


def _of_pictures(network: nn.Module) -> dict[int, int]:
    """The operations of each convolution for one picture, by the identity of the module."""
    found = {}
    for module in network.modules():
        if isinstance(module, Convolutions):
            height, width, _ = module.grid
            for layer in module.layers:
                if isinstance(layer, nn.Conv2d):
                    found[id(layer)] = 2 * layer.weight.numel() * height * width
                    height, width = -(-height // 2), -(-width // 2)
    return found


def _rows(name: str, module: nn.Module, counted: set[int], pictures: dict[int, int]) -> Iterator[LayerSummary]:
    """The rows of one module without its children."""

    def own(parameters: list[nn.Parameter]) -> tuple[int, int]:
        fresh = [p for p in parameters if id(p) not in counted]
        counted.update(id(p) for p in fresh)
        return sum(p.numel() for p in fresh), sum(p.numel() * p.element_size() for p in fresh)

    if isinstance(module, LayerBase):
        for number, level in enumerate(module.layout.levels):
            for direction in range(module.layout.directions):
                ending = f"l{number}{'_reverse' if direction else ''}"
                own_parameters = [p for key, p in module.named_parameters(recurse=False) if key.endswith(f"_{ending}")]
                sizes = ", ".join(f"{state} {size}" for state, size in level.state_sizes.items())
                yield LayerSummary(
                    f"{name}.{ending}".lstrip("."), module.equation.name, f"{level.input_size} → {sizes}",
                    *own(own_parameters), operations(module.equation, dict(level.sizes)), recurrent=True,
                    outputs=next(iter(level.state_sizes.values())),
                )  # fmt: skip
        return
    parameters = list(module.parameters(recurse=False))
    if parameters:
        shapes = ", ".join(" × ".join(map(str, p.shape)) for p in parameters)
        yield LayerSummary(
            name, type(module).__name__, shapes, *own(parameters), pictures.get(id(module), _of_module(module)),
            pictured=id(module) in pictures, outputs=_outputs(module, pictures.get(id(module))),
        )  # fmt: skip


def sizes_of(module: nn.Module, equation: Equation) -> list[Mapping[str, int]]:
    """The sizes of every layer of a module that runs an equation."""
    layers = [one for one in module.modules() if isinstance(one, LayerBase) and one.equation is equation]
    return [level.sizes for layer in layers for level in layer.layout.levels]


def operations(equation: Equation, sizes: dict[str, int]) -> int:
    """Floating-point operations of one step of one sequence: 2 m n per (m, n) matrix product, else one per element.

    >>> from recur import equations
    >>> operations(equations.get("elman"), {"X": 3, "H": 5})  # 2*5*3 + 2*5*5, two additions and a tanh of 5
    95
    """
    total = 0
    for node in equation.graph.order:
        if node.op == "matvec":
            rows, columns = node.args[0].shape
            total += 2 * rows.value(sizes) * columns.value(sizes)
        elif node.op == "sum":
            total += node.args[0].size.value(sizes)
        elif node.args and node.op not in {"slice", "concat", "expand"}:
            total += node.size.value(sizes)
    return total


def _outputs(module: nn.Module, of_picture: int | None) -> int:
    """Output size of a module that is not a recurrence; 0 where it has no matrix."""
    if isinstance(module, nn.Embedding):
        return module.embedding_dim
    if of_picture is not None:
        # two operations for each weight of a channel, at every place
        (weight,) = module.parameters(recurse=False)
        return of_picture // (2 * weight[0].numel())
    return max((len(p) for p in module.parameters(recurse=False) if p.dim() == 2), default=0)


def _of_module(module: nn.Module) -> int | None:
    """Operations of a module that is not a recurrence: a look-up has none, a matrix 2 m n."""
    if isinstance(module, nn.Embedding):
        return 0
    weights = [p for p in module.parameters(recurse=False) if p.dim() == 2]
    if any(p.dim() > 2 for p in module.parameters(recurse=False)) or not weights:
        return None
    return sum(2 * p.numel() for p in weights) + sum(
        p.numel() for p in module.parameters(recurse=False) if p.dim() == 1
    )
