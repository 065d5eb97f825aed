"""Small valid files of every kind that is read, made each time: what the fuzzer of the readers changes."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recur.codecs import NotesCodec

CONLL = "".join(f"the\tDET\nsky{n}\tNOUN\nis\tVERB\n\nit\tPRON\nran{n}\tVERB\n\n" for n in range(8))


def texts() -> dict[str, bytes]:
    """Files of text by name."""
    lines = [f"the sky is {each} , isn't it ? 3.14 U.S. (so) é 日本" for each in ("blue", "red", "grey", "dark") * 5]
    rows = [(f"it was {n} o'clock, well", ("good", "bad")[n % 2]) for n in range(24)]
    found = {
        "a.txt": "\n".join(lines),
        "a.csv": "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows),
        "numbers.csv": "x,y,label\n" + "".join(f"{n}.5,{n * n},{n % 2}\n" for n in range(24)),
        "series.csv": "date,value\n" + "".join(f"2020-01-{1 + n % 28:02d},{n % 7}\n" for n in range(60)),
        "semicolons.csv": "a;b;c\n" + "".join(f"{n};w{n};{n % 3}\n" for n in range(24)),
        "a.tsv": "source\ttarget\n" + "".join(f"one {n}\tun {n}\n" for n in range(24)),
        "a.jsonl": "".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in rows),
        "series.jsonl": "".join(f'{{"series": [[{n}, 1.5], [2, {n}e1]], "label": {n % 2}}}\n' for n in range(24)),
        "notes.jsonl": "".join(f'{{"notes": [[60, 64], [], [{60 + n % 9}]]}}\n' for n in range(24)),
        "a.conllu": CONLL,
        "a.ts": "@problemName a\n@classLabel true 1 2\n@data\n"
        + "".join(f"1,2,{n}:3,4,5:{1 + n % 2}\n" for n in range(24)),
        "notes.csv": "notes\n" + "".join(f"C4 D4*2 E{n % 6}/2 r/2 C4+G4\n" for n in range(24)),
    }
    return {name: text.encode() for name, text in found.items()}


def arrays() -> dict[str, bytes]:
    """Files of arrays by name."""
    draw = np.random.default_rng(0)
    found: dict[str, bytes] = {}
    for name, array in {
        "vectors.npy": draw.standard_normal((24, 3)), "series.npy": draw.standard_normal((12, 5, 2)),
        "labels.npy": np.array(["a", "b"] * 12),
    }.items():  # fmt: skip
        buffer = io.BytesIO()
        np.save(buffer, array)
        found[name] = buffer.getvalue()
    for name, save in {"a.npz": np.savez, "packed.npz": np.savez_compressed}.items():
        buffer = io.BytesIO()
        save(buffer, x=draw.standard_normal((24, 4, 2)), y=np.arange(24) % 2)
        found[name] = buffer.getvalue()
    pictures = draw.integers(0, 255, (24, 4, 4), np.uint8)
    idx = b"\0\0\x08\x03" + struct.pack(">III", *pictures.shape) + pictures.tobytes()
    found["a-images-idx3-ubyte"] = idx
    found["a-images-idx3-ubyte.gz"] = gzip.compress(idx, mtime=0)
    return found


def pictures() -> dict[str, bytes]:
    """Pictures by name; none without Pillow."""
    try:
        from PIL import Image
    except ImportError:
        return {}
    pixels = np.random.default_rng(0).integers(0, 255, (12, 10, 3), np.uint8)
    found = {}
    for suffix, form, mode in (
        ("png", "PNG", "RGB"), ("jpg", "JPEG", "RGB"), ("gif", "GIF", "P"), ("bmp", "BMP", "RGB"),
        ("tif", "TIFF", "RGB"), ("webp", "WEBP", "RGBA"), ("pgm", "PPM", "L"),
    ):  # fmt: skip
        buffer = io.BytesIO()
        image = Image.fromarray(pixels).convert(mode)
        if form == "GIF":
            image.save(buffer, form, save_all=True, append_images=[image.rotate(90)])
        else:
            image.save(buffer, form)
        found[f"a.{suffix}"] = buffer.getvalue()
    for suffix, options in (("png", {"transparency": 3}), ("tif", {"compression": "tiff_lzw"})):
        buffer = io.BytesIO()
        Image.fromarray(pixels).convert("P").save(buffer, {"png": "PNG", "tif": "TIFF"}[suffix], **options)
        found[f"palette.{suffix}"] = buffer.getvalue()
    return found


def sounds() -> dict[str, bytes]:
    """Sounds by name; none without soundfile."""
    try:
        import soundfile
    except ImportError:
        return {}
    wave = 0.3 * np.sin(np.arange(1600) / 5)
    found = {}
    for name, form, kind in (
        ("a.wav", "WAV", "PCM_16"), ("float.wav", "WAV", "FLOAT"), ("adpcm.wav", "WAV", "IMA_ADPCM"),
        ("a.flac", "FLAC", "PCM_16"), ("big.wav", "RF64", "PCM_24"),
    ):  # fmt: skip
        buffer = io.BytesIO()
        soundfile.write(buffer, wave, 8000, format=form, subtype=kind)
        found[name] = buffer.getvalue()
    return found


def songs(folder: Path) -> dict[str, bytes]:
    """MIDI files by name; none without symusic."""
    try:
        path = NotesCodec().write_midi("C4 D4 E4/2 r/2 C4+E4+G4*2 B3*3/2", folder / "made.mid")
    except ImportError:
        return {}
    return {"a.mid": path.read_bytes()}


def videos(folder: Path) -> dict[str, bytes]:
    """Videos by name; none without PyAV."""
    try:
        import av
    except ImportError:
        return {}
    found = {}
    for name, codec in (("a.mp4", "mpeg4"), ("a.avi", "mjpeg"), ("a.mkv", "mpeg4"), ("a.webm", "libvpx")):
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width = stream.height = 32
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for shade in range(6):
                frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 40 * shade, np.uint8))
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        found[name] = (folder / name).read_bytes()
    return found


def every(folder: Path) -> dict[str, bytes]:
    """All files by name; ``folder`` is where those are made that are not made in memory."""
    made: tuple[Callable[[], dict[str, bytes]], ...] = (texts, arrays, pictures, sounds)
    found: dict[str, bytes] = {}
    for each in made:
        found |= each()
    return found | songs(folder) | videos(folder)
