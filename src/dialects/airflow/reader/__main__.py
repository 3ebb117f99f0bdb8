"""python3 reader FILE.py: what the DAGs of an Airflow DAG file are, as JSON. Standard library only, Python 3.9 or newer; the file is parsed, never run."""

import ast
import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
sys.dont_write_bytecode = True

from callables import described
from evaluate import Reader, TooMuch
from model import Model
from values import Dag, Duration, Function, Group, Item, Moment, Parameter, Partial, Symbol, Task, Thing, Unknown, XCom

FORM = 1


def read(source, name):
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError) as error:
        return {"form": FORM, "error": {"line": getattr(error, "lineno", 1) or 1, "what": f"this is not Python {sys.version_info.major}.{sys.version_info.minor}: {error}"}}
    model = Model()
    reader = Reader(source, model, name)
    model.reader = reader
    try:
        reader.read(tree)
        for function in list(model.never_called.values()):
            model.call_function(function, [], {}, function.node)
            model.note(function.node, "never-called", f"the function {function.name!r} with @dag is never called in the file: it was read as if it were", "nothing, if it is meant to be a DAG")
    except (TooMuch, RecursionError) as error:
        return {"form": FORM, "error": {"line": 1, "what": f"the file is too large to read: {error}"}}
    return {"form": FORM, "airflow3": reader.imports_sdk, "dags": [dag_json(one) for one in model.dags], "notes": model.notes}


def dag_json(dag):
    return {
        "id": dag.id, "line": dag.line, "options": json_of({**defaults_of(dag), **dag.options}), "params": json_of(dag.params),
        "tasks": [task_json(one) for one in dag.tasks.values()], "groups": [group_json(one) for one in dag.groups.values()],
        "edges": unique([[end_json(before), end_json(after)] for before, after in dag.edges if before.dag is after.dag]),
    }


def defaults_of(owner):
    found = owner.options.get("default_args")
    return found if isinstance(found, dict) else {}


def with_defaults(task):
    """Of the DAG, of its groups from the outer to the inner, its own."""
    found = dict(task.options)
    owner = task.group
    while owner is not None:
        found = {**defaults_of(owner), **found}
        owner = owner.parent
    return {**defaults_of(task.dag), **found}


def unique(edges):
    seen = set()
    return [one for one in edges if not (key := json.dumps(one)) in seen and not seen.add(key)]


def end_json(end):
    return {"group": end.id} if isinstance(end, Group) else {"task": end.id}


def task_json(task):
    options = with_defaults(task)
    function = task.function or options.pop("python_callable", None) or task.method
    mapped = task.mapped
    return {
        "id": task.id, "line": task.line, "operator": task.operator, "group": None if task.group is None else task.group.id,
        "options": json_of(options), "callable": described(function), "arguments": json_of(task.arguments), "named": json_of(task.named),
        "mapped": None if mapped is None else {"named": json_of(mapped["named"]), "list": json_of(mapped["list"]) if "list" in mapped else None},
        "setup": task.setup, "teardown": task.teardown, "failsRun": task.fails_run,
    }


def group_json(group):
    mapped = group.mapped
    return {
        "id": group.id, "line": group.line, "group": None if group.parent is None else group.parent.id, "options": json_of(group.options),
        "mapped": None if mapped is None else {"named": json_of(mapped["named"]), "list": json_of(mapped.get("list")), **({"takes": mapped["takes"]} if "takes" in mapped else {})},
    }


def json_of(value, depth=0):
    """Plain values as they are, the others as `{"$": kind, ...}`."""
    if depth > 60:
        return {"$": "unknown", "text": "nested too deep"}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else {"$": "unknown", "text": str(value)}
    if isinstance(value, (list, tuple, range)):
        return [json_of(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {str(name): json_of(member, depth + 1) for name, member in value.items()}
    if isinstance(value, XCom):
        return {"$": "xcom", "task": value.task.id, "key": value.key, "path": list(value.path)}
    if isinstance(value, Task):
        return {"$": "task", "task": value.id}
    if isinstance(value, Parameter):
        return {"$": "param", "name": value.name}
    if isinstance(value, Item):
        return {"$": "item", "group": value.group.id, "name": value.name}
    if isinstance(value, Duration):
        return {"$": "duration", "seconds": value.seconds}
    if isinstance(value, Moment):
        return {"$": "moment", "iso": value.iso, "zone": value.zone}
    if isinstance(value, Thing):
        return {"$": "thing", "kind": value.kind, "arguments": json_of(value.arguments, depth + 1), "options": json_of(value.options, depth + 1), "line": value.line}
    if isinstance(value, Symbol):
        return {"$": "symbol", "path": value.path}
    if isinstance(value, Function):
        return {"$": "function", "name": value.name}
    if isinstance(value, (Dag, Group)):
        return {"$": "unknown", "text": value.id}
    if isinstance(value, Unknown):
        return {"$": "unknown", "text": value.text}
    if isinstance(value, bytes):
        return {"$": "unknown", "text": repr(value)[:300]}
    return {"$": "unknown", "text": type(value).__name__.lower()}


if __name__ == "__main__":
    sys.setrecursionlimit(3_000)
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        print(json.dumps(read(file.read(), path)))
