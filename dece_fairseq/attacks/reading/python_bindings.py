"""What the variables of Python code are given, and where each is read."""

from typing import Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from dece_fairseq.attacks.reading.python_scopes import DEFAULTS, ScopedName, Scopes
from dece_fairseq.attacks.reading.python_tree import Tree

_SEVERAL = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"})
_SPLATS = frozenset({"list_splat_pattern", "dictionary_splat_pattern", "list_splat"})
_NOT_READING = frozenset(
    {"aliased_import", "dotted_name", "global_statement", "nonlocal_statement"}
)
_ASSIGNMENTS = ("assignment", "augmented_assignment", "named_expression")
#: no class has more bases that matter
_BASES = 4


class Bindings:
    """The variables of a parse.

    Knows nothing of the order of statements: a variable has everything that is assigned to it
    anywhere in its scope.

    Args:
        tree: of Python code
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._scopes = Scopes(tree)
        self._attributes: Dict[Tuple[int, str], ScopedName] = {}
        self._targets: Set[int] = set()
        #: assignments to attributes and subscripts: the target, the value, how it is given
        self._later: List[Tuple[int, int, str]] = []
        #: the variable that a name or an attribute reads
        self.read: Dict[int, ScopedName] = {}
        #: the modules of which all names are imported
        self.wildcards: List[str] = []
        #: annotations of a variable, and base classes of ``self``: it is an instance of the node
        self.instances: List[Tuple[int, ScopedName]] = []
        #: attributes that are assigned to, and what they are given
        self.set_attributes: List[Tuple[int, int]] = []
        names = self._bind_names()
        self._resolve(names)

    def variable_of(self, name: int) -> Tuple[ScopedName, bool]:
        """Return the variable of a name, and whether it is one of a comprehension or a lambda."""
        scope, variable = self._scopes.look_up(self._scopes.of[name], self._tree.text(name))
        return variable, self._scopes.is_inline(scope)

    def variables(self) -> Iterator[Tuple[str, ScopedName]]:
        """Return the variables, those of the module with their names."""
        for scope, name, variable in self._scopes.variables():
            yield "" if scope else name, variable
        for variable in self._attributes.values():
            yield "", variable

    # What is bound where.

    def _bind_names(self) -> List[int]:
        """Bind all names, and return those that are read."""
        tree, read = self._tree, []
        binders: Dict[str, Callable[[int, int], None]] = {
            **dict.fromkeys(_ASSIGNMENTS, self._bind_assignment),
            **dict.fromkeys(("for_statement", "for_in_clause"), self._bind_loop),
            **dict.fromkeys(("function_definition", "class_definition"), self._bind_definition),
            **dict.fromkeys(("import_statement", "import_from_statement"), self._bind_import),
            **dict.fromkeys(("global_statement", "nonlocal_statement"), self._bind_elsewhere),
            **dict.fromkeys(("parameters", "lambda_parameters"), self._bind_parameters),
            "as_pattern": self._bind_alias,
        }
        for node, kind in enumerate(tree.kinds):
            scope = self._scopes.enter(node, kind)
            if kind == "identifier":
                if node not in self._targets and self._is_read(node):
                    read.append(node)
            elif kind in binders:
                binders[kind](node, scope)
        return read

    def _is_read(self, name: int) -> bool:
        tree = self._tree
        field, around = tree.fields[name], tree.kinds[tree.parents[name]]
        if around == "attribute":
            return field == "object"
        if around == "keyword_argument":
            return field == "value"
        return around not in _NOT_READING

    def _bind_assignment(self, node: int, scope: int) -> None:
        tree = self._tree
        parts = {tree.fields[child]: child for child in tree.children[node]}
        target, value = parts.get("left", parts.get("name")), parts.get("right", parts.get("value"))
        if target is not None and value is not None:
            how = "parts" if tree.kinds[node] == "augmented_assignment" else "values"
            self._give(target, value, how, scope)
        if target is not None and "type" in parts:
            self._annotate(target, parts["type"], scope)

    def _bind_loop(self, node: int, scope: int) -> None:
        target, value = self._tree.field(node, "left"), self._tree.field(node, "right")
        if target is not None and value is not None:
            self._give(target, value, "parts", scope)

    def _bind_alias(self, node: int, scope: int) -> None:
        tree = self._tree
        alias = tree.field(node, "alias")
        if alias is not None and tree.children[alias]:
            self._give(tree.children[alias][0], tree.children[node][0], "values", scope)

    def _bind_elsewhere(self, node: int, scope: int) -> None:
        is_global = self._tree.kinds[node] == "global_statement"
        for name in self._tree.children[node]:
            self._scopes.declare(scope, self._tree.text(name), is_global)

    def _bind_definition(self, node: int, scope: int) -> None:
        name = self._tree.field(node, "name")
        if name is not None:
            self._targets.add(name)
            self._scopes.own(scope, self._tree.text(name)).is_opaque = True

    def _bind_parameters(self, parameters: int, scope: int) -> None:
        tree = self._tree
        function = tree.parents[parameters]
        home = self._class_around(function)
        for parameter in tree.children[parameters]:
            name: Optional[int] = parameter
            if tree.kinds[parameter] != "identifier":
                first = tree.children[parameter][:1]
                name = tree.field(parameter, "name") or (first[0] if first else None)
            while name is not None and tree.kinds[name] in _SPLATS and tree.children[name]:
                name = tree.children[name][0]
            if name is None or tree.kinds[name] != "identifier":
                continue
            self._targets.add(name)
            variable = self._scopes.own(scope, tree.text(name))
            value, annotation = tree.field(parameter, "value"), tree.field(parameter, "type")
            if value is not None and tree.kinds[parameter] in DEFAULTS:
                variable.values.append(value)
            else:
                variable.is_opaque = True
            if annotation is not None:
                self._annotate(name, annotation, scope)
            if home is not None:
                variable.class_scope = self._scopes.inside(home)
                bases = tree.field(home, "superclasses")
                for base in tree.children[bases][:_BASES] if bases is not None else ():
                    self.instances.append((base, variable))
            home = None

    def _class_around(self, function: int) -> Optional[int]:
        """Return the class of which a function is a method."""
        tree = self._tree
        node = tree.parents[function]
        if tree.kinds[node] == "decorated_definition":
            node = tree.parents[node]
        around = tree.parents[node]
        return around if around >= 0 and tree.kinds[around] == "class_definition" else None

    def _annotate(self, target: int, annotation: int, scope: int) -> None:
        """Note that a name is an instance of any class in its annotation."""
        tree = self._tree
        if tree.kinds[target] != "identifier":
            return
        variable = self._scopes.own(scope, tree.text(target))
        variable.is_opaque = variable.is_opaque or not variable.values
        nodes = [annotation]
        for node in nodes:  # grows
            if tree.kinds[node] in ("identifier", "attribute", "string"):
                self.instances.append((node, variable))
            else:
                nodes.extend(tree.children[node])

    def _bind_import(self, statement: int, scope: int) -> None:
        tree = self._tree
        module = tree.field(statement, "module_name")
        prefix = "" if module is None else "".join(tree.text(module).split())
        for node in tree.children[statement]:
            if tree.kinds[node] == "wildcard_import":
                self.wildcards.append(prefix)
            if tree.fields[node] != "name":
                continue
            name, alias = tree.field(node, "name"), tree.field(node, "alias")
            full = "".join(tree.text(node if name is None else name).split())
            bound = full if alias is None else tree.text(alias)
            if module is None and alias is None:  # import a.b gives a name to a
                full = bound = full.split(".")[0]
            elif module is not None:
                full = f"{prefix}.{full}"
            self._scopes.own(scope, bound).imports.append(full)

    def _give(self, target: int, value: int, how: str, scope: int) -> None:
        """Give the names in a target ``value``, or the parts of it that go with them."""
        tree = self._tree
        pairs = [(target, value, how)]
        while pairs:
            target, value, how = pairs.pop()
            kind = tree.kinds[target]
            if kind == "identifier":
                self._targets.add(target)
                getattr(self._scopes.own(scope, tree.text(target)), how).append(value)
            elif kind in ("attribute", "subscript"):
                self._targets.add(target)
                self._later.append((target, value, how))
            elif kind in _SEVERAL or kind in _SPLATS or kind == "parenthesized_expression":
                parts = tree.children[target]
                values = self._values_for(parts, value, how)
                pairs.extend((part, v, h) for part, (v, h) in zip(parts, values))

    def _values_for(self, parts: Sequence[int], value: int, how: str) -> List[Tuple[int, str]]:
        """Return for each part of a target what it is given, and how."""
        tree = self._tree
        values = tree.children[value]
        if (
            how == "values"
            and tree.kinds[value] in ("expression_list", "tuple", "list")
            and len(values) == len(parts)
            and not any(tree.kinds[node] in _SPLATS for node in (*parts, *values))
        ):
            return [(node, "values") for node in values]
        return [(value, "parts")] * len(parts)

    # What is read where.

    def _resolve(self, names: List[int]) -> None:
        """Find the variable of each name that is read, and of attributes that are assigned to."""
        for name in names:
            variable = self._scopes.look_up(self._scopes.of[name], self._tree.text(name))[1]
            variable.uses.append(name)
            self.read[name] = variable
        for node, kind in enumerate(self._tree.kinds):
            if kind == "attribute":
                attribute = self._attribute(node)
                if attribute is not None:
                    self.read[node] = attribute
                    if node not in self._targets:
                        attribute.uses.append(node)
        for target, value, how in self._later:
            self._give_later(target, value, how)

    def _give_later(self, target: int, value: int, how: str) -> None:
        tree = self._tree
        variable = self.owner(target)
        if tree.kinds[target] == "attribute":
            if how == "values":
                self.set_attributes.append((target, value))
            if variable is not None:
                getattr(variable, how).append(value)
        elif variable is not None:
            variable.changes.append(value)
            key = tree.literal(tree.field(target, "subscript"))
            if key is not None and tree.kinds[tree.children[target][0]] != "subscript":
                variable.items.setdefault(key, []).append(value)

    def owner(self, node: int) -> Optional[ScopedName]:
        """Return the variable of a name, of an attribute of a name, or of what is an item of it."""
        tree = self._tree
        while tree.kinds[node] == "subscript" and tree.children[node]:
            node = tree.children[node][0]
        return self.read.get(node)

    def _attribute(self, node: int) -> Optional[ScopedName]:
        """Return the variable of ``name.attribute``: of the class if the name is ``self``."""
        tree = self._tree
        parts = tree.children[node]
        owner = self.read.get(parts[0]) if len(parts) == 2 else None
        if owner is None or tree.kinds[parts[0]] != "identifier":
            return None
        name = tree.text(parts[1])
        if owner.class_scope is not None:
            return self._scopes.own(owner.class_scope, name)
        return self._attributes.setdefault((id(owner), name), ScopedName())
