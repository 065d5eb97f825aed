"""Runs uploaded to the hub: the files of the run and a model card, in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.bounded import MIB, parse_json, read_bytes
from recur.errors import RunError
from recur.hub.address import Address, address_of, parse
from recur.hub.card import model_card
from recur.hub.client import api, client, endpoint, explained, has_token, quiet
from recur.hub.download import CARD, FILES
from recur.run import open_run
from recur.run.layout import INFO, LOCK, MARKED

if TYPE_CHECKING:
    from recur.run import Run

_LARGEST_CARD = MIB
_VOCABULARY = ("words", "characters", "subwords", "spelled", "class", "tags")
_GIT = (".gitattributes", ".gitignore", "LICENSE", CARD)


@dataclass(frozen=True)
class Upload:
    """What would be uploaded.

    Attributes
    ----------
    address : Address
    files : dict of str to bytes
        Name to content, the card among them.
    left_out : list of str
        Files of the folder that are not uploaded.
    reveals : list of str
        What the files say of the training data, in words.
    """

    address: Address
    files: dict[str, bytes]
    left_out: list[str]
    reveals: list[str]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))

    def send(self, *, public: bool = False) -> str:
        """Upload the files as one commit; return the address with the commit.

        Files of an earlier upload that this one lacks are removed in the same commit. Nothing else is.

        Parameters
        ----------
        public : bool
            Make a new repository public. An existing one keeps its visibility.

        Raises
        ------
        RunError
            When there is no token, it may not write, the repository holds something else than a run, or the hub cannot
            be reached. Nothing has changed then, or an empty repository was made.
        """
        hub = client()
        if not has_token():
            raise RunError(
                f"{self.address} cannot be written: no token is set, and the hub takes uploads from known users only",
                hint=f"export HF_TOKEN=...; a token that may write is made at {endpoint()}/settings/tokens",
            )
        with explained(self.address, "written"), quiet():
            hub_api = api()
            hub_api.create_repo(self.address.repository, private=not public, exist_ok=True)
            there = hub_api.list_repo_files(self.address.repository)
            _refuse_other(self.address, there)
            changes: list[Any] = [
                hub.CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
                for name, content in self.files.items()
            ]
            stale = [name for name in there if name in FILES and name not in self.files]
            changes += [hub.CommitOperationDelete(path_in_repo=name) for name in stale]
            commit = hub_api.create_commit(
                self.address.repository, changes, commit_message="Upload a run of recur", num_threads=2
            )
        return str(Address(self.address.repository, commit.oid))


def prepare(folder: str | Path, repository: str, *, licence: str | None = None, datasets: Sequence[str] = ()) -> Upload:
    """Return what an upload would send, with the run opened and checked; nothing is sent.

    Parameters
    ----------
    folder : path
        A run folder.
    repository : str
        ``USER/NAME``, or its address.
    licence : str, optional
        An identifier of the hub, such as apache-2.0.
    datasets : sequence of str
        Data sets of the hub that the network was trained on, ``USER/NAME``.

    Raises
    ------
    RunError
        When the folder is not a whole run, changes while it is read, or the name is not one.
    MissingExtraError
        When huggingface_hub is not installed.

    Examples
    --------
    >>> prepare("runs/names", "ada/names").send()  # doctest: +SKIP
    """
    client()
    path = Path(folder)
    address = address_of(repository) or parse(repository)
    if address.revision is not None:
        raise RunError(
            f"{address} names a revision; an upload is the newest commit",
            hint=f"recur push {path} {address.repository}",
        )
    for name in datasets:
        parse(name)
    run = open_run(path)
    files = _contents(path)
    text = read_bytes(path / CARD, _LARGEST_CARD, error=RunError) if (path / CARD).exists() else b""
    card = model_card(run, text.decode("utf-8", "replace"), address, licence=licence, datasets=datasets)
    left_out = sorted(
        f"{one.name}/" if one.is_dir() else one.name for one in path.iterdir() if one.name not in (*files, CARD, LOCK)
    )
    return Upload(address, {CARD: card.encode(), **files}, left_out, _reveals(run))


def _contents(path: Path) -> dict[str, bytes]:
    """The files that are uploaded, each compared with run.json as it was read."""
    contents = {
        # a read of more than the file allocates all of it: its size is that of an opened run
        name: read_bytes(path / name, (path / name).stat().st_size, error=RunError)
        for name in FILES
        if name != CARD and (path / name).exists()
    }
    marks = parse_json(contents[INFO], str(path / INFO), error=RunError)["files"]
    for name in MARKED:
        content = contents.get(name)
        known = [mark["sha256"] for mark in marks.get(name, [])]
        if content is None and not known:
            continue
        if content is None or hashlib.sha256(content).hexdigest() not in known:
            if not known:
                # a process killed between two writes left it: not a part of the run
                del contents[name]
                continue
            raise RunError(
                f"{path / name} changed while it was read: the run is being trained",
                hint="wait until it has finished, or pause it with Ctrl-C",
            )
    return contents


def _reveals(run: Run) -> list[str]:
    """What a reader of the files learns about the rows that the network was trained on."""
    lines = []
    codecs = {codec.kind for codec in (run.input_codec, run.target_codec) if codec is not None}
    kinds = sorted(codecs & set(_VOCABULARY))
    if kinds:
        lines.append(f"the vocabulary or the labels of the training rows ({', '.join(kinds)})")
    source = run.config.data.source
    if source is not None:
        lines.append(f"the name of the training data: {source}")
    if run.info.get("command"):
        lines.append(f"the command: {run.info['command']}")
    if run.config.training.prompts:
        lines.append(f"the prompts: {', '.join(run.config.training.prompts)}")
    return lines


def _refuse_other(address: Address, there: Sequence[str]) -> None:
    """Refuse a repository that holds something else: an upload would be mixed with it."""
    other = [name for name in there if name not in _GIT]
    if other and INFO not in there:
        raise RunError(
            f"{address} has files and is not a run of recur (it has {other[0]} and no {INFO}); nothing was uploaded",
            hint="give the name of a new repository",
        )
