"""Tests mirror the package: a module has the tests of its name, or a stated place for them."""

from __future__ import annotations

import pytest

from tests.house.tree import PACKAGE, ROOT

# rooms whose tests are in files of the names of theirs
MIRRORED = (
    "cli",
    "codecs",
    "codecs/traits",
    "compiler",
    "continuation",
    "data",
    "data/cells",
    "data/columns",
    "data/examples",
    "data/queries",
    "data/readers",
    "data/roles",
    "data/sources",
    "data/stamps",
    "data/times",
    "decoding",
    "demos",
    "engine",
    "engine/native",
    "equations",
    "evaluation",
    "export",
    "export/c",
    "export/python",
    "heads",
    "hub",
    "inspect",
    "modes",
    "network",
    "nn",
    "predictions",
    "processes",
    "run",
    "serve",
    "tracking",
    "training",
    "tuning",
    "views",
)
CELLS = tuple(
    f"equations/{name}"
    for name in (
        "elman", "elman_relu", "gru", "gru_layernorm", "gru_reset_before", "indrnn", "lstm", "lstm_layernorm",
        "lstm_peephole", "lstm_projected", "minimal_gated_unit",
    )
)  # fmt: skip
ELSEWHERE = {
    **dict.fromkeys(CELLS, "one equation, beside its published form: engine/test_eager, nn/test_torch_interface"),
    "codecs/note_forms": "the base of both forms: test_note_roll, test_note_melody",
    "engine/native/torch_operators": "seen by torch.compile alone: nn/test_tracing",
    "engine/native/readout": "compared with torch through the functions of nn: nn/test_loss",
    "tuning/repeats": "runs of a whole study: tuning/test_study",
    "tuning/trial": "a run of a whole study, and its continuation: tuning/test_study, tuning/test_processes",
    "tuning/worker": "in this process and in others: tuning/test_study, tuning/test_processes",
    "equations/traced": "what an equation says of itself, traced or read from a document: test_trace, test_document",
    **{
        f"export/c/{name}": "a part of whole networks in C: test_exported"
        for name in ("chain", "files", "forecast", "interface", "layers", "network", "rows", "source", "trial", "whole")
    },
    **{
        f"export/c/fixed_{name}": "a part of networks in 16 bits: test_fixed" for name in ("export", "layer", "network")
    },
    "export/python/description": "what a file says of its network: test_exported",
    "export/python/runtime": "what a file does with it: test_exported",
    "engine/numpy_step": "compared with the engine as whole networks: export/python/test_exported",
    "export/network": "embedding and pooling are parts of whole networks: test_one_pass",
    "heads/plain": "readouts as one matrix, compared as networks in C: export/c/test_exported",
    "modes/every_step": "its two modes: test_synced, test_next_item",
    "modes/item_model": "what continuations ask of a model: continuation/",
    "nn/stream_layers": "every layer of a stream, native and eager: test_stream",
    "nn/stream_memory": "what a step and a block take, and refuse: test_stream",
    "nn/gru": "beside torch.nn.GRU: test_torch_parity",
    "nn/lstm": "beside torch.nn.LSTM: test_torch_parity",
    "nn/rnn": "beside torch.nn.RNN: test_torch_parity",
    "nn/recurrent": "any cell with every option: test_options, test_engines",
    **{f"processes/{name}": "whole processes: test_trajectories, test_faults" for name in ("launcher", "transport")},
    "training/opening": "folders that are taken, resumed, refused: test_lock, test_resume, processes/test_faults",
    "demos/explain": "the report of two networks that learned: test_last_word",
    "demos/side_by_side": "two trainings at once, paused and failed: test_last_word",
    "cli/app": "whole command lines, their exit codes and helps: test_process, test_usage",
    "cli/check": "whole command lines: test_runs, test_number_styles",
    "cli/compare": "whole command lines: test_inspect",
    "cli/complete": "whole command lines: test_runs, test_notes",
    "cli/demo": "whole command lines: demos/test_last_word, demos/test_single",
    "cli/evaluate": "whole command lines: test_runs, test_figures",
    "cli/export": "whole command lines: test_runs, test_full_disk",
    "cli/generate": "whole command lines: test_runs, test_notes",
    "cli/lecture": "the page that it writes: lecture/test_page",
    "cli/play": "whole command lines: test_notes",
    "cli/predict": "whole command lines: test_runs, test_whole_answers",
    **{
        f"tracking/{name}_adapter": "with the real package: test_trackers"
        for name in ("mlflow", "tensorboard", "trackio", "wandb")
    },
    "cli/push": "whole command lines: hub/test_commands",
    "cli/serve": "the server behind it: serve/; its refusals: test_absurd_numbers",
    "cli/train": "whole command lines: test_runs, test_full_disk",
}

# files of tests that are named after a behaviour of several modules of their room, and what they are about
BEHAVIOURS = {
    "data/hostile": "files that were found to end in something else than rows or a sentence",
    "data/pictures": "pictures, videos and arrays as rows, from folders and tables",
    "data/tables_as_people_have_them": "files in the shapes of public data, and what is inferred from each",
    "data/tables_over_time": "tables with a time column, from the file to what is held out",
    "decoding/networks": "whole networks decoded: seeds over batches, and beams beside greedy decoding",
    "codecs/round_trips": "every codec encodes and decodes alike before and after its file",
    "export/c/guide": "the C programs of the guide",
    "export/c/microcontroller": "the recipes of examples/microcontroller",
    "heads/options": "what every head says of one step: its outputs, their scores, the one that is named",
    "cli/cell_inputs": "a column of a file that feeds a further input of the cell, in every command",
    "cli/own_cells": "a cell of one's own through every command",
    "equations/blocks": "matrices of blocks on the diagonal, from the declaration to the layer",
    "equations/inputs": "equations with several inputs, and the layers over them",
    "equations/papers": "cells of the literature beside their papers, native beside eager",
    "modes/build": "the mode of a name, pairings that do not fit, weights that are loaded",
    "modes/missing_targets": "targets that are missing, in every kind of answer",
    "modes/pictures": "pictures and frames in every mode that reads them",
    "evaluation/missing_targets": "targets that are missing, in figures on held-out rows",
    "nn/distributed": "two processes train as one",
    "nn/docs": "examples of the docstrings",
    "nn/engines": "layers on every backend give the same",
    "nn/in_place": "what may be changed in place, and what not",
    "nn/torch_parity": "RNN, LSTM and GRU beside torch.nn: arguments, parameters, results, refusals",
    "nn/torchs_own_tests": "what torch asserts of its own layers holds of these",
    "serve/deploy": "the Dockerfile and the systemd unit of the examples",
    "processes/cluster": "the Slurm script and the Kubernetes manifest of the examples",
    "processes/faults": "processes that are killed, stopped or refused, as a user starts them",
    "processes/gradients": "gradients of several processes, simulated in one, in every kind of network",
    "processes/trajectories": "one, two and three processes train the same network, and continue it",
    "training/finished": "a finished run that is asked for again",
    "training/refusals": "what training refuses before it begins, and what it leaves alone",
    "training/resume": "the same command again continues to the same bits",
    "demos/corpus": "the sentences that the last word is asked of: right, and held out",
    "demos/made": "the rows of the demonstrations: right by their rules, and held out",
    "hub/commands": "recur push, and hf:// wherever a run is named",
    "tracking/trackers": "points read back with the readers of the trackers themselves",
    "cli/absurd_numbers": "numbers that no command can use are refused in a sentence",
    "cli/figures": "figures as commands show them",
    "cli/full_disk": "a full disk is said, and nothing is lost",
    "cli/notes": "notes on the command line",
    "cli/number_styles": "numbers written in the styles of several languages",
    "cli/process": "a process: its exit code, its words, its streams",
    "cli/runs": "commands on runs: train, evaluate, predict, complete, generate, export",
    "cli/usage": "mistyped lines, helps, the schema as flags",
    "cli/whole_answers": "answers whole on a terminal, in a pipe and in a file",
    "cli/written_notes": "notes and captions written as rows and files",
}


@pytest.mark.parametrize("folder", MIRRORED)
def test_every_module_of_a_mirrored_room_has_its_tests(folder: str) -> None:
    modules = {f"{folder}/{path.stem}" for path in (PACKAGE / folder).glob("[!_]*.py")}
    tests = {f"{folder}/{path.stem.removeprefix('test_')}" for path in (ROOT / "tests" / folder).glob("test_*.py")}
    assert modules - tests == {name for name in ELSEWHERE if name.rpartition("/")[0] == folder}
    # a module with many tests has several files: test_library, test_library_processes
    others = {name for name in tests - modules if not name.startswith(tuple(f"{one}_" for one in modules))}
    assert others == {name for name in BEHAVIOURS if name.rpartition("/")[0] == folder}
