"""What a handler prints goes to the log of its run: by thread, as each handler has one."""

import sys
import threading
from contextlib import contextmanager

_current = threading.local()
LINE_CHARACTERS_MAX = 64 * 1024


def current_task():
    """The task whose handler this thread runs, or None."""
    return getattr(_current, "task", None)


@contextmanager
def bound_to(task):
    _current.task = task
    _current.text = {}
    try:
        yield
    finally:
        for level, text in _current.text.items():
            if text:
                task.line(level, text, None)
        _current.task = None


class _Stream:
    def __init__(self, stream, level):
        self._stream = stream
        self._level = level

    def write(self, text):
        task = current_task()
        if task is None:
            return self._stream.write(text)
        whole = _current.text.get(self._level, "") + text
        *lines, rest = whole.split("\n")
        for line in lines:
            if line.strip():
                task.line(self._level, line, None)
        _current.text[self._level] = rest[-LINE_CHARACTERS_MAX:]
        return len(text)

    def __getattr__(self, name):
        return getattr(self._stream, name)


def print_to_log():
    """From now on, `print` in a handler is `task.log.info`, and what it writes to standard error is `warn`. Threads that it starts print as before."""
    sys.stdout = _Stream(sys.stdout, "info")
    sys.stderr = _Stream(sys.stderr, "warn")
