"""An explanation, or a comparison of runs, as one PNG; needs matplotlib: pip install "recur-nn[plot]"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from recur.errors import ConfigError
from recur.printable import printable
from recur.views import match_picture
from recur.views.colours import PATHS, VIRIDIS
from recur.views.explained import paths_of

LINES = ("#1f6fb2", "#c2570c", "#3b7d3c", "#7a4fa3", "#8a6d00", "#4a4a4a")
STYLES = ("-", "--", ":", "-.")
MOST_LABELS = 40  # on an axis
LEGEND_COLUMNS = 3  # of the legend of the shares
MOST_SENTENCES = 3  # runs whose sentences are above the picture


def picture(explanations: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write `explained_figure` as a PNG.

    Parameters
    ----------
    explanations : sequence of mapping
        The first is drawn whole.
    path : Path
        Where to.

    Raises
    ------
    ConfigError
        Without matplotlib.
    """
    _save(explained_figure(explanations), path)


def explained_figure(explanations: Sequence[Mapping[str, Any]]) -> Any:
    """Draw one explanation, and beside it the gradients of others of the same text.

    Parameters
    ----------
    explanations : sequence of mapping
        The first is drawn whole.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ConfigError
        Without matplotlib.
    """
    data = explanations[0]
    drawings: list[Callable[[Any], None]] = []
    if data["influence"]:
        drawings.append(lambda axes: _influence(axes, data))
    if data["flow"]:
        same = [one for one in explanations if one["flow"] and one["input"]["text"] == data["input"]["text"]]
        for part in dict.fromkeys(layer["part"] for layer in data["flow"]["layers"]):
            drawings.append(partial(_flow, every=same, part=part))
        drawings.append(lambda axes: _paths(axes, data["flow"]))
        # with a single error, the matrix of errors would repeat its gradient
        if len(data["flow"]["followed"]) > 1:
            drawings.append(lambda axes: _itemised(axes, data))
    if data.get("match"):
        drawings += match_picture.drawings(data["match"], escape_math)
    figure, grid = _figure(max(1, len(drawings)))
    for axes, draw in zip(grid, drawings, strict=False):
        draw(axes)
    _head(figure, _short(data["question"]["says"][:1].upper() + data["question"]["says"][1:], 110))
    return figure


def ledger_figure(layers: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]) -> Any:
    """Draw the gradient at every step, and the shares of the steps in the gradient of each matrix.

    Parameters
    ----------
    layers : sequence of (str, mapping of str to ndarray, mapping of str to ndarray)
        For each layer and direction its name, (T,) norms ||dE/dstate_t|| by state, and (T,) shares by matrix.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ConfigError
        Without matplotlib.
    """
    figure, grid = _figure(2 * len(layers))
    for number, (name, norms, shares) in enumerate(layers):
        above, below = grid[2 * number], grid[2 * number + 1]
        for place, (state, values) in enumerate(norms.items()):
            steps = [(t + 1, float(v)) for t, v in enumerate(values) if v > 0]
            above.plot(
                [t for t, _ in steps], [v for _, v in steps], STYLES[place % 4], color=LINES[place % 6],
                label=escape_math(f"‖dE/d{state}_t‖"),
            )  # fmt: skip
        above.set_yscale("log")
        above.set_title(escape_math(name), loc="left")
        for place, (matrix, values) in enumerate(shares.items()):
            below.plot(
                range(1, len(values) + 1), values, STYLES[place % 4], color=LINES[place % 6], label=escape_math(matrix)
            )  # fmt: skip
        below.set_ylabel("share of the step in dE/dW")
        for axes in (above, below):
            axes.set_xlabel("step")
            axes.grid(alpha=0.3)
            if axes.lines:
                axes.legend()
    return figure


def comparison(data: Mapping[str, Any], path: Path) -> None:
    """Write the gradient over distance of several runs as a PNG."""
    figure, [axes] = _figure(1)
    for number, run in enumerate(data["runs"]):
        axes.plot(
            range(len(run["relative"])), run["relative"], STYLES[number % 4], color=LINES[number % 6],
            label=escape_math(run["label"]),
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlabel("distance, in steps")
    axes.set_ylabel("gradient, relative to the last step")
    axes.legend()
    axes.grid(alpha=0.3)
    _note(axes, data["look"] + " " + data["how"])
    sentences = [_short(f"{run['label']}: {run['sentence']}", 150) for run in data["runs"][:MOST_SENTENCES]]
    _head(figure, "\n".join(sentences), fontsize=10)
    _save(figure, path)


def _influence(axes: Any, data: Mapping[str, Any]) -> None:
    influence = data["influence"]
    option = influence["options"][0]
    method = influence["methods"][0]
    scores = option[influence["against"][0]]["scores"][method]
    last = list(range(len(scores)))[-MOST_LABELS:]
    values = [scores[t] or 0.0 for t in last]
    colours = [LINES[1] if v > 0 else LINES[0] for v in values]
    axes.bar(range(len(last)), values, color=colours)
    axes.axhline(0, color="black", linewidth=0.8)
    _items(axes, [data["input"]["items"][t] for t in last])
    axes.set_ylabel(influence["unit"])
    probability = data["question"]["options"][0]["probability"]
    certainty = "" if probability is None else f", probability {100 * probability:.1f} %"
    axes.set_title(_short(f"Which inputs support “{option['label']}”{certainty}", 80), loc="left", fontsize=10)
    odds = "log-odds against the other candidates" if influence["against"][0] == "candidates" else "output"
    how = "when the item becomes unknown" if method == "swap" else "when the item is left out"
    _note(axes, f"Change of the {odds} {how}; orange supports it, blue opposes it.")


def _flow(axes: Any, every: Sequence[Mapping[str, Any]], part: str) -> None:
    mine = [layer for layer in every[0]["flow"]["layers"] if layer["part"] == part]
    number, labels = 0, mine[0]["labels"]
    for data in every:
        for layer in data["flow"]["layers"]:
            if layer["part"] != part or len(layer["labels"]) != len(labels):
                continue
            norms = [v if v > 0 else math.nan for v in layer["norms"]["message"]]
            name = f"{data['model']['name']}, {layer['name']}" if len(every) > 1 else layer["name"]
            axes.plot(range(len(norms)), norms, STYLES[number % 4], marker="o", markersize=3,
                      color=LINES[number % 6], label=escape_math(name))  # fmt: skip
            number += 1
    for boundary in mine[0]["boundaries"]:
        axes.axvline(boundary - 0.5, color="black", linewidth=2)
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    _items(axes, labels)
    axes.legend(fontsize=8)
    where = "" if part == "stack" else f", {part}"
    axes.set_title(f"Gradient through time{where}: of the answer's error at every step", loc="left", fontsize=10)
    sentences = "; ".join(
        f"{one['model']['name'] if len(every) > 1 else layer['name']}: {layer['sentence']}"
        for one in every
        for layer in [one for one in one["flow"]["layers"] if one["part"] == part][: 1 if len(every) > 1 else None]
    )  # fmt: skip
    _note(axes, sentences + ". Total derivative through all later steps; logarithmic.")


def _paths(axes: Any, flow: Mapping[str, Any]) -> None:
    """The shares of the three paths: what each step adds to the gradient of each matrix."""
    rows = paths_of(flow)
    longest = max((labels for _, _, _, labels in rows), key=len, default=[])
    places = list(dict.fromkeys(where for where, *_ in rows))
    for where, name, share, _ in rows:
        axes.plot(
            range(1, len(share["fraction"]) + 1), [100 * one for one in share["fraction"]],
            STYLES[_style(places, where)], marker="o", markersize=3,
            color=PATHS[share["kind"]][1], label=f"{where} {name}, {share['kind']}",
        )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    if len({tuple(labels) for *_, labels in rows}) == 1:
        _items(axes, longest, first=1)
    else:
        axes.set_xlabel("step")
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel("% of the gradient")
    axes.grid(alpha=0.3)
    # leave room for the legend above the lines
    room = 0.08 * math.ceil(len(rows) / LEGEND_COLUMNS) + 0.05
    highest = max((100 * one for _, _, share, _ in rows for one in share["fraction"]), default=100.0)
    axes.set_ylim(top=max(highest, 1.0) / (1 - room))
    axes.legend(fontsize=7, ncols=LEGEND_COLUMNS, loc="upper left")
    axes.set_title("Shares of the three paths: hidden to output, input to hidden, hidden to hidden", loc="left",
                   fontsize=10)  # fmt: skip
    _note(axes, "Each step's share in the gradient of each matrix; the shares of all steps add up to 100 %.")


def _style(places: Sequence[str], where: str) -> int:
    """The line style of a layer; the readout has a colour of its own and needs no line style."""
    layers = [one for one in places if not one.endswith("readout")]
    return layers.index(where) % 4 if where in layers else 0


def _itemised(axes: Any, data: Mapping[str, Any]) -> None:
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    part = data["flow"]["errors"][0]["part"]
    layer = [one for one in data["flow"]["layers"] if one["part"] == part][-1]
    matrix = np.array(layer["itemised"] or [[0.0]], float)
    positive = matrix[matrix > 0]
    high = float(positive.max()) if len(positive) else 1.0
    low = max(float(positive.min()) if len(positive) else 0.1, high * 1e-8)
    colours = LinearSegmentedColormap.from_list("size", [tuple(c / 255 for c in stop) for stop in VIRIDIS])
    masked = np.ma.masked_less_equal(matrix, 0)
    image = axes.imshow(masked, aspect="auto", norm=LogNorm(low, max(high, low * 1.01)), cmap=colours)
    axes.figure.colorbar(image, ax=axes, fraction=0.025, pad=0.01)
    axes.set_ylabel("error of")
    answers = data["flow"]["errors"]
    names = [answers[k]["label"] for k in data["flow"]["followed"]]
    every = max(1, math.ceil(len(names) / 20))
    axes.set_yticks(range(0, len(names), every), [_short(name, 12) for name in names[::every]], fontsize=7)
    _items(axes, layer["labels"])
    axes.set_title(escape_math(f"Error by error, {layer['name']}"), loc="left", fontsize=10)
    _note(axes, "‖∂e_k/∂(states of step t)‖ of each error (row) at each step (column), logarithmic; white is zero.")


def _items(axes: Any, labels: Sequence[str], first: int = 0) -> None:
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    texts = [_short(label.replace("\n", "⏎").replace(" ", "␣") if label.isspace() else label, 14) for label in labels]
    axes.set_xticks(range(first, first + len(labels), every), texts[::every], rotation=45, ha="right", fontsize=8)


def _note(axes: Any, text: str) -> None:
    import textwrap

    lines = escape_math("\n".join(textwrap.wrap(text, 150)))
    axes.text(0, -0.32, lines, transform=axes.transAxes, fontsize=8, color="#59636e", va="top")


def _figure(rows: int) -> tuple[Any, list[Any]]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        message = "pictures require matplotlib, which is not installed"
        raise ConfigError(message, hint='pip install "recur-nn[plot]"') from error
    figure = Figure(figsize=(11, 4.1 * rows + 0.4), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    figure.subplots_adjust(hspace=0.85, left=0.08, right=0.94, top=1 - 0.75 / (4.1 * rows + 0.4), bottom=0.32 / rows)
    return figure, list(axes)


def _head(figure: Any, text: str, **style: Any) -> None:
    """Draw the heading at a distance in inches from the upper edge, the same for tall and short pictures."""
    figure.suptitle(text, x=0.02, y=1 - 0.12 / figure.get_figheight(), ha="left", va="top", **style)


def _save(figure: Any, path: Path) -> None:
    import io

    from recur.atomic import write_bytes

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getvalue())


def _short(text: str, most: int) -> str:
    text = text if len(text) <= most else text[: most - 1] + "…"
    return escape_math(text)


def escape_math(text: object) -> str:
    """Return a text in which matplotlib does not read a dollar sign as the start of a formula.

    >>> escape_math("$5")
    '\\\\$5'
    """
    return printable(str(text), "\n").replace("$", r"\$")
