"""Where options act: set in a task where it has no effect an option is refused, and accepted where it has one."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from recur.config import Config, options, refuse_without_effect
from recur.config.problems import literals
from recur.data import Roles, situation
from recur.errors import ConfigError

# mode, codec that reads, codec that answers, and what else the roles say
TASKS: dict[str, dict[str, Any]] = {
    "a text": {"mode": "synced", "reads": "words", "stream": True},
    "lines": {"mode": "synced", "reads": "characters"},
    "reviews": {"mode": "many-to-one", "reads": "words", "answers": "class"},
    "ratings": {"mode": "many-to-one", "reads": "words", "answers": "numbers"},
    "tags of words": {"mode": "synced", "reads": "words", "answers": "tags"},
    "translation": {"mode": "many-to-many", "reads": "words", "answers": "words"},
    "names": {"mode": "one-to-many", "reads": "class", "answers": "characters"},
    "captions": {"mode": "one-to-many", "reads": "images", "answers": "words"},
    "digits": {"mode": "one-to-one", "reads": "images", "answers": "class"},
    "rows of digits": {"mode": "many-to-one", "reads": "images", "answers": "class", "image_steps": "rows"},
    "gestures": {"mode": "many-to-one", "reads": "frames", "answers": "class"},
    "commands": {"mode": "many-to-one", "reads": "audio", "answers": "class"},
    "rolls": {"mode": "synced", "reads": "notes"},
    "melodies": {"mode": "synced", "reads": "notes", "notes": "melody"},
    "measurements": {"mode": "one-to-one", "reads": "numbers", "answers": "class"},
    "a series": {"mode": "synced", "reads": "numbers"},
    "a forecast": {"mode": "forecast", "reads": "numbers", "forecast": "direct"},
}
EVERY = set(TASKS)
PICTURES = {"captions", "digits", "rows of digits"}
NUMBERS = {"measurements", "a series", "a forecast", "gestures", "commands", "rolls", "digits", "rows of digits"}
WRITTEN = {"translation", "names", "captions"}
NOTES = {"rolls", "melodies"}
SUMMARIES = {"reviews", "ratings", "rows of digits", "gestures", "commands"}

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
        "embedding_range scale_embedding": EVERY - NUMBERS,
        "pooling": SUMMARIES,
        "character_size": {"reviews", "ratings", "tags of words", "translation"},
        "crf": {"tags of words"},
        "teacher_forcing": WRITTEN,
        "activation_regularization": EVERY - {"a forecast"},
        "temporal_activation_regularization": {"a text", "lines", "tags of words", "a series"} | WRITTEN | NOTES,
        "bptt_stride bptt_variable": {"a text"},
        "horizon": {"a series", "a forecast"},
        "window season quantiles relative_to": {"a forecast"},
        "max_length": EVERY - {"a text", "a forecast"},
        "missing_labels": {"tags of words", "digits", "measurements", *SUMMARIES} - {"ratings"},
        "lower": {"a text", "lines", "reviews", "ratings", "tags of words"} | WRITTEN,
    }.items()
    for name in names.split()
}
CONDITIONAL = [name for name, one in options().items() if one.about.applies is not None]


def other(name: str) -> Any:
    """A value that an option does not have where nothing is said."""
    field, default = options()[name].field, options()[name].default
    if isinstance(default, bool):
        return not default
    if listed := literals(field.annotation):
        value: Any = next(each for each in listed if each != default)
        return [value] if isinstance(default, list) else value
    if name == "quantiles":
        return [0.5]
    if name == "missing_labels":
        return ["none"]
    kinds = {field.annotation, *get_args(field.annotation)}
    if isinstance(default, list) or not kinds & {int, float}:
        return [7]
    return 0.5 if default == 1.0 and float in kinds else (default or 0) + 3


def asked(task: str, **given: Any) -> tuple[Config, Roles]:
    """A configuration with an option, and the roles of a task."""
    about = dict(TASKS[task])
    mode, reads = about.pop("mode"), about.pop("reads")
    answers, stream = about.pop("answers", None), about.pop("stream", False)
    forecast = about.get("forecast")
    own = answers is None and forecast is None
    config = Config.of(**{**about, **given})
    roles = Roles(
        mode, ["x"], [] if own else ["y"], reads, answers or reads, None, stream, f"the task of {task}",
        forecast=forecast,
    )  # fmt: skip
    return config, roles


def test_every_option_that_does_not_always_act_is_in_the_table() -> None:
    assert set(CONDITIONAL) == set(ACTS)
    assert all(tasks and tasks < EVERY for tasks in ACTS.values())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", CONDITIONAL)
def test_an_option_is_refused_where_it_has_no_effect_and_nowhere_else(name: str, task: str) -> None:
    if name in TASKS[task]:
        return
    given = {"attention": "luong"} if name == "input_feeding" and task in ACTS["attention"] else {}
    config, roles = asked(task, **{name: other(name), **given})
    assert options()[name].of(config) != options()[name].default
    if task in ACTS[name]:
        refuse_without_effect(config, situation(config, roles))
        return
    with pytest.raises(
        ConfigError, match=rf"^{name} = .* has no effect here \(the task of {task}\): it acts "
    ) as caught:
        refuse_without_effect(config, situation(config, roles))
    assert caught.value.hint == f"leave out --{name.replace('_', '-')}"


def test_input_feeding_acts_with_attention_only() -> None:
    config, roles = asked("translation", input_feeding=True)
    with pytest.raises(ConfigError, match=r"input_feeding = True has no effect here .*: it acts with attention\n"):
        refuse_without_effect(config, situation(config, roles))


def test_the_sentence_says_what_was_given_and_where_it_acts() -> None:
    config, roles = asked("reviews", horizon=3)
    with pytest.raises(ConfigError) as caught:
        refuse_without_effect(config, situation(config, roles))
    assert caught.value.message == (
        "horizon = 3 has no effect here (the task of reviews): it acts on numbers that predict their own future"
    )


def test_the_defaults_are_refused_nowhere() -> None:
    for task in TASKS:
        config, roles = asked(task)
        refuse_without_effect(config, situation(config, roles))
