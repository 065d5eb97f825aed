"""Input columns, target columns and mode of a table: inferred where they are not given.

==============================  ==================  =======================================
there is                        mode                codecs
==============================  ==================  =======================================
running text                    synced              words (characters of names, one a line); the target is the next
words with a tag each           synced              words -> tags
a text and a label              many-to-one         words (characters of single words) -> class
a text and another text         many-to-many        words -> words
a label and a text              one-to-many         only by ``mode``: class -> words
columns of numbers              synced              numbers; the target is their next value
columns of numbers and a label  one-to-one          numbers -> class
the same with time, or grouped  synced              a label for every row of the sequence
a list of numbers and a label   many-to-one         numbers -> class
sounds, notes or videos, and a  many-to-one         audio, notes or frames -> class
label
pieces of notes                 synced              notes; the target is the next step
a picture and a label           one-to-one          images -> class; many-to-one by its rows or pixels
a picture and a text            one-to-many         images -> words
pictures and labels, grouped    synced              frames -> a label for each
==============================  ==================  =======================================
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from recur.codecs import check_kind, class_of
from recur.codecs.number_style import NumberStyle
from recur.config import Config, DataConfig
from recur.data.cells import number_styles, scripts
from recur.data.columns.ambiguities import ambiguities
from recur.data.columns.kinds import Column, look
from recur.data.readers import parallel
from recur.data.readers.table import Table
from recur.data.roles import exclusions, grouping, summary
from recur.data.roles.mode import is_one_label, mode_and_codecs
from recur.data.roles.roles import Roles, few, with_sentence
from recur.data.roles.selection import (
    described,
    find_input,
    find_target,
    refuse_months,
    refuse_named_in_no_order,
    refuse_objects,
    refuse_one_beside_names,
)
from recur.data.stamps.timing import Timing
from recur.data.times import calendar, panels
from recur.data.times.order import step_of
from recur.errors import ConfigError, did_you_mean


def infer(table: Table, config: Config) -> Roles:
    """Infer the roles of the columns of a table; the configuration takes precedence.

    Parameters
    ----------
    table : Table
        The rows.
    config : Config
        ``data.input``, ``target``, ``group``, the codecs and ``documents``; ``model.mode``.

    Returns
    -------
    Roles

    Raises
    ------
    ConfigError
        When a column is unknown, or the columns do not determine what is input and what is target.
    """
    config = parallel.named(table, config)
    _check_names(table, config)
    group = grouping.infer_series(table, config)
    config = config.replaced(group=group)
    roles = _inferred(table, config)
    exclusions.refuse_unread_time(table, roles.input, steps=roles.rows_are_steps, requested=config.data.table.time)
    # labels such as 12 % are read in their style too; the value of a label does not matter
    labels = [name for name in roles.target if isinstance(table.styles.get(name), NumberStyle)]
    styles = number_styles.styles_of(table.styles, [*roles.numeric, *labels], table.name)
    used = [*roles.input, *roles.target, *(roles.group or "").split(",")]
    describing = {
        name: "one value in each series" for name in panels.describing(table, roles.group) if name not in used
    }
    choices = [] if roles.forecast else summary.number_or_class(table, roles.target, roles.target_codec)
    one_label = is_one_label(roles.target_codec)
    return replace(
        roles,
        styles=styles,
        left_out=summary.reasons(table, used, roles.input_codec) | describing,
        notes=list(table.notes),
        missing_labels=config.data.table.missing_labels,
        choices=[*choices, *ambiguities(table, roles.input, roles.target, roles.numeric, labels=one_label)],
        time=_timing(table, roles),
    )


def _timing(table: Table, roles: Roles) -> Timing | None:
    """How the time of rows is read, with the step between them where they are the steps of series."""
    timeline = table.timeline
    if timeline is None or not roles.rows_are_steps:
        return None if timeline is None else timeline.timing
    return timeline.with_frequency(step_of(table, timeline, roles.group)).timing


def _inferred(table: Table, config: Config) -> Roles:
    if config.forecast.strategy:
        return _forecast(table, config)
    if table.kind == "text":
        return _running_text(table, config)
    inputs, targets = _choose(table, config)
    mode, input_codec, target_codec = mode_and_codecs(table, inputs, targets, config)
    roles = Roles(
        mode, [each.name for each in inputs], [each.name for each in targets], input_codec, target_codec,
        config.data.table.group, _is_stream(table, input_codec, targets, config), "", list(table.columns),
    )  # fmt: skip
    return with_sentence(roles, config.forecast.horizon)


def _check_names(table: Table, config: Config) -> None:
    """Refuse columns that the table does not have, and kinds of values that there are not."""
    data = config.data
    check_kind(data.input_codec)
    check_kind(data.target_codec)
    for option, names in (
        ("input", data.input),
        ("target", data.target),
        ("group", panels.columns_of(data.table.group, table.columns) if data.table.group else []),
    ):
        for name in names or []:
            if name not in table.columns:
                near = did_you_mean(name, table.columns)
                known = "" if "Known" in near else f" The columns are {', '.join(few(table.columns, 12))}."
                raise ConfigError(f'{table.name} has no column "{name}" for {option}.{near}{known}')
    both = set(data.input or []) & set(data.target or [])
    if both and not config.forecast.strategy:
        raise ConfigError(
            f'"{min(both)}" is named as input and as target',
            hint="leave out the target: a text, or numbers, then predict their own next item",
        )


def _running_text(table: Table, config: Config) -> Roles:
    """Roles of lines of text: they predict their own next item, or are written from nothing."""
    data, mode = config.data, config.model.mode
    codec = data.input_codec or data.target_codec
    lines = [] if codec else [row["text"] for row in table.sampled(200)]
    codec = codec or ("characters" if scripts.is_unspaced(lines) or scripts.is_list_of_names(lines) else "words")
    if not class_of(codec).text:
        raise ConfigError(
            f"{table.name} is running text, which {codec} cannot read",
            hint="--input-codec words, characters or subwords",
        )
    if mode == "one-to-many":
        roles = Roles(mode, [], ["text"], None, codec, None, False, "", ["text"])
        return with_sentence(roles, 1)
    if mode not in (None, "synced"):
        raise ConfigError(
            f"{table.name} is running text without a target, which {mode} needs",
            hint="leave out --mode for a model of the next word, or give a table with columns for input and target",
        )
    stream = data.text.documents != "line"
    return with_sentence(Roles("synced", ["text"], [], codec, codec, None, stream, "", ["text"]), 1)


def _forecast(table: Table, config: Config) -> Roles:
    """Roles of columns of numbers whose next steps are requested; what is not requested is read beside them."""
    data, mode = config.data, config.model.mode
    if mode not in (None, "forecast"):
        raise ConfigError(f"a forecast is a mode of its own, not {mode}", hint="leave out --mode, or --mode forecast")
    calendar_columns = calendar.names(data.table.time_features)
    spare = [
        name
        for name in _spare(table, data)
        if name not in calendar_columns and not exclusions.is_clock(table, look(table, name))
    ]
    numbers = [column for column in (look(table, name) for name in spare) if column.holds == "number"]
    features = [column for column in numbers if exclusions.reason(table, column) is None]
    read = data.input or data.target or [column.name for column in features or numbers]
    targets = data.target or [name for name in read if name not in calendar_columns]
    inputs = list(dict.fromkeys([*read, *targets, *calendar_columns]))
    wrong = [each for each in (look(table, name) for name in inputs) if each.holds != "number"]
    if wrong or not targets:
        what = described(wrong) if wrong else "no column of numbers"
        raise ConfigError(
            f"{table.name}: a forecast reads columns of numbers, but there is {what}",
            hint="name columns of numbers: --input COLUMN, and --target COLUMN for what is forecast",
        )
    exclusions.refuse_constant(table, [look(table, name) for name in targets], named=True)
    roles = Roles(
        "forecast", inputs, list(targets), "numbers", "numbers", data.table.group, False, "", list(table.columns),
        config.forecast.strategy,
    )  # fmt: skip
    return with_sentence(roles, config.forecast.horizon)


def _choose(table: Table, config: Config) -> tuple[list[Column], list[Column]]:
    """Return the columns to read and the columns to predict."""
    data, mode = config.data, config.model.mode
    if table.kind == "tagged":
        words = data.input or ["form" if "form" in table.columns else table.columns[0]]
        tags = data.target or ["upos" if "upos" in table.columns else table.columns[-1]]
        return [look(table, name) for name in words], [look(table, name) for name in tags]
    named = [look(table, name) for name in [*(data.input or []), *(data.target or [])]]
    spare, excluded = _unnamed(table, [each.name for each in named], data)
    rest = [each for each in spare if each.name not in excluded]
    if not rest and not named:
        # numbers in order may be the series itself, and one that never varies is refused as such
        rest = [each for each in spare if excluded[each.name].startswith(exclusions.ALONE)][:1]
    refuse_objects(table, named)
    inputs, targets = named[: len(data.input or [])], named[len(data.input or []) :]
    if not targets:
        targets = find_target(table, inputs, rest, mode)
        if not targets and not named and mode is None:
            refuse_one_beside_names(table, rest, spare)
    if data.input and not targets and mode is None and not data.table.group:
        refuse_named_in_no_order(table, inputs)
    if not inputs and not (mode == "one-to-many" and len(table.columns) == 1):
        inputs = find_input(table, [each for each in rest if each not in targets])
    over_time = table.timeline is not None and mode in (None, "synced") and not data.target
    if not inputs and over_time and all(each.holds == "number" for each in targets):
        # numbers over time that are called y: what is read is their own past
        inputs, targets = targets, []
    if not inputs and mode != "one-to-many":
        _refuse_nothing_to_read(table, targets, spare, excluded)
    _check_values(table, inputs, targets, data)
    return inputs, targets


def _unnamed(table: Table, named: list[str], data: DataConfig) -> tuple[list[Column], dict[str, str]]:
    """Return the columns that may be read or predicted besides the named ones, and why some of them are excluded."""
    spare = [look(table, name) for name in _spare(table, data) if name not in named]
    reasons = {each.name: exclusions.reason(table, each) for each in spare}
    return spare, {name: reason for name, reason in reasons.items() if reason is not None}


def _refuse_nothing_to_read(
    table: Table, targets: list[Column], spare: list[Column], excluded: dict[str, str]
) -> NoReturn:
    """Refuse a table that has no input, with what is known of the columns that may have been meant."""
    refuse_objects(table, spare)
    exclusions.refuse_nearly_numbers(table, spare)
    reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
    raise ConfigError(
        f"{table.name} has no column to read besides the target ({described(targets)})"
        + (f"; left out are {reasons}" if reasons else ""),
        hint="--input COLUMN, or --mode one-to-many to generate the target without an input",
    )


def _check_values(table: Table, inputs: list[Column], targets: list[Column], data: DataConfig) -> None:
    """Refuse columns whose values cannot be meant as they would be read."""
    if data.input_codec is None:
        exclusions.refuse_nearly_numbers(table, inputs)
    if data.target_codec is None:
        exclusions.refuse_nearly_numbers(table, targets)
    exclusions.refuse_constant(table, inputs, named=bool(data.input))
    refuse_months(table, inputs, named=bool(data.input))


def _spare(table: Table, data: DataConfig) -> list[str]:
    """Return the columns that may be read or predicted: not those of time, and none that only describe a series."""
    without = set() if table.timeline is None else set(table.timeline.timing.columns)
    if data.table.group:
        without |= {*panels.columns_of(data.table.group, table.columns), *panels.describing(table, data.table.group)}
    return [name for name in table.columns if name not in without]


def _is_stream(table: Table, codec: str | None, targets: list[Column], config: Config) -> bool:
    """Return whether rows of a table are pieces of one long text."""
    whole = config.data.text.documents == "file"
    return not targets and class_of(codec).text is not None and whole and table.kind == "table"
