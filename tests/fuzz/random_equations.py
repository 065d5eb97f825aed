"""Random equations: text over the whole language, well typed, the same for one seed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from recur.equations import Equation, equation, language, matrices, surrogates, vectors

# what a state, a parameter and a vector between them may be; "1" stretches to all
SIZES = ("H", "P", "H", "2H", "H+P", "1", "2", "2P+1")
# rows and columns of a state that is a matrix, and functions of one that stay bounded
GRIDS = ("H P", "P H", "H H", "2 H", "H 2P", "1 H", "H 1", "2H P")
OF_GRIDS = ("tanh({})", "sigmoid({})", "0.5 * {}", "sin({})", "-{}", "maximum({}, 0.1)", "1 - {}")
# functions whose values and derivatives stay bounded, so that a difference is not only rounding that has grown
BOUNDED = (
    "tanh({})", "sigmoid({})", "sin({})", "cos({})", "relu(tanh({}))", "exp(tanh({}))", "softplus(sin({}))",
    "log(1 + absolute({}))", "sqrt(1 + {} * {})", "absolute({})", "-{}", "({}) ** 2", "relu({})", "softplus({})",
    "minimum({}, 0.5)", "maximum(-0.3, {})", "1 - {}", "0.5 * {}", "{} / 2", "1 / (1 + exp(-{}))",
    "erf({})", "atan({})", "(1 + absolute({})) ** 0.7", "(1.5 + absolute({})) ** -2", "({} % 3.7)",
    "stop_gradient({})", "straight_through(floor({}), sin({}))", "step({}, slope=2.0)", "step({}, 'arctan')",
    "step({}, 'triangle', 0.5)", "sigmoid({}) * greater({}, 0.1)",
)  # fmt: skip
PAIRS = (
    "{} + {}", "{} - {}", "{} * {}", "maximum({}, {})", "minimum({}, {})", "{} / (1.5 + absolute({}))",
    "{} * sigmoid({})",
)  # fmt: skip


@dataclass
class Written:
    """An equation as text.

    Attributes
    ----------
    declared : dict of str to str
        The size of each argument, in order.
    lines : list of str
        The body.
    """

    declared: dict[str, str]
    lines: list[str]

    @property
    def text(self) -> str:
        sizes = ", ".join(f'{name}="{size}"' for name, size in self.declared.items())
        body = "\n".join(f"    {line}" for line in self.lines)
        return f"@equation({sizes})\ndef cell({', '.join(self.declared)}):\n{body}\n"

    def equation(self) -> Equation:
        words = [item for room in (language, matrices, surrogates, vectors) for item in vars(room).items()]
        names = {name: value for name, value in words if not name.startswith("_")}
        exec(compile(self.text, "<random equation>", "exec"), {**names, "equation": equation}, names)
        made: Equation = names["cell"]
        return made


def written(seed: int) -> Written:
    """The random equation of a seed; every fourth has a state that is a matrix."""
    grid = random.Random(seed).choice(GRIDS) if seed % 4 == 1 else None
    return _ProgramBuilder(random.Random(seed), grid).write()


@dataclass
class _ProgramBuilder:
    random: random.Random
    grid: str | None = None  # rows and columns of a state that is a matrix
    states: dict[str, str] = field(default_factory=dict)
    matrices: dict[str, str] = field(default_factory=dict)
    vectors: dict[str, str] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)  # by size: what has a name
    grids: list[str] = field(default_factory=list)  # what is a matrix
    lines: list[str] = field(default_factory=list)

    def write(self) -> Written:
        pick = self.random
        self.input = pick.choice(("X", "X", "X", "X", "H", "2H"))
        for name in ("h", "c", "m")[: pick.choice((1, 1, 2, 2, 3))]:
            self.states[name] = pick.choice(SIZES)
        # a free size has to be read off something, so these are declared whatever the equation becomes
        self.known.setdefault(self.input, []).append("x")
        for name, size in self.states.items():
            self.known.setdefault(size, []).append(name)
        if self.grid:
            self.grids.append("C")
        for number in range(pick.choice((0, 1, 1, 2, 3))):
            size = pick.choice((*self.states.values(), pick.choice(SIZES)))
            self.name(f"t{number}", size, self.value(size, pick.choice((2, 3))))
        results = []
        if self.grid:
            form = pick.choice(("tanh({})", "0.5 * C + 0.5 * sin({})", "0.9 * C + 0.1 * ({})"))
            self.lines.append(f"new_C = {form.format(self.grid_value(pick.choice((1, 2, 3))))}")
            self.grids.append("new_C")
        for number, (name, size) in enumerate(self.states.items()):
            value = self.value(size, pick.choice((2, 3, 4)))
            if number == 0:
                value = f"({value} + {self.product(size, 'x', self.input)})"
            value = pick.choice(("tanh({})", "tanh({})", "sin({})", "0.6 * tanh({}) + 0.3", "sigmoid({})")).format(
                value
            )
            if pick.random() < 0.3:
                value = f"0.5 * {name} + 0.5 * {value}"
            self.name(f"new_{name}", size, value)
            results.append(f"new_{name}")
        results += ["new_C"] if self.grid else []
        self.lines.append(f"return {', '.join(results)}")
        return self.pruned()

    def pruned(self) -> Written:
        """Without what nothing reads; every size is read off some parameter."""
        lines: list[str] = []
        used: set[str] = set()
        for line in reversed(self.lines):
            name, _, value = line.partition(" = ")
            if not value or name in used:
                lines.insert(0, line)
                used |= set(re.findall(r"[a-zA-Z_]\w*", value or line))
        parameters = {name: size for name, size in (self.matrices | self.vectors).items() if name in used}
        states = self.states | ({"C": self.grid} if self.grid else {})
        declared = {"x": self.input, **states, **parameters}
        for symbol in "HP":
            plain = {one for name, size in declared.items() if name not in states for one in size.split()}
            if any(symbol in size for size in declared.values()) and symbol not in plain:
                declared[f"size_{symbol}"] = symbol
                lines.insert(0, f"mean_{symbol} = mean(size_{symbol})")
                lines[-1] = lines[-1].replace("return new_h", f"return new_h + 0.1 * mean_{symbol}")
        return Written(declared, lines)

    def name(self, name: str, size: str, value: str) -> None:
        self.lines.append(f"{name} = {value}")
        self.known.setdefault(size, []).append(name)

    def leaf(self, size: str) -> str:
        pick = self.random
        known = self.known.get(size)
        if known and pick.random() < 0.75:
            return pick.choice(known)
        found = [name for name, declared in self.vectors.items() if declared == size]
        if found and pick.random() < 0.4:
            return pick.choice(found)
        name = f"b{len(self.vectors)}"
        self.vectors[name] = size
        return name

    def product(self, size: str, vector: str, columns: str) -> str:
        pick = self.random
        if pick.random() < 0.15:
            return f"({self.matrix(f'{columns} {size}')}.T @ {vector})"
        return f"({self.matrix(f'{size} {columns}')} @ {vector})"

    def matrix(self, shape: str) -> str:
        pick = self.random
        found = [name for name, declared in self.matrices.items() if declared == shape]
        if found and pick.random() < 0.4:
            name = pick.choice(found)
        else:
            name = f"W{len(self.matrices)}"
            self.matrices[name] = shape
        return name

    def known_vector(self) -> tuple[str, str]:
        """A vector that has a name, and its size."""
        size = self.random.choice(list(self.known))
        return self.random.choice(self.known[size]), size

    def number(self, depth: int) -> str:
        """Something that stretches."""
        if self.grid and self.random.random() < 0.3:
            return f"tanh({self.random.choice(('total', 'mean', 'largest'))}({self.grid_value(1)}))"
        size = self.random.choice([size for size in (*self.known, self.input) if size != "1"] or ["H"])
        kind = self.random.choice(("mean", "mean", "total", "product", "leaf"))
        if kind == "leaf":
            return self.leaf("1")
        inner = self.value(size, depth - 1)
        if kind == "total":
            return f"tanh(total({inner}))"
        return f"mean({inner})" if kind == "mean" else self.product("1", inner, size)

    def grid_value(self, depth: int) -> str:
        """An expression of the size of the matrix that is a state."""
        pick = self.random
        rows, columns = (self.grid or "").split()
        kind = pick.choices(("leaf", "outer", "one", "pair", "rows", "columns", "number"), (1, 4, 3, 3, 2, 2, 2))[0]
        if kind == "leaf" or depth <= 0:
            return pick.choice(self.grids)
        inner = depth - 1
        if kind == "outer":
            return f"outer({self.value(rows, inner)}, {self.value(columns, inner)})"
        if kind == "one":
            return f"({pick.choice(OF_GRIDS).format(f'({self.grid_value(inner)})')})"
        if kind == "pair":
            return f"({pick.choice(PAIRS).format(self.grid_value(inner), f'({self.grid_value(inner)})')})"
        if kind in {"rows", "columns"}:
            size = rows if kind == "rows" else columns
            return f"scale_{kind}({self.grid_value(inner)}, {self.value(size, inner)})"
        return f"(({self.number(inner)}) * {self.grid_value(inner)})"

    def contracted(self, size: str, depth: int) -> str | None:
        """A product with the matrix that is a state, where it has this size."""
        rows, columns = (self.grid or " ").split(" ")
        ways = [way for way, result in (("{} @ {}", rows), ("{}.T @ {}", columns)) if self.grid and result == size]
        if not ways:
            return None
        way = self.random.choice(ways)
        vector = self.value(rows if ".T" in way else columns, depth - 1)
        return f"({way.format(f'({self.grid_value(self.random.choice((0, 0, 1)))})', vector)})"

    def value(self, size: str, depth: int) -> str:
        """An expression of a size."""
        pick = self.random
        if depth <= 0:
            return self.leaf(size)
        if self.grid and pick.random() < 0.4:
            product = self.contracted(size, depth)
            if product is not None:
                return product
        kind = pick.choices(
            ("product", "pair", "one", "stretched", "number", "split", "concat", "norm", "leaf"),
            (7, 6, 5, 2, 1, 1.5, 1.5, 1.2, 2),
        )[0]
        if kind == "product":
            columns = pick.choice((*self.known, self.input, pick.choice(SIZES)))
            inner = pick.choice(self.known[columns]) if columns in self.known and pick.random() < 0.7 else self.value(
                columns, depth - 1)  # fmt: skip
            return self.product(size, inner, columns)
        if kind == "pair":
            form = pick.choice(PAIRS)
            return f"({form.format(self.value(size, depth - 1), f'({self.value(size, depth - 1)})')})"
        if kind == "one":
            value = self.value(size, depth - 1)
            return "(" + pick.choice(BOUNDED).replace("{}", f"({value})") + ")"
        if kind == "stretched":
            pair = [self.value(size, depth - 1), f"({self.number(depth - 1)})"]
            pick.shuffle(pair)
            return f"({pick.choice(PAIRS).format(*pair)})"
        if kind == "number" and size != "1":
            return f"({pick.choice(('{} * {}', '{} + {}')).format(self.leaf(size), f'({self.number(depth - 1)})')})"
        if kind == "split" and size in {"H", "P"} and pick.random() < 0.4:
            # parts of unequal sizes
            parts = pick.choice(
                ([size, "1"], ["1", size], ["2", size, "1"], ["X", size] if size != self.input else [size, "1"])
            )
            sizes = "[" + ", ".join(f'"{one}"' for one in parts) + "]"
            inner = self.product("+".join(parts), *self.known_vector())
            return f"split({inner}, {sizes})[{parts.index(size)}]"
        if kind == "split" and size in {"H", "P", "1"}:
            parts = pick.choice((2, 3))
            whole = str(parts) if size == "1" else f"{parts}{size}"
            return f"split({self.value(whole, depth - 1)}, {parts})[{pick.randrange(parts)}]"
        if kind == "concat":
            parts = {"2H": ("H", "H"), "H+P": pick.choice((("H", "P"), ("P", "H"))), "2": ("1", "1"),
                     "2P+1": ("P", "1", "P")}.get(size)  # fmt: skip
            if parts:
                return f"concat({', '.join(self.value(part, depth - 1) for part in parts)})"
        if kind == "norm" and size != "1":
            value = self.value(size, depth - 1)
            forms = ("layer_norm({0})", "layer_norm({0}, {1})", "softmax({0})", "({0} - largest({0})) * 0.1",
                     "(softmax({0}) * {1})", "({1} + 0.1 * logsumexp({0}))", "cumsum(softmax({0}))",
                     "(one_hot_of_largest({0}) * {1})")  # fmt: skip
            return pick.choice(forms).format(value, self.leaf(size))
        return self.leaf(size)
