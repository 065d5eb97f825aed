"""Data structures of a schedule: stages, their matrix products, and the location of every piece in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from recur.compiler.lowering import Block, Operation
from recur.equations.sizes import Size


@dataclass(frozen=True)
class Location:
    """The location of a piece: a kind of memory and a column of it.

    Kinds: ``tape`` (all steps), ``scratch`` (this step), ``derivative`` (dE/dz of products, all steps), ``state`` and
    ``fresh`` (before and after the step), ``carry`` and ``handed`` (dE/dstate from later steps, and for earlier
    ones), ``parameter``, ``noise``, ``input``, ``accumulated`` (summed over rows and steps), ``total``.
    """

    kind: str
    index: int


@dataclass(frozen=True)
class Target:
    """A piece that a stage computes and keeps."""

    operation: Operation
    size: Size
    location: Location


@dataclass
class Group:
    """Products of one stage that read the same operands: one pass over these gives them all.

    Attributes
    ----------
    operands : tuple of (Location, Size)
        The operands, in order.
    products : list of Operation
        The products; product n is in slot ``slot + n``.
    """

    operands: tuple[tuple[Location, Size], ...]
    products: list[Operation]
    slot: int

    def blocks(self, product: Operation) -> tuple[Block, ...]:
        """The block for each operand."""
        blocks: tuple[Block, ...] = product.attribute
        return blocks


@dataclass(frozen=True)
class Contraction:
    """A product with a matrix that each row of the batch has of its own, computed just before a stage into a column.

    Attributes
    ----------
    operation : Operation
        The product.
    location : Location
        The column.
    operands : tuple of (Location, Size)
        The matrix and the vector.
    """

    operation: Operation
    location: Location
    operands: tuple[tuple[Location, Size], ...]


@dataclass
class Stage:
    """One pass over the units of one size.

    Attributes
    ----------
    size : Size
        Units.
    level : int
        Stages of lower levels come before.
    targets : list of Target
        The values that it keeps.
    loads : dict of Operation to Location
        The values that it reads from memory.
    order : list of Operation
        The values that it computes, each after its operands.
    groups : list of Group
        The products that are computed just before the element-wise part.
    contractions : list of Contraction
        Products with matrices of the rows, which it computes first.
    spreads : dict of Operation to (Location, Size)
        The vector that each spread of the stage reads.
    partials : list of (int, Operation)
        Totals to which this stage contributes.
    waits : bool
        Whether other threads read what it writes, so that a barrier follows it.
    """

    size: Size
    level: int
    targets: list[Target] = field(default_factory=list)
    partials: list[tuple[int, Operation]] = field(default_factory=list)
    loads: dict[Operation, Location] = field(default_factory=dict)
    order: list[Operation] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    contractions: list[Contraction] = field(default_factory=list)
    spreads: dict[Operation, tuple[Location, Size]] = field(default_factory=dict)
    waits: bool = False

    @property
    def slots(self) -> int:
        """Products in all groups."""
        return sum(len(group.products) for group in self.groups)

    @property
    def passes_carry_only(self) -> bool:
        """Whether it only computes dE/dstate for the step before, which the first step does not need."""
        kept = self.partials or self.contractions
        return not kept and all(target.location.kind == "handed" for target in self.targets)

    @property
    def read_across(self) -> list[tuple[Location, Size]]:
        """What it reads of all units, other threads' included."""
        across = [operand for group in self.groups for operand in group.operands]
        across += [operand for one in self.contractions for operand in one.operands]
        return across + list(self.spreads.values())


@dataclass
class Schedule:
    """The stages of a step in order, and how many totals they form."""

    stages: list[Stage]
    totals: list[Operation]

    @property
    def is_elementwise(self) -> bool:
        """Whether it is one stage in which no unit reads another."""
        return len(self.stages) == 1 and not self.totals and not self.stages[0].read_across
