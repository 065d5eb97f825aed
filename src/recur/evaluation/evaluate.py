"""``evaluate``: the metrics of a network on held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recur.config import Config
from recur.data import Example
from recur.data.examples.batching import USUAL
from recur.evaluation.disk_feed import DiskFeed
from recur.evaluation.disk_rows import DiskRows
from recur.evaluation.feed import Feed, RowEncoder, RowFeed, Rows
from recur.evaluation.text_feed import MeasureFeed, Tape
from recur.heads.head import Sums, add_sums
from recur.modes import Mode
from recur.processes.group import ALONE, Processes
from recur.processes.rows import take


def measure(
    mode: Mode, feed: Feed, *, stop: Callable[[], bool] | None = None, tell: Callable[[float], None] | None = None,
    among: Processes = ALONE,
) -> dict[str, float] | None:  # fmt: skip
    """Evaluate a whole feed and return the metrics, or None if ``stop`` interrupted it.

    The state is carried from batch to batch where the feed carries it. No random number is drawn. Several processes
    evaluate some rows of each batch each, and all return the metrics of all rows.
    """
    sums = collect(mode, feed, stop=stop, tell=tell, among=among)
    return None if sums is None else mode.summary(sums)


def collect(
    mode: Mode, feed: Feed, *, stop: Callable[[], bool] | None = None, tell: Callable[[float], None] | None = None,
    among: Processes = ALONE,
) -> Sums | None:  # fmt: skip
    """Run over a whole feed and return the sums that metrics are made of, as `measure` does."""
    sums: Sums = {}
    state: Any = None
    with mode.answering():
        for index in range(len(feed)):
            if stop is not None and among.any(stop()):
                return None
            if tell is not None:
                tell(index / len(feed))
            batch = feed.batch(0, index)
            share = among.share(len(batch))
            if share is not None and not share.counted:
                continue
            own = batch if share is None else take(batch, share.rows)
            loss = mode.loss(own.to(mode.device), state)
            add_sums(sums, loss.sums)
            state = loss.state if feed.carries else None
    if among.alone:
        return sums
    whole: Sums = {}
    for part in among.gather(sums):
        add_sums(whole, part)
    return whole


def evaluate(
    mode: Mode,
    examples: Sequence[Example],
    config: Config,
    *,
    stream: bool = False,
    tell: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Return the metrics of a network on raw examples, and its tables of metrics.

    Parameters
    ----------
    mode : Mode
    examples : sequence of Example
    config : Config
        Batch size, and the window of streams.
    stream : bool
        Whether the examples are documents of one long stream.
    tell : callable, optional
        Called with the share of the work that is done.
    """
    sums = collect(mode, feed_to_measure(mode, examples, config, stream=stream), tell=tell)
    return {} if sums is None else {**mode.summary(sums), **mode.tables(sums)}


def feed_to_measure(
    mode: Mode, examples: Sequence[Example], config: Config, *, stream: bool = False, cache: Path | None = None,
    name: str = "text", on_disk: bool = False,
) -> RowFeed | MeasureFeed | DiskFeed:  # fmt: skip
    """Return a long text, or rows in order of length, in batches of twice the training size: no gradients are kept."""
    if stream:
        return MeasureFeed(Tape(mode, examples, cache, name))
    if on_disk:
        encode = RowEncoder(mode, examples, config.data.max_length)
        path = None if cache is None else cache / f"{name}.rows"
        return DiskFeed(mode, DiskRows(examples, encode, path), 2 * (config.training.batch_size or USUAL))
    rows = Rows(mode, examples, max_length=config.data.max_length)
    return RowFeed(mode, rows, 2 * (config.training.batch_size or USUAL))
