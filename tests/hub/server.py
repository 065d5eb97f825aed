"""A hub in this process: repositories, commits, files and tokens, as huggingface_hub asks for them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_ada"


@dataclass
class Repository:
    """Commits, newest last, each with all its files."""

    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)

    def commit(self, files: dict[str, bytes]) -> str:
        """Add a commit with these files; return its hash."""
        content = repr((len(self.commits), sorted(files.items()))).encode()
        self.commits.append((hashlib.sha1(content).hexdigest(), files))
        return self.commits[-1][0]

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit of a branch or a hash."""
        if revision == "main":
            return self.commits[-1]
        return next((one for one in self.commits if one[0] == revision), None)


class Hub:
    """The repositories, and a record of the requests.

    Attributes
    ----------
    requests : list of (method, path)
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.failing: int | None = None
        self.url = ""

    def files(self, name: str) -> dict[str, bytes]:
        """The files of the newest commit."""
        return self.repositories[name].commits[-1][1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self._handle("GET")

    def do_HEAD(self) -> None:
        self._handle("HEAD")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def _handle(self, method: str) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append((method, "/".join(parts)))
        if self.hub.failing is not None:
            return self._error(self.hub.failing, None, "the hub is being repaired")
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if self.headers.get("Authorization") and not known:
            return self._error(401, None, "Invalid credentials in Authorization header")
        if parts == ["api", "validate-yaml"]:
            return self._json({"errors": [], "warnings": []})
        if parts == ["api", "repos", "create"]:
            return self._create(known)
        if parts[0] == "objects":
            self.hub.objects[parts[1]] = self._body
            return self._json({})
        if parts[-3:] == ["info", "lfs", "objects"] or parts[-1] == "batch":
            return self._batch(known)
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.private and not known):
            return self._error(404 if known else 401, "RepoNotFound", "Repository not found")
        if parts[0] == "api":
            return self._repository(name, repository, parts[4:], known)
        return self._resolve(repository, unquote(parts[3]), "/".join(parts[4:]))

    def _create(self, known: bool) -> None:
        asked = json.loads(self._body)
        name = f"{asked['organization'] or 'ada'}/{asked['name']}"
        if not known or not name.startswith("ada/"):
            return self._error(403, None, f"You don't have the rights to create a model under the namespace {name}")
        if name in self.hub.repositories:
            return self._json({"url": f"{self.hub.url}/{name}", "error": "You already created this model repo"}, 409)
        repository = Repository(private=asked.get("visibility") == "private")
        repository.commit({".gitattributes": b"*.safetensors filter=lfs\n"})
        self.hub.repositories[name] = repository
        return self._json({"url": f"{self.hub.url}/{name}"})

    def _repository(self, name: str, repository: Repository, rest: list[str], known: bool) -> None:
        action, revision = rest[0] if rest else "revision", unquote(rest[1]) if len(rest) > 1 else "main"
        found = repository.at(revision)
        if found is None:
            return self._error(404, "RevisionNotFound", "Invalid rev id")
        commit, files = found
        if action == "revision":
            siblings = [{"rfilename": one} for one in files]
            return self._json({"id": name, "sha": commit, "private": repository.private, "siblings": siblings})
        if action == "tree":
            return self._json([self._entry(one, content) for one, content in files.items()])
        if not known:
            return self._error(403, None, "a token is needed")
        if action == "preupload":
            sizes = json.loads(self._body)["files"]
            modes = [
                {
                    "path": one["path"], "shouldIgnore": False,
                    "uploadMode": "lfs" if one["path"].endswith(".safetensors") else "regular",
                }
                for one in sizes
            ]  # fmt: skip
            return self._json({"files": modes})
        assert action == "commit", action
        changed = dict(files)
        for line in map(json.loads, self._body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                changed[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                changed[value["path"]] = self.hub.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                del changed[value["path"]]
        commit = repository.commit(changed)
        return self._json({"commitUrl": f"{self.hub.url}/{name}/commit/{commit}", "commitOid": commit})

    @staticmethod
    def _entry(name: str, content: bytes) -> dict[str, Any]:
        entry = {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        if name.endswith(".safetensors"):
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return entry

    def _batch(self, known: bool) -> None:
        if not known:
            return self._error(403, None, "a token is needed")
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.hub.url}/objects/{one['oid']}"}}}
            for one in json.loads(self._body)["objects"]
        ]
        return self._json({"transfer": "basic", "objects": objects})

    def _resolve(self, repository: Repository, revision: str, name: str) -> None:
        found = repository.at(revision)
        if found is None:
            return self._error(404, "RevisionNotFound", "Invalid rev id")
        commit, files = found
        if name not in files:
            return self._error(404, "EntryNotFound", "Entry not found")
        content = files[name]
        kind = hashlib.sha256 if name.endswith(".safetensors") else hashlib.sha1
        return self._send(200, content, {"ETag": f'"{kind(content).hexdigest()}"', "X-Repo-Commit": commit})

    def _error(self, code: int, kind: str | None, message: str) -> None:
        headers = {"X-Error-Message": message, **({"X-Error-Code": kind} if kind else {})}
        self._send(code, json.dumps({"error": message}).encode(), headers)

    def _json(self, value: Any, code: int = 200) -> None:
        self._send(code, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def running() -> Iterator[Hub]:
    """A hub on a port of this machine."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
