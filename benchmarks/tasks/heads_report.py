"""Figures and pictures that ``recur evaluate`` lacks: linear models beside networks, cells side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import recur
from benchmarks.tasks import heads
from recur import Model, config_file
from recur.evaluation.confusion import by_class
from recur.views import matrix

PENALTIES = (0.0, 1e-4, 1e-3, 1e-2, 1e-1)  # on the squared weights of the linear model, one of which is chosen on dev
SIDE_BY_SIDE = ("elman", "lstm", "gru")
ASKED = 200  # rows of the copy memory whose answers are compared symbol by symbol, at once


def names(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[Any]]:
    """Accuracy over all surnames and over languages, and which language is taken for which, as a picture."""
    del data_folder
    figures = recur.load(run).evaluate(out / "test.csv", confusion=True)
    counted = figures["confusion"]
    matrix.picture(counted["labels"], counted["counts"], out / "confusion.png")
    return {
        **{name: figures[name] for name in ("accuracy", "macro_accuracy", "macro_f1", "majority_class_accuracy")},
        "picture": str(out / "confusion.png"),
        "by_class": figures["by_class"],
    }


def gesture_phase(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[Any]]:
    """Accuracy and F1 by phase of the test frames, beside a multinomial logistic regression on the same frames."""
    del data_folder
    model = recur.load(run)
    figures = model.evaluate(out / "test.csv", confusion=True)
    counted = figures["confusion"]
    matrix.picture(counted["labels"], counted["counts"], out / "confusion.png")
    # training clips overlap, and the linear model should see each of their frames once
    parts = {
        part: _frames(model, out / f"{part}.csv", once=part == heads.LEARN)
        for part in (heads.LEARN, heads.CHOOSE, heads.REPORT)
    }
    linear = _best_linear(parts[heads.LEARN], parts[heads.CHOOSE], len(counted["labels"]))
    inputs, truth = parts[heads.REPORT]
    counts = np.zeros((len(counted["labels"]), len(counted["labels"])), dtype=np.int64)
    with torch.no_grad():
        np.add.at(counts, (truth.numpy(), linear(inputs).argmax(dim=1).numpy()), 1)
    rows = by_class(counted["labels"], counts)
    accuracy, f1 = float(np.diag(counts).sum() / counts.sum()), float(np.mean([row["f1"] for row in rows]))
    return {
        "accuracy": figures["accuracy"],
        "macro_f1": figures["macro_f1"],
        "linear_accuracy": accuracy,
        "linear_macro_f1": f1,
        # both must be above those of the linear model
        "above_linear": min(figures["accuracy"] - accuracy, figures["macro_f1"] - f1),
        "by_class": [{**row, "linear_f1": beside["f1"]} for row, beside in zip(figures["by_class"], rows, strict=True)],
        "picture": str(out / "confusion.png"),
    }


def forecast(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[Any]]:
    """Errors in the series' own unit, beside persistence and the seasonal naive forecast; a picture of forecasts."""
    del data_folder
    model = recur.load(run)
    figures = model.evaluate(out / "test.csv")
    beside = {row["forecast"]: row for row in figures["beside"]}
    naive = beside["seasonal naive"]
    _draw_forecasts(model, out / "test.csv", out / "forecasts.png")
    return {
        "mse": figures["mse"],
        "mae": figures["mae"],
        "below_seasonal_naive": 1 - figures["mse"] / naive["mse"],
        "below_persistence": 1 - figures["mse"] / beside["persistence"]["mse"],
        "by_column": figures["by_column"],
        "by_step": figures["by_step"],
        "picture": str(out / "forecasts.png"),
    }


def curves(run: Path, data_folder: Path, out: Path) -> dict[str, float | str | list[Any]]:
    """Elman, LSTM and GRU with the task's settings: the dev error during training, and the test error at the end.

    The task's figure is that of the cell which its file names; those of the other cells stand beside it.
    """
    del data_folder
    model = recur.load(run)
    own = model.config.model.cell
    found: dict[str, Any] = {}
    lines = {}
    for cell in dict.fromkeys((*SIDE_BY_SIDE, own)):
        folder = run if cell == own else out / f"run-{cell}"
        if cell != own:
            options: dict[str, Any] = {"cell": cell, "test": None}
            if cell == "elman":
                # an Elman network has no gates to start open
                options["memory_steps"] = None
            base = config_file.read(run / "config.toml")
            changed = base.replaced(**options)
            recur.fit(str(base.data.source), config=changed, out=folder, progress=False)
        other = recur.load(folder)
        figures = other.evaluate(str(out / "test.jsonl"))
        found[f"{cell} loss"] = figures["loss"]
        if "rmse" in figures:
            found[f"{cell} mse"] = figures["rmse"] ** 2
        else:
            found[f"{cell} recalled"] = _recalled(other, out / "test.jsonl")
        lines[cell] = _on_the_way(folder, other)
    key = "mse" if f"{own} mse" in found else "recalled"
    found[key] = found[f"{own} {key}"]
    _draw_curves(lines, out / "curves.png")
    return {**found, "picture": str(out / "curves.png")}


def _frames(model: Model, file: Path, *, once: bool) -> tuple[Tensor, Tensor]:
    """The frames of a file, standardised as the network reads them: (N, C) and (N,); equal frames once, if so asked."""
    from recur import data

    table = data.read_like(file, model.roles, model.config)
    rows: list[tuple[tuple[float, ...], int]] = []
    for example in data.examples(table, model.roles, model.config):
        inputs = model.mode.encode_input(example.input)
        labels = model.target_codec.encode(example.target)
        if inputs is not None:
            rows += [(tuple(frame), int(label)) for frame, label in zip(inputs.tolist(), labels, strict=True)]
    if once:
        rows = list(dict.fromkeys(rows))
    frames, classes = zip(*rows, strict=True)
    return torch.tensor(frames, dtype=torch.float32), torch.tensor(classes)


def _best_linear(learn: tuple[Tensor, Tensor], choose: tuple[Tensor, Tensor], classes: int) -> nn.Linear:
    """A multinomial logistic regression: fitted by L-BFGS, its penalty chosen on dev."""
    found: list[tuple[float, nn.Linear]] = []
    for penalty in PENALTIES:
        linear = nn.Linear(learn[0].shape[1], classes)
        nn.init.zeros_(linear.weight)
        nn.init.zeros_(linear.bias)
        optimizer = torch.optim.LBFGS(linear.parameters(), max_iter=500, line_search_fn="strong_wolfe")

        def error(linear: nn.Linear = linear, penalty: float = penalty, optimizer: Any = optimizer) -> Tensor:
            optimizer.zero_grad()
            fit = nn.functional.cross_entropy(linear(learn[0]), learn[1])
            loss: Tensor = fit + penalty * linear.weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(error)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            right = float((linear(choose[0]).argmax(dim=1) == choose[1]).float().mean())
        found.append((right, linear))
    return max(found, key=lambda pair: pair[0])[1]


def _recalled(model: Model, file: Path) -> float:
    """Share of the symbols that are repeated correctly; the blanks before them are ignored."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    right = total = 0
    for start in range(0, len(rows), ASKED):
        part = rows[start : start + ASKED]
        answers = model.predict([row["input"] for row in part])
        for row, answer in zip(part, answers, strict=True):
            said, asked = answer.value[-heads.COPY_LENGTH :], row["target"][-heads.COPY_LENGTH :]
            right += sum(one == other for one, other in zip(said, asked, strict=True))
            total += heads.COPY_LENGTH
    return right / total


def _on_the_way(folder: Path, model: Model) -> list[tuple[int, float]]:
    """(update, dev error) of every evaluation of a run; an error of numbers in the square of their unit."""
    scale = float(getattr(model.target_codec, "deviation", [1.0])[0]) ** 2
    events = map(json.loads, (folder / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return [(event["step"], event["loss"] * scale) for event in events if event.get("event") == "evaluation"]


def _draw_curves(lines: dict[str, list[tuple[int, float]]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for cell, points in lines.items():
        axes.plot([step for step, _ in points], [error for _, error in points], marker=".", label=cell)
    axes.set_yscale("log")
    axes.set_xlabel("updates")
    axes.set_ylabel("error on held-out rows")
    axes.legend()
    figure.savefig(path, dpi=120)


def _draw_forecasts(model: Model, file: Path, path: Path) -> None:
    """The series of a file, and one forecast after another over the whole of it."""
    from matplotlib.figure import Figure

    series = np.asarray(model.read(file)[0])
    horizon, column = model.config.forecast.horizon, model.roles.input.index(model.roles.target[0])
    first = model.config.forecast.window or model.config.training.bptt.steps
    figure = Figure(figsize=(9.0, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(len(series)), series[:, column], color="black", linewidth=1, label="observed")
    origins = range(first, len(series) - horizon + 1, horizon)
    answers = model.mode.predict([series[:place] for place in origins])
    for place, answer in zip(origins, answers, strict=True):
        values = np.asarray(answer.value, dtype=np.float64).reshape(horizon, -1)[:, 0]
        axes.plot(range(place, place + horizon), values, color="tab:red", linewidth=1)
    axes.set_xlabel("step")
    axes.set_ylabel(model.roles.target[0])
    axes.legend([*axes.get_lines()[:2]], ["observed", f"forecast {horizon} steps at a time"])
    figure.savefig(path, dpi=120)
