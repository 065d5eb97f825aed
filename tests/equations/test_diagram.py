"""The graph of an equation as a picture."""

from __future__ import annotations

import doctest
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import pytest

from recur import equations
from recur.equations import diagram
from recur.equations.diagram import Drawing, Line, drawing, svg
from recur.equations.drawing import routing
from recur.equations.drawing.parts import parts
from recur.equations.naming import naming

Segment = tuple[tuple[int, int], tuple[int, int]]
ALL = equations.names()


@cache
def drawn(name: str, *, down: bool = False) -> Drawing:
    cell = equations.get(name)
    return drawing(cell.graph, naming(cell).names, down=down)


def points(line: Line) -> set[Segment]:
    """The unit pieces of a line, each from its left or upper end."""
    found = set()
    for (ax, ay), (bx, by) in zip(line.corners, line.corners[1:], strict=False):
        assert ax == bx or ay == by, "a line is not horizontal or vertical"
        steps = max(abs(bx - ax), abs(by - ay))
        dx, dy = (bx > ax) - (bx < ax), (by > ay) - (by < ay)
        for n in range(steps):
            ends = sorted([(ax + n * dx, ay + n * dy), (ax + (n + 1) * dx, ay + (n + 1) * dy)])
            found.add((ends[0], ends[1]))
    return found


def crossings(picture: Drawing) -> int:
    """The points where lines of different values cross."""
    runs: dict[int, dict[tuple[int, int], set[str]]] = {}
    for line in picture.lines:
        at = runs.setdefault(line.source, {})
        for a, b in points(line):
            for point in (a, b):
                at.setdefault(point, set()).add("across" if a[1] == b[1] else "down")
    return sum(len(set(a) & set(b)) for a, b in combinations(runs.values(), 2))


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(diagram).failed == 0
    assert doctest.testmod(routing).failed == 0


BOTH = [(name, False) for name in ALL] + [(name, True) for name in equations.stock()]


@pytest.mark.parametrize(("name", "down"), BOTH)
def test_lines_of_two_values_never_run_along_each_other_nor_over_a_box(name: str, down: bool) -> None:
    picture = drawn(name, down=down)
    used: dict[Segment, int] = {}
    inside = {
        (x, y) for box in picture.boxes.values()
        for x in range(box.x - box.wide + 1, box.x + box.wide) for y in range(box.y - box.high + 1, box.y + box.high)
    }  # fmt: skip
    for line in picture.lines:
        for piece in points(line):
            assert used.setdefault(piece, line.source) == line.source, (name, piece)
            assert not set(piece) & inside, (name, piece)


@pytest.mark.parametrize(("name", "down"), BOTH)
def test_boxes_do_not_overlap_and_each_value_has_its_lines(name: str, down: bool) -> None:
    picture = drawn(name, down=down)
    for a, b in combinations(picture.boxes.values(), 2):
        assert abs(a.x - b.x) > a.wide + b.wide or abs(a.y - b.y) > a.high + b.high
    expected = sorted((a, key) for key, box in picture.boxes.items() for a in box.part.args)
    assert sorted((line.source, line.target) for line in picture.lines) == expected


def test_the_lstm_is_drawn_as_in_textbooks() -> None:
    picture = drawn("lstm")
    boxes = list(picture.boxes.values())
    gates = sorted((box for box in boxes if box.part.kind == "gate"), key=lambda box: box.x)
    assert [(box.part.name, box.part.label) for box in gates] == [("f", "σ"), ("i", "σ"), ("g", "tanh"), ("o", "σ")]
    assert len({box.y for box in gates}) == 1
    # the cell state: straight across the top, through one product and one sum
    top = min(box.y for box in boxes)
    across = sorted((box for box in boxes if box.y == top), key=lambda box: box.x)
    assert [box.part.label for box in across] == ["c", "×", "+", "c"]
    assert crossings(picture) == 0
    assert sorted(box.part.label for box in boxes if box.part.kind == "sign") == ["+", "×", "×", "×"]


def test_the_lstm_fits_on_a_phone_where_it_runs_downwards() -> None:
    picture = drawn("lstm", down=True)
    boxes = list(picture.boxes.values())
    assert picture.pixels((picture.width, picture.height))[0] <= 360
    left = min(box.x for box in boxes)
    down = sorted((box for box in boxes if box.x == left), key=lambda box: box.y)
    assert [box.part.label for box in down] == ["c", "×", "+", "c"]
    gates = sorted((box for box in boxes if box.part.kind == "gate"), key=lambda box: box.y)
    assert [box.part.name for box in gates] == ["f", "i", "g", "o"]
    assert len({box.x for box in gates}) == 1
    assert crossings(picture) == 0
    (product,) = (box for box in boxes if box.part.kind == "product")
    assert product.lines == ("W_xh x_t", "+ W_hh h_t−1", "+ b")


@pytest.mark.parametrize(
    ("name", "most", "most_down"),
    [
        ("elman", 0, 0), ("lstm", 0, 0), ("lstm_projected", 0, 0), ("gru", 2, 3), ("min_gru", 1, 1),
        ("minimal_gated_unit", 2, 3), ("lstm_peephole", 4, 4),
    ],
)  # fmt: skip
def test_lines_cross_only_where_they_must(name: str, most: int, most_down: int) -> None:
    assert crossings(drawn(name)) <= most
    assert crossings(drawn(name, down=True)) <= most_down


@pytest.mark.parametrize("name", ["gru", "lstm", "min_gru", "boundary_lstm", "fast_weights"])
def test_a_drawing_knows_how_often_its_lines_cross(name: str) -> None:
    assert drawn(name).crossings == crossings(drawn(name))


@pytest.mark.parametrize(
    ("name", "gates", "others"),
    [
        ("gru", {"z", "r", "n"}, set()), ("gru_reset_before", {"z", "r", "n"}, set()),
        ("lstm", {"f", "i", "g", "o"}, {"tanh"}), ("lstm_peephole", {"f", "i", "g", "σ"}, {"tanh"}),
        ("minimal_gated_unit", {"f", "n"}, set()),
    ],
)  # fmt: skip
def test_gates_and_candidates_have_one_colour_and_what_is_computed_of_them_another(
    name: str, gates: set[str], others: set[str]
) -> None:
    cell = equations.get(name)
    found = parts(cell.graph, naming(cell).names).values()
    functions = [part for part in found if part.kind in {"gate", "function"}]
    assert {part.name or part.label for part in functions if part.gate} == gates
    assert {part.name or part.label for part in functions if not part.gate} == others


@pytest.mark.parametrize("name", equations.stock())
def test_the_picture_is_well_formed_and_names_the_new_states(name: str) -> None:
    cell = equations.get(name)
    root = ElementTree.fromstring(svg(cell.graph))
    outputs = [one for one in root.iter("{http://www.w3.org/2000/svg}g") if one.get("class") == "output"]
    assert {str(one.get("data-name")) for one in outputs} == set(cell.states)
    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_a_notebook_shows_the_text_and_the_graph_of_an_equation() -> None:
    shown = equations.get("lstm")._repr_html_()
    assert equations.get("lstm").text in shown
    assert "<svg" in shown
