"""The run folder: everything needed to use and to explain a trained network, without pickle.

::

    RUN/
      README.md            the card: description, metrics beside the baseline, how to use it
      config.toml          its configuration, commented; `recur train --config RUN/config.toml` reads it
      run.json             format, versions, roles of the columns, hashes of the files below and of itself
      model.safetensors    the best weights so far
      input_codec.json     raw values -> tensors      target_codec.json   tensors -> raw values
      metrics.json         the metrics                log.jsonl, samples.jsonl   the log of training
      checkpoint/          the last two states of training, from which the same command continues

Files are replaced in one step (written beside, flushed to the disk, renamed), so that a run killed at any moment
leaves a folder that can be opened and resumed.
"""

from __future__ import annotations

from recur.run.folder import RunFolder, claim, save
from recur.run.layout import INPUT_CODEC, TARGET_CODEC, WEIGHTS
from recur.run.opened import Run, check_weights, open_run, read_info
from recur.run.weights import load_weights, serialised

__all__ = [
    "INPUT_CODEC", "TARGET_CODEC", "WEIGHTS", "Run", "RunFolder", "check_weights", "claim", "load_weights", "open_run",
    "read_info", "save", "serialised",
]  # fmt: skip
