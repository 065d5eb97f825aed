"""An equation as a document: the same graph, names and values without the function; anything else is refused."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import random
from typing import Any

import numpy as np
import pytest
import torch

from recur import equations
from recur.equations import Equation, concat, cumsum, equation, fixed, get, sigmoid, softmax, split, tanh
from recur.equations.document import checksum, document_of, read_equation, same_equation
from recur.equations.graph import Graph
from recur.equations.naming import gates, naming
from recur.errors import EquationError
from recur.nn import Recurrent

MANY = 400


@equation(
    x="X", h="H", c="H", W_xh="3H X", W_hh="3H H", b="3H", gain="H = 1",
    A=fixed("H H", lambda H: np.roll(np.eye(H), 1, axis=0)),
)  # fmt: skip
def two_states(x, h, c, W_xh, W_hh, b, gain, A):
    """A cell of two states.

    Source: nobody (2020), a test.
    """
    f, o, g = split(W_xh @ x + W_hh @ h + b, 3)
    c = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(g) * cumsum(softmax(g))
    h = sigmoid(o) * gain * tanh(A @ c)
    return h, c


def stored(cell: Equation, size: int = 5) -> dict[str, Any]:
    """The document as it is read from a file."""
    sizes = dict.fromkeys(("X", "H", *cell.free_sizes), size)
    return json.loads(json.dumps(document_of(cell, [sizes])))


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """A document with the checksum that its content has."""
    return document | {"sha256": checksum(document)}


@pytest.mark.parametrize("name", equations.names())
def test_every_cell_is_read_with_the_same_graph_sizes_text_and_names(name: str) -> None:
    cell = get(name)
    read = read_equation(stored(cell))
    assert read.function is None
    assert read.digest == cell.digest
    assert (read.text, read.summary, read.reference) == (cell.text, cell.summary, cell.reference)
    assert list(read.shapes.items()) == list(cell.shapes.items())
    assert (read.inputs, read.states, read.parameters, read.fixed) == (
        cell.inputs, cell.states, cell.parameters, cell.fixed
    )  # fmt: skip
    assert [read.initial(one) for one in read.parameters] == [cell.initial(one) for one in cell.parameters]
    assert [(one.text, one.names) for one in naming(read).lines] == [(a.text, a.names) for a in naming(cell).lines]
    labels = [naming(cell).label(node) for node in cell.graph.order]
    assert [naming(read).label(node) for node in read.graph.order] == labels
    assert [(one.name, one.kind) for one in gates(read)] == [(one.name, one.kind) for one in gates(cell)]
    sizes = dict.fromkeys(("X", "H", *cell.free_sizes), 5)
    for one in cell.fixed:
        np.testing.assert_array_equal(read.fixed_value(one, **sizes), cell.fixed_value(one, **sizes))


def test_a_layer_of_the_document_computes_what_a_layer_of_the_function_computes() -> None:
    traced, read = Recurrent(two_states, 3, 5), Recurrent(read_equation(stored(two_states)), 3, 5)
    read.load_state_dict(traced.state_dict())
    x = torch.randn(4, 2, 3)
    assert torch.equal(traced(x)[0], read(x)[0])
    assert traced.backend_report().ran == read.backend_report().ran


def test_a_document_of_an_equation_that_was_read_is_the_same_document() -> None:
    document = stored(two_states)
    read = read_equation(document)
    assert document_of(read) == document
    again = pickle.loads(pickle.dumps(read))
    assert (again.digest, again.text) == (read.digest, read.text)
    assert copy.deepcopy(read) is read


def test_equations_are_compared_by_what_they_compute_and_not_by_their_text() -> None:
    def cell(factor: float, gain: str, comment: str) -> Equation:
        @equation(x="X", h="H", W="H X", gain=gain)
        def mine(x, h, W, gain):
            h = tanh(W @ x) * gain + h * factor
            return h

        document = stored(mine)
        return read_equation(sealed(document | {"text": comment}))

    first = cell(0.5, "H = 1", "one").stored
    assert first is not None
    for factor, gain, comment, same in [
        (0.5, "H = 1", "another text", True), (0.25, "H = 1", "one", False), (0.5, "H = 2", "one", False)
    ]:  # fmt: skip
        other = cell(factor, gain, comment).stored
        assert other is not None
        assert same_equation(first.document, other.document) is same


def test_fixed_values_of_other_sizes_than_the_stored_ones_are_refused() -> None:
    read = read_equation(stored(two_states))
    with pytest.raises(EquationError, match="the values of the fixed A are not stored for H = 7") as caught:
        Recurrent(read, 3, 7)
    assert caught.value.hint == "train with the Python file that computes them"
    # a triangle of ones is known for every size
    assert read.fixed_value("cumsum_H", H=7).sum() == 28


def test_an_equation_of_a_document_is_no_part_of_another_equation() -> None:
    with pytest.raises(EquationError, match="was read from a document and cannot be a part of another equation"):
        read_equation(stored(two_states))(1, 2)


def test_control_characters_of_a_docstring_are_stored_as_signs() -> None:
    @equation(x="X", h="H", W="H X")
    def marked(x, h, W):
        "Clears \x1b[2J the screen."
        return tanh(W @ x) + h

    assert read_equation(stored(marked)).summary == "Clears \\u001b[2J the screen."


CRAFTED = {
    "another operation": (["nodes", 4, "op"], "system"),
    "an operation of gradients": (["nodes", 4, "op"], "sign"),
    "a later argument": (["nodes", 2, "args"], [0, 3]),
    "itself as argument": (["nodes", 2, "args"], [0, 2]),
    "an argument that is true": (["nodes", 2, "args"], [False, True]),
    "a negative argument": (["nodes", 2, "args"], [0, -1]),
    "no argument": (["nodes", 2, "args"], []),
    "another shape": (["nodes", 2, "shape"], ["2H"]),
    "a shape of no size": (["nodes", 2, "shape"], ["0"]),
    "a shape in another form": (["nodes", 2, "shape"], ["H+2H"]),
    "a shape of three sizes": (["nodes", 2, "shape"], ["H", "H", "H"]),
    "an endless shape": (["nodes", 2, "shape"], ["H" * 10_000]),
    "a huge factor": (["nodes", 2, "shape"], ["9" * 30 + "H"]),
    "a size that nothing declares": (["parameters", 0, "shape"], ["3Q", "X"]),
    "an attribute too many": (["nodes", 2, "attribute"], 1.0),
    "another leaf": (["nodes", 0, "attribute"], "W_zz"),
    "a name that is code": (["name"], "x; import os"),
    "an argument that is code": (["parameters", 0, "name"], "W(); //"),
    "an argument twice": (["parameters", 0, "name"], "W_hh"),
    "an initial value of a state": (["states", 0, "initial"], 1.0),
    "an initial value that is text": (["parameters", 3, "initial"], "1"),
    "another output": (["outputs", 0], 0),
    "an output too many": (["outputs"], [1, 2, 3]),
    "an output that is no node": (["outputs", 0], 10**6),
    "lines of other nodes": (["lines", 0, "nodes"], [10**6, 1, 2]),
    "lines of no names": (["lines", 0, "names"], []),
    "a text that clears the screen": (["text"], "\x1b[2J"),
    "a text of a number": (["documentation"], 7),
    "a text without end": (["text"], "x" * 10**6),
    "another digest": (["digest"], "0" * 64),
    "a newer format": (["format"], 2),
    "a format that is true": (["format"], True),
    "another kind": (["kind"], "recur run"),
    "too few fixed values": (["fixed", "A", 0], [1.0]),
    "fixed values that are text": (["fixed", "A", 0], ["1"] * 25),
    "fixed values of a trained parameter": (["fixed", "W_xx"], []),
    "sizes of text": (["sizes", 0, "H"], "5"),
    "sizes beyond all bounds": (["sizes", 0, "H"], 10**30),
    "a cumulative sum that is none": (["fixed", "A"], "cumulative sum"),
}


@pytest.mark.parametrize("where", CRAFTED)
def test_a_crafted_document_is_refused_with_a_sentence(where: str) -> None:
    (*path, last), value = CRAFTED[where]
    document = stored(two_states)
    inside: Any = document
    for key in path:
        inside = inside[key]
    inside[last] = value
    with pytest.raises(EquationError, match=r"^the stored equation is refused: "):
        read_equation(sealed(document))
    with pytest.raises(EquationError, match="it was altered|does not have the keys|its format is not"):
        read_equation(document)


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"kind": "recur equation"}])
def test_other_data_than_a_document_is_refused(value: object) -> None:
    with pytest.raises(EquationError, match="it does not have the keys of a stored equation"):
        read_equation(value)


def test_a_document_without_end_is_refused_in_bounded_time() -> None:
    document = stored(two_states)
    document["nodes"] = document["nodes"] * 1000
    with pytest.raises(EquationError, match="repeats a node|its nodes are not a list"):
        read_equation(sealed(document))


def every_place(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inside for place in every_place(one, (*path, key)))]


def mutated(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A document with one value replaced, removed, repeated, or exchanged with one of another place."""
    changed = copy.deepcopy(document)
    places = [place for place in every_place(changed) if place]

    def of(path: tuple[Any, ...]) -> Any:
        inside: Any = changed
        for key in path:
            inside = inside[key]
        return inside

    *path, last = chance.choice(places)
    inside = of(tuple(path))
    what = chance.randrange(4)
    if what == 0:
        del inside[last]
    elif what == 1 and isinstance(inside, list):
        inside.insert(last, copy.deepcopy(inside[last]))
    elif what == 2:
        inside[last] = copy.deepcopy(of(chance.choice(places)))
    else:
        inside[last] = chance.choice(
            [None, True, 0, 1, -1, 2, 3, 10**400, 0.5, "", "H", "X", "2H", "H*X", "1", "tanh", "sum", "neg", "concat",
             "surrogate", "pow", [], {}, [0], ["H"], ["1"], ["H", "H"]]
        )  # fmt: skip
    return changed


@pytest.mark.parametrize("name", ["two_states", "fast_weights", "legendre_memory", "slstm", "gru_d"])
def test_a_random_change_is_refused_and_never_another_equation(name: str) -> None:
    cell = two_states if name == "two_states" else get(name)
    document, chance = stored(cell, 3), random.Random(name)
    for _ in range(MANY):
        changed = mutated(document, chance)
        if changed == document:
            continue
        with pytest.raises(EquationError) as caught:
            read_equation(changed)
        assert caught.value.hint


@pytest.mark.parametrize("name", ["two_states", "fast_weights", "legendre_memory", "slstm", "gru_d"])
def test_a_random_change_with_the_right_checksum_is_refused_or_computes_what_it_says(name: str) -> None:
    cell = two_states if name == "two_states" else get(name)
    document, chance = stored(cell, 3), random.Random(f"{name} sealed")
    refusals: list[str] = []
    for _ in range(MANY):
        changed = mutated(document, chance)
        try:
            read = read_equation(sealed(changed) if "sha256" in changed else changed)
        except EquationError as error:
            refusals.append(error.message)
            continue
        # what is left has the same graph; only texts, names of lines, initial and fixed values may differ
        assert read.digest == cell.digest
    assert len(refusals) > MANY // 2
    assert all(one.startswith("the stored equation is refused: ") for one in refusals)


def test_a_graph_with_its_own_digest_is_refused_unless_it_computes() -> None:
    """Whoever crafts a document writes its digest too: what is then accepted runs, and keeps its shapes."""
    document, chance, ran = stored(two_states, 3), random.Random(1), 0
    for _ in range(MANY):
        changed = with_its_digest(mutated(document, chance))
        if changed is None:
            continue
        layer = Recurrent(read_equation(changed), 3, 3, engine="eager")
        output, _ = layer(torch.randn(2, 2, 3))
        assert output.shape == (2, 2, 3)
        ran += 1
    assert ran


def with_its_digest(document: dict[str, Any]) -> dict[str, Any] | None:
    """A document with digest and checksum of its own graph; None where it has none."""
    found: list[str] = []

    class Recorded(Graph):
        @property
        def digest(self) -> str:
            found.append(Graph.digest.func(self))
            return found[-1]

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(EquationError):
        patch.setattr("recur.equations.document.Graph", Recorded)
        read_equation(sealed(document))
    if not found:
        return None
    with contextlib.suppress(EquationError):
        changed = sealed(document | {"digest": found[-1]})
        read_equation(changed)
        return changed
    return None


def test_concatenated_states_and_products_of_sizes_keep_their_sizes() -> None:
    @equation(x="X", h="H", s="H+P", C="H P", W="H X", R="P H")
    def grown(x, h, s, C, W, R):
        a, b = split(s, ["H", "P"])
        h = tanh(W @ x + C @ b) + a
        return h, concat(h, tanh(R @ h)), C * 0.5

    read = read_equation(stored(grown))
    assert str(read.graph.states["C"].size) == "H*P"
    assert read.digest == grown.digest
