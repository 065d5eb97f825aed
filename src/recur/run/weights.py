"""Weights as safetensors files: equal weights give equal bytes, and headers are checked before memory is allocated."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur._version import __version__
from recur.bounded import open_regular, parse_json
from recur.errors import ConfigError, RecurError, RunError

if TYPE_CHECKING:
    from torch import Tensor

    from recur.config import ModelConfig
    from recur.modes import Mode

_WHOLE = "copy the folder again, whole"
_LONGEST_HEADER = 100_000_000  # bytes, the limit of the format
_MOST_AXES = 8
_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}

Header = Mapping[str, tuple[str, tuple[int, ...]]]
"""Dtype and shape of every tensor in a file."""


STORED = ("float32", "float16")
"""How the parameters of a network may be stored; they are float32 again when they are loaded."""


def serialised(mode: Mode, stored: str = "float32") -> bytes:
    """Return the parameters and buffers of a network as a safetensors file; tied weights are stored once.

    The library writes its header in the order of a hash table, which differs between processes; sorted keys make equal
    weights equal bytes.

    Parameters
    ----------
    stored : str
        "float16" rounds the parameters to 11 significant bits, which halves the file; buffers are stored as they are.

    Raises
    ------
    ConfigError
        When the parameters cannot be stored so.
    RunError
        When a parameter exceeds the range of float16.
    """
    from safetensors.torch import save

    if stored not in STORED:
        raise ConfigError(f"weights cannot be stored as {stored!r}", hint=f"expected one of {', '.join(STORED)}")
    parameters = {name for name, _ in mode.named_parameters(remove_duplicate=False)} if stored == "float16" else set()

    tensors: dict[str, Tensor] = {}
    shared: dict[Any, str] = {}
    metadata = {"format": "pt", "recur": __version__}
    for name, value in sorted(mode.state_dict().items()):
        key = (value.data_ptr(), value.shape, value.stride(), value.dtype) if value.numel() else name
        first = shared.setdefault(key, name)
        if first == name:
            tensors[name] = _halved(name, value).contiguous() if name in parameters else value.contiguous()
        else:
            metadata[name] = first
    content = save(tensors, metadata=metadata)
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    entries = sorted(header.items(), key=lambda item: (item[0] != "__metadata__", item[0]))
    ordered = {name: dict(sorted(entry.items())) for name, entry in entries}
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return b"".join((len(text).to_bytes(8, "little"), text, memoryview(content)[8 + size :]))


def _halved(name: str, value: Tensor) -> Tensor:
    import torch

    rounded = value.to(torch.float16)
    if not bool(rounded.isfinite().all()):
        worst = float(value.abs().max())
        raise RunError(
            f"the weights do not fit float16: {name} contains {worst:.4g}, and the largest number is 65,504",
            hint='store them as float32: weights="float32"',
        )
    return rounded


def read_header(path: Path) -> Header:
    """Read the dtypes and shapes of a safetensors file, and compare them with its size.

    Raises
    ------
    RunError
        When it is not a safetensors file, or its tensors do not fill it exactly.
    """
    with open_regular(path, error=RunError) as file:
        total = os.fstat(file.fileno()).st_size
        size = int.from_bytes(file.read(8), "little")
        if total < 8 or not 0 < size <= min(total - 8, _LONGEST_HEADER):
            raise RunError(f"{path} cannot be read: it is not a safetensors file, or is cut short", hint=_WHOLE)
        text = file.read(size)
    entries = parse_json(text, f"the header of {path}", error=RunError)
    if not isinstance(entries, dict):
        raise RunError(f"{path} cannot be read: its header is not a JSON object", hint=_WHOLE)
    entries.pop("__metadata__", None)
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {}
    spans = []
    for name, entry in entries.items():
        try:
            dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
            needed = _BYTES[dtype]
            for length in shape:
                needed *= _whole(length)
            if len(shape) > _MOST_AXES or needed >= 2**63:
                raise ValueError(shape)
            spans.append((_whole(begin), _whole(end)))
        except (KeyError, TypeError, ValueError):
            raise RunError(f"{path} cannot be read: its entry for {name[:60]!r} is damaged", hint=_WHOLE) from None
        if end - begin != needed:
            raise RunError(
                f"{path} cannot be read: {name[:60]} of shape {shape} needs {needed:,} bytes and has {end - begin:,}",
                hint=_WHOLE,
            )
        tensors[name] = dtype, shape
    place = 0
    for begin, end in sorted(spans):
        if begin != place:
            raise RunError(f"{path} cannot be read: its tensors overlap or leave gaps", hint=_WHOLE)
        place = end
    if 8 + size + place != total:
        raise RunError(
            f"{path} cannot be read: its tensors need {8 + size + place:,} bytes and it has {total:,}", hint=_WHOLE
        )
    return tensors


def build_for(path: Path, config: ModelConfig, make: Callable[[], Mode]) -> Mode:
    """Build the network for a file of weights: first on the meta device, to compare the shapes, then in memory.

    Parameters
    ----------
    make : callable
        Builds the network that the configuration describes.

    Raises
    ------
    RunError
        When the shapes differ; then nothing was allocated.
    """
    import torch

    header = read_header(path)
    layers, convolutions = max(config.num_layers, len(config.hidden_size)), len(config.pictures.convolutions)
    for what, count in (("num_layers", layers), ("convolutions", convolutions)):
        # every layer has a tensor of its own
        if count > max(len(header), 2):
            raise _unfit(path, f"{what} is {count:,}, and the file has {len(header):,} tensors")
    try:
        with torch.device("meta"):
            plan = make()
    except RecurError:
        raise
    except (RuntimeError, OverflowError, TypeError, ValueError, MemoryError) as error:
        raise _unfit(path, " ".join(str(error).split())[:200]) from error
    _compare(path, header, plan)
    mode = make()
    load_weights(mode, path)
    return mode


def load_weights(mode: Mode, path: Path) -> None:
    """Load parameters and buffers into a network of the same shapes.

    Raises
    ------
    RunError
        When the file is damaged, belongs to another network, or holds a value that is not finite.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    _compare(path, read_header(path), mode)
    try:
        values = load_file(str(path))
        # the names were compared above; tied weights are stored once
        mode.load_state_dict({mode.former_names.get(name, name): each for name, each in values.items()}, strict=False)
    except (SafetensorError, OSError) as error:
        raise RunError(f"{path} cannot be read: {error}", hint=_WHOLE) from error
    except RuntimeError as error:
        raise _unfit(path, str(error).strip().splitlines()[-1].strip()) from error
    for name, value in mode.state_dict().items():
        wrong = int((~value.isfinite()).sum()) if value.is_floating_point() else 0
        if wrong:
            raise RunError(
                f"{path} contains values that are not finite: {wrong:,} of the {value.numel():,} of {name}",
                hint="the training collapsed, or the file was altered; train again",
            )


def _compare(path: Path, header: Header, mode: Mode) -> None:
    values = mode.state_dict(keep_vars=True)
    present: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, entry in header.items():
        now = mode.former_names.get(name, name)
        if now in present:
            raise _unfit(path, f"it has {now} twice")
        present[now] = entry
    header = present
    expected = {name: (str(value.dtype).removeprefix("torch."), tuple(value.shape)) for name, value in values.items()}
    parameters = {name for name, _ in mode.named_parameters(remove_duplicate=False)}
    for name, (dtype, shape) in header.items():
        if name not in expected:
            raise _unfit(path, f"it has no {name[:60]}")
        kind, shape_expected = expected[name]
        halved = dtype == "F16" and kind == "float32" and name in parameters
        if shape != shape_expected or (_DTYPES[dtype] != kind and not halved):
            raise _unfit(
                path, f"{name} is {kind} of shape {shape_expected}, and in the file {_DTYPES[dtype]} of shape {shape}"
            )
    # tied weights are one parameter with several names, stored once
    there = {id(values[name]) for name in header}
    absent = [name for name, value in values.items() if name not in header and id(value) not in there]
    if absent:
        raise _unfit(path, f"the file has no {absent[0]}")


def _unfit(path: Path, reason: str) -> RunError:
    return RunError(
        f"{path} does not fit the network that the configuration describes: {reason}",
        hint="config.toml must be the one that was written with these weights",
    )


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(value)
    return value
