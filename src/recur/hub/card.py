"""The card of a run as the hub's model card: its text below a header of tags, metrics and data sets in YAML."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recur.codecs import class_of
from recur.errors import RunError, require
from recur.hub.address import Address

if TYPE_CHECKING:
    from recur.data import Roles
    from recur.run import Run

_DATASET = re.compile(r"hf:/{1,2}datasets/(?P<name>[^/@]+/[^/@]+)")
_LOADED = re.compile(r"recur\.load\((?P<quote>['\"])(?P<folder>.+?)(?P=quote)\)")
_HEADED = re.compile(r"\s*---[ \t]*\r?\n")
_USE = re.compile(r"(?ms)^## Use it\n.*?(?=^## |\Z)")
# the hub's name of a task, by the media of input and answer; and of one that continues its input
_TASKS = {
    ("text", "label"): "text-classification", ("text", "labels"): "token-classification",
    ("text", "text"): "text2text-generation", ("sound", "label"): "audio-classification",
    ("sound", "text"): "automatic-speech-recognition", ("image", "label"): "image-classification",
    ("image", "text"): "image-to-text", ("video", "label"): "video-classification",
    ("table", "label"): "tabular-classification", ("table", "table"): "tabular-regression",
}  # fmt: skip
_CONTINUED = {("text", "text"): "text-generation"}


def model_card(
    run: Run, text: str, address: Address, *, licence: str | None = None, datasets: Sequence[str] = ()
) -> str:
    """Return the model card.

    Parameters
    ----------
    run : Run
    text : str
        README.md of the run. A header that it already has is kept where this one says nothing.
    address : Address
        The repository; the commands of the section "Use it" name it.
    licence : str, optional
        An identifier of the hub, such as apache-2.0.
    datasets : sequence of str
        Data sets of the hub, ``USER/NAME``; one that the run was trained on by its address is added.

    Raises
    ------
    RunError
        When the header of README.md is not YAML.

    Examples
    --------
    >>> model_card(run, text, Address("ada/names"), licence="mit")  # doctest: +SKIP

    Source: https://huggingface.co/docs/hub/model-cards
    """
    cards = require("huggingface_hub", "hub")
    try:
        old = cards.ModelCard(text, ignore_metadata_errors=True) if _HEADED.match(text) else None
        kept = {} if old is None else old.data.to_dict()
    except Exception as error:
        # the parser of YAML raises errors of its own
        raise RunError(
            f"README.md begins with a header that is not YAML: {' '.join(str(error).split())[:120]}",
            hint="remove what is between the lines --- at its beginning",
        ) from error
    header = {**kept, **_header(cards, run, address)}
    if licence:
        header["license"] = licence
    source = _DATASET.match(run.config.data.source or "")
    named = [*_listed(kept.get("datasets")), *datasets, *([source["name"]] if source else [])]
    if named:
        header["datasets"] = list(dict.fromkeys(named))
    header["tags"] = list(dict.fromkeys([*_listed(kept.get("tags")), *_tags(run)]))
    # in one order, so that a run that was downloaded is uploaded again as it was
    yaml = cards.CardData(**dict(sorted(header.items()))).to_yaml()
    return f"---\n{yaml}\n---\n\n{_used_from_hub((text if old is None else old.text).strip(), address)}\n"


def pipeline_tag(roles: Roles) -> str | None:
    """Return what the hub calls the task of a network, or None where it has no name for it.

    >>> pipeline_tag(run.roles)  # doctest: +SKIP
    'text-classification'
    """
    if roles.forecast:
        return "time-series-forecasting"
    reads, answers = class_of(roles.input_codec).medium, class_of(roles.target_codec).medium
    return (_CONTINUED if not roles.target else _TASKS).get((reads, answers))


def _header(cards: Any, run: Run, address: Address) -> dict[str, Any]:
    """The fields that follow from the run."""
    metrics, results = run.metrics, []
    task = pipeline_tag(run.roles) or "other"
    for split, name in (("held_out", "held-out rows"), ("test", "test rows")):
        values = metrics.get(split)
        for metric, value in (values if isinstance(values, dict) else {}).items():
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                results.append(
                    cards.EvalResult(
                        task_type=task, dataset_type="rows", dataset_name=name, metric_type=metric, metric_value=value
                    )
                )
    names = list(dict.fromkeys(result.metric_type for result in results))
    data = cards.ModelCardData(
        library_name="recur", pipeline_tag=pipeline_tag(run.roles), metrics=names or None, model_name=address.name,
        eval_results=results or None,
    )  # fmt: skip
    header: dict[str, Any] = data.to_dict()
    # without results the library leaves the name, which the hub does not know as a field
    header.pop("model_name", None)
    return header


def _tags(run: Run) -> list[str]:
    return ["recur", "rnn", run.roles.mode, run.config.model.cell]


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _used_from_hub(text: str, address: Address) -> str:
    """Name the address in the section "Use it", in place of the folder that the run was written to."""

    def replaced(section: re.Match[str]) -> str:
        loaded = _LOADED.search(section[0])
        if loaded is None:
            return section[0]
        folder = re.escape(loaded["folder"])
        return re.sub(rf"(?<![\w/]){folder}(?![\w/])", str(Address(address.repository)), section[0])

    return _USE.sub(replaced, text)
