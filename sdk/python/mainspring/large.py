"""What is too large to be told: results over 1 MiB, kept beside the run that gives them, and files of runs (docs/values.md, docs/files.md)."""

import base64
import hashlib
import json
import uuid

from .http import Refused
from .jobs import Abort

#: Bytes of JSON of a result, and of a file.
RESULT_BYTES_MAX = 16 * 1024 * 1024
FILE_BYTES_MAX = 32 * 1024 * 1024
PIECE_CHARACTERS = 40_000
PIECE_BYTES = 96 * 1024
PIECES_PER_CALL = 3
PAGE = 100
#: In one input: values, and characters of all of them.
VALUES_MAX = 64
VALUES_CHARACTERS_MAX = 4 * RESULT_BYTES_MAX


class ResultGone(Abort):
    """A large result, or a file, is kept beside a run that is not there any more. It is not tried again: run again what gave it."""

    code = "result-gone"


class Writer:
    """Appends to a stream of a task's run; what an earlier one has written to it is void then."""

    def __init__(self, task, stream):
        self._task = task
        self._said = {**task.ref, "stream": stream, "writer": f"{task._worker.id}.{uuid.uuid4().hex}"}
        self._waiting = []
        self.written = 0

    def write(self, chunk):
        self._waiting.append(chunk)
        if len(self._waiting) == PIECES_PER_CALL:
            self.flush()

    def flush(self):
        if not self._waiting:
            return
        task = self._task
        http = task._worker.client.http
        write = {**self._said, "from": self.written, "chunks": self._waiting}
        # As with a result: the server may be away for a while.
        [answer] = http.call("POST", http.path("tasks", "stream"), {"worker": task._worker.id, "writes": [write]}, patience=None, stop=task._worker._over)["writes"]
        if answer == "lost":
            task.ask_to_stop("lost")
            task.check()
        if answer != "kept":
            raise Abort("the run has no room: its files, streams and large results have 64 MiB together")
        self.written += len(self._waiting)
        self._waiting = []


def keep(task, text):
    """Keeps a result, and answers what stands in its place."""
    stream = f":result.{uuid.uuid4().hex}"
    writer = Writer(task, stream)
    for begin in range(0, len(text), PIECE_CHARACTERS):
        writer.write(text[begin : begin + PIECE_CHARACTERS])
    writer.flush()
    return {"$type": "Kept", "value": {"stream": stream, "chunks": writer.written, "length": len(text), "run": task.run}}


def whole(http, value):
    """A value with what is kept beside other runs in its places. Raises `ResultGone`."""
    found = []
    _gather(value, found)
    if not found:
        return value
    characters = sum(one["length"] for one in found)
    if len(found) > VALUES_MAX or characters > VALUES_CHARACTERS_MAX:
        raise Abort(f"large values, {len(found)} of {characters} characters, are too much for one: {VALUES_MAX} of {VALUES_CHARACTERS_MAX} may be in it")
    return _replaced(http, value)


def _gather(value, found):
    kept = _kept(value)
    if kept is not None:
        found.append(kept)
    else:
        for member in _members(value):
            _gather(member, found)


def _replaced(http, value):
    kept = _kept(value)
    if kept is not None:
        return _read(http, kept)
    if isinstance(value, list):
        return [_replaced(http, member) for member in value]
    if not isinstance(value, dict):
        return value
    if _is_escape(value):
        return {**value, "value": {name: _replaced(http, member) for name, member in value["value"].items()}}
    return {name: _replaced(http, member) for name, member in value.items()}


def _members(value):
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return ()
    return (value["value"] if _is_escape(value) else value).values()


def _is_escape(value):
    return value.get("$type") == "Object" and isinstance(value.get("value"), dict)


def _kept(value):
    """None: it is itself."""
    if not isinstance(value, dict) or value.get("$type") != "Kept" or not isinstance(value.get("value"), dict):
        return None
    kept = value["value"]
    is_one = str(kept.get("stream")).startswith(":result.") and isinstance(kept.get("run"), str)
    return kept if is_one and isinstance(kept.get("chunks"), int) and isinstance(kept.get("length"), int) else None


def _read(http, kept):
    gone = ResultGone(f"a result of {kept['length']} characters is kept beside run {kept['run']}, and is not there any more")
    pieces = [value for _, value in _chunks(http, kept["run"], kept["stream"], 0, kept["chunks"], gone)]
    text = "".join(pieces)
    # As UTF-16 counts them, which is how the SDK for TypeScript does.
    if len(pieces) != kept["chunks"] or len(text.encode("utf-16-le", "surrogatepass")) // 2 != kept["length"]:
        raise gone
    return json.loads(text)


def _chunks(http, run, stream, begin, end, gone):
    while begin < end:
        after = f"&after={begin - 1}" if begin > 0 else ""
        try:
            page = http.call("GET", http.path("runs", run, "streams", stream) + f"?limit={min(PAGE, end - begin)}{after}")["chunks"]
        except Refused as error:
            if error.status == 404:
                raise gone from None
            raise
        if not page:
            raise gone
        for chunk in page:
            yield chunk["n"], chunk["value"]
        begin = page[-1]["n"] + 1


class Files:
    """`task.files.put("rows.csv", open(path, "rb"), type="text/csv")` stores a file of the run and answers what names it: return that, and the next task reads it,
    `for piece in task.files.read(file)`. Neither holds it in memory."""

    def __init__(self, task):
        self._task = task

    def put(self, name, data, type="application/octet-stream"):
        """Bytes, a text, a file that was opened, or anything that gives bytes. Up to 32 MiB; one of its name is replaced."""
        writer = Writer(self._task, f":file:{name}")
        size, digest = 0, hashlib.sha256()
        for piece in _pieces(data):
            size += len(piece)
            if size > FILE_BYTES_MAX:
                raise Abort(f'the file "{name}" has more than {FILE_BYTES_MAX} bytes: keep it elsewhere and pass its address')
            digest.update(piece)
            writer.write(base64.b64encode(piece).decode())
        writer.flush()
        file = {"name": name, "bytes": size, "sha256": digest.hexdigest(), "type": type}
        # Without this last one it is no file yet.
        writer.write({**file, "chunks": writer.written})
        writer.flush()
        return {"run": self._task.run, **file}

    def read(self, file):
        """The bytes of a file, piece by piece. Raises `ResultGone`."""
        http = self._task._worker.client.http
        gone = ResultGone(f'the file "{file["name"]}" of {file["bytes"]} bytes is kept beside run {file["run"]}, and is not there any more')
        try:
            files = http.call("GET", http.path("runs", file["run"], "files"))["files"]
        except Refused as error:
            if error.status == 404:
                raise gone from None
            raise
        known = next((one for one in files if one["name"] == file["name"] and one["sha256"] == file["sha256"]), None)
        if known is None:
            raise gone
        digest = hashlib.sha256()
        for _, value in _chunks(http, file["run"], f":file:{file['name']}", known["from"], known["from"] + known["chunks"], gone):
            piece = base64.b64decode(value)
            digest.update(piece)
            yield piece
        if digest.hexdigest() != file["sha256"]:
            raise gone


def _pieces(data):
    if isinstance(data, str):
        data = data.encode()
    if isinstance(data, (bytes, bytearray, memoryview)):
        data = [bytes(data)]
    elif hasattr(data, "read"):
        file = data
        data = iter(lambda: file.read(PIECE_BYTES), b"" if not hasattr(file, "encoding") else "")
    rest = b""
    for part in data:
        rest += part.encode() if isinstance(part, str) else bytes(part)
        begin = 0
        while len(rest) - begin >= PIECE_BYTES:
            yield rest[begin : begin + PIECE_BYTES]
            begin += PIECE_BYTES
        rest = rest[begin:]
    if rest:
        yield rest
