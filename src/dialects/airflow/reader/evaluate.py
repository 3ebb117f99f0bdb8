"""Reads what the statements of a DAG file say of its DAGs: assignments, loops over what is written there, calls of functions of the file. It knows values as far
as the text says them; all else is `Unknown`. It never imports or runs the file. Bounded in steps, tasks and depth."""

import ast
import operator

from values import Class, Function, Symbol, Unknown

STEPS_MAX = 2_000_000
LOOPS_MAX = 20_000
DEPTH_MAX = 40
TEXT_MAX = 1_000_000
#: Characters of the file's text in a note.
SHOWN_MAX = 120

ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}
COMPARISONS = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b, ast.Is: lambda a, b: a is b, ast.IsNot: lambda a, b: a is not b,
}
BUILTINS = {
    "range": range, "len": len, "str": str, "int": int, "float": float, "bool": bool, "list": list, "tuple": tuple, "dict": dict, "set": list, "sorted": sorted,
    "enumerate": lambda *a: list(enumerate(*a)), "zip": lambda *a: list(zip(*a)), "reversed": lambda a: list(a)[::-1], "min": min, "max": max, "sum": sum, "abs": abs,
}
METHODS = {
    str: {"format", "join", "replace", "upper", "lower", "strip", "lstrip", "rstrip", "split", "splitlines", "title", "capitalize", "startswith", "endswith", "zfill"},
    list: {"append", "extend", "index", "copy", "insert"},
    tuple: {"index"},
    dict: {"items", "keys", "values", "get", "update", "copy", "setdefault", "pop"},
}


class TooMuch(Exception):
    pass


class Returned(Exception):
    def __init__(self, value):
        self.value = value


class LoopEnded(Exception):
    def __init__(self, broke):
        self.broke = broke


class Scope:
    def __init__(self, outer=None):
        self.names = {}
        self.outer = outer

    def get(self, name):
        scope = self
        while scope is not None:
            if name in scope.names:
                return True, scope.names[name]
            scope = scope.outer
        return False, None


def is_plain(value):
    """Known to its last member."""
    if isinstance(value, (list, tuple, range)):
        return all(is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(is_plain(one) for one in value.keys()) and all(is_plain(one) for one in value.values())
    return value is None or isinstance(value, (str, int, float, bool, bytes))


class Reader:
    def __init__(self, source, model, file):
        self.source = source
        self.file = file
        self.model = model
        self.steps = 0
        self.depth = 0
        self.imports_sdk = False  # what Airflow 3 has and Airflow 2 has not

    def read(self, tree):
        scope = Scope()
        scope.names.update({"__name__": "dag_file", "__doc__": ast.get_docstring(tree), "__file__": self.file})
        self.block(tree.body, scope)
        return scope

    def unknown(self, node):
        return Unknown(self.text(node), getattr(node, "lineno", 0))

    def text(self, node):
        text = " ".join((ast.get_source_segment(self.source, node) or type(node).__name__).split())
        return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"

    # Statements.

    def block(self, body, scope):
        for node in body:
            self.statement(node, scope)

    def statement(self, node, scope):
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise TooMuch(f"more than {STEPS_MAX} steps to read")
        act = getattr(self, "do_" + type(node).__name__, None)
        if act is not None:
            act(node, scope)

    def do_Expr(self, node, scope):
        self.value(node.value, scope)

    def do_Assign(self, node, scope):
        value = self.value(node.value, scope)
        for target in node.targets:
            self.bind(target, value, scope)

    def do_AnnAssign(self, node, scope):
        if node.value is not None:
            self.bind(node.target, self.value(node.value, scope), scope)

    def do_AugAssign(self, node, scope):
        load = ast.copy_location(ast.Name(node.target.id, ast.Load()), node) if isinstance(node.target, ast.Name) else node.target
        value = self.binary(self.value(load, scope), type(node.op), self.value(node.value, scope), node)
        self.bind(node.target, value, scope)

    def do_Import(self, node, scope):
        for one in node.names:
            scope.names[one.asname or one.name.split(".")[0]] = Symbol(one.name if one.asname else one.name.split(".")[0])

    def do_ImportFrom(self, node, scope):
        self.imports_sdk = self.imports_sdk or (node.module or "").startswith("airflow.sdk")
        for one in node.names:
            scope.names[one.asname or one.name] = Symbol(f"{'.' * node.level}{node.module or ''}.{one.name}".lstrip("."))

    def do_FunctionDef(self, node, scope):
        decorators = []
        for one in reversed(node.decorator_list):
            found = self.model.decorator(self.value(one, scope))
            if found is not None:
                decorators.append(found)
        scope.names[node.name] = self.model.defined(Function(node, scope, decorators))

    do_AsyncFunctionDef = do_FunctionDef

    def do_ClassDef(self, node, scope):
        methods = {one.name: Function(one, scope) for one in node.body if isinstance(one, ast.FunctionDef)}
        scope.names[node.name] = Class(node.name, [self.value(one, scope) for one in node.bases], methods)

    def do_Return(self, node, scope):
        raise Returned(None if node.value is None else self.value(node.value, scope))

    def do_If(self, node, scope):
        test = self.truth(self.value(node.test, scope))
        if test is None:
            before = self.model.count()
            self.block(node.body, scope)
            self.block(node.orelse, scope)
            if self.model.count() > before:
                self.model.note(node, "condition", f"whether `{self.text(node.test)}` holds is not known from the text: both branches were read", "take out the tasks of the branch that is not meant")
        else:
            self.block(node.body if test else node.orelse, scope)

    def do_For(self, node, scope):
        items = self.items(self.value(node.iter, scope))
        if items is None:
            before = self.model.count()
            self.bind(node.target, self.unknown(node.target), scope)
            self.once(node.body, scope)
            if self.model.count() > before:
                self.model.note(node, "loop", f"what `{self.text(node.iter)}` has is not known from the text: the loop was read once", "write its tasks out, or map a task over a list")
            return
        if len(items) > LOOPS_MAX:
            raise TooMuch(f"a loop of {len(items)}")
        for item in items:
            self.bind(node.target, item, scope)
            if self.once(node.body, scope):
                return
        self.block(node.orelse, scope)

    def once(self, body, scope):
        try:
            self.block(body, scope)
        except LoopEnded as ended:
            return ended.broke
        return False

    def do_While(self, node, scope):
        before = self.model.count()
        self.once(node.body, scope)
        if self.model.count() > before:
            self.model.note(node, "loop", "a while loop was read once", "write its tasks out")

    def do_Break(self, node, scope):
        raise LoopEnded(True)

    def do_Continue(self, node, scope):
        raise LoopEnded(False)

    def do_Try(self, node, scope):
        self.block(node.body, scope)
        self.block(node.orelse, scope)
        self.block(node.finalbody, scope)

    def do_With(self, node, scope):
        entered = []
        for one in node.items:
            context = self.value(one.context_expr, scope)
            value = self.model.enter(context)
            entered.append(context)
            if one.optional_vars is not None:
                self.bind(one.optional_vars, value, scope)
        try:
            self.block(node.body, scope)
        finally:
            for context in reversed(entered):
                self.model.leave(context)

    def bind(self, target, value, scope):
        if isinstance(target, ast.Name):
            scope.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = self.items(value)
            for index, one in enumerate(target.elts):
                if isinstance(one, ast.Starred):
                    self.bind(one.value, self.unknown(one), scope)
                elif items is not None and index < len(items):
                    self.bind(one, items[index], scope)
                else:
                    self.bind(one, self.part(value, index, target), scope)
        elif isinstance(target, ast.Subscript):
            whole, key = self.value(target.value, scope), self.value(target.slice, scope)
            if isinstance(whole, dict) and is_plain(key):
                whole[key] = value
            elif isinstance(whole, list) and isinstance(key, int) and -len(whole) <= key < len(whole):
                whole[key] = value
        elif isinstance(target, ast.Attribute):
            self.model.assign(self.value(target.value, scope), target.attr, value)

    # Values.

    def value(self, node, scope):
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise TooMuch(f"more than {STEPS_MAX} steps to read")
        act = getattr(self, "of_" + type(node).__name__, None)
        return self.unknown(node) if act is None else act(node, scope)

    def of_Constant(self, node, scope):
        return node.value

    def of_Name(self, node, scope):
        known, value = scope.get(node.id)
        if known:
            return value
        return Symbol("builtins." + node.id) if node.id in BUILTINS or node.id == "print" else self.unknown(node)

    def of_List(self, node, scope):
        items = []
        for one in node.elts:
            if isinstance(one, ast.Starred):
                more = self.items(self.value(one.value, scope))
                items.extend([self.unknown(one)] if more is None else more)
            else:
                items.append(self.value(one, scope))
        return items

    of_Set = of_List

    def of_Tuple(self, node, scope):
        return tuple(self.of_List(node, scope))

    def of_Dict(self, node, scope):
        found = {}
        for key, value in zip(node.keys, node.values):
            said = self.value(value, scope)
            if key is None:
                found.update(said if isinstance(said, dict) else {})
            else:
                name = self.value(key, scope)
                found[name if is_plain(name) and not isinstance(name, (list, dict)) else self.text(key)] = said
        return found

    def of_JoinedStr(self, node, scope):
        text = ""
        for one in node.values:
            if isinstance(one, ast.Constant):
                text += one.value
                continue
            value = self.value(one.value, scope)
            spec = "" if one.format_spec is None else self.value(one.format_spec, scope)
            if is_plain(value) and isinstance(spec, str):
                try:
                    text += format(value, spec) if one.conversion == -1 else repr(value) if one.conversion == 114 else str(value)
                    continue
                except (ValueError, TypeError):
                    pass
            written = self.model.in_text(value)
            if written is None:
                return self.unknown(node)
            text += written
        return text

    def of_FormattedValue(self, node, scope):
        return self.value(node.value, scope)

    def of_IfExp(self, node, scope):
        test = self.truth(self.value(node.test, scope))
        return self.unknown(node) if test is None else self.value(node.body if test else node.orelse, scope)

    def of_BoolOp(self, node, scope):
        value = None
        for one in node.values:
            value = self.value(one, scope)
            test = self.truth(value)
            if test is None:
                return self.unknown(node)
            if test != isinstance(node.op, ast.And):
                return value
        return value

    def of_UnaryOp(self, node, scope):
        value = self.value(node.operand, scope)
        if isinstance(node.op, ast.Not):
            test = self.truth(value)
            return self.unknown(node) if test is None else not test
        if isinstance(value, (int, float)) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node.op, ast.USub):
            return self.model.negative(value) or self.unknown(node)
        return self.unknown(node)

    def of_Compare(self, node, scope):
        left, right = self.value(node.left, scope), self.value(node.comparators[0], scope)
        if len(node.ops) == 1 and is_plain(left) and is_plain(right):
            try:
                return COMPARISONS[type(node.ops[0])](left, right)
            except TypeError:
                pass
        return self.unknown(node)

    def of_BinOp(self, node, scope):
        return self.binary(self.value(node.left, scope), type(node.op), self.value(node.right, scope), node)

    def binary(self, left, op, right, node):
        found = self.model.binary(left, op, right, node)
        if found is not None:
            return found
        if op in ARITHMETIC and (is_plain(left) and is_plain(right) or isinstance(left, list) and isinstance(right, list) and op is ast.Add):
            if op is ast.Mult and any(isinstance(one, (str, list, tuple)) for one in (left, right)):
                size = max(len(one) if isinstance(one, (str, list, tuple)) else int(one or 0) for one in (left, right))
                if size > LOOPS_MAX:
                    return self.unknown(node)
            try:
                return ARITHMETIC[op](left, right)
            except (TypeError, ValueError, ArithmeticError):
                pass
        return self.unknown(node)

    def of_NamedExpr(self, node, scope):
        value = self.value(node.value, scope)
        self.bind(node.target, value, scope)
        return value

    def of_Lambda(self, node, scope):
        return Function(node, scope)

    def of_Await(self, node, scope):
        return self.unknown(node)

    def of_Subscript(self, node, scope):
        return self.part(self.value(node.value, scope), self.value(node.slice, scope), node)

    def part(self, whole, key, node):
        found = self.model.part(whole, key)
        if found is not None:
            return found
        try:
            if isinstance(whole, (list, tuple, dict, str)) and (is_plain(key) and not isinstance(key, (list, dict))):
                return whole[key]
        except (KeyError, IndexError, TypeError):
            pass
        return self.unknown(node)

    def of_Slice(self, node, scope):
        return self.unknown(node)

    def of_Attribute(self, node, scope):
        value = self.value(node.value, scope)
        if isinstance(value, Symbol):
            return self.model.member(Symbol(f"{value.path}.{node.attr}"))
        found = self.model.attribute(value, node.attr)
        return Method(value, node.attr, self.unknown(node)) if found is None else found

    def of_ListComp(self, node, scope):
        found = []
        complete = self.generated(node.generators, Scope(scope), lambda inner: found.append(self.value(node.elt, inner)))
        if complete:
            return found
        before = self.model.count()
        inner = Scope(scope)
        for one in node.generators:
            self.bind(one.target, self.unknown(one.target), inner)
        found = [self.value(node.elt, inner)]
        if self.model.count() > before:
            self.model.note(node, "loop", f"what `{self.text(node.generators[0].iter)}` has is not known from the text: it was read once", "write its tasks out, or map a task over a list")
            return found
        return self.unknown(node)

    of_SetComp = of_ListComp
    of_GeneratorExp = of_ListComp

    def of_DictComp(self, node, scope):
        found = {}

        def take(inner):
            key = self.value(node.key, inner)
            found[key if is_plain(key) else self.text(node.key)] = self.value(node.value, inner)

        return found if self.generated(node.generators, Scope(scope), take) else self.unknown(node)

    def generated(self, generators, scope, take):
        if not generators:
            take(scope)
            return True
        first, rest = generators[0], generators[1:]
        items = self.items(self.value(first.iter, scope))
        if items is None:
            return False
        for item in items:
            self.bind(first.target, item, scope)
            tests = [self.truth(self.value(one, scope)) for one in first.ifs]
            if None in tests:
                return False
            if all(tests) and not self.generated(rest, scope, take):
                return False
        return True

    def of_Call(self, node, scope):
        function = self.value(node.func, scope)
        arguments, options = [], {}
        for one in node.args:
            if isinstance(one, ast.Starred):
                more = self.items(self.value(one.value, scope))
                arguments.extend([self.unknown(one)] if more is None else more)
            else:
                arguments.append(self.value(one, scope))
        for one in node.keywords:
            value = self.value(one.value, scope)
            if one.arg is not None:
                options[one.arg] = value
            elif isinstance(value, dict):
                options.update({str(name): member for name, member in value.items()})
            else:
                options["**"] = value
        found = self.model.call(function, arguments, options, node)
        if found is not None:
            return found.value
        return self.call(function, arguments, options, node)

    def call(self, function, arguments, options, node):
        if isinstance(function, Symbol) and function.path.startswith("builtins.") and function.name in BUILTINS:
            if function.name == "dict" or all(is_plain(one) or isinstance(one, (list, tuple, dict)) for one in [*arguments, *options.values()]):
                try:
                    found = BUILTINS[function.name](*arguments, **options)
                    if isinstance(found, range):
                        return list(found) if len(found) <= LOOPS_MAX else self.unknown(node)
                    return found
                except Exception:  # what the file would raise is not known either
                    pass
            return self.unknown(node)
        if isinstance(function, Method):
            return self.method(function, arguments, options, node)
        if isinstance(function, Function):
            return self.inline(function, arguments, options, node)
        return self.unknown(node)

    def method(self, method, arguments, options, node):
        allowed = METHODS.get(type(method.of), ())
        plain = is_plain(arguments) and is_plain(options)
        if method.name in allowed and (plain or not isinstance(method.of, str)):
            try:
                found = getattr(method.of, method.name)(*arguments, **options)
                if isinstance(found, str) and len(found) > TEXT_MAX:
                    return self.unknown(node)
                return list(found) if type(found).__name__.startswith("dict_") else found
            except Exception:
                pass
        return self.unknown(node)

    def inline(self, function, arguments, options, node):
        """A function of the file, read with these arguments."""
        if self.depth >= DEPTH_MAX:
            return self.unknown(node)
        scope = Scope(function.scope)
        spec = function.node.args
        names = [one.arg for one in [*spec.posonlyargs, *spec.args]]
        defaults = dict(zip(names[len(names) - len(spec.defaults) :], spec.defaults))
        defaults.update({one.arg: value for one, value in zip(spec.kwonlyargs, spec.kw_defaults) if value is not None})
        for index, name in enumerate(names):
            if index < len(arguments):
                scope.names[name] = arguments[index]
        for name in [*names, *(one.arg for one in spec.kwonlyargs)]:
            if name in scope.names:
                continue
            if name in options:
                scope.names[name] = options[name]
            else:
                scope.names[name] = self.value(defaults[name], function.scope) if name in defaults else Unknown(name)
        if spec.vararg:
            scope.names[spec.vararg.arg] = list(arguments[len(names) :])
        if spec.kwarg:
            scope.names[spec.kwarg.arg] = {name: value for name, value in options.items() if name not in scope.names}
        if isinstance(function.node, ast.Lambda):
            return self.value(function.node.body, scope)
        self.depth += 1
        try:
            self.block(function.node.body, scope)
        except Returned as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None

    def items(self, value):
        if isinstance(value, (list, tuple)):
            return list(value)
        if isinstance(value, (dict, str)):
            return list(value)
        return None

    def truth(self, value):
        """None: not known."""
        if is_plain(value):
            return bool(value)
        if isinstance(value, (list, tuple, dict)):
            return bool(value)
        return None


class Method(Unknown):
    """A member of a value, to be called."""

    def __init__(self, of, name, unknown):
        super().__init__(unknown.text, unknown.line)
        self.of = of
        self.name = name
