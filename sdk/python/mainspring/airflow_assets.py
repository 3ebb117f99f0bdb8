"""Airflow's assets for callables: what they say of their outlets and read of their inlets."""

import inspect
from datetime import datetime
from urllib.parse import quote

from .http import Refused
from .printed import current_task

NEVER_EXPIRE = None


class Asset:
    """By its name; one that has none is called as its address."""

    def __init__(self, name=None, uri=None, *, extra=None, **_):
        self.name = name or uri
        self.uri = uri or self.name
        self.extra = extra or {}

    @classmethod
    def ref(cls, *, name=None, uri=None):
        return cls(name, uri)

    def __eq__(self, other):
        return isinstance(other, Asset) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __and__(self, other):
        return self

    __or__ = __rand__ = __ror__ = __and__

    def __iter__(self):
        return iter(())

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"


class AssetAlias(Asset):
    """An asset of its own here, with an event for each that was added through it."""

    def __init__(self, name, **_):
        super().__init__(name)


class Metadata:
    """Yielded by a callable: what is said of an outlet."""

    def __init__(self, asset, extra=None, alias=None):
        self.asset = asset
        self.extra = extra or {}
        self.alias = alias


class Said:
    """`outlet_events[asset]`: `extra`, `add(asset, extra=…)`, `add_partitions("us")`."""

    def __init__(self, key):
        self.key = key
        self.extra = {}
        self.added = []
        self.partitions = {}

    def add(self, asset, extra=None):
        self.added.append((asset, extra or {}))

    def add_partitions(self, keys, extra=None):
        for one in [keys] if isinstance(keys, str) else keys:
            self.partitions[one] = extra or {}


class OutletEvents:
    def __init__(self):
        self._said = {}

    def __getitem__(self, key):
        return self._said.setdefault(_name(key), Said(key))

    def for_asset(self, *, name=None, uri=None):
        return self[Asset(name, uri)]

    def for_asset_alias(self, *, name):
        return self[AssetAlias(name)]

    def take(self, output):
        """What a generator yields of `Metadata` is said; the rest is its output."""
        rest = []
        for one in output:
            if isinstance(one, Metadata):
                if one.alias is not None:
                    self[one.alias if isinstance(one.alias, Asset) else AssetAlias(one.alias)].add(one.asset, one.extra)
                else:
                    self[one.asset].extra.update(one.extra)
            else:
                rest.append(one)
        return rest or None

    def tell(self, task):
        """Of its outlets with the result; events that are no outlet's, and all but one partition, by calls that a repeat does not double."""
        for name, said in self._said.items():
            partitions = list(said.partitions.items())
            if said.extra or partitions:
                partition, extra = partitions[0] if partitions else (None, {})
                task.asset(name, partition=partition, **({"extra": {**said.extra, **extra}} if said.extra or extra else {}))
            for partition, extra in partitions[1:]:
                _emit(task, name, {**said.extra, **extra}, partition)
            for asset, extra in said.added:
                _emit(task, asset.name, extra)
                _emit(task, name, extra, of=asset.name)


def _emit(task, name, extra, partition=None, of=""):
    http = task._worker.client.http
    said = {**({"extra": extra} if extra else {}), **({} if partition is None else {"partition": partition})}
    http.call("POST", http.path("assets", name, "events"), said, call_key=f"{task.task_key}:{quote(name + '|' + (partition or '') + '|' + of, safe='')}"[:500])


class InletEvents:
    """`inlet_events[asset]`: its last events, the oldest first."""

    def __getitem__(self, key):
        task = current_task()
        http = task._worker.client.http
        try:
            found = http.call("GET", http.path("assets", _name(key)))
        except Refused as error:
            if error.status != 404:
                raise
            return []
        return sorted((Event(key if isinstance(key, Asset) else Asset(key), one) for one in found["events"]), key=lambda one: one.n)

    def for_asset(self, *, name=None, uri=None):
        return self[Asset(name, uri)]

    def for_asset_alias(self, *, name):
        return self[AssetAlias(name)]


class Event:
    def __init__(self, asset, said):
        self.asset = asset
        self.uri = asset.uri
        self.n = said["n"]
        self.extra = said.get("extra") or {}
        self.timestamp = datetime.fromisoformat(said["at"].replace("Z", "+00:00"))
        self.source_run_id = (said.get("source") or {}).get("run") or said.get("run")
        self.partition_key = said.get("partition")

    def __repr__(self):
        return f"Event({self.asset.name!r}, {self.n}, extra={self.extra!r})"


def triggering(events):
    """`triggering_asset_events`: of a run, by asset."""
    found = {}
    for one in events or []:
        found.setdefault(Asset(one["asset"]), []).append(Event(Asset(one["asset"]), one))
    return found


class TaskStateStore:
    """Of a task, over its attempts: its checkpoint."""

    def __init__(self, task):
        self._task = task

    def _all(self):
        return dict(self._task.checkpoint or {})

    def get(self, key, default=None):
        return self._all().get(key, default)

    def set(self, key, value, **_):
        self._task.save({**self._all(), key: value})

    def delete(self, key):
        self._task.save({name: value for name, value in self._all().items() if name != key})

    def clear(self):
        self._task.save({})

    async def aget(self, key, default=None):
        return self.get(key, default)

    async def aset(self, key, value, **_):
        self.set(key, value)

    async def adelete(self, key):
        self.delete(key)

    async def aclear(self):
        self.clear()


def _name(key):
    return key.name if isinstance(key, Asset) else inspect.getattr_static(key, "name", str(key)) if not isinstance(key, str) else key
