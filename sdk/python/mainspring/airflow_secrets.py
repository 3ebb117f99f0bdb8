"""`Variable.get` and `BaseHook.get_connection` in callables of Airflow DAG files: variables and connections of the namespace."""

import json
from types import SimpleNamespace

from .printed import current_task

_MISSING = object()


class Variable:
    @classmethod
    def get(cls, key, default_var=_MISSING, deserialize_json=False, default=_MISSING):
        """While the file is read there is no task, and nobody to ask: the default, or an empty text."""
        default = default_var if default is _MISSING else default
        task = current_task()
        if task is None:
            return "" if default is _MISSING else default
        found = task.variable(key) if default is _MISSING else task.variable(key, _MISSING)
        if found is _MISSING:
            return default
        if deserialize_json:
            return json.loads(found) if isinstance(found, str) else found
        return found if isinstance(found, str) else json.dumps(found)


class Connection(SimpleNamespace):
    """With Airflow's names."""

    @property
    def extra_dejson(self):
        return json.loads(self.extra) if self.extra else {}

    def get_uri(self):
        return self.uri

    def get_password(self):
        return self.password


class BaseHook:
    def __init__(self, *_, **__):
        pass

    @classmethod
    def get_connection(cls, conn_id):
        task = current_task()
        if task is None:
            raise RuntimeError(f"the connection {conn_id} is asked for while the file is read: ask in a callable")
        found = task.connection(conn_id)
        extra = found.get("extra")
        return Connection(conn_id=conn_id, conn_type=found["type"], host=found.get("host"), port=found.get("port"), login=found.get("login"), password=found.get("password"),
                          schema=found.get("schema"), extra=None if extra is None else json.dumps(extra), uri=found["uri"])
