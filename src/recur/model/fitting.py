"""``fit`` and ``load``: a model from data, and from a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from recur import config_file
from recur.config import Config, FitOptions
from recur.equations import Equation
from recur.equations.cell_files import with_cell
from recur.errors import RunError
from recur.hub import address_of, local_folder
from recur.model.trained import Model
from recur.run import open_run
from recur.training import learn
from recur.training.progress import Progress


def fit(
    data: Any,
    mode: str | None = None,
    *,
    input: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    cell: Equation | str | None = None,
    cell_inputs: Mapping[str, str | Sequence[str]] | None = None,
    cell_sizes: Mapping[str, int] | None = None,
    out: Path | str | None = None,
    config: Config | Path | str | None = None,
    fresh: bool = False,
    progress: Progress | bool | None = None,
    callbacks: Sequence[Any] = (),
    track: str | Sequence[str] = (),
    **options: Unpack[FitOptions],
) -> Model:
    """Train a network on a file or on rows.

    Parameters
    ----------
    data : path, list of dict, dict of lists, ndarray or DataFrame
        What to learn from. A text is the path of a file or folder; texts themselves are given in a list.
    mode : str, optional
        one-to-one, one-to-many, many-to-one, many-to-many, synced or forecast; inferred from the columns.
    input, target : str or list of str, optional
        Column names; inferred where they are left out.
    cell : Equation or str, optional
        An equation of your own; the name of a cell of the library; or ``FILE.py:NAME``, which executes that file.
        Default: lstm. A run folder keeps the equation as data.
    cell_inputs : mapping, optional
        Columns for the further inputs of the cell: ``{"dt": "hours"}``, the time since the last step. They are
        divided by their mean over the training rows and not shifted; missing and negative numbers are refused.
    cell_sizes : mapping, optional
        Numbers for the sizes that the cell has of its own: ``{"heads": 4}``.
    out : path, optional
        A run folder; the same call resumes where it stopped. Without it nothing is written.
    config : Config or path, optional
        Settings to begin with; the options of this call take precedence.
    fresh : bool
        Start over if ``out`` already holds a run.
    progress : Progress or bool, optional
        The progress display; False for none.
    callbacks : sequence of Callback
        Objects with any of ``on_step(step)``, ``on_evaluation(evaluation)`` and ``stop() -> bool``; see
        `recur.training.callbacks`. If one raises an exception, the checkpoint is saved and the error says which.
    track : str or sequence of str
        Trackers that get the points of the log: tensorboard, mlflow, wandb, trackio. A run that resumes continues in
        them.
    **options
        Any option by its flat name: ``epochs=3, hidden_size=200, dropout=0.2``.

    Returns
    -------
    Model
        With the best weights on the held-out rows.

    Raises
    ------
    ConfigError
        When an option is unknown, out of its range, or has no effect on this task.
    DataError
        When the data cannot be read, or its columns do not determine the task.

    Examples
    --------
    Rows are a list of dictionaries, a dictionary of columns, a data frame, or a file of such a table:

    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> model = fit(rows, epochs=1, hidden_size=8, seed=1, progress=False)
    >>> model.roles.mode
    'many-to-one'

    An option that does not exist is refused with the nearest that does:

    >>> fit(rows, hiden_size=8)
    Traceback (most recent call last):
    ...
    recur.errors.ConfigError: unknown option "hiden_size". Did you mean "hidden_size"?
    """
    base = config or Config()
    if not isinstance(base, Config):
        base = config_file.read(base)
    if cell is None:
        cell = base.model.equation
    from_file = isinstance(data, (str, Path))
    task: dict[str, Any] = {
        "mode": mode, "input": input, "target": target, "source": str(data) if from_file else None,
        "cell": cell.name if isinstance(cell, Equation) else cell,
    }  # fmt: skip
    if cell_inputs is not None:
        listed = {name: [one] if isinstance(one, str) else list(one) for name, one in cell_inputs.items()}
        task["cell_inputs"] = [f"{name}={one}" for name, columns in listed.items() for one in columns]
    if cell_sizes is not None:
        task["cell_sizes"] = [f"{name}={number}" for name, number in cell_sizes.items()]
    named = {name: value for name, value in task.items() if value is not None}
    settings = with_cell(config_file.from_options({**named, **options}, base), cell)
    run = learn(
        settings, out=out, data=None if from_file else data, fresh=fresh, progress=progress,
        callbacks=callbacks, track=[track] if isinstance(track, str) else track,
    )  # fmt: skip
    return Model(run.mode, settings, run.task.roles, metrics=run.metrics, folder=run.folder)


def load(folder: Path | str) -> Model:
    """Open a run folder, or a run of the Hugging Face hub; the training data is not needed.

    Parameters
    ----------
    folder : path
        What `recur train --out`, ``fit(out=...)`` or ``Model.save`` wrote; or ``hf://USER/NAME``, or
        ``hf://USER/NAME@REVISION`` for a branch, a tag or a commit, which is downloaded into the hub's cache. Nothing
        in it is unpickled, and every file is compared with the hash that run.json has of it.

    Returns
    -------
    Model
        With the best weights, on the CPU; ``model.to("cuda")`` moves it.

    Raises
    ------
    RunError
        When the folder is missing, altered, cut short, of a newer format, or not a run; when the hub has no such run,
        or cannot be reached.

    Examples
    --------
    >>> import tempfile
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> model = fit(rows, epochs=1, hidden_size=8, progress=False, out=folder)
    >>> load(folder).predict("a fine film").value == model.predict("a fine film").value
    True
    """
    address = address_of(folder)
    place = local_folder(folder)
    try:
        run = open_run(place)
        mode = run.network()
    except RunError as error:
        if address is None:
            raise
        raise RunError(
            f"{address} cannot be opened: {error.message}",
            hint=f"upload the run again; if the copy was altered here, remove it: rm -r {place}",
        ) from error
    return Model(
        mode, run.config, run.roles, metrics=run.metrics, folder=run.folder,
        name=None if address is None else address.name,
    )  # fmt: skip
