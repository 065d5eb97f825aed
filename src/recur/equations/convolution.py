"""``convolution``: matrices that convolve the maps of a grid, and vectors with one number for each map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recur.errors import EquationError

LARGEST_KERNEL = 31
LARGEST_MATRIX = 2**28  # elements of the whole matrix, of which most are zero


@dataclass(frozen=True)
class Convolution:
    """The declaration of an argument that is the same at every place of a grid.

    Attributes
    ----------
    size : str
        The sizes of the whole matrix, or of the whole vector, as for any argument: "4H X".
    kernel : int
        Places on a side of the kernel, an odd number.
    grid : (str, str)
        The size symbols of the grid's height and width.
    """

    size: str
    kernel: int
    grid: tuple[str, str]

    def shape(self, name: str, whole: tuple[int, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The shape of what is trained: (maps out, maps in, kernel, kernel), or (maps,) of a vector.

        Raises
        ------
        EquationError
            If the grid does not divide the rows and columns, or the whole matrix is too large to be made.
        """
        missing = next((one for one in self.grid if one not in sizes), None)
        if missing is not None:
            raise EquationError(f"the size {missing} is required", hint=f"give it by name: sizes={{'{missing}': 8}}")
        height, width = (sizes[one] for one in self.grid)
        if height < 1 or width < 1 or any(size % (height * width) for size in whole):
            raise EquationError(
                f"{name} of {' x '.join(map(str, whole))} is not divided into maps of {' x '.join(self.grid)} = "
                f"{height} x {width} places",
                hint="the sizes of the input and of the state are numbers of maps times height times width",
            )
        if len(whole) == 2 and whole[0] * whole[1] > LARGEST_MATRIX:
            raise EquationError(
                f"{name} is a matrix of {whole[0]} x {whole[1]} elements, at most {LARGEST_MATRIX:,} are made for a "
                "convolution",
                hint="a smaller grid, or fewer maps",
            )
        maps = tuple(size // (height * width) for size in whole)
        return maps if len(maps) == 1 else (*maps, self.kernel, self.kernel)


def convolution(size: str, kernel: int = 3, grid: str = "height width") -> Convolution:
    """Declare a matrix that is a convolution over a grid, or a vector with one number for each map.

    A vector of the equation has its maps one after the other, each row after row. ``W @ v`` is then the convolution
    that torch.nn.functional.conv2d computes with zeros around the grid, which keeps its size. A layer trains the kernel
    of shape (maps out, maps in, kernel, kernel) and multiplies by the whole matrix, zeros included: every backend and
    export has it, and it suits grids of some hundred places.

    Parameters
    ----------
    size : str
        The sizes of the whole matrix or vector, as for any argument: "4H X", "4H".
    kernel : int
        Places on a side of the kernel, an odd number.
    grid : str
        The names of two sizes, the grid's height and width.

    Returns
    -------
    Convolution
        For ``@equation``.

    Examples
    --------
    >>> from recur.equations import convolution, equation, tanh
    >>> @equation(x="X", h="H", W=convolution("H X", kernel=5), R=convolution("H H"), b=convolution("H"))
    ... def moving(x, h, W, R, b):
    ...     return tanh(W @ x + R @ h + b)
    >>> moving.stored_shape("W", X=2 * 16, H=3 * 16, height=4, width=4)
    (3, 2, 5, 5)
    """
    names = tuple(grid.split()) if isinstance(grid, str) else ()
    whole = isinstance(kernel, int) and not isinstance(kernel, bool)
    if not whole or not 1 <= kernel <= LARGEST_KERNEL or kernel % 2 == 0:
        raise EquationError(
            f"convolution: kernel={kernel!r}, expected an odd number from 1 to {LARGEST_KERNEL}", hint="kernel=3"
        )
    if len(names) != 2 or names[0] == names[1] or not all(name.isidentifier() for name in names):
        raise EquationError(f"convolution: grid={grid!r}, expected the names of two sizes", hint='grid="height width"')
    if not isinstance(size, str):
        raise EquationError(f"convolution({size!r}): expected a size", hint='W=convolution("4H X")')
    return Convolution(size, kernel, (names[0], names[1]))
