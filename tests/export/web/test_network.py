"""Networks in a page's script, run by Node.js, against the engine: every mode, every kind of layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from recur.codecs import SpelledWordsCodec, SubwordsCodec, TagsCodec
from recur.config import ForecastConfig
from recur.decoding import sampling
from recur.errors import ConfigError
from recur.export.web.network import describe
from recur.export.web.rows import rows_of
from recur.export.web.weights import Weights, round_weights, rounded
from recur.modes import Forecast, ManyToMany, ManyToOne, Mode, NextItem, OneToMany, OneToOne, Synced
from recur.modes.writing import WritingMode
from tests.export.web.networks import ask, classes, config, described, drawn, pictures, series, words
from tests.tolerances import near


def classifier(**options: Any) -> Mode:
    return ManyToOne(words(), classes(), config(**options))


def forecast(**options: Any) -> Mode:
    return Forecast(series(), series(), config(), ForecastConfig(**options))


def tagger(**options: Any) -> Mode:
    return Synced(words(), TagsCodec().fit([["A", "B", "C"]]), config(crf=True, **options))


def spelled() -> SpelledWordsCodec:
    return SpelledWordsCodec().fit(["some words of a text"])


def short(mode: WritingMode) -> WritingMode:
    """With answers of at most six items."""
    mode.decoder.longest.fill_(6)
    return mode


def translator(attention: str = "bahdanau", **options: Any) -> Mode:
    return short(ManyToMany(words(), words(), config(attention=attention, **options)))


NETWORKS: dict[str, Callable[[], Mode]] = {
    "many-to-one": classifier,
    "many-to-one, both directions": lambda: classifier(bidirectional=True),
    "deep, both directions": lambda: classifier(num_layers=2, bidirectional=True),
    "residual": lambda: classifier(num_layers=2, residual=True, embedding_size=7),
    "mean of the steps": lambda: classifier(pooling="mean"),
    "maximum of the steps, both directions": lambda: classifier(pooling="max", bidirectional=True),
    "learned initial states": lambda: classifier(learn_initial_state=True),
    "zoneout": lambda: classifier(zoneout=0.2),
    "gru": lambda: classifier(cell="gru"),
    "a state that is a matrix": lambda: classifier(cell="mlstm"),
    "a projected state": lambda: classifier(cell="lstm_projected"),
    "numbers at every step": lambda: Synced(series(), series(), config(bidirectional=True)),
    "the next word": lambda: NextItem(words(), config(tie_weights=True, embedding_size=7)),
    "the next numbers": lambda: NextItem(series(), config()),
    "one-to-one": lambda: OneToOne(series(False), classes(), config(num_layers=2)),
    "a picture row by row": lambda: ManyToOne(pictures("rows"), classes(), config()),
    "a picture by convolutions": lambda: OneToOne(pictures("whole"), classes(), config()),
    "a picture by means": lambda: OneToOne(pictures("whole"), classes(), config(picture_pooling="mean")),
    "a chain of tags": tagger,
    "a chain of tags, both directions": lambda: tagger(bidirectional=True),
    "words with their letters": lambda: ManyToOne(spelled(), classes(), config()),
    "the next subword": lambda: NextItem(SubwordsCodec(size=300).fit(["some words of a text"] * 3), config()),
    "a forecast": lambda: forecast(horizon=3),
    "a forecast with quantiles": lambda: forecast(horizon=4, quantiles=[0.1, 0.5, 0.9]),
    "a forecast from the last value": lambda: forecast(horizon=4, relative_to="last"),
    "a forecast that reads its answers": lambda: forecast(horizon=4, strategy="recursive", relative_to="last"),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_page_computes_what_the_engine_does_with_the_same_weights(name: str) -> None:
    mode = drawn(NETWORKS[name]())
    round_weights(mode)
    with mode.answering():
        rows, held_out = rows_of(mode, describe(mode), None)
    assert not held_out
    found = ask(mode, "answer = given.map((row) => network.answers(row.x).map((one) => Array.from(one)));", rows)
    for row, answers in zip(rows, found, strict=True):
        expected = np.array(row["y"])
        assert np.shape(answers) == expected.shape
        if expected.size:
            assert np.abs(np.array(answers) - expected).max() <= 1e-5 * np.abs(expected).max()


WRITERS: dict[str, Callable[[], Mode]] = {
    "bahdanau, deep, both directions": lambda: translator(num_layers=2, bidirectional=True),
    "bahdanau, residual, fed": lambda: translator(num_layers=2, residual=True, embedding_size=7, input_feeding=True),
    "luong, input feeding": lambda: translator("luong", input_feeding=True, cell="gru", bidirectional=True),
    "no attention, layers of two sizes": lambda: translator("none", hidden_size=[7, 5]),
    "tied weights": lambda: translator(tie_weights=True),
    "tags": lambda: ManyToMany(words(), TagsCodec().fit([["A", "B"]]), config()),
    "numbers": lambda: ManyToMany(series(), series(), config(attention="luong")),
    "a caption": lambda: OneToMany(pictures("whole"), words(), config()),
    "a caption that looks at places": lambda: OneToMany(pictures("whole"), words(), config(attention="luong")),
    "a class to a text": lambda: OneToMany(classes(), words(), config()),
    "numbers to a text": lambda: OneToMany(series(False), words(), config()),
    "nothing to a text": lambda: OneToMany(None, words(), config(cell="gru")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_a_page_writes_what_the_engine_does_with_the_same_weights(name: str) -> None:
    mode = drawn(WRITERS[name]())
    round_weights(mode)
    with mode.answering():
        rows, _ = rows_of(mode, describe(mode), None)
    script = """
    answer = given.map(({ x, written }) => {
      const { answers, attention, beam } = network.writer.told(x, written);
      return { answers: answers.map((one) => Array.from(one)), attention, beam: beam && beam.map((one) => one.ids) };
    });
    """
    for row, found in zip(rows, ask(mode, script, rows), strict=True):
        expected = np.array(row["y"])
        assert np.shape(found["answers"]) == expected.shape
        assert np.abs(np.array(found["answers"]) - expected).max() <= 1e-5 * np.abs(expected).max()
        if row["written"]["attention"] is not None:
            assert np.abs(np.subtract(found["attention"], row["written"]["attention"])).max() <= 1e-5
        if row["written"]["beam"]:
            assert found["beam"] == [one["ids"] for one in row["written"]["beam"]]


def test_a_wider_beam_and_greedy_search_give_the_answers_of_the_engine() -> None:
    mode = drawn(translator(bidirectional=True))
    texts = ["w1 w2 w3", "w4", "w9 w8 w7 w6 w5"]
    script = """
    const answers = (text, width) => {
      const ids = local.reads.pieces(text).map(([, id]) => id), { writer } = network;
      return finished(writer.beam(writer.start(writer.read(ids)), width, width, 6))
        .map(({ ids, log }) => [local.writes.text(ids), Math.exp(log)]);
    };
    answer = given.map((text) => [1, 2, 5].map((width) => answers(text, width)));
    """
    found = ask(mode, script.replace("finished", "Running.finished"), texts)
    for text, widths in zip(texts, found, strict=True):
        for width, answers in zip((1, 2, 5), widths, strict=True):
            [expected] = mode.predict([text], top=width)
            assert [value for value, _ in answers] == [value for value, _ in expected.scores]
            assert [p for _, p in answers] == pytest.approx([p for _, p in expected.scores], rel=1e-4)


def test_tags_are_the_best_chain_and_their_probabilities_sum_over_all_chains() -> None:
    mode = drawn(tagger(bidirectional=True), seed=4)
    text = "w1 w2 w3 w4 w5"
    script = """
    const scores = network.answers(local.reads.pieces(given).map(([, id]) => id));
    answer = [network.chain.tags(scores), network.chain.marginals(scores).map((one) => Array.from(one))];
    """
    tags, marginals = ask(mode, script, text)
    [expected] = mode.predict([text])
    assert mode.target_codec.decode(np.array(tags)) == expected.value
    with mode.answering(), torch.no_grad():
        vectors, _ = mode.run(torch.from_numpy(mode.encode_input(text))[None], lengths=torch.tensor([5]))
        near(torch.tensor(marginals), mode.output.log_probs_in_row(vectors)[0].exp(), "p of each tag")


def test_a_network_that_reads_step_by_step_answers_as_one_that_reads_the_sequence() -> None:
    mode = drawn(NextItem(words(), config(num_layers=2)))
    script = """
    const ids = [2, 5, 6, 7], whole = network.answers(ids).at(-1), states = [network.start()];
    let top = null;
    for (const id of ids) {
      const result = network.step(states.at(-1), network.vector(id));
      states.push(result.states);
      top = result.top;
    }
    answer = [Array.from(whole), Array.from(network.answer(top))];
    """
    whole, stepped = ask(mode, script)
    assert whole == stepped


def test_the_gradient_through_layers_and_time_is_that_of_autograd() -> None:
    mode = drawn(classifier(num_layers=2, bidirectional=True)).double()
    ids = [4, 7, 5, 9]
    script = """
    const vectors = given.map((id) => network.vector(id)), result = network.run(vectors);
    const dh = Float32Array.from({ length: network.readout.columns }, (_, i) => Math.sin(i + 1));
    const found = network.backward(result, { tops: [], summary: dh });
    answer = { dx: found.dx.map((one) => Array.from(one)), norms: found.layers.map((one) => one.norms),
               shares: found.layers.flatMap((one) => Object.values(one.shares).map((share) => share.fraction)) };
    """
    found = ask(mode, script, ids)
    parts = mode.one_pass
    assert parts is not None
    assert parts.stack is not None
    vectors = parts.inputs(torch.tensor([ids])).detach().requires_grad_()
    _, state = parts.stack(vectors)
    summary = parts.stack.summary(state)
    seeds = torch.sin(torch.arange(1, summary.shape[1] + 1, dtype=torch.float64))
    (summary[0] * seeds).sum().backward()
    assert vectors.grad is not None
    near(torch.tensor(found["dx"]), vectors.grad[0].float(), "dE/dx")
    assert np.shape(found["norms"]) == (4, 4)
    assert np.min(found["norms"]) > 0
    totals = torch.tensor(found["shares"]).sum(1)
    near(totals, torch.ones_like(totals), "the shares of all steps in the gradient of a matrix")


def test_weights_have_16_bits_where_these_hold_them_exactly() -> None:
    weights = Weights()
    exact, finer = np.array([0.5, -3.0], np.float32), np.array([0.1, 1e6], np.float32)
    assert [weights.add(one) for one in (exact, finer, exact, None)] == [0, 1, 0, None]
    assert [place["bits"] for place in weights.places] == [16, 32]
    assert rounded(finer).tolist() == [np.float32(np.float16(0.1)), 1e6]  # too large for 16 bits


def test_weights_that_are_not_finite_are_refused() -> None:
    mode = classifier()
    with torch.no_grad():
        next(mode.parameters())[0] = torch.nan
    with pytest.raises(ConfigError, match="not finite"):
        describe(mode)


def test_a_cell_is_in_the_page_once_for_all_its_layers() -> None:
    network, _ = described(classifier(num_layers=3, bidirectional=True))
    assert len(network.cells) == 1
    assert [len(level) for level in network.about["layers"]] == [2, 2, 2]


def test_probabilities_are_tempered_and_truncated_as_the_library_does() -> None:
    random = np.random.default_rng(0)
    ties = np.repeat([0.02, 0.01, 0.005], [20, 40, 40])
    rows = [random.dirichlet(np.full(300, share)) for share in (0.02, 1.0)] + [ties / ties.sum()]
    ways = [(1.0, 0, 0.0), (0.5, 5, 0.0), (1.5, 60, 0.0), (0.7, 0, 0.5), (1.0, 0, 0.95), (1.2, 100, 0.9), (0.0, 0, 0.0)]
    given = [[row.tolist(), *way] for row in rows for way in ways]
    mode = drawn(NextItem(words(), config()))
    for (p, temperature, top_k, top_p), found in zip(
        given, ask(mode, "answer = given.map((one) => Array.from(Running.narrowed(...one)));", given), strict=True
    ):
        likely = torch.tensor([p], dtype=torch.float64).log()
        if temperature:
            probs, order = sampling.narrowed(likely, temperature, top_k or None, top_p or None)
            expected = torch.zeros(1, len(p)).scatter(1, order, probs / probs.sum())[0]
        else:
            expected = torch.zeros(len(p)).index_fill(0, likely.argmax(), 1.0)
        near(torch.tensor(found), expected, f"{temperature=} {top_k=} {top_p=}")
