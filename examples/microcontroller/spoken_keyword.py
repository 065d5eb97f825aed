"""A keyword on a microcontroller: sounds of spoken words, a network in 8 bits, and its program for a Cortex-M4.

    python spoken_keyword.py FOLDER    of sounds called WORD_SPEAKER_NUMBER.wav, such as the Free Spoken Digit Dataset

The sounds are read as 13 cepstral coefficients each 20 ms; of each speaker the first recordings are held out.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

import device

import recur

KEYWORD, OTHERS, HELD_OUT, RECORDINGS = "7", "0123", 3, 12


def label(path: Path) -> str:
    return "keyword" if path.name[0] == KEYWORD else "other"


def main(folder: Path, *, emulate: bool) -> tuple[float, float]:
    """Return the accuracy on held-out sounds on the device, and that of the more frequent answer."""
    sounds = [path for path in sorted(folder.glob("*.wav")) if path.name[0] in KEYWORD + OTHERS]
    sounds = [path for path in sounds if int(path.stem.split("_")[2]) < RECORDINGS]
    held_out = [path for path in sounds if int(path.stem.split("_")[2]) < HELD_OUT]
    learned = [path for path in sounds if path not in held_out]
    rows = {"sound": list(map(str, learned)), "answer": list(map(label, learned))}
    model = recur.fit(rows, "many-to-one", input="sound", target="answer", input_codec="audio", audio="mfcc",
                      audio_hop_ms=20, bidirectional=False, cell="gru", hidden_size=16, pooling="mean", epochs=15,
                      lr=1e-2, batch_size=16, seed=1, progress=False)  # fmt: skip
    codec = model.mode.input_codec
    with tempfile.TemporaryDirectory() as place:
        exported = model.export_c(Path(place, "c"), int8=True)
        said = device.answers(exported.folder, "spoken_keyword.c", [codec.frames(str(path)) for path in held_out],
                              emulate=emulate)  # fmt: skip
    truth = list(map(label, held_out))
    right = sum(one == other for one, other in zip(said, truth, strict=True)) / len(truth)
    majority = Counter(truth).most_common(1)[0][1] / len(truth)
    print(f"{right:.1%} of {len(truth)} sounds are right on the device, {majority:.1%} by the more frequent answer")
    print(f"{exported.flash:,} bytes of constants (flash), {exported.ram:,} bytes for the state (RAM)")
    return right, majority


if __name__ == "__main__":
    main(Path(sys.argv[1]), emulate=device.emulator() is not None)
