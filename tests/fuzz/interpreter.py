"""A program run as it is written: stages, columns and shares, in torch operations instead of C++.

Memory is full of NaN until it is written, and a column is as wide as the program says, so that a value read from the
wrong place, or before it is there, shows in the result.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from recur.compiler.lowering import Block, Operation, RowBlock, Spread
from recur.compiler.program import Program, VectorPart
from recur.compiler.stages import Contraction, Location, Schedule, Stage
from recur.engine.operations import _UNARY, _chosen
from recur.equations.sizes import ONE, Size

_INFIX = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
          "maximum": torch.maximum, "minimum": torch.minimum, "pow": torch.pow}  # fmt: skip


class Interpreter:
    """One recurrence over dense rows.

    Parameters
    ----------
    program : Program
        What is run.
    sizes : mapping of str to int
        The numbers behind the size symbols.
    parameters : mapping of str to Tensor
        Matrices and vectors by name.
    """

    def __init__(self, program: Program, sizes: Mapping[str, int], parameters: Mapping[str, Tensor]) -> None:
        self.program, self.sizes, self.parameters = program, sizes, parameters
        self.memory: dict[Location, Tensor] = {}

    def number(self, size: Size) -> int:
        return size.value(self.sizes)

    def run(
        self, x: Tensor, states: Mapping[str, Tensor], d_series: Mapping[str, Tensor], d_final: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Every state of every step and every gradient, named as tests/engine/helpers.py names them."""
        p, found = self.program, {}
        for kept, name in ((p.forward, "forward"), (p.training, "training")):
            tapes, series = self.forward(kept, x, states)
            found |= {f"{name} {state}": torch.stack(one[1:]) for state, one in series.items()}
        return found | self.backward(x, tapes, series, d_series, d_final)

    def forward(
        self, planned: Schedule, x: Tensor, states: Mapping[str, Tensor]
    ) -> tuple[list[dict[Location, Tensor]], dict[str, list[Tensor]]]:
        p = self.program
        training = planned is p.training
        series = {name: [state] for name, state in states.items()}
        tapes = []
        for x_t in x:
            self.memory = {}
            self.allocate("tape", p.tape if training else p.forward_tape, x_t)
            self.allocate("scratch", p.training_scratch if training else p.forward_scratch, x_t)
            self.allocate("fresh", [part.size for part in p.state_parts], x_t)
            self.leaves(x_t, {name: one[-1] for name, one in series.items()})
            for h in p.hoisted:
                parts = [self.block(b) @ self.cut(x_t, start, b.columns).t() for b, start in h.blocks]
                self.memory[Location("tape", h.column)] = torch.stack(parts).sum(0).t()
            self.stages(planned)
            for name, one in self.whole("fresh", p.state_parts, p.states).items():
                series[name].append(one)
            tapes.append({location: value for location, value in self.memory.items() if location.kind == "tape"})
        return tapes, series

    def backward(
        self,
        x: Tensor,
        tapes: list[dict[Location, Tensor]],
        series: Mapping[str, list[Tensor]],
        d_series: Mapping[str, Tensor],
        d_final: Mapping[str, Tensor],
    ) -> dict[str, Tensor]:
        p = self.program
        d_parameters = {name: torch.zeros_like(self.parameters[name]) for name in (*p.matrices, *p.vectors)}
        d_x = torch.full_like(x, torch.nan)
        carried = dict(d_final)
        for t in reversed(range(len(x))):
            self.memory = dict(tapes[t])
            self.allocate("scratch", p.backward_scratch, x[t])
            self.allocate("derivative", p.derivatives, x[t])
            self.leaves(x[t], {name: one[t] for name, one in series.items()})
            carried = {name: carried[name] + d_series[name][t] for name in p.states}
            for i, part in enumerate(p.state_parts):
                name = p.states[part.owner]
                self.memory[Location("fresh", i)] = self.cut(series[name][t + 1], part.start, part.size)
                self.memory[Location("carry", i)] = self.cut(carried[name], part.start, part.size)
            self.stages(p.backward)
            carried = self.whole("handed", p.state_parts, p.states)
            for i, part in enumerate(p.sum_parts):
                self.cut(d_parameters[p.vectors[part.owner]], part.start, part.size).add_(
                    self.memory[Location("accumulated", i)].sum(0)
                )
            for share in p.shares:
                start, of_input = share.start, share.operand.kind == "input"
                operand = self.cut(x[t], start, share.block.columns) if of_input else self.memory[share.operand]
                assert operand.shape[-1] == self.number(share.block.columns), f"{share} reads {tuple(operand.shape)}"
                derivative = self.memory[Location("derivative", share.derivative)]
                self.block(share.block, d_parameters).add_(derivative.t() @ operand)
            for part in p.inputs:
                to = self.cut(d_x[t], part.start, part.size).zero_()
                for block, column in part.blocks:
                    to += self.memory[Location("derivative", column)] @ self.block(block).t()
                if part.rest is not None:
                    to += self.memory[Location("derivative", part.rest)]
        found = {"dE/d x": d_x, **{f"dE/d {name}_0": value for name, value in carried.items()}}
        return found | {f"dE/d {name}": value for name, value in d_parameters.items()}

    # ---- memory

    def allocate(self, kind: str, columns: list[Size], like: Tensor) -> None:
        for i, size in enumerate(columns):
            self.memory[Location(kind, i)] = like.new_full((like.shape[0], self.number(size)), torch.nan)

    def leaves(self, x_t: Tensor, states: Mapping[str, Tensor]) -> None:
        p = self.program
        for i, part in enumerate(p.input_parts):
            self.memory[Location("input", i)] = self.cut(x_t, part.start, part.size)
        for i, part in enumerate(p.state_parts):
            self.memory[Location("state", i)] = self.cut(states[p.states[part.owner]], part.start, part.size)
        for i, part in enumerate(p.vector_parts):
            vector = self.cut(self.parameters[p.vectors[part.owner]], part.start, part.size)
            self.memory[Location("parameter", i)] = vector.expand(x_t.shape[0], -1)

    def cut(self, value: Tensor, start: Size, size: Size) -> Tensor:
        return value.narrow(-1, self.number(start), self.number(size))

    def block(self, block: Block, of: Mapping[str, Tensor] | None = None) -> Tensor:
        """What the product of a block multiplies by: rows are what it gives."""
        matrix = (of or self.parameters)[block.matrix]
        matrix = matrix.t() if block.transposed else matrix
        rows = matrix.narrow(0, self.number(block.row), self.number(block.rows))
        return rows.narrow(1, self.number(block.column), self.number(block.columns))

    def whole(self, kind: str, parts: list[VectorPart], names: tuple[str, ...]) -> dict[str, Tensor]:
        return {
            name: torch.cat([self.memory[Location(kind, i)] for i, part in enumerate(parts) if part.owner == owner], -1)
            for owner, name in enumerate(names)
        }

    # ---- stages

    def stages(self, planned: Schedule) -> None:
        for stage in planned.stages:
            values: dict[Operation, Tensor] = {}
            for one in stage.contractions:
                self.memory[one.location] = self.contracted(one)
            for operation, (location, size) in stage.spreads.items():
                values[operation] = self.spread(operation.attribute, self.read(location, size))
            for operation, location in stage.loads.items():
                value = self.memory[location]
                values[operation] = value[:, :1] if operation.size == ONE else value
                assert operation.size == ONE or value.shape[-1] == self.number(stage.size), (
                    f"{operation} from {location}"
                )
            for group in stage.groups:
                for product in group.products:
                    values[product] = self.product(group.operands, product)
            for operation in stage.order:
                if operation not in values:
                    values[operation] = self.value(operation, values)
            self.keep(planned, stage, values)

    def read(self, location: Location, size: Size) -> Tensor:
        value = self.memory[location]
        assert value.shape[-1] == self.number(size), f"{location} is {tuple(value.shape)}, read as {size}"
        return value

    def contracted(self, one: Contraction) -> Tensor:
        """The product of the matrix of each row with a vector."""
        block: RowBlock = one.operation.attribute
        whole, vector = (self.read(location, size) for location, size in one.operands)
        if block.heads is not None:
            heads = self.number(block.heads)
            parts = whole.unflatten(-1, (heads, self.number(block.matrix_rows), self.number(block.matrix_columns)))
            parts = parts.mT if block.transposed else parts
            return (parts @ vector.unflatten(-1, (heads, -1)).unsqueeze(-1)).flatten(1)
        matrix = whole.unflatten(-1, (self.number(block.matrix_rows), self.number(block.matrix_columns)))
        matrix = matrix.mT if block.transposed else matrix
        rows = matrix.narrow(1, self.number(block.row), self.number(one.operation.size))
        return (rows.narrow(2, self.number(block.column), vector.shape[-1]) @ vector.unsqueeze(-1)).squeeze(-1)

    def spread(self, spread: Spread, vector: Tensor) -> Tensor:
        if spread.along_rows:
            return vector.repeat_interleave(self.number(spread.columns), -1)
        if spread.heads is not None:
            parts = vector.unflatten(-1, (self.number(spread.heads), 1, self.number(spread.columns)))
            return parts.expand(-1, -1, self.number(spread.rows), -1).flatten(1)
        return vector.repeat(1, self.number(spread.rows))

    def product(self, operands: tuple[tuple[Location, Size], ...], product: Operation) -> Tensor:
        total: Tensor | None = None
        for (location, columns), block in zip(operands, product.attribute, strict=True):
            operand = self.memory[location]
            assert operand.shape[-1] == self.number(columns), f"{location} is {tuple(operand.shape)}, read as {columns}"
            one = operand @ self.block(block).t()
            total = one if total is None else total + one
        assert total is not None
        return total

    def value(self, operation: Operation, values: Mapping[Operation, Tensor]) -> Tensor:
        if operation.op == "constant":
            return torch.tensor([[float(operation.attribute)]], dtype=torch.float64)
        if operation.op == "count":
            return torch.tensor([[float(self.number(operation.attribute))]], dtype=torch.float64)
        given = [values[a] for a in operation.args]
        if operation.op in {"greater", "equal"}:
            return (given[0] > given[1] if operation.op == "greater" else given[0] == given[1]).to(given[0].dtype)
        if operation.op in {"where_positive", "where_larger"}:
            return _chosen(operation.op, *given)
        return _INFIX[operation.op](*given) if operation.op in _INFIX else _UNARY[operation.op](*given)

    def keep(self, planned: Schedule, stage: Stage, values: Mapping[Operation, Tensor]) -> None:
        # loads and stores of a unit alternate, so that what a stage stores must not be what it loads afterwards
        rows = next(iter(self.memory.values())).shape[0]
        for target in stage.targets:
            self.memory[target.location] = values[target.operation].expand(rows, self.number(target.size)).clone()
        for number, operation in stage.partials:
            value = values[operation].expand(rows, self.number(stage.size))
            largest = planned.totals[number].attribute == "largest"
            self.memory[Location("total", number)] = (
                value.amax(-1, keepdim=True) if largest else value.sum(-1, keepdim=True)
            )
