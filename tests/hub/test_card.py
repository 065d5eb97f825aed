"""The card of a run in the hub's format: a header that the hub's own parser reads, above the text of the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import recur
from recur.errors import RunError
from recur.hub import Address
from recur.hub.card import model_card, pipeline_tag
from recur.run import open_run
from tests.hub.conftest import ROWS

hub = pytest.importorskip("huggingface_hub")
ADDRESS = Address("ada/films")


def test_the_hubs_parser_reads_tags_metrics_data_sets_and_licence(trained: Path) -> None:
    text = (trained / "README.md").read_text()
    card = hub.ModelCard(model_card(open_run(trained), text, ADDRESS, licence="mit", datasets=["ada/rows"]))
    data = card.data
    assert (data.library_name, data.license, data.pipeline_tag) == ("recur", "mit", "text-classification")
    assert data.datasets == ["ada/rows"]
    assert data.tags == ["recur", "rnn", "many-to-one", "lstm"]
    held_out = open_run(trained).metrics["held_out"]
    assert {one.metric_type: one.metric_value for one in data.eval_results} == held_out
    assert data.metrics == list(held_out)


def test_the_section_on_use_names_the_address_and_not_the_folder(trained: Path) -> None:
    card = model_card(open_run(trained), (trained / "README.md").read_text(), ADDRESS)
    use = card.partition("## Use it")[2].partition("## Train it again")[0]
    assert "recur predict hf://ada/films --file FILE" in use
    assert "recur.load('hf://ada/films')" in use
    assert str(trained) not in use


def test_a_header_that_the_user_wrote_is_kept_where_the_run_says_nothing(trained: Path) -> None:
    written = "---\nlicense: cc0-1.0\nlanguage: en\ntags:\n- mine\nlibrary_name: other\n---\n\n# Films\n"
    data = hub.ModelCard(model_card(open_run(trained), written, ADDRESS)).data
    assert (data.license, data.language, data.library_name) == ("cc0-1.0", "en", "recur")
    assert data.tags[:2] == ["mine", "recur"]


def test_a_card_of_a_card_is_the_same(trained: Path) -> None:
    run = open_run(trained)
    once = model_card(run, (trained / "README.md").read_text(), ADDRESS, licence="mit")
    assert model_card(run, once, ADDRESS) == once


def test_a_header_that_is_no_yaml_is_refused(trained: Path) -> None:
    with pytest.raises(RunError, match="not YAML"):
        model_card(open_run(trained), "---\na: [1\n---\ntext", ADDRESS)


def test_a_language_model_is_text_generation(tmp_path: Path) -> None:
    texts = [row["text"] for row in ROWS] * 2
    recur.fit(texts, epochs=1, hidden_size=4, progress=False, out=tmp_path / "lm")
    assert pipeline_tag(open_run(tmp_path / "lm").roles) == "text-generation"


@pytest.mark.parametrize(
    ("reads", "answers", "task"),
    [
        ("words", "class", "text-classification"), ("characters", "tags", "token-classification"),
        ("subwords", "spelled", "text2text-generation"), ("audio", "class", "audio-classification"),
        ("audio", "words", "automatic-speech-recognition"), ("audio", "numbers", None),
        ("images", "class", "image-classification"), ("images", "words", "image-to-text"),
        ("frames", "class", "video-classification"), ("frames", "tags", None),
        ("numbers", "class", "tabular-classification"), ("numbers", "numbers", "tabular-regression"),
        ("notes", "notes", None),
    ],
)  # fmt: skip
def test_the_task_follows_from_input_and_answer(reads: str, answers: str, task: str | None, trained: Path) -> None:
    roles = replace(open_run(trained).roles, input_codec=reads, target_codec=answers)
    assert pipeline_tag(roles) == task
