"""Training setup: from a configuration to rows, codecs, network, batches and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recur import codecs, data
from recur.codecs import Codec
from recur.config import Config, refuse_without_effect
from recur.data import Example, GroupExamples, Roles
from recur.data.examples.examples import RowExamples
from recur.data.examples.sample_hash import sample_hash
from recur.errors import ConfigError, RunError, TrainingError, did_you_mean
from recur.evaluation.ahead import Ahead
from recur.evaluation.baselines import Baseline, baseline, limited
from recur.evaluation.disk_feed import DiskFeed
from recur.evaluation.disk_rows import DiskRows
from recur.evaluation.evaluate import feed_to_measure
from recur.evaluation.feed import Feed, RowEncoder, RowFeed, Rows
from recur.evaluation.text_feed import StreamFeed, Tape
from recur.heads.known_targets import known_in
from recur.modes import Mode
from recur.modes.task import build_for
from recur.nn.summary import parameter_count
from recur.run import INPUT_CODEC, TARGET_CODEC, RunFolder
from recur.training import memory, randomness
from recur.training.resuming import check_same_roles, resume_hint

SAMPLE_PIECES = 60
SAMPLE_ROWS = 30


@dataclass
class Task:
    """The task, ready for the training loop.

    Attributes
    ----------
    config : Config
    roles : Roles
    input_codec, target_codec : Codec
    mode : Mode
        The network, on its device.
    train, dev, test : Feed
        Batches; test may be None.
    samples : sequence of Example
        Held-out rows, of which the first are shown after every evaluation.
    rows : str
        The number of rows and how they were split, in words.
    baseline : Baseline or None
    held_out : int
        Number of held-out rows, where each has one answer; otherwise 0.
    notes : list of str
        How the time of rows was read.
    marks : dict
        Of each part the number of rows, and a hash of a sample of them.
    """

    config: Config
    roles: Roles
    input_codec: Codec | None
    target_codec: Codec
    mode: Mode
    train: Feed
    dev: Feed
    test: Feed | None
    samples: Sequence[Example]
    rows: str
    baseline: Baseline | None
    held_out: int = 0
    notes: Sequence[str] = ()
    marks: dict[str, Any] = field(default_factory=dict)

    def describe_codecs(self) -> list[str]:
        """One line per codec."""
        if self.input_codec is None:
            return [f"target: {self.target_codec.describe()}"]
        if self.target_codec is self.input_codec:
            return [self.input_codec.describe()]
        return [f"input: {self.input_codec.describe()}", f"target: {self.target_codec.describe()}"]

    def describe_columns(self) -> list[str]:
        """Which columns of a table are read, predicted and left out, and why."""
        return self.roles.description

    def describe_network(self) -> str:
        """The layers in words: ``lstm, 2 layers of 200``."""
        model = self.config.model
        sizes = model.layer_sizes
        layers = " + ".join(map(str, sizes)) if len(set(sizes)) > 1 else f"{len(sizes)} of {sizes[0]}"
        # a network without time has hidden layers and no cell
        if not self.mode.cell:
            return f"feed-forward, layers: {layers}"
        return f"{model.cell}, layers: {layers}, {self.direction()}"

    def direction(self) -> str:
        """The reading direction: from the first step to the last, or in both directions."""
        return "reads in both directions" if self.mode.abilities.reads_both_ways else "reads forwards only"


def prepare(config: Config, source: Any, device: torch.device, run: RunFolder | None, command: str | None) -> Task:
    """Read the rows, fit or load the codecs, build the network, write the run folder's first files.

    Parameters
    ----------
    config : Config
    source : object
        Rows given from Python; None reads ``config.data.source``.
    device : torch.device
    run : RunFolder or None
        With ``info`` loaded when the run resumes; codecs and baseline are then those of the folder.
    command : str or None
        The command that was typed, written into run.json.

    Raises
    ------
    ConfigError
        When an option has no effect on this task.
    TrainingError
        When there is nothing to learn from.
    RunError
        When a run is resumed with rows other than those it was started with.
    """
    dataset = data.load(config, source)
    if not len(dataset.train):
        raise TrainingError("there are no rows to learn from", hint="recur check FILE shows what was read")
    roles = dataset.roles
    resumed = run if run is not None and run.info.get("status") not in (None, "starting") else None
    if resumed is not None:
        check_same_roles(resumed, roles, command)
        input_codec, target_codec = _load_codecs(resumed)
    else:
        # a run that has begun keeps its settings, also those that an older version accepted
        refuse_without_effect(config, data.situation(config, dataset))
        input_codec, target_codec = data.fit_codecs(
            config, roles, dataset.train, dataset.labelled, on_disk=dataset.on_disk
        )
    roles = replace(roles, sentence=_sentence(roles, target_codec, config))
    mode = _network(config, roles, input_codec, target_codec, device)
    rows = {
        name: {"rows": len(part), "sample": sample_hash(part, whole=dataset.on_disk)}
        for name, part in (("train", dataset.train), ("dev", dataset.dev), ("test", dataset.test or ()))
    }
    if resumed is not None:
        _check_same_rows(resumed, rows, command)
    stream = roles.stream and mode.abilities.carries_state
    train, dev, test = _feeds(mode, dataset, config, stream, None if run is None else run.path / "cache")
    _require_targets(train, dev, roles.ahead(config.forecast.horizon))
    simple = None if resumed is None else _baseline_of(resumed)
    if simple is None:
        once = data.each_target_once(dataset.train, roles, config.forecast.horizon)
        learned = train.encoded() if once is dataset.train else map(mode.encode, once)
        held_out = limited(dev.encoded()) if dataset.on_disk else dev.encoded()
        simple = baseline(mode, learned, held_out, own_future=roles.own_future)
    if run is not None and resumed is None:
        facts = {
            "command": command, "parameters": parameter_count(mode), "rows": rows,
            "baseline": simple.record() if simple else None,
        }  # fmt: skip
        run.create(config, roles, input_codec, target_codec, facts, mode)
    elif run is not None and run.info.get("status") != "finished":
        run.update(status="training")
    return Task(
        config, roles, input_codec, target_codec, mode.to(device), train, dev, test,
        _samples(dataset, stream),
        _in_words(dataset, train, stream), simple,
        len(dataset.dev) if mode.abilities.one_answer else 0,
        dataset.notes, rows,
    )  # fmt: skip


def choose_device(name: str, local_rank: int | None = None) -> torch.device:
    """Return the device of a name; ``auto`` takes a GPU where there is one.

    Of several processes on a machine, each takes a GPU of its own as long as there are enough.

    Raises
    ------
    ConfigError
        When the name is unknown or this machine does not have it.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if local_rank is not None and "cuda" in available and name in ("auto", "cuda"):
        return torch.device("cuda", local_rank % torch.cuda.device_count())
    if name == "auto":
        return torch.device("cuda" if "cuda" in available else "cpu")
    if name not in available:
        names = ["auto", "cpu", "cuda", "mps"]
        reason = "this machine has no such device" if name.split(":")[0] in names else "there is no such device"
        raise ConfigError(
            f'device "{name}": {reason}; available: {", ".join(available)}.'
            + (did_you_mean(name, names) if "machine" not in reason else ""),
            hint="--device auto",
        )
    return torch.device(name)


def _network(
    config: Config, roles: Roles, input_codec: Codec | None, target_codec: Codec, device: torch.device
) -> Mode:
    """Return the network with the weights of the seed, on the CPU; one that needs too much memory is refused first."""

    def make() -> Mode:
        return build_for(config, roles, input_codec, target_codec)

    if device.type == "cpu":
        memory.refuse_too_large(make, config.training.optimizer.name)
    randomness.seed(config.training.seed)
    mode = make()
    penalty, regularization = mode.head.penalty, config.training.regularization
    penalty.activation, penalty.temporal = regularization.activation, regularization.temporal_activation
    return mode


def _require_targets(train: Feed, dev: Feed, ahead: int) -> None:
    """Refuse rows without a target to learn from, or to measure on."""
    for feed, purpose in ((train, "to learn from"), (dev, "held out")):
        if not any(known_in(row.target).any() for row in feed.encoded()):
            raise TrainingError(
                f"there is nothing to predict in the rows {purpose}: no sequence has more than {ahead} step"
                + "s" * (ahead > 1),
                hint="give longer sequences; --group names the column whose value marks the rows of one sequence",
            )


def _feeds(
    mode: Mode, dataset: data.Dataset, config: Config, stream: bool, cache: Path | None
) -> tuple[Feed, Feed, Feed | None]:
    """Batches of the training, hold-out and test sets."""
    training = config.training
    train: Feed
    if stream:
        tape = Tape(mode, dataset.train, cache, "train")
        train = StreamFeed(tape, data.StreamLayout.configured(len(tape), training))
    elif dataset.on_disk:
        path = None if cache is None else cache / "train.rows"
        encode = RowEncoder(mode, dataset.train, config.data.max_length)
        stored = DiskRows(dataset.train, encode, path, when_read=_reads_in_any_order(dataset.train))
        size = data.batch_size(training.batch_size, len(stored))
        train = Ahead(DiskFeed(mode, stored, size, seed=training.seed, bucket=training.bucket))
    else:
        rows = Rows(mode, dataset.train, max_length=config.data.max_length)
        size = data.batch_size(training.batch_size, len(rows))
        train = RowFeed(mode, rows, size, seed=training.seed, bucket=training.bucket)
    on_disk = dataset.on_disk
    dev = feed_to_measure(mode, dataset.dev, config, stream=stream, cache=cache, name="dev", on_disk=on_disk)
    test = None
    if dataset.test is not None:
        test = feed_to_measure(mode, dataset.test, config, stream=stream, cache=cache, name="test", on_disk=on_disk)
    return train, dev, test


def _reads_in_any_order(examples: Sequence[Example]) -> bool:
    """Return whether some neighbouring rows are read quickly wherever they are."""
    return isinstance(examples, RowExamples) and examples.table.reads_in_any_order


def _samples(dataset: data.Dataset, stream: bool) -> Sequence[Example]:
    """Three different examples, shown after every evaluation; the beginning of a long text in one piece."""
    if not stream:
        examples: dict[str, Example] = {}
        for index in np.linspace(0, len(dataset.dev) - 1, min(SAMPLE_ROWS, len(dataset.dev))):
            example = dataset.dev[int(index)]
            examples.setdefault(repr(example.input), example)
        different = list(examples.values())
        return [different[int(index)] for index in np.linspace(0, len(different) - 1, min(3, len(different)))]
    pieces = [dataset.dev[index] for index in range(min(SAMPLE_PIECES, len(dataset.dev)))]
    text = "".join(piece.input for piece in pieces)
    return [Example(text, text, pieces[0].where)] if pieces else []


def _in_words(dataset: data.Dataset, train: Feed, stream: bool) -> str:
    """The number of rows and how they were split, in words."""
    parts = {"learned from": dataset.train, "held out": dataset.dev}
    if dataset.test is not None:
        parts["for the test"] = dataset.test
    unit = "line" if stream else "sequence" if isinstance(dataset.train, GroupExamples) else "row"
    text = ", ".join(f"{len(part):,} {unit}{'s' * (len(part) != 1)} {name}" for name, part in parts.items())
    text += f" ({dataset.held_out})"
    if dataset.damaged:
        count = len(dataset.damaged)
        text += f"; {count:,} damaged file{'s' * (count > 1)} left out: {dataset.damaged[0]}" + ", …" * (count > 1)
    if dataset.missing:
        text += f"; {dataset.missing}"
    if isinstance(train, StreamFeed):
        text += f"; {len(train.tape):,} symbols as {train.layout.streams} parallel streams"
    return text


def _sentence(roles: Roles, target_codec: Codec, config: Config) -> str:
    """The roles in words, with the number of classes or tags."""
    return data.say(roles, len(target_codec.labels) or None, config.forecast.horizon)


def _load_codecs(run: RunFolder) -> tuple[Codec | None, Codec]:
    has_input = f"{INPUT_CODEC}.json" in run.info["files"]
    input_codec = codecs.load(run.path, INPUT_CODEC) if has_input else None
    if input_codec is not None and run.info["one_codec"]:
        return input_codec, input_codec
    return input_codec, codecs.load(run.path, TARGET_CODEC)


def _baseline_of(run: RunFolder) -> Baseline | None:
    record = run.info.get("baseline")
    return Baseline(record["figure"], record["values"]) if record else None


def _check_same_rows(run: RunFolder, rows: dict[str, Any], command: str | None) -> None:
    before = run.info.get("rows")
    if before is not None and before != rows:
        was, now = (f"{part['train']['rows']:,} + {part['dev']['rows']:,}" for part in (before, rows))
        text = f"{was} rows then, {now} now" if was != now else f"{now} rows as then, but not the same ones"
        raise RunError(
            f"the data is not what {run.path} was trained on: {text}",
            hint=resume_hint(run, command, resume="give the rows that it was trained on"),
        )
