"""Pictures, videos and arrays as rows: folders of classes, tables of paths, what is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import codecs
from recur.config import Config, DataConfig
from recur.data import infer, inputs, load, read
from recur.data.readers.folder import split_files
from recur.errors import ConfigError, DamagedError
from tests.data.pictured import captions, classes, config, table
from tests.data.reading import refused
from tests.pictures import noise, square, write_picture, write_video

# ---- what is inferred ----


def test_a_folder_of_classes_needs_no_word(tmp_path: Path) -> None:
    dataset = load(config(classes(tmp_path)))
    assert dataset.roles.sentence == "images, label -> one-to-one, images -> class"
    example = dataset.train[0]
    assert Path(example.input).is_file()
    assert example.target == Path(example.input).parent.name
    assert example.where.endswith(".png")


@pytest.mark.parametrize("steps", ["rows", "pixels"])
def test_rows_and_pixels_of_pictures_are_sequences(tmp_path: Path, steps: str) -> None:
    assert load(config(classes(tmp_path), image_steps=steps)).roles.mode == "many-to-one"


def test_a_mode_that_does_not_fit_says_which_option_would(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="many-to-one reads a sequence, and a picture is one value") as caught:
        load(config(classes(tmp_path), "many-to-one"))
    assert caught.value.hint == "--image-steps rows, or leave out --mode"
    with pytest.raises(ConfigError, match="one-to-one reads one value, and a picture by its rows is a sequence"):
        load(config(tmp_path, "one-to-one", image_steps="rows"))


def test_a_column_of_paths_begins_at_its_table(tmp_path: Path) -> None:
    dataset = load(config(captions(tmp_path)))
    assert dataset.roles.sentence == "image, caption -> one-to-many, images -> words"
    assert Path(dataset.train[0].input).is_file()
    # all captions of a picture are on one side
    parts = [{part[place].input for place in range(len(part))} for part in (dataset.train, dataset.dev)]
    assert not parts[0] & parts[1]
    assert sum(map(len, parts)) == 12


def test_names_of_files_that_are_not_there_stay_text(tmp_path: Path) -> None:
    rows = [{"file": f"{place}.png", "text": "a long text of words", "label": place % 2} for place in range(20)]
    path = table(tmp_path / "rows.csv", rows)
    assert infer(read(path, DataConfig()), config(path)).input == ["text"]


def test_a_picture_is_never_the_target(tmp_path: Path) -> None:
    path = captions(tmp_path)
    rows = [{"caption": row["caption"], "image": row["image"]} for row in read(path, DataConfig())]
    turned = table(tmp_path / "turned.csv", rows)
    assert infer(read(turned, DataConfig()), config(turned)).input == ["image"]
    with pytest.raises(ConfigError, match="read, not written"):
        load(config(path, input=["caption"], target=["image"]))
    alone = table(tmp_path / "alone.csv", [{"image": row["image"]} for row in rows])
    with pytest.raises(ConfigError, match="--target COLUMN|no column left"):
        load(config(alone))


def test_grouped_pictures_are_the_frames_of_sequences(tmp_path: Path) -> None:
    rows = []
    for place in range(24):
        write_picture(tmp_path / f"{place}.png", square(place))
        rows.append({"video": place // 4, "frame": f"{place}.png", "phase": ("rest", "move")[place % 2]})
    path = table(tmp_path / "frames.csv", rows)
    dataset = load(config(path, group="video"))
    assert dataset.roles.sentence == "frame, phase -> synced, frames -> tags"
    assert [Path(each).is_file() for each in dataset.train[0].input] == [True] * 4


@pytest.mark.parametrize("name", ["files", "folders"])
def test_videos_by_class_are_files_or_folders_of_pictures(tmp_path: Path, name: str) -> None:
    for place in range(4):
        write_video(tmp_path / "files" / f"class{place % 2}" / f"{place}.mkv", list(noise(3, 16, 16, 3, seed=place)))
        for step in range(3):
            folder = tmp_path / "folders" / f"class{place % 2}" / f"clip{place}"
            write_picture(folder / f"{step}.png", square(step + place))
    dataset = load(config(tmp_path / name))
    assert dataset.roles.sentence == "frames, label -> many-to-one, frames -> class"
    assert Path(dataset.train[0].input).exists()


def test_folders_train_and_test_are_a_split(tmp_path: Path) -> None:
    for part in ("train", "test", "val"):
        classes(tmp_path / part, 4)
    parts = split_files(tmp_path)
    assert parts is not None
    assert [path and path.name for path in parts] == ["train", "val", "test"]
    dataset = load(config(tmp_path))
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.dev), len(dataset.test)) == (8, 8, 8)


def test_one_class_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "only" / "1.png", square(1))
    assert "has one class only (only)" in refused(lambda: read(tmp_path, DataConfig())).message


def test_pictures_in_memory_are_pictures() -> None:
    rows = [{"image": noise(4, 4, 3, seed=place), "label": "ab"[place % 2]} for place in range(20)]
    assert infer(read(rows, DataConfig()), Config()).sentence == "image, label -> one-to-one, images -> class"


# ---- arrays ----


# ---- damaged files ----


def test_inputs_of_a_table_are_paths(tmp_path: Path) -> None:
    path = captions(tmp_path)
    settings = config(path)
    roles = load(settings).roles
    assert all(Path(each).is_file() for each in inputs(path, roles, settings))


def test_a_missing_picture_of_a_table_is_named(tmp_path: Path) -> None:
    path = captions(tmp_path)
    (tmp_path / "shown" / "3.png").unlink()
    settings = config(path)
    dataset = load(settings)
    pictures = [example.input for example in [*dataset.train, *dataset.dev]]
    with pytest.raises(DamagedError, match="3.png is missing"):
        codecs.make("images").fit(pictures)
    assert len(load(config(path, damaged="skip")).damaged) == 2
