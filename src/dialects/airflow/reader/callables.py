"""What a Python callable takes and asks for, out of its text."""

import ast

from values import Function, Symbol

CONTEXT = {
    "ds", "ds_nodash", "ts", "ts_nodash", "logical_date", "execution_date", "data_interval_start", "data_interval_end", "params", "ti", "task_instance", "dag_run",
    "run_id", "dag", "task", "conf", "macros", "var", "conn", "inlets", "outlets", "prev_ds", "next_ds", "inlet_events", "outlet_events", "triggering_asset_events",
    "triggering_dataset_events", "prev_start_date_success", "test_mode", "templates_dict", "map_index_template", "expanded_ti_count", "task_instance_key_str",
}


def described(function):
    """`name`, `takes` (names of its parameters), `pulls` (tasks whose results it asks for by name), `pushes` (it stores results under names), `needs` (of Airflow
    itself), `context` (it asks for some of it)."""
    if isinstance(function, Symbol):
        return {"name": function.path, "imported": True, "takes": [], "pulls": [], "pushes": False, "needs": [], "context": True}
    if not isinstance(function, Function):
        return None
    spec = function.node.args
    takes = [one.arg for one in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]]
    pulls, needs, pushes, context = [], set(), False, bool(spec.kwarg) or any(name in CONTEXT for name in takes)
    body = function.node.body if isinstance(function.node.body, list) else [function.node.body]
    for node in (one for statement in body for one in ast.walk(statement)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "xcom_pull":
                pulls.extend(pulled(node))
            elif name == "xcom_push":
                pushes = True
            elif name == "render_template":
                needs.add("the template engine")
            elif name in ("get_current_context", "get_parsing_context"):
                context = True
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if isinstance(node, ast.Name):
                known, value = function.scope.get(name)
                if known and isinstance(value, Symbol) and value.path.startswith("airflow.") and name not in EXCEPTIONS and name not in STOOD_IN and not value.path.startswith("airflow.exceptions"):
                    needs.add(value.path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "airflow" and not (node.module or "").endswith("exceptions"):
            needs.update(f"{node.module}.{one.name}" for one in node.names if one.name not in STOOD_IN)
    return {
        "name": function.name, "imported": False, "takes": takes, "pulls": pulls, "pushes": pushes, "needs": sorted(one for one in needs if one.rsplit(".", 1)[-1] not in HARMLESS), 
        "context": context,
    }


EXCEPTIONS = {"AirflowException", "AirflowSkipException", "AirflowFailException"}
# What the worker has in place of Airflow's, where the file imports it.
STOOD_IN = {"Variable", "BaseHook", "WeekDay", "Asset", "Dataset", "AssetAlias", "DatasetAlias", "Metadata", "NEVER_EXPIRE"}
HARMLESS = {"ParamsDict", "PokeReturnValue", "get_current_context", "Label", "task", "Context", "TaskInstance", "DagRun", "AirflowException", "AirflowSkipException", "AirflowFailException"}


def pulled(node):
    """`[{task, key}]` of a call of `xcom_pull`; a task of None: not known from the text."""
    named = {one.arg: one.value for one in node.keywords}
    tasks = named.get("task_ids", node.args[0] if node.args else None)
    key = named.get("key", node.args[2] if len(node.args) > 2 else None)
    name = key.value if isinstance(key, ast.Constant) else None if key is None else "?"
    if isinstance(tasks, ast.Constant) and isinstance(tasks.value, str):
        return [{"task": tasks.value, "key": name}]
    if isinstance(tasks, (ast.List, ast.Tuple)) and all(isinstance(one, ast.Constant) for one in tasks.elts):
        return [{"task": one.value, "key": name} for one in tasks.elts]
    return [{"task": None, "key": name}]
