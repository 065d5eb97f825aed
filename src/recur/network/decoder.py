"""The decoder of one-to-many and many-to-many: a network that reads its own output.

    s_0 = tanh(W c + b)                         c: summary of the input
    s_t = cell([E y_{t-1}, a_t, v_{t-1}], s_{t-1})    a_t: context, for Bahdanau attention only
                                                      v_{t-1}: with input feeding only
    v_t = s_t, or tanh(W_v [a_t, s_t])                with attention of either form
    p(y_t | y_{<t}) = softmax(W_hy v_t + b_y)   numbers: y_t = W_hy v_t + b_y

It starts from the beginning symbol and ends with the end symbol; numbers start from zeros (the mean of the training
values) and are as many as requested.

With Luong's attention and without input feeding nothing of a step waits for the attention of the step before it: in
training all steps of the layers are then one call, and so is the attention of all steps.

Sources: Cho et al. 2014; Bahdanau, Cho and Bengio 2015; Luong, Pham and Manning 2015 (global attention, section 3.1,
its scores divided by sqrt(H); input feeding, section 3.3); Bengio et al. 2015 (scheduled sampling).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from recur import decoding
from recur.cancellation import check_cancelled
from recur.codecs.codec import WHOLE
from recur.decoding.constraints import Rules
from recur.decoding.options import Decoding
from recur.decoding.pieces import written
from recur.decoding.refusals import refuse_beam, refuse_symbol_rules
from recur.decoding.sampling import Chooser
from recur.decoding.stepping import Hypothesis
from recur.decoding.stop_sequences import StopSequences
from recur.decoding.vocabulary import Vocabulary
from recur.errors import ConfigError
from recur.heads.build import build_head
from recur.heads.head import Sums
from recur.heads.prediction import Prediction
from recur.heads.step_head import StepHead
from recur.heads.symbols import SymbolHead
from recur.network import stack as network
from recur.network.batch import step_mask
from recur.network.inputs import Inputs
from recur.network.stack import Bridge, Stack
from recur.nn import Attention, BahdanauAttention, LuongAttention, one_sequence
from recur.nn.shared_rows import for_rows

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig

LENGTH = 100  # of an answer, before training has shown how long answers are


@dataclass(frozen=True)
class DecoderState:
    """The state of a decoder between two steps.

    Attributes
    ----------
    recurrent : State
        Of the layers.
    memory, lengths : Tensor or None
        (B, S, M) what attention looks at, and (B,) how much of it is real.
    keys : Tensor or None
        (B, S, .) what attention compares with, computed once.
    weights : Tensor or None
        (B, S) where it looked last.
    fed : Tensor or None
        (B, H) v of the step before, with input feeding.
    """

    recurrent: network.State
    memory: Tensor | None = None
    lengths: Tensor | None = None
    keys: Tensor | None = None
    weights: Tensor | None = None
    fed: Tensor | None = None


class Decoder(nn.Module):
    """A decoder that generates the values of a codec, one step at a time.

    Parameters
    ----------
    codec : Codec
        Of the target.
    config : ModelConfig
        Sizes, cell, attention, regularisation.
    summary_size : int
        C, length of the summary that the initial state is made from.
    memory_size : int
        M, length of a vector that attention looks at; 0 for no attention.
    """

    longest: Tensor

    def __init__(self, codec: Codec, config: ModelConfig, *, summary_size: int, memory_size: int = 0) -> None:
        super().__init__()
        self.codec = codec
        self.symbols = Vocabulary(codec) if codec.discrete else None
        self.inputs = Inputs(
            codec, config, symbols=self.symbols.size if self.symbols else None, size=_last_size(config)
        )
        self.reads_context = memory_size > 0 and config.attention.form == "bahdanau"
        self.feeds = memory_size > 0 and config.attention.input_feeding
        fed = config.layer_sizes[-1] if self.feeds else 0
        self.stack = Stack(config, self.inputs.size + memory_size * self.reads_context + fed)
        size = self.stack.output_size
        self.bridge = Bridge(summary_size, self.stack)
        self.attention: Attention | None = None
        if memory_size:
            bahdanau = self.reads_context
            self.attention = (
                BahdanauAttention(size, memory_size) if bahdanau else LuongAttention(size, memory_size, scaled=True)
            )
            self.combine = nn.Linear(memory_size + size, fed or size)
            size = fed or size
        self.output: StepHead
        if self.symbols is not None:
            self.output = SymbolHead(
                self.symbols.size, size, config, codec=codec, count_right=True, embedding=self.inputs.embedding
            )
        else:
            self.output = build_head(codec, size, config)
        # how long answers are, seen in training: how long an answer without an end may become
        self.register_buffer("longest", torch.zeros((), dtype=torch.long))

    def start(self, summary: Tensor, memory: Tensor | None = None, lengths: Tensor | None = None) -> DecoderState:
        """Return the state before the first step.

        Parameters
        ----------
        summary : Tensor
            (B, C).
        memory, lengths : Tensor, optional
            (B, S, M) and (B,), with attention.
        """
        recurrent = self.bridge(summary, self.stack.like)
        if self.attention is None or memory is None:
            return DecoderState(recurrent)
        if lengths is None:
            lengths = torch.full((memory.shape[0],), memory.shape[1], device=memory.device)
        fed = summary.new_zeros(summary.shape[0], self.combine.out_features) if self.feeds else None
        return DecoderState(recurrent, memory, lengths, self.attention.keys(memory), fed=fed)

    def loss(
        self, targets: Tensor, lengths: Tensor | None, state: DecoderState, *, label_smoothing: float,
        teacher_forcing: float,
    ) -> tuple[Tensor, Sums]:  # fmt: skip
        """Mean error and sums of targets (B, T) or (B, T, C), ends included."""
        if self.training:
            self.longest.fill_(max(int(self.longest), targets.shape[1]))
        vectors, _ = self.read(targets, lengths, state, teacher_forcing=teacher_forcing)
        return self.output.error(vectors, targets, step_mask(lengths, targets), label_smoothing=label_smoothing)

    def read(
        self, targets: Tensor, lengths: Tensor | None, state: DecoderState, *, teacher_forcing: float = 1.0
    ) -> tuple[Tensor, Tensor | None]:
        """Run over known targets; return v (B, T, H) and the attention weights (B, T, S).

        With ``teacher_forcing`` below 1, each symbol that is read is the decoder's own instead of the true one with
        the remaining probability, decided for each row and step (Bengio et al. 2015). Numbers pass the gradient on
        through the decoder's own outputs. The steps are one sequence: masks that hold for all of them are drawn once.
        """
        with one_sequence(self.inputs, self.stack):
            return self._read(targets, lengths, state, teacher_forcing)

    def _read(
        self, targets: Tensor, lengths: Tensor | None, state: DecoderState, teacher_forcing: float
    ) -> tuple[Tensor, Tensor | None]:
        first = self.first(targets.shape[0])[:, None]
        # after a number that is missing the mean of the training values is read
        targets = targets.nan_to_num() if targets.is_floating_point() else targets
        known = torch.cat([first, targets[:, :-1]], dim=1)
        if teacher_forcing >= 1.0 and not self.reads_context and not self.feeds:
            outputs, _ = self.stack(self.inputs.for_layer(known), state.recurrent, lengths=lengths)
            return self._attend(outputs, state)
        previous = self.inputs(known)
        vectors, weights = [], []
        vector: Tensor | None = None
        for step in range(targets.shape[1]):
            check_cancelled()
            current = previous[:, step]
            if vector is not None and teacher_forcing < 1.0:
                own = self.inputs(self.output.choice(vector)[:, None])[:, 0]
                told = for_rows((len(own), 1), 0, partial(torch.rand, device=own.device)) < teacher_forcing
                current = torch.where(told, current, own)
            vector, state = self._step(current, state)
            vectors.append(vector)
            if state.weights is not None:
                weights.append(state.weights)
        return torch.stack(vectors, dim=1), torch.stack(weights, dim=1) if weights else None

    def first(self, rows: int) -> Tensor:
        """Return what is read before the first step: beginning symbols (B,), or zeros (B, C)."""
        weight = next(self.parameters())
        if self.symbols is None:
            return weight.new_zeros(rows, self.codec.size)
        return torch.full((rows,), self.symbols.beginning, device=weight.device)

    def step(self, ids: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Read symbols (B,); return log p (B, V) of the next, and the state after."""
        vector, state = self._step(self.inputs(ids[:, None])[:, 0], state)
        return self.output.log_probs(vector), state

    def select(self, state: DecoderState, rows: Tensor) -> DecoderState:
        """The state of some rows, which may repeat."""

        def pick(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.index_select(0, rows)

        return DecoderState(
            network.select(state.recurrent, rows),
            pick(state.memory),
            pick(state.lengths),
            pick(state.keys),
            pick(state.weights),
            pick(state.fed),
        )

    def write(self, state: DecoderState, rows: int, options: Decoding, top: int, choose: Chooser) -> list[Prediction]:
        """Answer for B rows from their states: symbols by search, numbers by feeding the outputs back.

        ``choose`` is the chooser of the options, one for all batches.
        """
        length = self.length(options)
        if self.symbols is None:
            steps = list(self._each_number(state, rows, length, options, nullcontext))
            nothing = self.first(rows)[:, None][:, :0]
            values = (torch.stack(steps, dim=1) if steps else nothing).cpu().numpy()
            raw = [self.codec.decode(row) for row in values]
            return [Prediction(value, [], self.codec.show(value, WHOLE)) for value in raw]
        stops = StopSequences(self.codec, options.stops)
        hypotheses = decoding.search(
            self, self.first(rows), state, options, end=self.symbols.end, length=length, n_best=top,
            rules=self._rules(options, rows, stops), choose=choose,
        )  # fmt: skip
        answers = [self._prediction(hypotheses, stops) for hypotheses in hypotheses]
        if self.attention is not None:
            self._align(answers, [hypotheses[0] for hypotheses in hypotheses], state)
        return answers

    def generate(
        self, state: DecoderState, options: Decoding, within: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[Any]:
        """Answer for one row, item by item: pieces of a text, tags, rows of numbers.

        ``within`` is the context of a step, such as `Mode.answering`.
        """
        refuse_beam(options)
        if self.symbols is None:
            for value in self._each_number(state, 1, self.length(options), options, within):
                yield self.codec.decode(value.cpu().numpy())[0]
            return
        steps = decoding.stream(self, self.first(1), state, options.chooser(), self._rules(options, 1, None))
        yield from written(
            self.codec, steps, within, end=self.symbols.end, length=self.length(options), stops=options.stops
        )

    def length(self, options: Decoding) -> int:
        """How many items an answer has at most: as asked, or as the longest that training met."""
        return options.length if options.length is not None else int(self.longest) or LENGTH

    def _rules(self, options: Decoding, rows: int, stops: StopSequences | None) -> Rules:
        symbols = self._symbols()
        prefix = None
        if options.prefix is not None:
            ids = torch.from_numpy(self.codec.encode(options.prefix))
            prefix = ids.to(next(self.parameters()).device).expand(rows, -1)
        return options.rules(
            forbid=symbols.forbidden(options.unknown), prefix=prefix, stop=None if stops is None else stops.rule()
        )

    def _first_numbers(self, options: Decoding) -> Tensor | None:
        """The steps that a series is forced to begin with, (P, C)."""
        refuse_symbol_rules(options)
        if options.prefix is None:
            return None
        weight = next(self.parameters())
        return torch.from_numpy(self.codec.encode(options.prefix)).to(weight.device, weight.dtype)

    def _prediction(self, hypotheses: list[Hypothesis], stops: StopSequences) -> Prediction:
        symbols = self._symbols()
        values = [stops.value(one.ids, symbols.decode) for one in hypotheses]
        scores = [(value, math.exp(one.log_prob)) for value, one in zip(values, hypotheses, strict=True)]
        return Prediction(values[0], scores, self.codec.show(values[0], WHOLE), ranks=[one.score for one in hypotheses])

    def _align(self, answers: list[Prediction], best: list[Hypothesis], state: DecoderState) -> None:
        """Read the answers once more, to see where each of their symbols looked."""
        symbols = self._symbols()
        lengths = torch.tensor([len(one.ids) + 1 for one in best])
        targets = torch.full((len(best), int(lengths.max())), symbols.end)
        for row, one in enumerate(best):
            targets[row, : len(one.ids)] = torch.tensor(one.ids, dtype=torch.long)
        device = next(self.parameters()).device
        _, weights = self.read(targets.to(device), lengths.to(device), state)
        if weights is None or state.lengths is None:
            return
        for row, (answer, one) in enumerate(zip(answers, best, strict=True)):
            written = len(one.ids) + one.finished
            answer.alignment = weights[row, :written, : int(state.lengths[row])].cpu().numpy()

    def _each_number(
        self, state: DecoderState, rows: int, length: int, options: Decoding,
        within: Callable[[], AbstractContextManager[None]],
    ) -> Iterator[Tensor]:  # fmt: skip
        """Rows of numbers, or frames, (B, C) one after another; the first are those of the prefix."""
        prefix, draw = self._first_numbers(options), self.output.chooser(options)
        value = self.first(rows)
        for step in range(length):
            check_cancelled()
            with within():
                vector, state = self._step(value, state)
                known = prefix is not None and step < len(prefix)
                value = prefix[step].expand(rows, -1) if known and prefix is not None else draw(vector)
            yield value

    def _step(self, current: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """One step from an input vector (B, X): v (B, H) and the state after."""
        weights: Tensor | None = None
        if state.fed is not None:
            current = torch.cat([current, state.fed], dim=-1)
        if self.attention is not None and self.reads_context:
            context, weights = self._look(self.stack.summary(state.recurrent), state)
            output, recurrent = self.stack.step(torch.cat([current, context], dim=-1), state.recurrent)
            vector = torch.tanh(self.combine(torch.cat([context, output], dim=-1)))
        else:
            output, recurrent = self.stack.step(current, state.recurrent)
            attended, all_weights = self._attend(output[:, None], state)
            vector = attended[:, 0]
            weights = None if all_weights is None else all_weights[:, 0]
        fed = vector if self.feeds else None
        return vector, replace(state, recurrent=recurrent, weights=weights, fed=fed)

    def _attend(self, outputs: Tensor, state: DecoderState) -> tuple[Tensor, Tensor | None]:
        """Luong: v (B, T, H) and weights (B, T, S) of outputs (B, T, H); without attention the outputs."""
        if self.attention is None:
            return outputs, None
        context, weights = self._look(outputs, state)
        return torch.tanh(self.combine(torch.cat([context, outputs], dim=-1))), weights

    def _look(self, query: Tensor, state: DecoderState) -> tuple[Tensor, Tensor]:
        """Context and weights of queries (B, H) or (B, T, H)."""
        if self.attention is None or state.memory is None:
            raise ConfigError("this decoder has no attention", hint="--attention luong or bahdanau")
        context, weights = self.attention(query, state.memory, state.lengths, state.keys)
        return context, weights

    def _symbols(self) -> Vocabulary:
        if self.symbols is None:
            raise ConfigError("numbers have no symbols", hint="use predict(..., length=N)")
        return self.symbols


def encode_target(codec: Codec, symbols: Vocabulary | None, value: Any) -> Any:
    """The array of a target sequence, with the end symbol where there is one."""
    return codec.encode_target(value) if symbols is None else symbols.with_end(codec.encode(value))


def _last_size(config: ModelConfig) -> int | None:
    """A tied embedding has the size of what is read out; otherwise the first layer's, as everywhere."""
    if not config.readout.tie_weights:
        return None
    return config.hidden_size[-1]
