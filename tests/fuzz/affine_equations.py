"""Random equations that are affine in their states, unit by unit, as text; and others that nearly are."""

from __future__ import annotations

import random

from tests.fuzz.random_equations import Written

# values free of states, of size H: sums of a product with the input and a vector, through a bounded function
_FREE = (
    "sigmoid({})", "tanh({})", "sin({})", "exp(-softplus({}))", "0.5 * cos({})", "1 - sigmoid({})",
    "sqrt(0.1 + sigmoid({}))",
    "sigmoid({}) * mean(x)", "minimum({}, 0.9) * 0.5", "relu(tanh({}))",
)  # fmt: skip
# a new value from an old one, {s}, and free values {a}, {b}
_AFFINE = (
    "{a} * {s} + {b}", "{s} - {a} * {s} + {b}", "(1 - {a}) * {s} + {a} * {b}", "{b} - {a} * {s}", "-({s} * {a} - {b})",
    "{s} / (1 + absolute({a})) + {b}", "0.5 * ({s} + {b})", "{a} * (0.3 * {s} + {b}) - 0.2 * {s}",
)  # fmt: skip
# not affine, or not unit by unit
_OTHER = (
    "{a} * {s} * {s}", "tanh({s}) * {a}", "{a} * {s} + mean({s})", "maximum({s}, {b})", "{a} / (1.5 + absolute({s}))",
    "sigmoid({s}) * {s}", "{s} * greater({s}, 0.1) + {b}", "stop_gradient({s}) * {s}", "({s}) ** 2 + {b}",
)  # fmt: skip


def affine_written(seed: int, affine: bool = True) -> Written:
    """The random affine equation of a seed; not ``affine``: one that is not, by one of its parts."""
    pick = random.Random(seed)
    declared: dict[str, str] = {"x": pick.choice(("X", "X", "H"))}
    kind = pick.choice(("one", "one", "memory", "two", "halves", "halves swapped" if not affine else "one"))
    names = {"one": ("h",), "memory": ("h", "c"), "two": ("h", "c", "m")}.get(kind, ("h",))
    declared |= dict.fromkeys(names, "2H" if kind.startswith("halves") else "H")
    lines: list[str] = []

    def free() -> str:
        number = len(declared)
        declared[f"W{number}"], declared[f"b{number}"] = f"H {declared['x']}", "H"
        return "(" + pick.choice(_FREE).replace("{}", f"(W{number} @ x + b{number})") + ")"

    def new(state: str, other: bool = False) -> str:
        form = pick.choice(_OTHER if other else _AFFINE)
        for part in ("a", "b"):
            if f"{{{part}}}" in form:
                form = form.replace(f"{{{part}}}", free())
        return form.replace("{s}", state)

    wrong = not affine and not kind.endswith("swapped")
    if kind.startswith("halves"):
        lines.append("p, q = split(h, 2)")
        parts = [new("p", wrong), new("q")]
        if kind.endswith("swapped"):
            parts.reverse()
        lines.append(f"h = concat({parts[0]}, {parts[1]})")
    elif kind == "one":
        lines.append(f"h = {new('h', wrong)}")
    elif kind == "memory":
        lines += [f"c = {new('c', wrong)}", f"h = {free()} * c + {free()}"]
    else:
        lines += [f"c = {new('c')}", f"m = {new('m', wrong)}", f"h = {free()} * c - {free()} * m"]
    if len(declared) == 1 + len(names):
        lines[-1] += f" + {free()}"
    lines.append(f"return {', '.join(names)}")
    return Written(declared, lines)
