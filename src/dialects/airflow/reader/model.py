"""What Airflow's names do, as far as a DAG's form goes: DAGs, tasks, groups, edges, mapping."""

import ast
import inspect
import textwrap

from names import ASSETS, DAG_NAMES, TASK_DECORATORS, THINGS, duration_of, is_operator, moment_of, time_of
from values import (
    Class, Dag, Decorator, Duration, Edge, Function, Group, Item, Label, Moment, Parameter, Partial, Symbol, Task, Thing, Unknown, XCom,
)

TASKS_MAX = 20_000


class Found:
    def __init__(self, value=None):
        self.value = value


class Model:
    def __init__(self):
        self.dags = []
        self.notes = []
        self.open = []  # DAGs, groups, setups and teardowns that are entered
        self.never_called = {}
        self.reader = None
        self.tasks = 0

    def note(self, at, code, what, hint, task=None):
        line = at if isinstance(at, int) else getattr(at, "lineno", 0)
        said = {"line": line, "code": code, "what": what, "hint": hint, "task": task}
        if said not in self.notes:
            self.notes.append(said)

    def count(self):
        return self.tasks

    # Where we are.

    def dag(self):
        return next((one for one in reversed(self.open) if isinstance(one, Dag)), None)

    def group(self):
        for one in reversed(self.open):
            if isinstance(one, Group):
                return one
            if isinstance(one, Dag):
                return None
        return None

    def enter(self, context):
        if isinstance(context, XCom):
            context = context.task
        if isinstance(context, Partial) and isinstance(context.made, Function):
            context = Unknown("")
        if isinstance(context, list):
            context = tuple(one.task if isinstance(one, XCom) else one for one in context)
        self.open.append(context)
        return context

    def leave(self, context):
        self.open.pop()

    def assign(self, of, name, value):
        if isinstance(of, Dag) and name == "doc_md":
            return
        if isinstance(of, Task) and name in ("trigger_rule", "priority_weight", "queue", "pool", "retries"):
            of.options[name] = value

    # Decorators and definitions.

    def decorator(self, value):
        if isinstance(value, Symbol):
            kind = self.kind_of_decorator(value)
            return None if kind is None else Decorator(kind, {})
        return value if isinstance(value, Decorator) else None

    def kind_of_decorator(self, symbol):
        path = symbol.path
        for root in ("task_group", "task", "dag", "setup", "teardown", "asset"):
            marks = path.split(".")
            if root in marks and (path.startswith("airflow.") or marks[0] == root):
                kind = ".".join(marks[marks.index(root) :])
                return kind if kind in TASK_DECORATORS or kind in ("task_group", "dag", "setup", "teardown", "asset", "asset.multi") else None
        return None

    def defined(self, function):
        dag = function.decorator("dag")
        if dag is not None:
            self.never_called[id(function)] = function
        asset = function.decorator("asset")
        if asset is not None:
            return self.asset_dag(function, asset)
        return function

    def asset_dag(self, function, decorator):
        """`@asset(schedule=...)`: a DAG of one task that makes it."""
        name = decorator.options.pop("name", function.name)
        uri = decorator.options.pop("uri", None)
        made = Thing("Asset", [name], {} if uri is None else {"uri": uri}, function.node.lineno)
        dag = self.new_dag(name, function.node.lineno, {**decorator.options, "outlets": None})
        dag.options.pop("outlets")
        self.open.append(dag)
        self.new_task(name, "task.python", function.node, {"outlets": [made]}, function)
        self.open.pop()
        return made

    def new_dag(self, id, line, options):
        dag = Dag(id, line, options)
        params = options.get("params")
        if isinstance(params, dict):
            dag.params = params
        self.dags.append(dag)
        return dag

    def new_task(self, id, operator, node, options, function=None, arguments=(), named=None, made=None):
        self.tasks += 1
        if self.tasks > TASKS_MAX:
            from evaluate import TooMuch

            raise TooMuch(f"more than {TASKS_MAX} tasks")
        dag = options.pop("dag", None) or self.dag()
        if not isinstance(dag, Dag):
            self.note(node, "no-dag", f"task {id!r} is in no DAG that the text names", "put it below `with DAG(...)`")
            dag = self.new_dag("unnamed", node.lineno, {})
        group = options.pop("task_group", None)
        group = group if isinstance(group, Group) else self.group() if self.dag() in (dag, None) else None
        if not isinstance(id, str):
            shown = id.text if isinstance(id, Unknown) else str(id)
            self.note(node, "task-id", f"the id of a task is not known from the text: `{shown}`", "name it in the file that was written")
            id = f"line_{node.lineno}"
        name = f"{group.prefix}.{id}" if group is not None and group.prefix else id
        known, n = name, 1
        while name in dag.tasks:
            if operator.startswith("task") or function is not None:
                name = f"{known}__{n}"
            else:
                self.note(node, "duplicate-task", f"two tasks are called {known!r}", "Airflow refuses that too: give one another id")
                name = f"{known}__{n}"
            n += 1
        task = Task(name, operator, node.lineno, dag, group, options, function, arguments, named)
        dag.tasks[name] = task
        task.method = None if made is None else made.method("execute", "poke", "choose_branch")
        for value in [*task.arguments, *task.named.values(), *options.values()]:
            for before in tasks_in(value):
                self.link(before, task)
        self.within(task)
        return task

    def within(self, task):
        """Below `with teardown_task:` every task comes after its setups and before it."""
        for context in self.open:
            for one in context if isinstance(context, tuple) else (context,):
                if not isinstance(one, Task) or one is task:
                    continue
                if one.teardown:
                    self.link(task, one)
                    for before in [*one.setups, *(edge[0] for edge in one.dag.edges if edge[1] is one and getattr(edge[0], "setup", False))]:
                        if before is not task:
                            self.link(before, task)
                else:
                    self.link(one, task)

    def link(self, before, after):
        if before is after or (before, after) in before.dag.edges[-200:]:
            return
        before.dag.edges.append((before, after))

    # Operators between tasks.

    def binary(self, left, op, right, node):
        if op in (ast.RShift, ast.LShift):
            before, after = (left, right) if op is ast.RShift else (right, left)
            if isinstance(right, Label):
                return Edge(left, op is ast.RShift)
            if isinstance(left, Edge):
                before, after = (left.ends, right) if left.down else (right, left.ends)
            if isinstance(left, Label):
                return Edge(right, op is not ast.RShift)
            self.connect(before, after, node)
            return right
        if isinstance(left, Thing) and isinstance(right, Thing) and op in (ast.BitOr, ast.BitAnd):
            return Thing("any" if op is ast.BitOr else "all", [left, right], {}, node.lineno)
        if isinstance(left, Duration) and isinstance(right, Duration) and op in (ast.Add, ast.Sub):
            return Duration(left.seconds + (right.seconds if op is ast.Add else -right.seconds))
        if isinstance(left, Duration) and isinstance(right, (int, float)) and op is ast.Mult:
            return Duration(left.seconds * right)
        return None

    def connect(self, before, after, node):
        for first in ends(before):
            for second in ends(after):
                self.link(first, second)
        for one in (before, after):
            if isinstance(one, Unknown):
                self.note(node, "edge", f"what `{one.text}` stands for is not known from the text: an edge is missing", "add it to `after`")

    def negative(self, value):
        return Duration(-value.seconds) if isinstance(value, Duration) else None

    # Members.

    def in_text(self, value):
        if isinstance(value, XCom):
            return "{{ %s }}" % f"ti.xcom_pull(task_ids='{value.task.id}')" if value.key is None and not value.path else None
        if isinstance(value, Parameter):
            return "{{ params.%s }}" % value.name
        return str(value.iso) if isinstance(value, Moment) else None

    def part(self, whole, key):
        if isinstance(whole, XCom) and isinstance(key, (str, int)):
            return XCom(whole.task, whole.key, (*whole.path, key))
        if isinstance(whole, Params):
            return Parameter(key) if isinstance(key, str) else None
        return None

    def member(self, symbol):
        if ".TriggerRule." in f".{symbol.path}" or ".WeightRule." in f".{symbol.path}":
            return symbol.name.lower()
        if ".WeekDay." in f".{symbol.path}":
            return symbol.name.capitalize()
        return symbol

    def attribute(self, value, name):
        if isinstance(value, Task):
            if name == "output":
                return XCom(value)
            if name == "task_id":
                return value.id
            if name == "dag":
                return value.dag
        if isinstance(value, XCom) and name == "operator":
            return value.task
        if isinstance(value, Dag):
            if name == "params":
                return Params()
            if name == "dag_id":
                return value.id
        if isinstance(value, Thing) and value.kind == "Path" and name in ("stem", "name"):
            file = value.arguments[0].rsplit("/", 1)[-1]
            return file if name == "name" else file.rsplit(".", 1)[0]
        if isinstance(value, Group) and name == "group_id":
            return value.id
        if isinstance(value, Function) and name in ("function", "__wrapped__"):
            return value
        if isinstance(value, Function) and name == "__name__":
            return value.name
        return None

    # Calls.

    def call(self, function, arguments, options, node):
        from evaluate import Method

        if isinstance(function, Symbol):
            return self.call_symbol(function, arguments, options, node)
        if isinstance(function, Class):
            return self.call_class(function, arguments, options, node)
        if isinstance(function, Decorator):
            return Found(self.decorate(function, arguments[0], node)) if arguments and isinstance(arguments[0], Function) else None
        if isinstance(function, Partial) and isinstance(function.made, Function):
            return self.call_partial(function, arguments, options, node)
        if isinstance(function, Function) and function.decorators:
            return self.call_function(function, arguments, options, node)
        if isinstance(function, Method):
            return self.call_method(function.of, function.name, arguments, options, node)
        return None

    def decorate(self, decorator, function, node):
        made = Function(function.node, function.scope, [*function.decorators, decorator])
        return self.defined(made)

    def call_class(self, made, arguments, options, node):
        if self.is_operator_class(made):
            id = options.pop("task_id", arguments[0] if arguments else Unknown(made.name))
            return Found(self.new_task(id, f"class {made.name}", node, options, made=made))
        return None

    def is_operator_class(self, made):
        base = next((one for one in made.bases if isinstance(one, (Symbol, Class))), None)
        while isinstance(base, Class):
            base = next((one for one in base.bases if isinstance(one, (Symbol, Class))), None)
        return isinstance(base, Symbol) and (is_operator(base) or base.name in ("BaseOperator", "BaseSensorOperator", "BaseBranchOperator", "BaseAsyncOperator"))

    def call_symbol(self, symbol, arguments, options, node):
        name = symbol.name
        decorator = self.kind_of_decorator(symbol)
        if decorator is not None:
            made = Decorator(decorator, options)
            if arguments and isinstance(arguments[0], Function):
                return Found(self.decorate(made, arguments[0], node))
            if decorator == "dag" and arguments:
                made.options["dag_id"] = arguments[0]
            if decorator == "task_group" and arguments:
                made.options["group_id"] = arguments[0]
            return Found(made)
        if name in DAG_NAMES:
            id = options.pop("dag_id", arguments[0] if arguments else None)
            if not isinstance(id, str):
                self.note(node, "dag-id", "the id of a DAG is not known from the text", "name it in the file that was written")
                id = f"dag_line_{node.lineno}"
            return Found(self.new_dag(id, node.lineno, options))
        if name == "TaskGroup":
            return Found(self.new_group(options.pop("group_id", arguments[0] if arguments else None), node, options))
        if name == "Label":
            return Found(Label(arguments[0] if arguments and isinstance(arguments[0], str) else ""))
        if name in ("chain", "chain_linear"):
            self.chain(arguments, node, linear=name == "chain_linear")
            return Found()
        if name == "cross_downstream":
            pair = [*arguments, *options.values()]
            if len(pair) == 2:
                for first in pair[0] if isinstance(pair[0], (list, tuple)) else [pair[0]]:
                    self.connect(first, pair[1], node)
            return Found()
        if name == "partial" and is_operator(Symbol(symbol.path[: -len(".partial")])):
            return Found(Partial(Symbol(symbol.path[: -len(".partial")]), [], options))
        if is_operator(symbol):
            return Found(self.new_task(options.pop("task_id", arguments[0] if arguments else None), name, node, options))
        duration = duration_of(symbol, arguments, options)
        if duration is not None:
            return Found(duration)
        moment = moment_of(symbol, arguments, options)
        if moment is not None:
            return Found(moment)
        if name in THINGS or name in ASSETS or symbol.path.endswith(".Asset.ref"):
            return Found(Thing(name if name in THINGS else "Asset", arguments, options, node.lineno))
        if name == "is_venv_installed":
            return Found(True)
        time = time_of(symbol, arguments, options)
        if time is not None:
            return Found(time)
        if name == "getenv" or symbol.path == "os.environ.get" or (name == "get" and symbol.path.endswith("Variable.get")):
            return self.outside(symbol, arguments, options, node)
        if symbol.path == "pathlib.Path" and len(arguments) == 1 and isinstance(arguments[0], str):
            return Found(Thing("Path", arguments, {}, node.lineno))
        if symbol.path in ("textwrap.dedent", "inspect.cleandoc") and len(arguments) == 1 and isinstance(arguments[0], str):
            return Found((textwrap.dedent if symbol.name == "dedent" else inspect.cleandoc)(arguments[0]))
        if name == "XComArg" and arguments and isinstance(arguments[0], (Task, XCom)):
            task = arguments[0].task if isinstance(arguments[0], XCom) else arguments[0]
            key = options.get("key", arguments[1] if len(arguments) > 1 else None)
            return Found(XCom(task, None if key == "return_value" else key))
        if symbol.path == "builtins.str" and len(arguments) == 1 and isinstance(arguments[0], (XCom, Moment)):
            return Found(arguments[0])
        if symbol.path == "os.path.basename" and len(arguments) == 1 and isinstance(arguments[0], str):
            return Found(arguments[0].rsplit("/", 1)[-1])
        if symbol.path == "functools.partial" and arguments and isinstance(arguments[0], Function):
            return Found(arguments[0])
        return None

    def outside(self, symbol, arguments, options, node):
        default = options.get("default_var", options.get("default", arguments[1] if len(arguments) > 1 else None))
        if default is None:
            return None
        self.note(node, "environment", f"`{symbol.path}` is not asked: its default is taken", "set what it is in the file that was written")
        return Found(default)

    def new_group(self, id, node, options):
        dag = options.pop("dag", None) or self.dag()
        parent = options.pop("parent_group", None) or self.group()
        if not isinstance(id, str) or not isinstance(dag, Dag):
            self.note(node, "task-group", "a task group without an id or a DAG that the text names", "put its tasks where they belong")
            return Unknown("TaskGroup")
        prefix = f"{parent.prefix}.{id}" if isinstance(parent, Group) and parent.prefix else id
        known, n = prefix, 1
        while prefix in dag.groups:
            prefix, n = f"{known}__{n}", n + 1
        shown = prefix if options.get("prefix_group_id", True) is not False else (parent.prefix if isinstance(parent, Group) else "")
        group = Group(prefix, node.lineno, dag, parent if isinstance(parent, Group) else None, shown, options)
        dag.groups[prefix] = group
        return group

    def call_function(self, function, arguments, options, node, extra=None, mapped=None):
        extra = dict(extra or {})
        dag = function.decorator("dag")
        if dag is not None:
            return Found(self.run_dag(function, dag, arguments, options, node))
        group = function.decorator("task_group")
        if group is not None:
            return Found(self.run_group(function, group, arguments, options, node, extra, mapped))
        task = function.decorator("task")
        marks = {one.kind for one in function.decorators}
        if task is None and not marks & {"setup", "teardown"}:
            return None
        own = {**(task.options if task is not None else {}), **extra}
        teardown = next((one for one in function.decorators if one.kind == "teardown"), None)
        made = self.new_task(
            own.pop("task_id", function.name), task.kind if task is not None and task.kind != "task" else "task.python", node, own, function, arguments, options,
        )
        made.setup = "setup" in marks
        made.teardown = teardown is not None
        made.fails_run = teardown is not None and teardown.options.get("on_failure_fail_dagrun") is True
        if made.teardown:
            for value in [*arguments, *options.values()]:
                made.setups.extend(one for one in tasks_in(value) if one.setup)
        made.mapped = mapped
        return Found(XCom(made))

    def run_dag(self, function, decorator, arguments, options, node):
        self.never_called.pop(id(function), None)
        own = dict(decorator.options)
        id_ = own.pop("dag_id", function.name)
        dag = self.new_dag(id_ if isinstance(id_, str) else function.name, function.node.lineno, own)
        spec = function.node.args
        names = [one.arg for one in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]]
        defaults = dict(zip(names[len(spec.posonlyargs) + len(spec.args) - len(spec.defaults) :], spec.defaults))
        for name in names:
            if name in defaults and name not in dag.params:
                dag.params = {**dag.params, name: self.reader.value(defaults[name], function.scope)}
            elif name not in dag.params:
                dag.params = {**dag.params, name: None}
        self.open.append(dag)
        try:
            self.reader.inline(function, [], {name: Parameter(name) for name in names}, node)
        finally:
            self.open.pop()
        return dag

    def run_group(self, function, decorator, arguments, options, node, extra, mapped):
        own = {**decorator.options, **extra}
        group = self.new_group(own.pop("group_id", function.name), node, own)
        if not isinstance(group, Group):
            return group
        group.mapped = mapped
        if mapped is not None:
            names = mapped.get("named", {})
            if mapped.get("list") is not None:
                spec = function.node.args
                takes = [one.arg for one in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]]
                names = [name for name in takes[len(arguments) :] if name not in options]
                group.mapped = {**mapped, "takes": names}
            options = {**options, **{name: Item(group, name) for name in names}}
        self.open.append(group)
        try:
            returned = self.reader.inline(function, arguments, options, node)
        finally:
            self.open.pop()
        if mapped is not None:
            for value in [*mapped.get("named", {}).values(), mapped.get("list")]:
                for before in tasks_in(value):
                    self.link(before, group)
        return group if returned is None else returned

    # Methods of tasks and of what becomes one.

    def call_method(self, of, name, arguments, options, node):
        if name in ("set_upstream", "set_downstream"):
            self.connect(*((arguments[0], of) if name == "set_upstream" else (of, arguments[0])), node) if arguments else None
            return Found()
        if isinstance(of, Function) and of.decorators:
            of = Partial(of, [], {})
            return self.call_method_partial(of, name, arguments, options, node)
        if isinstance(of, Class) and name in ("partial", "expand", "expand_kwargs") and self.is_operator_class(of):
            of = Partial(Symbol(f"class {of.name}", of), [], {})
        if isinstance(of, Partial):
            return self.call_method_partial(of, name, arguments, options, node)
        task = of.task if isinstance(of, XCom) else of
        if isinstance(task, Task) and name in ("as_setup", "as_teardown"):
            return Found(self.mark(of, task, name, arguments, options))
        if isinstance(of, Dag) and name in ("test", "cli", "add_task", "set_dependency"):
            if name == "set_dependency" and len(arguments) == 2:
                ids = [of.tasks.get(one) for one in arguments if isinstance(one, str)]
                if len(ids) == 2 and all(ids):
                    self.link(*ids)
            return Found()
        if isinstance(of, XCom) and name in ("map", "zip", "concat"):
            self.note(node, "xcom-" + name, f"`.{name}(...)` over what a task gives is not translated", "do it in the task itself, or in one between", task.id)
            return Found(of)
        if isinstance(of, Group) and name == "add":
            return Found()
        return None

    def call_method_partial(self, of, name, arguments, options, node):
        function = isinstance(of.made, Function)
        if name == "override" and function:
            return Found(Partial(of.made, of.arguments, {**of.options, "$override": {**of.options.get("$override", {}), **options}}))
        if name == "partial":
            return Found(Partial(of.made, [*of.arguments, *arguments], {**of.options, **options}))
        if name in ("expand", "expand_kwargs"):
            mapped = {"named": options} if name == "expand" else {"list": arguments[0] if arguments else None, "named": {}}
            return self.expand(of, mapped, node)
        return None

    def call_partial(self, of, arguments, options, node):
        override = of.options.get("$override", {})
        named = {key: value for key, value in of.options.items() if key != "$override"}
        return self.call_function(of.made, [*of.arguments, *arguments], {**named, **options}, node, override)

    def expand(self, of, mapped, node):
        override = of.options.get("$override", {})
        named = {key: value for key, value in of.options.items() if key != "$override"}
        if isinstance(of.made, Function):
            found = self.call_function(of.made, of.arguments, named, node, override, mapped)
            task = found.value.task if found is not None and isinstance(found.value, XCom) else None
        else:
            task = self.new_task(named.pop("task_id", None), of.made.name, node, named, made=of.made.made)
            task.mapped = mapped
            found = Found(task)
        if task is not None and task.mapped is mapped:
            for value in [*mapped["named"].values(), mapped.get("list")]:
                for before in tasks_in(value):
                    self.link(before, task)
        return found

    def mark(self, of, task, name, arguments, options):
        if name == "as_setup":
            task.setup = True
            return of
        task.teardown = True
        task.fails_run = options.get("on_failure_fail_dagrun") is True
        setups = options.get("setups", arguments[0] if arguments else [])
        for one in ends(setups):
            if isinstance(one, Task):
                one.setup = True
                task.setups.append(one)
                self.link(one, task)
        return of

    def chain(self, arguments, node, linear):
        for before, after in zip(arguments, arguments[1:]):
            lists = isinstance(before, (list, tuple)) and isinstance(after, (list, tuple))
            if lists and not linear:
                if len(before) != len(after):
                    self.note(node, "chain", "`chain` over lists of different lengths", "Airflow refuses that too")
                for first, second in zip(before, after):
                    self.connect(first, second, node)
            else:
                self.connect(before, after, node)


class Params:
    """`dag.params`"""


def ends(value):
    """Tasks and groups that an edge to or from this value means."""
    if isinstance(value, (Task, Group)):
        return [value]
    if isinstance(value, XCom):
        return [value.task]
    if isinstance(value, Edge):
        return ends(value.ends)
    if isinstance(value, (list, tuple)):
        return [one for member in value for one in ends(member)]
    if isinstance(value, dict):
        return [one for member in value.values() for one in ends(member)]
    return []


def tasks_in(value):
    """Tasks whose results a value has somewhere inside."""
    if isinstance(value, XCom):
        return [value.task]
    if isinstance(value, (list, tuple)):
        return [one for member in value for one in tasks_in(member)]
    if isinstance(value, dict):
        return [one for member in value.values() for one in tasks_in(member)]
    if isinstance(value, Partial):
        return tasks_in(value.options)
    return []
