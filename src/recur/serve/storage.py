"""The folder of a server: its key, and its sessions between an end and the next start.

    key         32 random bytes, as hexadecimal digits; signs snapshots and the file of sessions
    sessions    safetensors, signed: the states of all sessions; written at the end, removed when they are restored;
                sessions-1 and so on where several processes had them

Sessions are restored only where their network is unchanged. After a crash there is no file: a session that continued
from an outdated state would give wrong answers.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from recur.atomic import make_folder, refuse_irregular, refuse_linked_folder, write_bytes
from recur.bounded import read_bytes
from recur.errors import ConfigError, DataError
from recur.serve.memory import Memory
from recur.serve.sessions import Session
from recur.serve.signing import KEY, Signer
from recur.serve.state import State

_MOST = 4 * 10**9  # bytes of the file of sessions
_FORMAT = "recur sessions 1"
_SECONDS = 10**9  # since a session was used, at most


class Storage:
    """The folder of one running server.

    Parameters
    ----------
    folder : Path
        Created where it is missing, for its owner alone.

    Raises
    ------
    ConfigError
        For a folder that others can read, a key that is none, or a folder that another server uses.
    """

    def __init__(self, folder: Path) -> None:
        refuse_linked_folder(folder)
        if not folder.exists():
            make_folder(folder)
            folder.chmod(0o700)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            raise ConfigError(
                f"other users can read {folder}, which has a key and sessions", hint=f"chmod 700 {folder}"
            )
        self._folder = folder
        self._lock = _locked(folder)
        self.signer = Signer(_key(folder / "key"))

    def close(self) -> None:
        """Let another server use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def save(self, state: State, process: int = 0) -> int:
        """Write all sessions of a process; return their number."""
        tensors: dict[str, torch.Tensor] = {}
        models: list[dict[str, Any]] = []
        now, groups = state.sessions.now, dict[tuple[str, str], list[Session]]()
        for one in state.sessions:
            # after a reload, sessions of one name may have different networks
            groups.setdefault((one.model, state.of(one).memory().identity), []).append(one)
        for (name, identity), group in groups.items():
            number = len(models)
            for place, parts in enumerate(zip(*(one.memory.states for one in group), strict=True)):
                tensors[f"{number}.state.{place}"] = torch.stack(parts)
            tensors[f"{number}.vector"] = torch.stack([one.memory.vector for one in group])
            facts = [[s.name, s.memory.count, s.client, now - s.last_use, s.answers] for s in group]
            models.append({"name": name, "network": identity, "sessions": facts})
        header = {"format": _FORMAT, "saved": str(time.time()), "models": json.dumps(models)}
        if models:
            write_bytes(self._file(process), self.signer.sign(save(tensors, metadata=header)))
        return len(state.sessions)

    def restore(self, state: State) -> tuple[int, int]:
        """Open the sessions of the last end; return how many, and how many are not restored.

        Raises
        ------
        ConfigError
            For a file that is damaged or was signed with another key.
        """
        found: list[Session] = []
        lost = 0
        files = sorted(self._folder.glob("sessions")) + sorted(self._folder.glob("sessions-*"))
        for file in files:
            sessions, others = self._read(file, state)
            found += sessions
            lost += others
        restored = sum(state.sessions.restore(one) for one in sorted(found, key=lambda one: one.last_use))
        for file in files:
            file.unlink()
        return restored, lost + len(found) - restored

    def _file(self, process: int) -> Path:
        return self._folder / (f"sessions-{process}" if process else "sessions")

    def _read(self, file: Path, state: State) -> tuple[list[Session], int]:
        """The sessions in a file, and how many have another network than those that are served."""
        refuse_irregular(file)
        try:
            data = self.signer.open(read_bytes(file, _MOST))
            tensors, header = load(data), _header(data)
        except DataError as error:
            raise ConfigError(
                f"{file} cannot be restored: {error.message}", hint="remove it; its sessions are then lost"
            ) from None
        found: list[Session] = []
        lost = 0
        passed = max(0.0, time.time() - float(header["saved"]))
        for number, model in enumerate(json.loads(header["models"])):
            service = state.services.get(model["name"])
            reader = None if service is None else service.reader
            if reader is None or reader.identity != model["network"]:
                lost += len(model["sessions"])
                continue
            states = [tensors[f"{number}.state.{place}"] for place in range(len(reader.begin().states))]
            for row, (name, count, client, unused, answers) in enumerate(model["sessions"]):
                copies = tuple(one[row].clone() for one in states)
                memory = Memory(copies, tensors[f"{number}.vector"][row].clone(), count)
                kept = {key: (digest, text) for key, (digest, text) in answers.items()}
                last_use = state.sessions.now - min(unused + passed, _SECONDS)
                found.append(Session(name, model["name"], memory, last_use, client, kept, service))
        return found, lost


def _header(data: bytes) -> dict[str, str]:
    size = int.from_bytes(data[:8], "little")
    header: dict[str, str] = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    if header.get("format") != _FORMAT:
        raise DataError("the sessions were written by another version of recur", hint="remove the file of sessions")
    return header


def _key(path: Path) -> bytes:
    """The key in a file, which is created where it is missing."""
    refuse_irregular(path)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(KEY))
    text = read_bytes(path, 2 * KEY + 2, error=ConfigError).decode("latin-1").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY:
        raise ConfigError(
            f"{path} has no key, expected {2 * KEY} hexadecimal digits", hint="remove it: a new key is created"
        )
    return key


def _locked(folder: Path) -> int | None:
    """A descriptor whose lock the server holds while it runs, so that no second one uses the folder."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise ConfigError(f"another server uses {folder}", hint="--state with a folder of its own") from None
    return handle
