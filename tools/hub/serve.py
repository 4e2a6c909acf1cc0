"""Serves folders as a Hugging Face hub does, on this machine: for tests, and for a mirror in a room without network.

    python tools/hub/serve.py FOLDER [--port 8000] [--gated OWNER/NAME --token TOKEN]
    HF_ENDPOINT=http://127.0.0.1:8000 ./likeness models get OWNER/NAME

FOLDER contains OWNER/NAME/FILES. Needs Python 3.9 and its standard library. The first line that it prints is its
address. Large files are answered from a second port, as the hub leads to a server of its own for them.
"""

import argparse
import hashlib
import json
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LARGE = (".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".gguf", ".onnx")
API = re.compile(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)")
RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
BLOB = re.compile(r"/blob/([0-9a-f]{64})")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
PART = 1 << 20


class Stored:
    """A file of a repository with its digest: SHA-256 of a large file, the id of a git blob of another."""

    def __init__(self, path):
        self.path = path
        self.size = path.stat().st_size
        self.large = path.name.endswith(LARGE)
        digest = hashlib.sha256() if self.large else hashlib.sha1(b"blob %d\0" % self.size)
        with path.open("rb") as file:
            while part := file.read(PART):
                digest.update(part)
        self.etag = digest.hexdigest()


class Repositories:
    """The repositories below a folder, read once."""

    def __init__(self, folder, gated, token):
        self.gated, self.token = gated, token
        self.files = {}
        for owner in sorted(path for path in folder.iterdir() if path.is_dir()):
            for root in sorted(path for path in owner.iterdir() if path.is_dir()):
                self.files[f"{owner.name}/{root.name}"] = {
                    path.relative_to(root).as_posix(): Stored(path)
                    for path in sorted(root.rglob("*"))
                    if path.is_file()
                }

    def commit(self, name):
        listed = "".join(f"{file} {stored.etag}\n" for file, stored in self.files[name].items())
        return hashlib.sha1(listed.encode()).hexdigest()

    def blob(self, etag):
        return next((f for files in self.files.values() for f in files.values() if f.large and f.etag == etag), None)


def handler(repositories, storage):
    """The handler of the hub; without a storage address, that of the server for large files."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self.answer()

        def do_GET(self):
            self.answer()

        def answer(self):
            path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
            if storage is None:
                blob = BLOB.fullmatch(path)
                stored = repositories.blob(blob.group(1)) if blob else None
                return self.content(stored, {}) if stored else self.error(404)
            raw = urllib.parse.urlsplit(self.path).path
            if match := API.fullmatch(raw):
                return self.api(*(urllib.parse.unquote(part) for part in match.groups()))
            if match := RESOLVE.fullmatch(raw):
                return self.resolve(*(urllib.parse.unquote(part) for part in match.groups()))
            return self.error(404)

        def refused(self, name, revision, content):
            given = self.headers.get("Authorization")
            known = repositories.token is not None and given == f"Bearer {repositories.token}"
            if name not in repositories.files:
                self.error(404 if known else 401, "RepoNotFound")
            elif revision not in ("main", repositories.commit(name)):
                self.error(404, "RevisionNotFound")
            elif content and name == repositories.gated and not known:
                self.error(403 if given else 401, "GatedRepo")
            else:
                return False
            return True

        def api(self, name, kind, revision):
            if self.refused(name, revision, False):
                return
            files = repositories.files[name]
            if kind == "revision":
                value = {
                    "id": name,
                    "modelId": name,
                    "sha": repositories.commit(name),
                    "private": False,
                    "gated": "auto" if name == repositories.gated else False,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                    "siblings": [{"rfilename": file} for file in files],
                }
            else:
                value = []
                for file, stored in files.items():
                    entry = {"type": "file", "path": file, "size": stored.size, "oid": stored.etag[:40]}
                    if stored.large:
                        entry["lfs"] = {"oid": stored.etag, "size": stored.size, "pointerSize": 134}
                    value.append(entry)
            body = json.dumps(value).encode()
            self.start(200, {"Content-Type": "application/json", "Content-Length": len(body)})
            if self.command == "GET":
                self.wfile.write(body)

        def resolve(self, name, revision, file):
            if self.refused(name, revision, True):
                return
            headers = {"X-Repo-Commit": repositories.commit(name)}
            stored = repositories.files[name].get(file)
            if stored is None:
                return self.error(404, "EntryNotFound", headers)
            if not stored.large:
                return self.content(stored, headers | {"ETag": f'"{stored.etag}"'})
            self.start(
                302,
                headers
                | {
                    "X-Linked-Etag": f'"{stored.etag}"',
                    "X-Linked-Size": stored.size,
                    "Location": f"{storage}/blob/{stored.etag}?signature=local",
                    "Content-Length": 0,
                },
            )

        def content(self, stored, headers):
            first, last, status = 0, stored.size - 1, 200
            if match := RANGE.fullmatch(self.headers.get("Range", "")):
                first = int(match.group(1))
                last = min(last, int(match.group(2))) if match.group(2) else last
                status = 206
                if first > last:
                    return self.error(416)
                headers = headers | {"Content-Range": f"bytes {first}-{last}/{stored.size}"}
            self.start(status, headers | {"Accept-Ranges": "bytes", "Content-Length": last - first + 1})
            if self.command == "GET":
                with stored.path.open("rb") as file:
                    file.seek(first)
                    left = last - first + 1
                    while left > 0 and (part := file.read(min(PART, left))):
                        self.wfile.write(part)
                        left -= len(part)

        def error(self, status, code=None, headers=None):
            named = {} if code is None else {"X-Error-Code": code, "X-Error-Message": "Access is refused"}
            self.start(status, (headers or {}) | named | {"Content-Length": 0})

        def start(self, status, headers):
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, str(value))
            self.end_headers()

        def log_message(self, *arguments):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--gated", help="a repository that needs the token")
    parser.add_argument("--token")
    arguments = parser.parse_args()
    repositories = Repositories(arguments.folder, arguments.gated, arguments.token)
    storage = ThreadingHTTPServer(("127.0.0.1", 0), handler(repositories, None))
    threading.Thread(target=storage.serve_forever, daemon=True).start()
    hub = ThreadingHTTPServer(
        ("127.0.0.1", arguments.port), handler(repositories, f"http://127.0.0.1:{storage.server_address[1]}")
    )
    print(f"http://127.0.0.1:{hub.server_address[1]}", flush=True)
    hub.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
