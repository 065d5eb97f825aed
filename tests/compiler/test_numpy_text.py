"""Steps as NumPy that is read by people; their numbers: export/python/test_exported."""

from __future__ import annotations

import numpy as np

from recur import equations
from recur.compiler import numpy_text
from recur.equations import Equation, equation, tanh
from recur.equations.naming import naming
from tests.tolerances import EXACT

SIZES = {"X": 3, "H": 4, "P": 2}


def written(cell: Equation, **noises: float) -> str:
    names = naming(cell).names
    return numpy_text.step(cell.graph, SIZES, name="step", names=names, noises=noises, about="One step.").code


def test_values_have_the_names_of_the_equation() -> None:
    assert written(equations.get("lstm")) == (
        "def step(x, h, c, *, W_xh, W_hh, b):\n"
        '    """One step."""\n'
        "    v = W_xh @ x + W_hh @ h + b\n"
        "    o = v[12:16]\n"
        "    f = v[4:8]\n"
        "    i = v[0:4]\n"
        "    g = v[8:12]\n"
        "    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)\n"
        "    h_new = sigmoid(o) * np.tanh(c_new)\n"
        "    return h_new, c_new\n"
    )


def test_names_that_python_has_are_others() -> None:
    @equation(np="H X", spread="H", x="X", h="H")
    def odd(x, h, np, spread):  # type: ignore[no-untyped-def]  # an equation
        h = tanh(np @ x + spread - (h - 2.0 * h) - h)
        return h

    text = numpy_text.step(odd.graph, SIZES, name="step", names={}, noises={}, about="One step.")
    assert text.parameters == {"np_2": "np", "spread_2": "spread"}
    space: dict[str, object] = {}
    exec(f"import math\nimport numpy as np\n{numpy_text.HELPERS}\n{text.code}", space)
    x, h, matrix, bias = np.ones(3), np.full(4, 0.5), np.full((4, 3), 0.1), np.arange(4.0)
    step = space["step"]
    assert callable(step)
    [result] = step(x, h, np_2=matrix, spread_2=bias)
    np.testing.assert_allclose(result, np.tanh(matrix @ x + bias - (h - 2 * h) - h), rtol=EXACT)
