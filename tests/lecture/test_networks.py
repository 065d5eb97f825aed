"""What the shipped networks can do, with the weights and the JavaScript of the page."""

from __future__ import annotations

import doctest
import random
from typing import Any

import pytest
import torch

from recur.lecture import formulas, tasks
from recur.lecture.page import networks
from recur.lecture.train import NETWORKS, NONE, Network, encode
from tests.lecture.given import computed
from tests.tolerances import close

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


def test_clouds_swapped_for_fish_turn_sky_into_sea() -> None:
    found = computed('answer = swaps(wordNet("lstm"), ["the", "clouds", "are", "in", "the"], [nouns()])[1];')
    assert (found["other"], found["answer"]) == ("fish", "sea")
    assert found["before"] > 0.9 > 0.1 > found["after"]


def test_the_second_l_of_hello_is_told_from_the_first_by_the_state_alone() -> None:
    found = computed(
        """const net = network(NETWORKS.spelled), ids = net.ids([..."hell"]);
        const word = (options) => net.run(ids, options).p.map((p) => net.answers[best(p)]).join("");
        answer = [word({}), word({ erase: 2 })];"""
    )
    assert found[0] == "ello"
    assert found[1][2] == "o"


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
        ("synced", tasks.tagged, 1.0, 1.0), ("names two directions", tasks.named, 1.0, 1.0),
        ("names one direction", tasks.named, 0.8, 0.95), ("deep 1", tasks.spelled_opinions, 0.99, 1.0),
        ("deep 2", tasks.spelled_opinions, 0.99, 1.0), ("deep 3", tasks.spelled_opinions, 0.99, 1.0),
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


@pytest.mark.parametrize("name", ["spelled", "word gru", "names two directions", "deep 3", "many-to-one"])
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


def test_gradients_vanish_and_are_carried_as_the_text_says() -> None:
    found = computed(
        """const at = (kind, change, kept) => {
          const net = network(NETWORKS["word " + kind], change), ids = net.ids(farText("France", 4));
          return gradientNorms(net, ids, net.answers.indexOf("French"), kept)[4];
        };
        answer = { elman: at("elman", {}), gru: at("gru", {}), lstm: at("lstm", {}),
          closed: at("lstm", { forget: -12 }), twice: at("elman", { scale: 2 }),
          grown: at("lstm", { scale: 2 }), cut: at("lstm", {}, 10),
          words: [3, 0.7, 0.1, 0.001].map(grade) };"""
    )
    assert found["elman"] < 1e-6 < 0.01 < found["lstm"] < found["gru"]
    assert found["closed"] < 0.01
    assert found["twice"] < 0.01
    assert found["grown"] > 2
    assert found["cut"] == 0
    assert found["words"] == ["grows", "carried", "weakens", "vanishes"]


def test_cells_learn_to_spell_on_the_page_and_one_unit_never_does() -> None:
    found = computed(
        """const spell = (cell, H, seed) => {
          const data = fresh(cell, 4, H, seed);
          train(data, 120, 0.05);
          const net = network(data);
          return net.run(net.ids([..."hell"])).p.map((p) => net.answers[best(p)]).join("") === "ello";
        };
        answer = [["elman", 4], ["gru", 4], ["lstm", 4], ["elman", 1], ["gru", 1], ["lstm", 1]].map(
          ([cell, H]) => [1, 2, 3].filter((seed) => spell(cell, H, seed)).length);"""
    )
    assert found == [3, 3, 3, 0, 0, 0]
