"""Reads rules: the grammar of cel-spec, doc/langdef.md, "Syntax", without bytes, unsigned numbers, maps and messages.

A tree is made of tuples, the kind first:

    ("literal", value)   ("name", name)   ("list", [trees])      ("select", tree, field)   ("has", tree, field)
    ("index", tree, tree)   ("not", tree)   ("negate", tree)     ("and" | "or", tree, tree) ("if", tree, tree, tree)
    (operator, tree, tree) for  == != < <= > >= in + - * / %     ("call", function, [trees])
    ("loop", macro, range, variable, [trees])
"""

import re

MOST_CHARACTERS = 4_000
MOST_DEPTH = 60
MOST_LOOPS = 2  # inside one another

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
    | (?P<double>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<text>'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*")
    | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]])""",
    re.VERBOSE,
)
ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t"}
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
LOOPS = {"exists": (2,), "all": (2,), "exists_one": (2,), "filter": (2,), "map": (2, 3)}
# Functions by how many values they take, the one before the dot included.
FUNCTIONS = {"size": 1, "int": 1, "double": 1, "string": 1}
METHODS = {"size": 1, "contains": 2, "startsWith": 2, "endsWith": 2}


class NotARule(Exception):
    pass


def parse(source):
    """The tree of a rule, or `NotARule`."""
    if len(source) > MOST_CHARACTERS:
        raise NotARule("too long")
    parser = _Parser(_tokens(source))
    tree = parser.expression()
    parser.expect("end", "")
    return tree


def _tokens(source):
    tokens, at = [], 0
    while at < len(source):
        found = TOKEN.match(source, at)
        if found is None:
            raise NotARule(f"at character {at + 1}")
        at = found.end()
        if found.lastgroup != "space":
            tokens.append((found.lastgroup, found.group()))
    return tokens + [("end", "")]


class _Parser:
    def __init__(self, tokens):
        self.tokens, self.at, self.depth, self.loops = tokens, 0, 0, 0

    def peek(self):
        return self.tokens[self.at]

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def is_next(self, *signs):
        kind, token = self.peek()
        return token in signs and (kind == "sign" or (token == "in" and kind == "name"))

    def expect(self, kind, token=None):
        found = self.take() if self.peek() != ("end", "") else self.peek()
        if found[0] != kind or token not in (None, found[1]):
            raise NotARule(f"{found[1] or 'the end'} where {token or kind} was expected")
        return found[1]

    def expression(self):
        """`condition ? one : other`, which is the loosest."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise NotARule("too deep")
        condition = self.either()
        if self.is_next("?"):
            self.take()
            one = self.either()
            self.expect("sign", ":")
            condition = ("if", condition, one, self.expression())
        self.depth -= 1
        return condition

    def either(self):
        return self._chain(self.both, {"||": "or"})

    def both(self):
        return self._chain(self.relation, {"&&": "and"})

    def relation(self):
        return self._chain(self.addition, {sign: sign for sign in COMPARISONS})

    def addition(self):
        return self._chain(self.multiplication, {"+": "+", "-": "-"})

    def multiplication(self):
        return self._chain(self.unary, {"*": "*", "/": "/", "%": "%"})

    def _chain(self, below, signs):
        """Operators of one level, from left to right."""
        left = below()
        while self.is_next(*signs):
            _, sign = self.take()
            left = (signs[sign], left, below())
        return left

    def unary(self):
        signs = []
        while self.is_next("!", "-"):
            signs.append(self.take()[1])
        kind, token = self.peek()
        if signs and signs[-1] == "-" and kind in ("int", "double"):
            signs.pop()
            self.take()
            tree = self._members(_number(kind, token, -1))
        else:
            tree = self._members(self.primary())
        for sign in reversed(signs):
            tree = ("not" if sign == "!" else "negate", tree)
        return tree

    def primary(self):
        kind, token = self.peek()
        if kind in ("int", "double"):
            self.take()
            return _number(kind, token, 1)
        if kind == "text":
            self.take()
            return ("literal", _unescaped(token[1:-1]))
        if kind == "name" and token != "in":
            self.take()
            return self._named(token)
        if self.is_next("("):
            self.take()
            tree = self.expression()
            self.expect("sign", ")")
            return tree
        if self.is_next("["):
            self.take()
            return ("list", self._until("]"))
        raise NotARule(f"{token or 'the end'} where a value was expected")

    def _named(self, name):
        if name in ("true", "false", "null"):
            return ("literal", {"true": True, "false": False, "null": None}[name])
        if not self.is_next("("):
            return ("name", name)
        self.take()
        given = self._until(")")
        if name == "has" and len(given) == 1 and given[0][0] == "select":
            return ("has",) + given[0][1:]
        if FUNCTIONS.get(name) != len(given):
            raise NotARule(f"the function {name} with {len(given)} values")
        return ("call", name, given)

    def _members(self, tree):
        """What follows a value: `.field`, `.function(…)` and `[index]`."""
        while self.is_next(".", "["):
            if self.take()[1] == "[":
                tree = ("index", tree, self.expression())
                self.expect("sign", "]")
                continue
            name = self.expect("name")
            tree = self._method(tree, name) if self.is_next("(") else ("select", tree, name)
        return tree

    def _method(self, tree, name):
        self.take()
        self.loops += name in LOOPS
        if self.loops > MOST_LOOPS:
            raise NotARule("too many loops inside one another")
        given = self._until(")")
        self.loops -= name in LOOPS
        if name in LOOPS:
            if len(given) not in LOOPS[name] or given[0][0] != "name":
                raise NotARule(f"the loop {name} with {len(given)} parts")
            return ("loop", name, tree, given[0][1], given[1:])
        if METHODS.get(name) != len(given) + 1:
            raise NotARule(f"the function {name} with {len(given)} values")
        return ("call", name, [tree] + given)

    def _until(self, end):
        """Expressions with commas between them, up to a bracket; a list may have a comma behind the last."""
        found = []
        while not self.is_next(end):
            found.append(self.expression())
            if not self.is_next(","):
                break
            self.take()
            if self.is_next(end) and end == ")":
                raise NotARule("a comma behind the last value")
        self.expect("sign", end)
        return found


def _number(kind, token, sign):
    if kind == "double":
        return ("literal", sign * float(token))
    value = sign * int(token, 16 if token.startswith("0x") else 10)
    if not -(1 << 63) <= value < 1 << 63:
        raise NotARule("a number beyond 64 bits")
    return ("literal", value)


def _unescaped(text):
    def one(found):
        if found[1] not in ESCAPES:
            raise NotARule(f"\\{found[1]} in a text")
        return ESCAPES[found[1]]

    return re.sub(r"\\(.)", one, text)
