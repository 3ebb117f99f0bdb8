"""Calls to a server, or to one of several nodes of a cluster: repeated where the server is busy, away or gone on the way."""

import http.client
import json
import random
import socket
import threading
import time
from urllib.parse import quote, urlsplit

#: A call that got one of these had no effect, or may be repeated: busy, away, a gateway's word.
PASSING = (429, 502, 503, 504)
WAIT_SECONDS_FIRST = 0.05
WAIT_SECONDS_MAX = 5.0


class Refused(Exception):
    """The server will not have this; repeating does not help. `problem` is its answer (RFC 9457), `code` and `status` are out of it."""

    def __init__(self, status, problem):
        self.status = status
        self.problem = problem
        self.code = problem.get("code", f"http-{status}")
        at = f" At {problem['at']}." if problem.get("at") else ""
        hint = f" {problem['hint']}" if problem.get("hint") else ""
        super().__init__(f"{problem.get('title', 'HTTP ' + str(status))}{at}{hint} [{self.code}]")


class Unreachable(Exception):
    """No address answered for as long as the call may take."""


class Http:
    """`url`: one address, or several nodes of a cluster with commas between them: calls go to one of them, and to the next when it does not answer."""

    def __init__(self, url, namespace="default", api_key=None, silence=30.0):
        self.url = url
        self.namespace = namespace
        self._api_key = api_key
        self._silence = silence
        self._places = [_place(one.strip()) for one in url.split(",")]
        self._current = 0
        self._connections = threading.local()  # a connection serves one thread at a time
        self._aborted = False
        self._calling = set()

    def path(self, *parts):
        return "/v1/namespaces/" + "/".join(quote(part, safe="") for part in (self.namespace, *parts))

    def call(self, method, path, body=None, wait=0.0, patience=30.0, call_key=None, stop=None, silence=None, pause=WAIT_SECONDS_MAX):
        """Answers the parsed JSON. `wait`: seconds that the answer may take by design. `patience`: seconds for which the call is repeated, None for ever.
        `stop`: an event that ends the repeating. `silence`: seconds without a byte after which one try has failed.
        `pause`: between two tries, at most. Raises `Refused`, `Unreachable`."""
        text = None if body is None else json.dumps(body, allow_nan=False).encode()
        until = None if patience is None else time.monotonic() + patience
        failures = 0
        while True:
            retry_after = 0.0
            try:
                status, headers, answer = self._send(method, path, text, (silence or self._silence) + wait, call_key)
                if 200 <= status < 300:
                    return json.loads(answer) if answer else None
                reason = Refused(status, _problem(status, answer))
                if status not in PASSING:
                    raise reason
                retry_after = _seconds(headers.get("retry-after"))
            except (OSError, http.client.HTTPException, ValueError) as error:  # refused, reset, timed out, cut off in the middle
                reason = error
            seconds = max(retry_after, min(pause, WAIT_SECONDS_FIRST * 2 ** min(failures, 20))) * (1 + 0.5 * random.random())
            failures += 1
            if (until is not None and time.monotonic() + seconds > until) or (stop is not None and stop.is_set()):
                if isinstance(reason, Refused):
                    raise reason
                raise Unreachable(f"{self.url} does not answer: {reason}") from reason
            if stop is not None:
                stop.wait(seconds)
            else:
                time.sleep(seconds)

    def _send(self, method, path, body, timeout, call_key):
        """Once to each address at most: the next one is asked where nobody answers, and where a connection that was kept open turns out to be closed."""
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        if self._api_key:
            headers["authorization"] = f"Bearer {self._api_key}"
        if call_key:
            headers["idempotency-key"] = call_key
        for again in range(len(self._places), -1, -1):
            at = self._current
            secure, host, port, prefix = self._places[at]
            kept, connection = self._connection(at, secure, host, port)
            connection.timeout = timeout
            if connection.sock is not None:
                connection.sock.settimeout(connection.timeout)
            try:
                if self._aborted:
                    raise ConnectionAbortedError("given up")
                self._calling.add(connection)
                connection.request(method, prefix + path, body, headers)
                answer = connection.getresponse()
                return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                was_closed = kept and isinstance(error, (ConnectionError, http.client.RemoteDisconnected))
                if self._current == at and not was_closed:
                    self._current = (at + 1) % len(self._places)
                if again == 0 or not (was_closed or (len(self._places) > 1 and isinstance(error, OSError))):
                    raise
            finally:
                self._calling.discard(connection)
        raise AssertionError("unreachable")

    def abort(self):
        """Gives up the calls under way; later ones fail at once."""
        self._aborted = True
        for connection in list(self._calling):
            try:
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself

    def _connection(self, at, secure, host, port):
        kept = getattr(self._connections, "kept", None)
        if kept is None:
            kept = self._connections.kept = {}
        if at not in kept:
            kept[at] = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, port)
        return kept[at].sock is not None, kept[at]

    def close_thread(self):
        """Closes the connections of the thread that calls this: it ends."""
        for connection in getattr(self._connections, "kept", {}).values():
            connection.close()


def _place(text):
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'"{text}" is not the address of a server, such as http://127.0.0.1:7575')
    return parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/")


def _problem(status, answer):
    try:
        problem = json.loads(answer)
        if isinstance(problem, dict) and isinstance(problem.get("code"), str):
            return problem
    except ValueError:
        pass
    return {"title": f"HTTP {status}: {answer[:200].decode('utf-8', 'replace') or 'an empty answer'}.", "hint": "Is a proxy in between?"}


def _seconds(text):
    try:
        return max(0.0, float(text))
    except (TypeError, ValueError):
        return 0.0
