"""Runs downloaded from the hub: one commit, in the hub's own cache, as a run folder."""

from __future__ import annotations

from pathlib import Path

from recur.errors import RunError
from recur.hub.address import Address, address_of
from recur.hub.client import api, explained, quiet
from recur.run.layout import CONFIG, INFO, MARKED

CARD = "README.md"
FILES = (INFO, CONFIG, CARD, *MARKED)
"""What is uploaded and downloaded: neither checkpoints nor logs, nor samples, which are rows."""


def local_folder(source: str | Path) -> Path:
    """Return the run folder of a path or of an address of the hub, downloaded if it is not in the cache.

    Parameters
    ----------
    source : path or str
        A run folder, or ``hf://USER/NAME[@REVISION]``. Of an address only the files of a run are downloaded. The hub is
        asked for the newest commit; if it cannot be reached, or HF_HUB_OFFLINE=1, the commit in the cache is used,
        and the client says so.

    Returns
    -------
    Path
        A path as it is; of an address a folder of the cache (HF_HOME), one for each commit.

    Raises
    ------
    RunError
        When there is no such repository or revision, it is not a run, or the hub cannot be reached.
    MissingExtraError
        When huggingface_hub is not installed.

    Examples
    --------
    >>> local_folder("runs/names")
    PosixPath('runs/names')

    Source: https://huggingface.co/docs/huggingface_hub/guides/download
    """
    address = address_of(source)
    return Path(source) if address is None else _downloaded(address)


def _downloaded(address: Address) -> Path:
    with explained(address, "read"), quiet():
        hub_api = api()
        commit = hub_api.resolve_revision(address.repository, revision=address.revision)
        folder = Path(hub_api.snapshot_download(address.repository, revision=commit, allow_patterns=list(FILES)))
    if not (folder / INFO).is_file():
        raise RunError(
            f"{address} is not a run of recur: commit {commit.resolved[:8]} has no {INFO}",
            hint="a run is uploaded with: recur push RUN USER/NAME",
        )
    return folder
