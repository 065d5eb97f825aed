"""What the shipped networks can do, with the weights and the JavaScript of the page."""

from __future__ import annotations

import doctest
import math
import random
from itertools import pairwise
from typing import Any

import pytest
import torch

from recur.lecture import formulas, tasks
from recur.lecture.page import networks
from recur.lecture.train import NETWORKS, NONE, Network, Translator, encode
from tests.lecture.given import computed
from tests.tolerances import SINGLE, agree, close

ACCURACY = """
answer = given.rows.map(([net, texts, right]) => {
  const one = networks[net] ??= network(NETWORKS[net]);
  return Number(one.answers[best(one.next(texts))] === right);
});
"""


def share_right(rows: list[tuple[str, list[str], str]]) -> float:
    found = computed(f"const networks = {{}};{ACCURACY}", {"rows": rows})
    return sum(found) / len(found)


def far(net: str, fillers: int) -> list[tuple[str, list[str], str]]:
    draw = random.Random(fillers)
    return [
        (net, tasks.sentence_far(country, draw.choices(tasks.FILLERS, k=fillers)), language)
        for country, language in tasks.COUNTRIES.items() for _ in range(8)
    ]  # fmt: skip


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(tasks).failed == 0
    assert doctest.testmod(formulas).failed == 0


def test_every_network_of_the_training_is_shipped() -> None:
    assert list(networks()) == list(NETWORKS)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_the_near_word_is_right_with_every_cell(cell: str) -> None:
    rows = [
        (f"word {cell}", tasks.sentence_near(noun, colour=c), place)
        for noun, place in tasks.NEAR.items()
        for c in ("", "old")
    ]
    assert share_right(rows) == 1.0


def test_the_far_word_is_right_with_gates_and_a_guess_without() -> None:
    for fillers in (3, 6, 9):
        assert share_right(far("word lstm", fillers)) == 1.0
        assert share_right(far("word gru", fillers)) == 1.0
        assert share_right(far("word elman", fillers)) < 0.4  # of five languages
    assert share_right(far("word elman", 0)) == 1.0


def test_the_country_counts_at_the_end_with_gates_and_only_the_last_words_without() -> None:
    script = """
    const sentences = Object.keys(TASKS.countries).map((one) => farText(one, 2));
    const strip = (last) => Object.fromEntries(KINDS.map((kind) => [kind, reach(wordNet(kind), sentences, last)]));
    answer = { end: strip(sentences[0].length - 1), plays: strip(8) };
    """
    found = computed(script)
    country, last = 4, 3  # the place of the country; "I speak fluent"
    elman = found["end"]["elman"]
    assert max(elman[:-last]) < 0.02  # nothing before the last sentence counts
    assert max(elman[-last:]) > 0.3
    for kind in ("gru", "lstm"):
        counts = found["end"][kind]
        assert counts.index(max(counts)) == country
        assert counts[country] > 0.7
        assert max(counts[country + 1 : country + 10]) < 0.01  # the sentences in between do not
        plays = found["plays"][kind]  # the country is remembered, and not needed
        assert plays.index(max(plays)) == len(plays) - 1
        assert plays[country] < 0.01
    lstm = found["end"]["lstm"]
    assert all(lstm[country] > 5 * one for one in lstm[:country] + lstm[country + 1 :])


def test_a_blanked_word_moves_the_probability_that_the_library_says() -> None:
    """Half the sum of |p - q|, of the network with torch and the input of one word set to 0."""
    net = networks()["word gru"]
    texts = tasks.sentence_far("Italy", ("we had a dog .",))
    found = computed(f'answer = reach(wordNet("gru"), [{texts}], {len(texts) - 1});')
    ids = torch.tensor([net["symbols"].index(one) for one in texts])
    whole = torch.nn.functional.one_hot(ids, net["inputs"]).double()
    library = loaded("word gru")
    p = library(whole[None], torch.tensor([len(texts)]))[0, -1].softmax(-1)
    for n, moved in enumerate(found):
        blanked = whole.clone()
        blanked[n] = 0
        q = library(blanked[None], torch.tensor([len(texts)]))[0, -1].softmax(-1)
        close(torch.tensor(moved, dtype=torch.float64), ((p - q).abs().sum() / 2).detach(), texts[n])


def test_clouds_swapped_for_fish_turn_sky_into_sea() -> None:
    found = computed('answer = swaps(wordNet("lstm"), ["the", "clouds", "are", "in", "the"], [nouns()])[1];')
    assert (found["other"], found["answer"]) == ("fish", "sea")
    assert found["before"] > 0.9 > 0.1 > found["after"]


def test_the_second_l_of_hello_is_told_from_the_first_by_the_state_alone() -> None:
    found = computed(
        """const net = network(NETWORKS.spelled), ids = net.ids([..."hell"]);
        const word = (options) => net.run(ids, options).p.map((p) => net.answers[best(p)]).join("");
        const far = (a, b) => norm(a.map((v, u) => v - b[u])), [hell, heel] = ["hell", "heel"].map(
          (one) => net.run(net.ids([...one])).h);
        answer = [word({}), word({ erase: 2 }), [far(heel[3], hell[3]), far(heel[3], hell[2])]];"""
    )
    assert found[2][0] < 0.5 < 1.5 < found[2][1]  # "heel" ends in the state of "hell", and so in its answer
    assert found[0] == "ello"
    assert found[1][2] == "o"


def test_a_sum_of_the_numbers_that_chapter_3_prints_is_near_the_number_printed() -> None:
    found = computed(
        """const net = network(NETWORKS.spelled), run = net.run(net.ids([..."hell"]));
        const { weights, step } = net.layers[0], two = (v) => +v.toFixed(2);
        const sum = (w, row, v) => v.reduce((s, x, n) => s + two(w[row * v.length + n]) * two(x), 0);
        answer = run.frames[0].flatMap((f, t) => {
          const x = part(f, step.x), before = part(f, step.states.h.before), a = part(f, step.values.a.value);
          const ofA = a.map((v, u) => two(v) - sum(weights.W_hh, u, before) - sum(weights.W_xh, u, x));
          return [...ofA, ...run.z[t].map((v, k) => two(v) - sum(net.W_hy, k, run.h[t]))].map(Math.abs);
        });"""
    )
    assert len(found) == 4 * (3 + 4)
    assert max(found) < 0.04  # "a few hundredths"


def test_the_lines_of_gru_and_lstm_lie_on_each_other() -> None:
    found = computed(
        """answer = ["gru", "lstm"].map((kind) => Array.from({ length: MOST + 1 }, (_, n) => Object.keys(
          TASKS.countries).map((one) => wordNet(kind).next(farText(one, n))[
            wordNet(kind).answers.indexOf(TASKS.countries[one])])));"""
    )
    assert min(p for kind in found for row in kind for p in row) > 0.97


def test_the_five_kinds_do_what_they_are_shown_for() -> None:
    digits = computed(
        """const net = network(NETWORKS["one-to-one"]);
        const read = (one) => net.answers[best(net.run([[...one].map(Number)]).p[0])];
        answer = Object.values(TASKS.pixels).map(read).join("");"""
    )
    assert digits == "0123456789"
    names = computed(
        """const net = network(NETWORKS["one-to-many"]);
        answer = Object.keys(TASKS.pixels).map((one) => lettersOf(net, one).join(""));"""
    )
    assert names == list(tasks.NUMBERS)
    draw = random.Random(77)
    assert share_right([("many-to-one", *tasks.review(draw)) for _ in range(60)]) > 0.98
    words = computed(
        """const net = network(NETWORKS["many-to-many"]);
        answer = TASKS.english.map((one) => translated(net, one).join(" "));"""
    )
    right = [words[n] == " ".join(tasks.in_french(n)) for n in range(1, 100)]
    assert all(ok for n, ok in enumerate(right, 1) if n not in tasks.UNSEEN_NUMBERS)
    assert sum(right[n - 1] for n in tasks.UNSEEN_NUMBERS) >= 4  # of 8 that were not in the training


@pytest.mark.parametrize(
    ("name", "draw", "least", "most"),
    [
        ("synced", tasks.tagged, 1.0, 1.0), ("meanings two directions", tasks.meant, 1.0, 1.0),
        ("deep 1", tasks.spelled_opinions, 0.7, 0.9), ("deep 2", tasks.spelled_opinions, 0.99, 1.0),
        ("deep 3", tasks.spelled_opinions, 0.99, 1.0),
    ],
)  # fmt: skip
def test_networks_with_an_answer_per_step(name: str, draw: Any, least: float, most: float) -> None:
    source = random.Random(4321)
    rows = [draw(source) for _ in range(60)]
    found = computed(
        """const net = network(NETWORKS[given.name]);
        answer = given.rows.map(([x]) => net.run(net.ids(x)).p.map((p) => net.answers[best(p)]));""",
        {"name": name, "rows": rows},
    )
    pairs = [
        (g, y) for guess, (_, target) in zip(found, rows, strict=True) for g, y in zip(guess, target, strict=True) if y
    ]
    assert least <= sum(g == y for g, y in pairs) / len(pairs) <= most


def loaded(name: str) -> Network:
    """A shipped network as a module of torch."""
    one = networks()[name]
    layers = len(one["layers"]) // one["directions"]
    network = Network(  # in float64, as the page computes
        one["cell"], one["inputs"], one["hidden"], len(one["b_y"]), layers=layers, bidirectional=one["directions"] == 2
    ).double()
    with torch.no_grad():
        places = sorted({key.partition("_l")[2] for key, _ in network.layers.named_parameters()})
        for key, value in network.layers.named_parameters():
            name_, _, place = key.partition("_l")
            value.copy_(torch.tensor(one["layers"][places.index(place)][name_], dtype=torch.float64).view(value.shape))
        network.readout.weight.copy_(torch.tensor(one["W_hy"], dtype=torch.float64).view_as(network.readout.weight))
        network.readout.bias.copy_(torch.tensor(one["b_y"], dtype=torch.float64))
    return network


@pytest.mark.parametrize("name", ["spelled", "word gru", "meanings two directions", "deep 3", "many-to-one"])
def test_the_page_computes_what_the_library_computes(name: str) -> None:
    one = networks()[name]
    texts = [random.Random(3).choice(one["symbols"]) for _ in range(7)]
    found = computed("answer = network(NETWORKS[given.name]).run(network(NETWORKS[given.name]).ids(given.texts)).z;",
                     {"name": name, "texts": texts})  # fmt: skip
    ids = torch.tensor([[one["symbols"].index(each) for each in texts]])
    vectors = torch.nn.functional.one_hot(ids, one["inputs"]).double()
    expected = loaded(name)(vectors, torch.tensor([7]))[0]
    close(torch.tensor(found, dtype=torch.float64), expected.detach(), name)


def test_the_three_paths_add_up_to_the_gradient_of_autograd() -> None:
    found = computed(
        """const net = network(NETWORKS.spelled), f = frames(net, [..."hell"], [..."ello"]);
        const parts = f.outside.map((one, t) => one.map((v, u) => v + f.from[t][u]));
        answer = { total: gradientUpTo(f, 0), dh: f.dh, parts };"""
    )
    module = loaded("spelled")
    ids, targets, lengths = encode([(list("hell"), list("ello"))], tasks.SPELLED, tasks.SPELLED)
    z = module(torch.nn.functional.one_hot(ids, 4).double(), lengths)
    torch.nn.functional.cross_entropy(z[0], targets[0], reduction="sum", ignore_index=NONE).backward()
    expected = {key.partition("_l")[0]: value.grad for key, value in module.layers.named_parameters()}
    expected["W_hy"] = module.readout.weight.grad
    for name, values in found["total"].items():
        wanted = expected[name]
        assert wanted is not None
        close(torch.tensor(values, dtype=torch.float64).view(wanted.shape), wanted, name)
    close(
        torch.tensor(found["dh"], dtype=torch.float64),
        torch.tensor(found["parts"], dtype=torch.float64),
        "dE/dh is the sum of its two parts",
    )


@pytest.mark.parametrize("net", ["network(untrained())", "network(NETWORKS.spelled)"])
def test_a_step_adds_an_outer_product_and_all_steps_are_the_whole(net: str) -> None:
    found = computed(
        f"""const net = {net}, f = frames(net, [..."hell"], [..."ello"]), steps = [0, 1, 2, 3];
        const sum = (terms) => terms.reduce((s, one) => s + one.come * one.went, 0);
        const entries = (name, all) => all.map((_, place) => sum(entryTerms(net, f, {{ name, place }}, 0)));
        const whole = gradientUpTo(f, 0);
        answer = {{ whole, own: steps.map((t) => f.share(t)),
          entries: Object.fromEntries(Object.entries(whole).map(([name, all]) => [name, entries(name, all)])),
          factors: steps.map((t) => factors(net, f, t)), summands: steps.map((t) => summands(net, f, t)),
          a: f.run.frames[0].map((frame) => part(frame, net.layers[0].step.values.a.value)) }};"""
    )
    sums = [[x + h for x, h in zip(one["x"], one["h"], strict=True)] for one in found["summands"]]
    close(torch.tensor(sums, dtype=torch.float64), torch.tensor(found["a"], dtype=torch.float64), "a is both summands")
    for name in ("W_hy", "W_xh", "W_hh"):
        close(
            torch.tensor(found["entries"][name], dtype=torch.float64),
            torch.tensor(found["whole"][name], dtype=torch.float64),
            f"each entry of {name} is a product per step",
        )
        for own, pair in zip(found["own"], found["factors"], strict=True):
            come, went = (torch.tensor(one, dtype=torch.float64) for one in pair[name])
            close(torch.tensor(own[name], dtype=torch.float64), torch.outer(come, went).flatten(), name)
    assert not any(found["own"][0]["W_hh"])  # there is no state before step 1


@pytest.mark.parametrize("data", ["untrained()", "NETWORKS.spelled"])
def test_a_nudge_of_each_weight_changes_the_error_as_its_gradient_says(data: str) -> None:
    found = computed(
        f"""const data = {data}, net = network(data), letters = [..."hell"], targets = [..."ello"];
        const f = frames(net, letters, targets), by = 1e-5, whole = gradientUpTo(f, 0);
        const error = (name, n, d) => wordError(nudged(data, name, n, d), letters, targets);
        const slope = (name, n) => (error(name, n, by) - error(name, n, -by)) / (2 * by);
        answer = Object.entries(whole).map(([name, all]) => [all, all.map((_, n) => slope(name, n))]);
        answer.push([[f.errors.reduce((a, b) => a + b)], [error("W_hh", 0, 0)]]);"""
    )
    assert sum(len(gradient) for gradient, _ in found) == 33 + 1
    for gradient, slopes in found:
        agree(slopes, gradient, SINGLE, "the change of the error by a nudge")


def test_attention_translates_unseen_numbers_and_looks_at_the_word_that_each_comes_from() -> None:
    found = computed(
        """answer = TASKS.english.map((one, n) => n && attended(NETWORKS.attention, one).steps.map(
          (step) => [step.word, step.weights]));"""
    )
    written = [None if n == 0 else [word for word, _ in found[n]] for n in range(100)]
    assert written[1:] == [[*tasks.in_german(n), tasks.END] for n in range(1, 100)]
    for n in range(21, 100):
        steps = found[n]
        assert all(sum(weights) == pytest.approx(1) for _, weights in steps)
        if n % 10:  # "two and forty": the first word of the German comes from the second of the English
            (ones, _), (_, (_, both)), (tens, _) = steps[0][1], steps[1], steps[2][1]
            assert ones < 0.1
            assert both > 0.9
            assert tens > 0.9


def test_attention_of_the_page_is_that_of_the_library() -> None:
    one = networks()["attention"]
    read, write = one["encoder"], one["decoder"]
    module = Translator(len(read["symbols"]), len(one["answers"]), read["hidden"]).double()
    with torch.no_grad():
        for layer, data in ((module.encoder, read), (module.decoder, write)):
            for key, value in layer.named_parameters():
                value.copy_(
                    torch.tensor(data["layers"][0][key.partition("_l")[0]], dtype=torch.float64).view(value.shape)
                )
        for value, name in (
            (module.attention.key.weight, "score"), (module.readout.weight, "W"), (module.readout.bias, "b"),
        ):  # fmt: skip
            value.copy_(torch.tensor(one[name], dtype=torch.float64).view(value.shape))
    x, _, lengths = encode([(tasks.in_english(42), [])], read["symbols"], one["answers"])
    y, _, _ = encode([([tasks.END, *tasks.in_german(42)], [])], one["answers"], one["answers"])
    vectors = [torch.nn.functional.one_hot(ids, n).double() for ids, n in ((x, module.source), (y, module.target))]
    states, last = module.encoder(vectors[0], lengths=lengths)
    _, weights = module.attention(module.decoder(vectors[1], last)[0], states, lengths)
    found = computed("answer = attended(NETWORKS.attention, TASKS.english[42]).steps.map((one) => one.weights);")
    close(torch.tensor(found, dtype=torch.float64), weights[0].detach(), "weights of attention")


def test_one_direction_guesses_what_a_later_word_decides_and_two_know_it() -> None:
    found = computed(
        """const nets = ["one direction", "two directions"].map((one) => network(NETWORKS[`meanings ${one}`]));
        const noun = (net, text) => net.run(net.ids(text.split(" "))).p[1];
        const texts = ["the bat that we saw slept", "the bat that we saw broke"];
        answer = { rows: meanings().map((one) => [one.words, one.answer]),
          right: nets.map((net) => nounsRight(net, meanings())),
          p: nets.map((net) => texts.map((text) => noun(net, text)[net.answers.indexOf("animal")])) };"""
    )
    rows = [(x, y[1]) for x, y in tasks.meanings()]
    assert found["rows"] == [[x, y] for x, y in rows]
    assert found["right"] == [len(rows) / 2, len(rows)]
    (slept, broke), (slept_two, broke_two) = found["p"]
    assert slept == broke  # what follows cannot change it
    assert abs(slept - 0.5) < 0.02
    assert slept_two > 0.98
    assert broke_two < 0.02


def test_a_second_not_turns_no_unit_of_layer_1_back_but_units_above_with_as_many_weights() -> None:
    found = computed(
        """const nets = [1, 2, 3].map((n) => network(NETWORKS[`deep ${n}`]));
        const good = (net, text) => net.run(net.ids([...text])).p.at(-1)[net.answers.indexOf("good")];
        answer = { pairs: nets.map(pairsRight), weights: nets.map((one) => one.parameters),
          counting: nets.map((net) => net.layers.map((_, layer) => counting(net, layer))),
          good: nets.map((net) => ["not bad ", "not not bad "].map((text) => good(net, text))),
          targets: ["fun not not good ", "not dull "].map((text) => opinions([...text])) };"""
    )
    assert [right / count for right, count, *_ in found["pairs"]] == [pytest.approx(2 / 3, rel=0.03), 1.0, 1.0]
    one, two, three = (given / count for _, count, _, given in found["pairs"])
    assert one < 0.7 < two < three == 1  # the sign of one unit of layer 3 is the answer
    assert max(found["weights"]) < 1.05 * min(found["weights"])
    (once, twice), *deeper = found["good"]
    assert abs(once - twice) < 0.02
    assert once > 0.6
    assert all(one > 0.98 and two < 0.02 for one, two in deeper)
    for first, *above in found["counting"]:
        assert first["unit"] == -1  # each moves further in the direction of the first "not"
        assert all(one["once"] * one["twice"] < 0 for one in above)  # turned back across zero
    assert [[one for one in targets if one] for targets in found["targets"]] == [["good", "good"], ["good"]]


def test_the_error_of_a_deep_network_enters_at_the_top_and_agrees_with_autograd() -> None:
    text = "not bad "
    found = computed(
        """const net = network(NETWORKS["deep 3"]), run = net.run(net.ids([...given]));
        answer = layerGradients(net, run, given.length - 1, "bad");""",
        text,
    )
    module, one = loaded("deep 3"), networks()["deep 3"]
    layers: list[torch.Tensor] = []
    x = torch.nn.functional.one_hot(torch.tensor([[one["symbols"].index(each) for each in text]]), one["inputs"])
    states = x.double()
    for number in range(3):
        place = {f"{n}_l{number}": v for n, v in one["layers"][number].items()}
        layer = Network("min_gru", states.shape[-1], one["hidden"], 2).double().layers
        with torch.no_grad():
            for key, value in layer.named_parameters():
                value.copy_(torch.tensor(place[key.replace("_l0", f"_l{number}")]).view(value.shape))
        states, _ = layer(states)
        states.retain_grad()
        layers.append(states)
    torch.nn.functional.cross_entropy(module.readout(states)[0, -1:], torch.tensor([1])).backward()
    # of the top layer only the last step is outside of its own recurrence: dE/dh_t by autograd is without the message
    top = layers[2].grad
    assert top is not None
    assert found[2][-1] == pytest.approx(float(top[0, -1].norm()), rel=1e-6)
    assert all(norm > 0 for row in found for norm in row)
    assert max(found[2]) == found[2][-1]


def test_gradients_vanish_and_are_carried_as_the_text_says() -> None:
    found = computed(
        """const at = (kind, options, count = 3) => carriedBack(kind, count, options);
        const share = (...given) => at(...given).shares[4];
        answer = { elman: share("elman"), gru: share("gru"), lstm: share("lstm"), line: at("lstm"),
          axes: [[-9.2, 0.07], [-4, 2.3], [-0.5, 0], [-36, 0]].map(([least, most]) => decades(least, most)),
          cut: at("lstm", { kept: 10 }), far: [0, 2, 4, 6].map((count) => share("lstm", {}, count)),
          words: [3, 0.7, 0.1, 0.001].map(grade), printed: [2.006, 2.04, 2.06, 0.4951, 0.4949, 0.00951, 0.0094].map(
            (one) => [amount(one), grade(one)]), plain: at("elman").shares };"""
    )
    assert found["words"] == ["grows", "carried", "weakens", "vanishes"]
    # a gradient is named by the share that is printed
    assert found["printed"] == [
        ["200 %", "carried"], ["200 %", "carried"], ["210 %", "grows"], ["50 %", "carried"], ["49 %", "weakens"],
        ["1 %", "weakens"], ["0.9 %", "vanishes"],
    ]  # fmt: skip
    factors = [before / after for before, after in pairwise(found["plain"][4:])]
    assert len(factors) == 19
    assert sum(one < 1 for one in factors) == 15  # most are below 1
    assert found["plain"][4] == pytest.approx(math.prod(factors), rel=1e-9)
    assert round(found["plain"][4] ** (1 / 19), 2) == 0.43  # as it is printed
    assert found["elman"] < 1e-6
    assert 0.5 < found["gru"] < 2
    assert all(0.5 < one < 2 for one in [found["lstm"], *found["far"]])  # at any distance
    line = found["line"]
    assert 0.9 < line["alone"][4] <= 1
    product = 1.0
    for t in range(len(line["gates"]) - 1, 4, -1):  # what is left on the line is the product of the gates
        product *= line["gates"][t]
    assert line["alone"][4] == pytest.approx(product, rel=1e-9)
    assert line["gates"][3] < 0.2  # just before France a gate nearly closes
    for axis, (least, most) in zip(found["axes"], [(-9.2, 0.07), (-4, 2.3), (-0.5, 0), (-36, 0)], strict=True):
        assert axis["low"] <= least < most <= axis["high"]  # nothing is cut off
        assert len(axis["ticks"]) <= 9
    assert found["cut"]["shares"][4] == found["cut"]["alone"][4] == 0
    gates, last = found["cut"]["gates"], len(found["cut"]["gates"]) - 1
    assert [t for t, gate in enumerate(gates) if gate is not None] == list(
        range(last - 9, last + 1)
    )  # a cut is no gate


def test_scaled_weights_and_shifted_gates_change_the_gradient_as_the_text_says() -> None:
    found = computed(
        """const counts = [0, 1, 2, 3, 4], scales = [0.5, 1, 2, 4], shifts = [-8, -6, -4, -2, 0, 2, 4];
        const elman = (count, given) => elmanBack(count, given).shares;
        answer = { kept: counts.map((count) => scales.map((scale) => elman(count, { scale }).slice(4))),
          belt: counts.map((count) => shifts.map((shift) => carriedBack("lstm", count, { shift }).alone[4])),
          printed: [{ scale: 4 }, { scale: 2 }, { scale: 2, again: true }, { random: true }].map(
            (one) => amount(elman(3, one)[4])),
          left: [-8, -4, -2, 0].map((shift) => amount(carriedBack("lstm", 3, { shift }).alone[4])),
          half: amount(0.5 ** 19), slopes: [{}, { scale: 2, again: true }].map((one) => elmanBack(3, one).slope) };"""
    )
    for shares in found["kept"]:  # the states stay: each factor is scaled, and nothing else
        for scale, scaled in zip([0.5, 1, 2, 4], shares, strict=True):
            steps = len(scaled) - 1
            assert scaled[0] == pytest.approx(scale**steps * shares[1][0], rel=1e-9)
    assert all(left == sorted(left) for left in found["belt"])  # the more open the gates, the more is left
    assert found["printed"] == ["3·10⁶ %", "6.1 %", "1·10⁻⁴ %", "4·10⁻⁴ %"]
    assert found["left"] == ["9·10⁻³ %", "35 %", "72 %", "95 %"]
    assert found["half"] == "2·10⁻⁴ %"
    assert [round(one, 2) for one in found["slopes"]] == [0.14, 0.10]


def test_the_numbers_of_the_lstm_are_those_of_its_step() -> None:
    found = computed(
        """const shown = String, net = wordNet("lstm"), run = net.run(net.ids(farText("France", 2))), H = net.hidden;
        answer = { order: WALK, sums: [], cells: [] };
        const values = net.layers[0].step.values;
        for (const n of [0, 4, 9]) for (let unit = 0; unit < H; ++unit) {
          for (const name of ["f", "i", "g", "o"]) {
            const sum = gateSum(net, run, n, name, unit).reduce((a, b) => a + b, 0);
            const own = name === "g" ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
            answer.sums.push([own, part(run.frames[0][n], values[name].value)[unit]]);
          }
          for (const name of ["c", "h"]) answer.cells.push([
            (0, eval)(walked(net, run, n, name, unit)[1].replaceAll("·", "*").replaceAll("tanh", "Math.tanh")),
            walked(net, run, n, name, unit)[2]]);
        }"""
    )
    assert found["order"] == ["f", "i", "g", "c", "o", "h"]
    for mine, own in [*found["sums"], *found["cells"]]:
        assert mine == pytest.approx(own, rel=1e-9)


def test_unit_7_is_written_at_the_country_and_kept_until_the_blank() -> None:
    found = computed(
        """const shown = String, net = wordNet("lstm");
        answer = Object.fromEntries(Object.keys(TASKS.countries).map((one) => [one, [6, 7].map(
          (unit) => unitTrace(net, net.run(net.ids(farText(one, 2))), unit))]));
        answer.deeds = [deeds(0.104, -0.5, 0.896), deeds(0.106, 0.494, 0.104), deeds(0.9, 0.094, 0.5)];"""
    )
    assert found.pop("deeds") == [
        ["erased", "written", "read"],
        ["part", "little", "hidden"],
        ["kept", "nothing", "partly"],
    ]

    def printed(trace: list[dict[str, float]], step: int, *names: str) -> list[float]:
        return [round(trace[step][name], 2) for name in names]

    france, italy = found["France"][0], found["Italy"][0]
    *kept, blank = france[5:]
    assert printed(france, 3, "f", "c") == [0.0, -0.99]  # erased at "in", and written
    assert round(france[4]["i"] * france[4]["g"], 2) == -0.96
    assert printed(france, 4, "c") == [-1.94]
    assert {round(one["f"], 2) for one in kept} == {0.99, 1.0}
    assert {round(one["i"], 2) for one in kept} == {0.0}
    assert max(one["c"] for one in kept) - min(one["c"] for one in kept) < 0.02
    assert [round(blank["o"], 2), round(blank["h"], 2)] == [1.0, -0.95]
    shown = [n for n, one in enumerate(kept, 5) if one["o"] > 0.6]
    assert shown == [8, 14]  # "plays" and "dog"
    assert printed(italy, 4, "f", "c") == [0.0, -0.01]
    assert abs(italy[4]["i"] * italy[4]["g"]) < 0.02
    held = {country: [trace[16]["c"] for trace in traces] for country, traces in found.items()}
    assert {one for one, (seven, _) in held.items() if seven > -1} == {"Italy", "Korea"}
    assert {one for one, (_, eight) in held.items() if eight > 2} == {"Spain", "Korea"}


def test_the_gradient_of_the_cell_state_is_that_of_autograd() -> None:
    found = computed(
        """const net = network(NETWORKS["word lstm"]), ids = net.ids(farText("France", 1));
        answer = { ids, shares: gradientNorms(net, ids, net.answers.indexOf("French")).shares };"""
    )
    one = networks()["word lstm"]
    weights = {n: torch.tensor(v, dtype=torch.float64) for n, v in one["layers"][0].items()}
    hidden, inputs = one["hidden"], one["inputs"]
    h, c = torch.zeros(hidden).double(), torch.zeros(hidden).double()
    cells = []
    for each in found["ids"]:
        a = weights["W_xh"].view(-1, inputs)[:, each] + weights["W_hh"].view(-1, hidden) @ h + weights["b"]
        i, f, g, o = a.chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        c.requires_grad_()
        c.retain_grad()
        cells.append(c)
        h = o.sigmoid() * c.tanh()
    z = torch.tensor(one["W_hy"], dtype=torch.float64).view(-1, hidden) @ h
    z = z + torch.tensor(one["b_y"], dtype=torch.float64)
    torch.nn.functional.cross_entropy(z[None], torch.tensor([one["answers"].index("French")])).backward()
    norms = torch.stack([cell.grad.norm() for cell in cells if cell.grad is not None])
    close(torch.tensor(found["shares"], dtype=torch.float64), norms / norms[-1], "dE/dc_t")


def test_cells_learn_to_spell_on_the_page_and_one_unit_never_does() -> None:
    found = computed(
        """const spell = (cell, H, seed) => {
          const data = fresh(cell, 4, H, seed);
          train(data, 120, 0.05);
          const net = network(data);
          return net.run(net.ids([..."hell"])).p.map((p) => net.answers[best(p)]).join("") === "ello";
        };
        answer = [["elman", 4], ["gru", 4], ["lstm", 4], ["elman", 1], ["gru", 1], ["lstm", 1], ["min_gru", 4]].map(
          ([cell, H]) => [1, 2, 3].filter((seed) => spell(cell, H, seed)).length);"""
    )
    assert found[:6] == [3, 3, 3, 0, 0, 0]
    assert found[6] > 0  # a layer whose gates do not see its state can still count
