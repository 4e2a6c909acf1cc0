"""Serves folders as a Hugging Face hub does, on this machine: for tests, and for a mirror in a room without network.

    python tools/hub/serve.py FOLDER [--port 8000] [--gated OWNER/NAME --token TOKEN]
    HF_ENDPOINT=http://127.0.0.1:8000 ./likeness models get OWNER/NAME

FOLDER contains OWNER/NAME/FILES. Needs Python 3.9 and its standard library. The first line that it prints is its
address. Large files are answered from a second port, as the hub leads to a server of its own for them.

With --control, a test tells it from a third port, whose address is the second line, which repositories there are and
how it answers single requests; it ends with its standard input.
"""

import argparse
import base64
import collections
import hashlib
import json
import os
import re
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LARGE = (".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".gguf", ".onnx")
API = re.compile(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)")
RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
BLOB = re.compile(r"/blob/([0-9a-f]{64})")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
CURSOR = re.compile(r"(?:^|&)cursor=(\d+)")
PART = 1 << 20


class Stored:
    """A file of a repository with its digest: SHA-256 of a large file, the id of a git blob of another."""

    def __init__(self, path, large=None):
        self.path = path
        self.size = path.stat().st_size
        self.large = path.name.endswith(LARGE) if large is None else large
        digest = hashlib.sha256() if self.large else hashlib.sha1(b"blob %d\0" % self.size)
        with path.open("rb") as file:
            while part := file.read(PART):
                digest.update(part)
        self.etag = digest.hexdigest()


class Repository:
    """The files of a repository with what the hub says of it."""

    def __init__(self, files, gated=False, hidden=False, licence=None, commit=None, revisions=("main",), xet=None):
        self.files, self.gated, self.hidden, self.licence = files, gated, hidden, licence
        self.revisions, self.xet = revisions, xet or {}
        listed = "".join(f"{file} {stored.etag}\n" for file, stored in files.items())
        self.commit = commit or hashlib.sha1(listed.encode()).hexdigest()


class Script:
    """What a test says and asks: answers to single requests by server and path, and the requests that came."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        with self.lock:
            self.answers, self.requests, self.page = collections.defaultdict(collections.deque), [], 1000

    def next(self, server, path):
        with self.lock:
            answers = self.answers.get((server, path))
            return answers.popleft() if answers else None


class Repositories:
    """The repositories below a folder, read once."""

    def __init__(self, folder, gated, token):
        self.folder, self.token = folder, token
        self.named = {}
        for owner in sorted(path for path in folder.iterdir() if path.is_dir()):
            for root in sorted(path for path in owner.iterdir() if path.is_dir()):
                name = f"{owner.name}/{root.name}"
                files = {
                    path.relative_to(root).as_posix(): Stored(path)
                    for path in sorted(root.rglob("*"))
                    if path.is_file()
                }
                self.named[name] = Repository(files, "auto" if name == gated else False)

    def put(self, told):
        """Takes a repository, whose files are in the folder, in place of the one of its name."""
        root = self.folder / told["name"]
        files = {file: Stored(root / file, large) for file, large in sorted(told["files"].items())}
        self.named[told["name"]] = Repository(
            files, *(told[key] for key in ("gated", "hidden", "licence", "commit", "revisions", "xet"))
        )

    def blob(self, etag):
        """The name of a repository, the path of a large file in it, and the file; None if there is none."""
        return next(
            (
                (name, path, stored)
                for name, repository in list(self.named.items())
                for path, stored in repository.files.items()
                if stored.large and stored.etag == etag
            ),
            None,
        )


def handler(repositories, storage, script):
    """The handler of the hub; without a storage address, that of the server for large files."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self.answer()

        def do_GET(self):
            self.answer()

        def answer(self):
            raw = urllib.parse.urlsplit(self.path).path
            path = urllib.parse.unquote(raw)
            if script:
                script.requests.append(
                    {
                        "server": "hub" if storage else "storage",
                        "method": self.command,
                        "path": path,
                        "range": self.headers.get("Range"),
                        "token": self.headers.get("Authorization"),
                    }
                )
            if storage is None:
                blob = BLOB.fullmatch(path)
                name, file, stored = (repositories.blob(blob.group(1)) if blob else None) or (None, None, None)
                if not self.scripted("storage", f"{name}:{file}", stored):
                    self.content(stored, {}) if stored else self.error(404)
            elif match := API.fullmatch(raw):
                name, kind, revision = (urllib.parse.unquote(part) for part in match.groups())
                if not self.scripted("hub", f"{name} {kind}", None):
                    self.api(name, kind, revision)
            elif match := RESOLVE.fullmatch(raw):
                name, revision, file = (urllib.parse.unquote(part) for part in match.groups())
                repository = repositories.named.get(name)
                if not self.scripted("hub", f"{name}:{file}", repository and repository.files.get(file)):
                    self.resolve(name, revision, file)
            else:
                self.error(404)

        def scripted(self, server, path, stored):
            """Gives the answer that a test has for a request; returns False if it has none."""
            told = script.next(server, path) if script else None
            if told is None:
                return False
            time.sleep(told["wait"] / 1000)
            status, headers, body = told["status"], dict(told["headers"]), base64.b64decode(told["body"])
            if status == 0:
                found = self.range(stored)
                if found is None:
                    self.error(416)
                    return True
                status, first, length, ranged = found
                headers |= ranged
                body = stored.path.read_bytes()[first : first + length]
            headers |= {"Transfer-Encoding": "chunked"} if told["chunked"] else {"Content-Length": len(body)}
            self.start(status, headers)
            sent = int(len(body) * told["part"])
            self.close_connection = sent < len(body)
            for i in range(told["pieces"] if self.command == "GET" else 0):
                piece = body[sent * i // told["pieces"] : sent * (i + 1) // told["pieces"]]
                if piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if told["chunked"] else piece)
                time.sleep(told["pause"] / 1000)
            if told["chunked"]:
                self.wfile.write(b"0\r\n\r\n")
            return True

        def refused(self, name, revision, content):
            given = self.headers.get("Authorization")
            known = repositories.token is not None and given == f"Bearer {repositories.token}"
            repository = repositories.named.get(name)
            if repository is None or repository.hidden and not known:
                self.error(404 if known else 401, "RepoNotFound")
            elif revision not in (*repository.revisions, repository.commit):
                self.error(404, "RevisionNotFound")
            elif content and repository.gated and not known:
                self.error(403 if given else 401, "GatedRepo")
            else:
                return False
            return True

        def api(self, name, kind, revision):
            if self.refused(name, revision, False):
                return
            repository = repositories.named[name]
            headers = {}
            if kind == "revision":
                value = {
                    "id": name,
                    "modelId": name,
                    "sha": repository.commit,
                    "private": False,
                    "gated": repository.gated,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                    "siblings": [{"rfilename": file} for file in repository.files],
                }
                if repository.licence is not None:
                    value["cardData"] = {"license": repository.licence}
            else:
                value = []
                for file, stored in repository.files.items():
                    entry = {"type": "file", "path": file, "size": stored.size, "oid": stored.etag[:40]}
                    if stored.large:
                        entry["lfs"] = {"oid": stored.etag, "size": stored.size, "pointerSize": 134}
                    if file in repository.xet:
                        entry["xetHash"] = repository.xet[file]
                    value.append(entry)
                page = script.page if script else len(value)
                url = urllib.parse.urlsplit(self.path)
                cursor = CURSOR.search(url.query)
                first = int(cursor.group(1)) if cursor else 0
                if first + page < len(value):
                    following = f"http://{self.headers['Host']}{url.path}?recursive=true&cursor={first + page}"
                    headers["Link"] = f'<{following}>; rel="next"'
                value = value[first : first + page]
            body = json.dumps(value).encode()
            self.start(200, headers | {"Content-Type": "application/json", "Content-Length": len(body)})
            if self.command == "GET":
                self.wfile.write(body)

        def resolve(self, name, revision, file):
            if self.refused(name, revision, True):
                return
            headers = {"X-Repo-Commit": repositories.named[name].commit}
            stored = repositories.named[name].files.get(file)
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

        def range(self, stored):
            """The status, the first byte, the length and the headers of what is asked for; None if it has no bytes."""
            first, last, accepted = 0, stored.size - 1, {"Accept-Ranges": "bytes"}
            match = RANGE.fullmatch(self.headers.get("Range", ""))
            if not match:
                return 200, 0, stored.size, accepted
            first = int(match.group(1))
            last = min(last, int(match.group(2))) if match.group(2) else last
            if first > last:
                return None
            return 206, first, last - first + 1, accepted | {"Content-Range": f"bytes {first}-{last}/{stored.size}"}

        def content(self, stored, headers):
            found = self.range(stored)
            if found is None:
                return self.error(416)
            status, first, left, ranged = found
            self.start(status, headers | ranged | {"Content-Length": left})
            if self.command == "GET":
                with stored.path.open("rb") as file:
                    file.seek(first)
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


def control(repositories, script, storage):
    """The handler of the server for tests; each request is JSON."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            value = {}
            if self.path == "/reset":
                repositories.named.clear()
                script.reset()
            elif self.path == "/repository":
                repositories.put(told)
            elif self.path == "/answers":
                with script.lock:
                    script.answers[told["server"], told["path"]].extend(told["answers"])
            elif self.path == "/page":
                script.page = told["entries"]
            elif self.path == "/state":
                value = {"storage": storage, "requests": script.requests}
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    return Handler


class Server(ThreadingHTTPServer):
    """A server that does not report clients that went away."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def serve(port, handler):
    server = Server(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--gated", help="a repository that needs the token")
    parser.add_argument("--token")
    parser.add_argument("--control", action="store_true", help="take repositories and answers of a test")
    arguments = parser.parse_args()
    repositories = Repositories(arguments.folder, arguments.gated, arguments.token)
    script = Script() if arguments.control else None
    storage = serve(0, handler(repositories, None, script))
    print(serve(arguments.port, handler(repositories, storage, script)), flush=True)
    if script:
        print(serve(0, control(repositories, script, storage)), flush=True)
        sys.stdin.read()
        # Threads may still be sending slow answers.
        os._exit(0)
    threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
