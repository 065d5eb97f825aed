"""``recur.tune``: a search over settings from Python."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from recur import config_file
from recur.config import Config, FitOptions
from recur.equations import Equation
from recur.equations.cell_files import with_cell
from recur.printable import TEXT, printable
from recur.tuning import study
from recur.tuning.plan import Pruner
from recur.tuning.space import Wanted, parse, ranged


def tune(
    data: Any,
    mode: str | None = None,
    *,
    out: Path | str,
    trials: int = 20,
    processes: int = 1,
    search: Sequence[str] | Mapping[str, Any] | None = None,
    fix: Collection[str] = (),
    database: str | None = None,
    pruner: Pruner = "median",
    repeats: int = 3,
    input: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    cell: Equation | str | None = None,
    config: Config | Path | str | None = None,
    progress: bool = True,
    **options: Unpack[FitOptions],
) -> study.Tuned:
    """Search for good settings on the held-out rows; the same call continues a search that was stopped.

    Each trial is a training run with settings that Optuna's TPE sampler proposes. Trials that are worse than others
    were after as many evaluations are pruned. The best settings are trained once more into ``out/best``, with the test
    file where there is one, and are compared with the first settings over seeds that the search did not use.

    Parameters
    ----------
    data : path, list of dict, dict of lists, ndarray or DataFrame
        What to learn from, as in `recur.fit`.
    mode : str, optional
        The sequence mode; inferred from the columns.
    out : path
        The folder of the study.
    trials : int
        How many settings are tried in all; a larger number continues a study.
    processes : int
        Processes of this machine that work on them; a file is needed.
    search : sequence of str or mapping, optional
        The options to search: names; or names with a pair ``(low, high)``, a list of choices, or None for the values of
        the option's description. Default: hidden_size, num_layers, dropout and lr, apart from those given here.
    fix : collection of str
        Options that keep their value.
    database : str, optional
        A journal file or the URL of a database that several machines reach.
    pruner : str
        median, hyperband or none.
    repeats : int
        Seeds with which the first and the best settings are compared at the end; below 2 nothing is compared.
    input, target : str or list of str, optional
        Column names; inferred where they are left out.
    cell : Equation or str, optional
        The cell, as in `recur.fit`.
    config : Config or path, optional
        Settings to begin with; the options of this call take precedence.
    progress : bool
        Whether the trials are reported on stderr.
    **options
        Any option by its flat name, as in `recur.fit`.

    Returns
    -------
    Tuned
        The best settings and metrics, all trials, the importance of each option, and the comparison.

    Raises
    ------
    ConfigError
        When an option is unknown, out of its range, or has no effect on this task.
    MissingExtraError
        When Optuna is not installed: ``pip install "recur-nn[tune]"``.
    RunError
        When the folder or the storage has another study.

    Examples
    --------
    >>> import tempfile
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> found = tune(rows, out=tempfile.mkdtemp(), trials=2, search={"hidden_size": [4, 8]}, epochs=1, repeats=0,
    ...              progress=False)
    >>> found.facts["complete"], found.config.model.hidden_size in ([4], [8])
    (2, True)
    """
    base = config or Config()
    if not isinstance(base, Config):
        base = config_file.read(base)
    from_file = isinstance(data, (str, Path))
    task: dict[str, Any] = {
        "mode": mode, "input": input, "target": target, "source": str(data) if from_file else None,
        "cell": cell.name if isinstance(cell, Equation) else cell,
    }  # fmt: skip
    given = {**{name: value for name, value in task.items() if value is not None}, **options}
    settings = with_cell(config_file.from_options(given, base), cell if cell is not None else base.model.equation)
    asked = study.Search(trials, processes, _wanted(search), list(fix), list(given), database, pruner, repeats)
    return study.search(
        settings,
        asked,
        Path(out),
        source=None if from_file else data,
        say=_print if progress else _nothing,
        command=None,
    )


def _wanted(search: Sequence[str] | Mapping[str, Any] | None) -> Wanted | None:
    if search is None:
        return None
    if isinstance(search, Mapping):
        return {name: ranged(values) for name, values in search.items()}
    return parse([search] if isinstance(search, str) else search)


def _print(text: str) -> None:
    print(printable(text, TEXT), file=sys.stderr, flush=True)


def _nothing(text: str) -> None:
    del text
