"""A malformed equation is refused when it is defined, naming the argument and what was expected."""

import pickle
import re
import subprocess
import sys

import pytest

from recur import equations
from recur.equations import concat, equation, exp, get, layer_norm, names, sigmoid, split, stock, tanh
from recur.errors import EquationError

CELLS = [
    "elman", "elman_relu", "gru", "gru_layernorm", "gru_reset_before", "indrnn", "lstm", "lstm_layernorm",
    "lstm_peephole", "lstm_projected", "minimal_gated_unit",
]  # fmt: skip


def test_the_cells_that_are_compiled_with_the_library_are_these():
    assert stock() == CELLS
    assert set(CELLS) < set(names())


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_has_a_summary_a_source_and_its_text(name):
    cell = get(name)
    assert cell.name == name
    assert cell.summary.endswith(".")
    assert cell.reference
    assert f"return {', '.join(cell.states)}" in cell.text


def test_the_slides_equation_is_the_text_of_the_elman_cell():
    assert get("elman").text.splitlines()[0] == "h = tanh(W_xh @ x + W_hh @ h + b)"


def test_shapes_follow_from_sizes():
    lstm = get("lstm")
    assert lstm.shape("W_xh", X=39, H=128) == (512, 39)
    assert lstm.free_sizes == ()
    assert get("lstm_projected").free_sizes == ("P",)
    with pytest.raises(EquationError, match="the size P is required"):
        get("lstm_projected").shape("W_hr", X=3, H=4)
    with pytest.raises(EquationError, match='no argument "W_hx". Did you mean "W_xh"'):
        lstm.shape("W_hx", X=1, H=1)


def test_a_parameter_may_state_the_value_it_starts_from():
    assert get("lstm_layernorm").initial("g_x") == 1.0
    assert get("lstm_layernorm").initial("W_xh") is None


def test_an_unknown_cell_names_the_nearest():
    with pytest.raises(EquationError, match='no cell "lstn". Did you mean "lstm"'):
        get("lstn")


def test_equal_equations_have_equal_digests_and_different_ones_differ():
    assert len({get(name).digest for name in CELLS}) == len(CELLS)

    @equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
    def mine(x, h, W_xh, W_hh, b):
        return tanh(W_xh @ x + W_hh @ h + b)

    assert mine.digest == get("elman").digest


def test_an_equation_survives_pickling():
    assert pickle.loads(pickle.dumps(get("lstm"))) is get("lstm")


def test_an_equation_may_use_another():
    gru = get("gru")

    @equation(x="X", h="H", W_xh="3H X", W_hh="3H H", b_x="3H", b_h="3H", W_d="H H")
    def deep_transition(x, h, W_xh, W_hh, b_x, b_h, W_d):
        h = gru(x, h, W_xh, W_hh, b_x, b_h)
        return tanh(W_d @ h)

    assert deep_transition.states == ("h",)


def test_the_same_subexpression_is_one_node():
    @equation(x="X", h="H", W="H X")
    def cell(x, h, W):
        return tanh(W @ x) * h + tanh(W @ x)

    assert sum(node.op == "matvec" for node in cell.graph.order) == 1


def define(sizes, source):
    names = {n: getattr(equations, n) for n in ("tanh", "sigmoid", "split", "concat", "layer_norm", "exp")}
    exec(source, names)
    return equation(**sizes)(names["f"])


REFUSED = [
    ({"x": "X", "h": "H", "W": "H X", "U": "H X"}, "def f(x, h, W, U): return tanh(W @ x + U @ h)",
     r"f: U @ h: U is H x X and multiplies a vector of X, but h is H"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x if h == x else h", "comparison on the value of h"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x if h != x else h", "comparison on the value of h"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return h if h in (x, h) else W @ x",
     r"(comparison|if, while).* on the value"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return (W @ x).tanh()",
     r"W @ x.tanh: a value of an equation has no attributes and no methods\nhint: write tanh\(v\)"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W.T @ x", r"W\^T is X x H and multiplies a vector of H"),
    ({"x": "X", "h": "H", "W": "H X"}, "import math\ndef f(x, h, W): return math.tanh(W @ x)",
     "functions of math take"),
    ({"x": "X", "h": "H", "W": "H X"}, "import numpy\ndef f(x, h, W): return numpy.tanh(W @ x)",
     "numpy computes with arrays"),
    ({"x": "X", "h": "H", "W": "H X"}, "import numpy\ndef f(x, h, W): return W @ x * numpy.ones(3)",
     r"\* takes values of the equation, got array"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return 2 ** (W @ x)", r"use exp: 2\*\*v is exp\(v \* 0.6931\)"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x / 0", "division by zero"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x + 1 / 0", "f: ZeroDivisionError"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x + float('inf')",
     "a number in an equation is finite"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x + {}['k']", "f: KeyError: 'k'"),
    ({"x": "X", "h": "H", "W": "2H X"}, "def f(x, h, W):\n i, j, k = split(W @ x, 2)\n return i",
     r"expected 3, got 2\)\nhint: split\(v, n\) returns n parts"),
    ({"x": "X", "h": "H", "W": "2H X"}, "def f(x, h, W):\n i, j = W @ x\n return i",
     r"hint: split a vector with split"),
    ({"x": "X", "h": "H", "W": "2H X"}, "def f(x, h, W): return split(W @ x, 2.0)[0]",
     "expected the number of equal parts, or a list of sizes"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return concat([W @ x, h])", "without brackets"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return [W @ x]", "f returns a list; expected the new states"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return 1.0", "f returns 1.0; expected the new states"),
    ({"x": "X", "h": "H", "W": "H X", "c": "H"}, "def f(x, h, W, c): return W @ x, c",
     r"returns 2 values, so its states are h, W; but W is declared as the matrix H x X"),
    ({"x": "X", "h": "H = 1", "W": "H X"}, "def f(x, h, W): return W @ x",
     "only a parameter has an initial value"),
    ({"x": "X", "h": "H", "W": "H X", "b": "H = nan"}, "def f(x, h, W, b): return W @ x + b",
     '"nan" is not a finite initial value'),
    ({"x": "X", "h": "H", "W": "H X", "b": "H ="}, "def f(x, h, W, b): return W @ x + b",
     "is not a finite initial value"),
    ({"x": "X", "h": "H", "W": "H X", "b": "0"}, "def f(x, h, W, b): return W @ x + b", 'b="0" has the size 0'),
    ({"x": "X", "h": "H", "W": "H*X"}, "def f(x, h, W): return W @ x", r'f: W="H\*X": cannot read the size "H\*X"'),
    ({"x": "X", "h": "H", "W": ("H", "X")}, "def f(x, h, W): return W @ x",
     r"the size of W is declared as \('H', 'X'\)"),
    ({"x": "X", "h": "H", "W": "H X"}, "f = lambda x, h, W: W @ x", "an equation is a function with a name"),
    ({"x": "X", "h": "H", "W": "H X"}, "f = 3", "an equation is a function with a name, got 3"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return sigmod(W @ x + h)",
     r'f: the name "sigmod" is unknown. Did you mean "sigmoid"'),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return h if h > 0 else W @ x", r"comparison on the value of h"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return h if h else W @ x", r"if, while, and, or on the value"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return sum(v for v in h) + W @ x", r"a loop or unpacking"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x", None),
    ({"x": "X", "h": "H", "c": "H", "W": "H X"}, "def f(x, h, c, W): return tanh(W @ x + c)",
     r"c looks like a state but is not returned"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return x", r"returns a value of X for the state h"),
    ({"x": "X", "h": "H", "W": "H X", "b": "H"}, "def f(x, h, W, b): return W @ x", r"declares b, but never uses it"),
    ({"x": "X", "h": "H"}, "def f(x, h, W): return W @ x", r"no size is declared for the argument W"),
    ({"x": "X", "h": "H", "W": "H X", "V": "H"}, "def f(x, h, W): return W @ x", r"declared for V, which is not"),
    ({"x": "X", "h": "H", "W": "H X X"}, "def f(x, h, W): return W @ x", r"has 3 sizes, expected one size \(vector\)"),
    ({"x": "X", "h": "H", "W": "H X = one"}, "def f(x, h, W): return W @ x", r'"one" is not a finite initial value'),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): W @ x", r"returns nothing"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x, h, h", r"returns 3 values but has only 2"),
    ({"x": "X", "h": "H", "W": "3H X"}, "def f(x, h, W): return split(W @ x, 2)[0]", r"does not divide by 2"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return tanh(W)", r"tanh on the matrix W"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x + x", r"their sizes differ, H and X"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return h[0] + W @ x", r"are not indexed"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return (W @ x) ** h", r"the power is a number of the equation"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return x @ W", r"not a matrix"),
    ({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W=1): return W @ x", r"is not a plain positional argument"),
]  # fmt: skip


@pytest.mark.parametrize(("sizes", "source", "message"), [row for row in REFUSED if row[2]])
def test_a_malformed_equation_is_refused_at_definition(sizes, source, message):
    with pytest.raises(EquationError, match=message):
        define(sizes, source)


def test_the_decorator_without_sizes_says_how_it_is_used():
    with pytest.raises(EquationError, match=r"takes the size of each argument by name.*\nhint: @equation\(x="):
        equation(define)


def test_an_absolute_value_may_be_written_as_in_python():
    cell = define({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return abs(W @ x)")
    assert [node.op for node in cell.graph.order][-1] == "abs"


def test_a_memoryless_cell_is_allowed():
    define({"x": "X", "h": "H", "W": "H X"}, "def f(x, h, W): return W @ x")


def test_the_error_ends_in_what_to_type():
    with pytest.raises(EquationError) as caught:
        define({"x": "X", "h": "H", "W": "H X", "U": "H X"}, "def f(x, h, W, U): return tanh(W @ x + U @ h)")
    assert caught.value.hint == "declare U as 'H H', or multiply another vector"


def test_all_words_of_the_language_can_be_traced():
    @equation(x="X", h="H", W="2H X", g="H = 1", b="H = 0", s="1")
    def cell(x, h, W, g, b, s):
        a, z = split(W @ x, 2)
        h = layer_norm(concat(a, z), 1.0)
        left, right = split(h, 2)
        return sigmoid(left) * s + g * exp(-right) / (1 + b**2)

    assert cell.states == ("h",)


def test_equations_do_not_import_torch():
    code = "import sys, recur, recur.equations as q; [q.get(n) for n in q.names()]; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_answered_with_the_words_of_the_language_and_the_arguments():
    def unknown(x, h, W):
        return qwxz(W @ x + h)  # noqa: F821  # the unknown name

    with pytest.raises(EquationError) as refused:
        equation(x="X", h="H", W="H X")(unknown)
    [known] = re.findall(r"Known: (.*)\.$", refused.value.message)
    others = {"Equation", "Symbol", "convolution", "equation", "fixed", "get", "names", "stock"}
    assert set(known.split(", ")) == (set(equations.__all__) - others) | {"x", "h", "W"}


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("W @ x + h + bias", 'f: the name "bias" is unknown',
         'a state, a matrix and a vector are arguments with a size: bias="H", def f(..., bias)'),
        ("softmax(W @ x + h)", 'f: "softmax" is not imported', "from recur.equations import softmax"),
        ("h + tanhh(W @ x)", 'Did you mean "tanh"', "write tanh"),
    ],
)  # fmt: skip
def test_a_name_that_is_unknown_is_told_from_one_that_is_not_imported(text: str, says: str, hint: str) -> None:
    room: dict[str, object] = {}
    exec(f"def f(x, h, W): return {text}", room)
    with pytest.raises(EquationError, match=says) as error:
        equation(x="X", h="H", W="H X")(room["f"])
    assert error.value.hint == hint
