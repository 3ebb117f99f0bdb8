"""What the names of a DAG file stand for, as far as its text says. Nothing of the file is run."""


class Unknown:
    """What the text alone does not say: kept as it is written."""

    def __init__(self, text, line=0):
        self.text = text
        self.line = line


class Symbol:
    """Something imported, by its dotted name. `made`: of an operator of the file, its class."""

    def __init__(self, path, made=None):
        self.path = path
        self.made = made

    @property
    def name(self):
        return self.path.rsplit(".", 1)[-1]


class Function:
    """A function of the file. `decorators`: those of Airflow, innermost first."""

    def __init__(self, node, scope, decorators=()):
        self.node = node
        self.scope = scope
        self.decorators = list(decorators)
        self.name = getattr(node, "name", "<lambda>")

    def decorator(self, *kinds):
        return next((one for one in self.decorators if one.kind in kinds or one.kind.split(".")[0] in kinds), None)


class Class:
    """`methods`: its functions, by name; those of a class of the file below it count too."""

    def __init__(self, name, bases, methods):
        self.name = name
        self.bases = bases
        self.methods = methods

    def method(self, *names):
        found = next((self.methods[name] for name in names if name in self.methods), None)
        return found or next((one for base in self.bases if isinstance(base, Class) for one in [base.method(*names)] if one), None)


class Decorator:
    """`@task`, `@task.branch(retries=2)`, `@dag(...)`, `@task_group`, `@setup`, `@teardown`, `@asset`."""

    def __init__(self, kind, options):
        self.kind = kind
        self.options = options


class Partial:
    """`Operator.partial(...)`, `function.partial(...)`, `function.override(...)`: what is to be made a task, and options so far."""

    def __init__(self, made, arguments, options):
        self.made = made
        self.arguments = arguments
        self.options = options


class Duration:
    def __init__(self, seconds):
        self.seconds = seconds


class Moment:
    def __init__(self, iso, zone=None):
        self.iso = iso
        self.zone = zone


class Thing:
    """A call of a known name whose arguments are all that matters: an asset, a parameter, a timetable."""

    def __init__(self, kind, arguments, options, line):
        self.kind = kind
        self.arguments = arguments
        self.options = options
        self.line = line


class Label:
    def __init__(self, text):
        self.text = text


class Edge:
    """`a >> Label("x")`: waits for what follows. `down`: it will point to it."""

    def __init__(self, ends, down):
        self.ends = ends
        self.down = down


class XCom:
    """What a task gave, or a part of it. `key`: one that it pushed under a name."""

    def __init__(self, task, key=None, path=()):
        self.task = task
        self.key = key
        self.path = tuple(path)


class Parameter:
    """A parameter of a run: `dag.params["x"]`, or an argument of a function with `@dag`."""

    def __init__(self, name):
        self.name = name


class Item:
    """In a mapped group: its argument of this name."""

    def __init__(self, group, name):
        self.group = group
        self.name = name


class Task:
    def __init__(self, id, operator, line, dag, group, options, function=None, arguments=(), named=None):
        self.id = id
        self.operator = operator
        self.line = line
        self.dag = dag
        self.group = group
        self.options = options
        self.function = function
        self.arguments = list(arguments)
        self.named = dict(named or {})
        self.mapped = None
        self.method = None  # of an operator of the file: what it does
        self.setup = self.teardown = self.fails_run = False
        self.setups = []


class Group:
    def __init__(self, id, line, dag, parent, prefix, options):
        self.id = id
        self.line = line
        self.dag = dag
        self.parent = parent
        self.prefix = prefix
        self.options = options
        self.mapped = None
        self.tooltip = None

    @property
    def full_prefix(self):
        return self.prefix


class Dag:
    def __init__(self, id, line, options):
        self.id = id
        self.line = line
        self.options = options
        self.tasks = {}
        self.groups = {}
        self.edges = []  # (before, after): tasks and groups
        self.params = {}
