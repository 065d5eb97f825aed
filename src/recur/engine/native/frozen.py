"""Frozen weights: the matrices of one recurrence, packed once for all calls that only compute outputs."""

from __future__ import annotations

import weakref
from typing import Any

from recur.engine.native.arguments import Arguments
from recur.engine.native.library import CellLibrary, Core

# what the layout of packed matrices depends on: cell, type, precision, sizes
_Key = tuple[int, int, int, tuple[int, ...]]


class PackedMatrices:
    """Packed matrices in read-only memory of the core, which is released with the last reference.

    Attributes
    ----------
    address : int
        For the core.
    key : tuple
        The calls for which they are packed.
    """

    def __init__(self, core: Core, address: int, key: _Key) -> None:
        self.address, self.key = address, key
        self._uses = core.frozen_uses
        weakref.finalize(self, core.thaw, address)

    @property
    def uses(self) -> int:
        """The calls that have computed with them, and the streams opened with them."""
        return int(self._uses(self.address))


class FrozenWeights:
    """The packed matrices of one recurrence, kept between its calls.

    The core compares all matrices of a call with those that were packed, by a hash, before it computes anything. Where
    a number has changed, in whatever way, they are packed again. Several threads may use one object; a copy of it
    packs for itself.
    """

    def __init__(self) -> None:
        self.packed: PackedMatrices | None = None

    def __reduce__(self) -> tuple[type[FrozenWeights], tuple[()]]:
        return FrozenWeights, ()

    def __deepcopy__(self, _memo: dict[int, Any]) -> FrozenWeights:
        return FrozenWeights()

    def matching(self, core: Core, cell: CellLibrary, arguments: Arguments) -> PackedMatrices | None:
        """The matrices that were packed for such a call; packed now if there are none. None where that fails."""
        packed = self.packed
        if packed is not None and packed.key == _key(cell, arguments):
            return packed
        return self.renew(core, cell, arguments)

    def renew(self, core: Core, cell: CellLibrary, arguments: Arguments) -> PackedMatrices | None:
        """Pack the matrices of a call; None where there is no memory for them, or no matrix."""
        self.packed = None
        if not arguments.members["matrices"]:
            return None
        address = core.freeze(cell.pointer, arguments.address())
        if address:
            # other threads may still compute with the ones before: each call holds its own reference
            self.packed = PackedMatrices(core, address, _key(cell, arguments))
        return self.packed


def _key(cell: CellLibrary, arguments: Arguments) -> _Key:
    numbers = arguments.members
    sizes: Any = numbers["sizes"]
    kind: Any = numbers["type"]
    precision: Any = numbers["precision"]
    return cell.pointer, kind, precision, tuple(sizes)
