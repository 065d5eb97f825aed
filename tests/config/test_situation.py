"""Where options act: set in a task where it has no effect an option is refused, and accepted where it has one."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from recur.config import Config, options, refuse_without_effect
from recur.config.problems import literals
from recur.data import Roles, situation
from recur.data.load import Dataset
from recur.data.stamps.timing import Timing
from recur.errors import ConfigError

# mode, codec that reads, codec that answers, the format (csv where it is not said), and what else the roles say
TASKS: dict[str, dict[str, Any]] = {
    "a text": {"mode": "synced", "reads": "words", "form": "text", "stream": True},
    "lines": {"mode": "synced", "reads": "characters", "form": "text"},
    "reviews": {"mode": "many-to-one", "reads": "words", "answers": "class"},
    "ratings": {"mode": "many-to-one", "reads": "words", "form": "memory", "answers": "numbers"},
    "tags of words": {"mode": "synced", "reads": "words", "answers": "tags"},
    "translation": {"mode": "many-to-many", "reads": "words", "answers": "words"},
    "names": {"mode": "one-to-many", "reads": "class", "answers": "characters"},
    "captions": {"mode": "one-to-many", "reads": "images", "answers": "words"},
    "digits": {"mode": "one-to-one", "reads": "images", "form": "folder", "answers": "class"},
    "rows of digits": {"mode": "many-to-one", "reads": "images", "answers": "class", "image_steps": "rows"},
    "gestures": {"mode": "many-to-one", "reads": "frames", "form": "memory", "answers": "class"},
    "commands": {"mode": "many-to-one", "reads": "audio", "form": "folder", "answers": "class"},
    "rolls": {"mode": "synced", "reads": "notes", "form": "folder"},
    "melodies": {"mode": "synced", "reads": "notes", "notes": "melody"},
    "measurements": {"mode": "one-to-one", "reads": "numbers", "answers": "class"},
    "a series": {"mode": "synced", "reads": "numbers"},
    "a series over time": {"mode": "synced", "reads": "numbers", "form": "jsonl", "time": ["t"]},
    "a forecast": {"mode": "forecast", "reads": "numbers", "forecast": "direct"},
    "the hour of the day": {"mode": "many-to-one", "reads": "numbers", "answers": "class", "columns": ["hour sin"]},
    "a file to choose on": {"mode": "many-to-one", "reads": "numbers", "answers": "class", "dev": "dev.csv"},
    "rates in steps": {"mode": "many-to-one", "reads": "numbers", "answers": "class", "schedule": "step"},
    "rates on a plateau": {"mode": "many-to-one", "reads": "numbers", "answers": "class", "schedule": "plateau"},
}
EVERY = set(TASKS)
PICTURES = {"captions", "digits", "rows of digits"}
LABELLED_SERIES = {"a file to choose on", "rates in steps", "rates on a plateau", "the hour of the day"}
FOLDERS = {"digits", "rolls", "commands"}
FILES = {"captions", "digits", "rows of digits", "gestures", "commands", "rolls", "melodies"}
SERIES = {"a series", "a series over time", "a forecast"} | LABELLED_SERIES
NUMBERS = {"measurements", "gestures", "commands", "rolls", "digits", "rows of digits"} | SERIES
SINGLE = {"measurements", "digits"}
WRITTEN = {"translation", "names", "captions"}
NOTES = {"rolls", "melodies"}
SUMMARIES = {"reviews", "ratings", "rows of digits", "gestures", "commands"} | LABELLED_SERIES
TEXTS = {"a text", "lines", "reviews", "ratings", "tags of words"} | WRITTEN

# options, and the tasks in which they act
ACTS: dict[str, set[str]] = {
    name: tasks
    for names, tasks in {
        "attention input_feeding": {"translation", "captions"},
        "convolutions picture_pooling augment": {"captions", "digits", "gestures"},
        "image_size image_color": {*PICTURES, "gestures"},
        "image_steps": PICTURES,
        "frame_rate": {"gestures"},
        "notes frames_per_beat transpose": NOTES,
        "audio audio_bands audio_window_ms audio_hop_ms sample_rate": {"commands"},
        "embedding_range scale_embedding embedding_size embedding_dropout": EVERY - NUMBERS,
        "pooling": SUMMARIES,
        "character_size": {"reviews", "ratings", "tags of words", "translation"},
        "crf": {"tags of words"},
        "loss": {"a series", "a series over time"},
        "teacher_forcing": WRITTEN,
        "activation_regularization": EVERY - {"a forecast"},
        "temporal_activation_regularization": {
            "a text",
            "lines",
            "tags of words",
            "a series",
            "a series over time",
            *WRITTEN,
            *NOTES,
        },
        "bptt_stride bptt_variable": {"a text"},
        "format": EVERY - {"gestures", "ratings"},
        "exclude": FOLDERS,
        "header": EVERY
        - {"a text", "lines", "digits", "rolls", "commands", "gestures", "ratings", "a series over time"},
        "decimal thousands": {"ratings", "measurements"} | SERIES,
        "damaged": {"a series over time", *FILES},
        "time_features": {"the hour of the day"},
        "bptt": {"a text", "a series", "a series over time", "a forecast"},
        "horizon": {"a series", "a series over time", "a forecast"},
        "window season quantiles relative_to": {"a forecast"},
        "max_length": EVERY - {"a text", "a forecast"},
        "time_format duplicates fill": {"a series over time"},
        "missing": {"ratings", "measurements"} | SERIES,
        "min_count max_vocab documents lower": TEXTS,
        "cell_inputs cell_inputs_in_x cell_sizes": EVERY - SINGLE,
        "bidirectional cell layer_norm residual engine recurrent_dropout zoneout weight_drop": EVERY - SINGLE,
        "learn_initial_state forget_bias memory_steps recurrent_init record_gradients": EVERY - SINGLE,
        "bucket storage": EVERY - {"a text"},
        "prompts": {"a text", "lines"},
        "dev_fraction": EVERY - {"a file to choose on"},
        "decay": {"rates in steps", "rates on a plateau"},
        "decay_after": {"rates in steps"},
        "missing_labels": {"tags of words", "digits", "measurements", *SUMMARIES} - {"ratings"},
    }.items()
    for name in names.split()
}
CONDITIONAL = [name for name, one in options().items() if one.about.applies is not None]


CHOSEN = {
    "quantiles": [0.5], "missing_labels": ["none"], "prompts": ["the"], "cell": "gru", "time_format": "day first",
    "sample_rate": 16000, "time_features": ["hour"], "exclude": ["*.png"], "header": True,
    "bidirectional": True, "cell_inputs": ["dt=x"], "cell_sizes": ["P=3"],
}  # fmt: skip


def other(name: str) -> Any:
    """A value that an option does not have where nothing is said."""
    field, default = options()[name].field, options()[name].default
    if isinstance(default, bool):
        return not default
    if listed := literals(field.annotation):
        value: Any = next(each for each in listed if each != default)
        return [value] if isinstance(default, list) else value
    if name in CHOSEN:
        return CHOSEN[name]
    kinds = {field.annotation, *get_args(field.annotation)}
    if isinstance(default, list) or not kinds & {int, float}:
        return [7]
    if isinstance(default, float) and default <= 1.0:
        return 0.25
    return (default or 0) + 3


def asked(task: str, **given: Any) -> tuple[Config, Dataset]:
    """A configuration with an option, and what is read in a task."""
    about = dict(TASKS[task])
    mode, reads = about.pop("mode"), about.pop("reads")
    answers, stream, form = about.pop("answers", None), about.pop("stream", False), about.pop("form", "csv")
    columns = about.pop("columns", ["x"])
    forecast = about.get("forecast")
    own = answers is None and forecast is None
    config = Config.of(**{**about, **given})
    roles = Roles(
        mode, columns, [] if own else ["y"], reads, answers or reads, None, stream, f"the task of {task}",
        forecast=forecast, time=Timing(["t"], ["%Y"], "year") if "time" in about else None,
    )  # fmt: skip
    return config, Dataset(roles, [], [], None, "", form=form, folder=form == "folder")


def test_every_option_that_does_not_always_act_is_in_the_table() -> None:
    assert set(CONDITIONAL) == set(ACTS)
    assert all(tasks and tasks < EVERY for tasks in ACTS.values())


@pytest.mark.parametrize("name", CONDITIONAL)
def test_an_option_is_refused_where_it_has_no_effect_and_nowhere_else(name: str) -> None:
    refused: dict[str, ConfigError] = {}
    for task in EVERY:
        # with the other options that it needs
        needed = {"attention": "luong"} if name == "input_feeding" and task in ACTS["attention"] else {}
        config, dataset = asked(task, **needed, **{name: TASKS[task].get(name, other(name))})
        try:
            refuse_without_effect(config, situation(config, dataset))
        except ConfigError as error:
            refused[task] = error
    assert set(refused) == EVERY - ACTS[name]
    for task, error in refused.items():
        assert error.message.startswith(f"{name} = ")
        assert f" has no effect here (the task of {task}): it acts " in error.message
        assert error.hint == f"leave out --{name.replace('_', '-')}"


def test_input_feeding_acts_with_attention_only() -> None:
    config, dataset = asked("translation", input_feeding=True)
    with pytest.raises(ConfigError, match=r"input_feeding = True has no effect here .*: it acts with attention\n"):
        refuse_without_effect(config, situation(config, dataset))


def test_the_sentence_says_what_was_given_and_where_it_acts() -> None:
    config, dataset = asked("reviews", horizon=3)
    with pytest.raises(ConfigError) as caught:
        refuse_without_effect(config, situation(config, dataset))
    assert caught.value.message == (
        "horizon = 3 has no effect here (the task of reviews): it acts on numbers that predict their own future"
    )


def test_the_defaults_are_refused_nowhere() -> None:
    for task in TASKS:
        config, dataset = asked(task)
        refuse_without_effect(config, situation(config, dataset))
