"""What a model of the next item can say: the next item, a continuation, a stream of text, a forecast."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recur import decoding as search
from recur.cancellation import check_cancelled
from recur.codecs.codec import WHOLE, shorten
from recur.continuation import notes
from recur.decoding.options import Decoding
from recur.decoding.pieces import written
from recur.decoding.refusals import refuse_beam, refuse_symbol_rules
from recur.decoding.sampling import Chooser
from recur.decoding.stop_sequences import StopSequences
from recur.decoding.vocabulary import Symbols
from recur.errors import ConfigError
from recur.heads import events as binary
from recur.heads.events import EventHead
from recur.heads.numbers import NumberHead
from recur.heads.prediction import Prediction
from recur.heads.symbols import TEXTS
from recur.modes.mode import PREDICT_BATCH, SAMPLE_CHARACTERS, Sample, need_input
from recur.network.batch import Raw, pad
from recur.network.stack import State

if TYPE_CHECKING:
    from recur.modes.synced import Synced

LENGTH = 200  # symbols of a generated text where nothing else is said
SAMPLE_WIDTH = 200  # characters of a text shown as a sample
SAMPLE = Decoding(temperature=0.8, seed=0)


def prompt_ids(mode: Synced, prompt: Any) -> np.ndarray:
    """The symbols that a prompt is read as, at least one: (T,) int64.

    Documents of a line begin with the beginning symbol. A stream has none: there a line end comes first, as before
    every line in it, so that the network meets the prompt in a state that it knows.
    """
    ids = mode.encode_input(prompt)
    if not mode.stream:
        return ids
    if mode.target_codec.kind == "words":
        return np.insert(ids, 0, np.int64(_symbols(mode).end))
    if mode.target_codec.kind not in ("characters", "subwords"):
        return ids if len(ids) else np.array([_symbols(mode).beginning])
    line_end = mode.target_codec.encode("\n")[-1:]
    known = len(line_end) and int(line_end[0]) != getattr(mode.target_codec, "unk_id", None)
    return np.concatenate([line_end, ids]) if known or not len(ids) else ids


def endings(mode: Synced) -> tuple[int | None, tuple[int, ...]]:
    """The symbol that ends a text, if one does, and the symbols that never stand in one."""
    symbols = _symbols(mode)
    if not mode.stream:
        return symbols.end, symbols.never
    if mode.target_codec.kind == "words":
        # in a stream of words the end of a line is a symbol like any other
        return None, symbols.never
    return None, (*symbols.never, symbols.end)


def read(mode: Synced, prompts: Sequence[np.ndarray]) -> tuple[Tensor, State]:
    """Read all of each prompt but its last symbol.

    Returns
    -------
    last : Tensor
        (B,) the symbols still to be read.
    state : State
        Before them.
    """
    values, lengths = pad(prompts)
    if values is None or lengths is None:
        raise ConfigError("there is no prompt to read", hint='give at least one, "" is one')
    values = values.to(mode.device)
    last = values[torch.arange(len(values)), (lengths - 1).to(mode.device)]
    _, state = mode.run(values, lengths=(lengths - 1).to(mode.device))
    return last, state


def predict(mode: Synced, prompts: Sequence[Any], top: int, decoding: Decoding) -> list[Prediction]:
    """The candidates for the next item, or a continuation of ``decoding.length`` items."""
    answers: list[Prediction] = []
    choose = decoding.chooser()
    draw = binary.chooser(decoding) if isinstance(mode.output, EventHead) else binary.likeliest
    with mode.answering():
        for start in range(0, len(prompts), PREDICT_BATCH):
            check_cancelled()
            part = prompts[start : start + PREDICT_BATCH]
            if isinstance(mode.output, EventHead):
                answers += notes.continuations(mode, part, decoding, draw)
            elif isinstance(mode.output, NumberHead):
                _refuse_rules(decoding)
                answers += _forecast(mode, part, decoding.length)
            elif decoding.one_item:
                answers += _next(mode, part, top, decoding)
            else:
                decoding.check_answers(top)
                answers += _continuations(mode, part, top, decoding, choose)
    return answers


def generate(mode: Synced, prompt: Any, decoding: Decoding) -> Iterator[Any]:
    """Continue a prompt piece by piece; the prompt and the pieces put together are the text.

    Parameters
    ----------
    mode : Synced
        A language model, or one of other symbols, such as tags, which are given one by one.
    prompt : str
        How the text begins.
    decoding : Decoding
        Sampling, or greedy with a temperature of 0; ``length`` is the most symbols that are added.

    Raises
    ------
    ConfigError
        For a beam, which has no text before it is finished, or a model of numbers.
    """
    codec = mode.target_codec
    if isinstance(mode.output, NumberHead):
        raise ConfigError(
            f"only symbols are generated; this model continues {codec.describe()}",
            hint="predict(..., length=N) gives the next N items",
        )
    refuse_beam(decoding)
    end, _ = endings(mode)
    ids = prompt_ids(mode, prompt)
    with mode.answering():
        first, state = read(mode, [ids])
    rules = _rules(mode, [prompt], decoding, None)
    return written(
        codec, search.stream(mode, first, state, decoding.chooser(), rules), mode.answering, end=end,
        length=LENGTH if decoding.length is None else decoding.length, before=ids.tolist(), stops=decoding.stops,
    )  # fmt: skip


def samples(mode: Synced, examples: Sequence[Raw], count: int, prompts: Sequence[str]) -> list[Sample]:
    """Continuations of the prompts; without any, of the first halves of the first rows."""
    codec = need_input(mode.input_codec, mode.name)
    if codec.kind == "notes":
        return notes.samples(mode, examples, count)
    if isinstance(mode.output, NumberHead):
        return _forecast_samples(mode, examples, count)
    if codec.kind not in TEXTS:
        return []
    asked = [(prompt, "") for prompt in prompts] or [_halves(text) for text in _texts(mode, examples, count)]
    length = SAMPLE_WIDTH if codec.kind == "characters" else 40
    found = []
    for prompt, truth in asked:
        decoding = Decoding(temperature=SAMPLE.temperature, seed=SAMPLE.seed, length=length)
        guess = "".join(generate(mode, prompt, decoding))
        found.append(Sample(prompt, codec.show(truth, SAMPLE_WIDTH), guess.strip()))
    return found


def _next(mode: Synced, prompts: Sequence[Any], top: int, decoding: Decoding) -> list[Prediction]:
    output = mode.symbol_head()
    symbols = _symbols(mode)
    first, state = read(mode, [prompt_ids(mode, prompt) for prompt in prompts])
    log_probs, _ = mode.step(first, state)
    forbid = [*symbols.forbidden(decoding.unknown), symbols.end]
    probs = log_probs.exp().index_fill(1, torch.tensor(forbid, device=log_probs.device), 0.0)
    best, ids = probs.topk(min(top, output.size - len(forbid)), dim=-1)
    answers = []
    for row_probs, row_ids in zip(best.tolist(), ids.tolist(), strict=True):
        scores = [(symbols.decode([index]), prob) for index, prob in zip(row_ids, row_probs, strict=True)]
        answers.append(Prediction(scores[0][0], scores, mode.target_codec.show(scores[0][0], WHOLE)))
    return answers


def _continuations(
    mode: Synced, prompts: Sequence[Any], top: int, decoding: Decoding, choose: Chooser
) -> list[Prediction]:
    end, _ = endings(mode)
    first, state = read(mode, [prompt_ids(mode, prompt) for prompt in prompts])
    length = LENGTH if decoding.length is None else decoding.length
    stops = StopSequences(mode.target_codec, decoding.stops)
    rules = _rules(mode, prompts, decoding, stops)
    found = search.search(mode, first, state, decoding, end=end, length=length, n_best=top, rules=rules, choose=choose)
    answers = []
    for hypotheses in found:
        values = [stops.cut(_written(mode, one.ids)) for one in hypotheses]
        scores = [(value, math.exp(one.log_prob)) for value, one in zip(values, hypotheses, strict=True)]
        ranks = [one.score for one in hypotheses]
        answers.append(Prediction(values[0], scores, mode.target_codec.show(values[0], WHOLE), ranks=ranks))
    return answers


def _refuse_rules(decoding: Decoding) -> None:
    """Refuse what has no meaning for a series.

    Raises
    ------
    ConfigError
    """
    refuse_symbol_rules(decoding)
    if decoding.prefix is not None:
        raise ConfigError("a series goes on from what it is given: it has no prefix", hint="add it to the series")


def _rules(mode: Synced, prompts: Sequence[Any], decoding: Decoding, stops: StopSequences | None) -> search.Rules:
    """What may follow the prompts, which count as written."""
    codec, (_, never) = mode.target_codec, endings(mode)
    prefix = None
    if decoding.prefix is not None:
        prefix = torch.from_numpy(codec.encode(decoding.prefix)).to(mode.device).expand(len(prompts), -1)
    return decoding.rules(
        forbid=never if decoding.unknown else _without_unknown(mode, never), prefix=prefix,
        before=[codec.encode(prompt).tolist() for prompt in prompts], stop=None if stops is None else stops.rule(),
    )  # fmt: skip


def _forecast(mode: Synced, prompts: Sequence[Any], length: int | None) -> list[Prediction]:
    """The next values of series; without a length the one value ``ahead`` steps after the last.

    The outputs at the last k = ``ahead`` observed steps are the next k values. They are read as if they had been
    observed, and their outputs are the k values after them.
    """
    output, codec, ahead = mode.output, mode.target_codec, mode.ahead
    if not isinstance(output, NumberHead):
        raise ConfigError(f"a forecast needs numbers, and this model answers with {codec.describe()}")
    # where fewer steps were observed, the mean of the training values (zero) stands for those before them
    series = [mode.encode_input(prompt) for prompt in prompts]
    values, lengths = pad([np.pad(one, ((max(0, ahead - len(one)), 0), (0, 0))) for one in series])
    if values is None or lengths is None:
        return []
    values, lengths = values.to(mode.device), lengths.to(mode.device)
    outputs, state = mode.run(values, lengths=lengths)
    last = lengths[:, None] - ahead + torch.arange(ahead, device=mode.device)
    block = output.values(outputs[torch.arange(len(values), device=mode.device)[:, None], last])
    blocks = [block]
    while length is not None and len(blocks) * ahead < length:
        check_cancelled()
        outputs, state = mode.run(block, state)
        block = output.values(outputs)
        blocks.append(block)
    steps = block[:, -1:] if length is None else torch.cat(blocks, dim=1)[:, :length]
    raw = [codec.decode(row) for row in steps.cpu().numpy()]
    return [Prediction(value, [], codec.show(value, WHOLE)) for value in raw]


def _forecast_samples(mode: Synced, examples: Sequence[Raw], count: int) -> list[Sample]:
    codec = mode.target_codec
    found = []
    for index in range(min(count, len(examples))):
        series = mode.encode_input(examples[index].input)[-1024:]
        steps = min(8, len(series) // 2)
        if steps == 0:
            continue
        # what is filled in where it is read is no truth
        truth = codec.encode_target(examples[index].input)[-steps:]
        past, future = codec.decode(series[:-steps]), codec.decode(truth)
        [guess] = predict(mode, [past], 1, Decoding(length=steps))
        found.append(Sample(codec.show(past[-8:]), codec.show(future), shorten(guess.shown, SAMPLE_CHARACTERS)))
    return found


def _texts(mode: Synced, examples: Sequence[Raw], count: int) -> list[str]:
    """The first texts; of a single long one, its beginning and later places."""
    if not len(examples):
        return []
    first = examples[0].input
    if mode.stream and isinstance(first, str):
        places = [index * len(first) // count for index in range(count)]
        return [first[place : place + SAMPLE_WIDTH] for place in places]
    rows = islice((examples[index].input for index in range(len(examples))), count)
    return [row if isinstance(row, str) else " ".join(map(str, row)) for row in rows]


def _halves(text: str) -> tuple[str, str]:
    """Cut a text in the middle, before a word where there is one."""
    space = text.rfind(" ", 0, max(1, len(text) // 2) + 1)
    place = space if space > 0 else len(text) // 2
    return text[:place], text[place:]


def _written(mode: Synced, ids: Sequence[int]) -> Any:
    """The value of a continuation; in a stream the end symbol is a line end, and stays."""
    return mode.target_codec.decode(np.array(ids, dtype=np.int64)) if mode.stream else _symbols(mode).decode(ids)


def _without_unknown(mode: Synced, never: tuple[int, ...]) -> tuple[int, ...]:
    unknown = _symbols(mode).unknown
    return never if unknown is None else (*never, unknown)


def _symbols(mode: Synced) -> Symbols:
    mode.symbol_head()
    if mode.symbols is None:
        raise ConfigError("this model has no symbols to choose from")
    return mode.symbols
