"""Evaluates rules (cel-spec, doc/langdef.md, "Evaluation" and "Standard Definitions").

CEL's int is Python's int within 64 bits, its double is float, its bool is bool: the three are never mixed up, though Python
holds `True == 1`. Numbers compare across int and double; arithmetic does not mix them.
"""

import math
import re
from decimal import Decimal

LONGEST = 1_000_000  # of texts and lists that are added, far beyond what Facit lets a rule come to


class Failed(Exception):
    """A rule that is neither true nor false on a record."""


def holds(tree, record):
    """Whether a rule is true of a record: its variables by name."""
    return _truth(_value(tree, record))


def _value(tree, names):
    return KINDS[tree[0]](tree, names)


def _truth(value):
    if not isinstance(value, bool):
        raise Failed("neither true nor false")
    return value


def _name(tree, names):
    if tree[1] not in names:
        raise Failed(f"nothing is called {tree[1]}")
    return names[tree[1]]


def _select(tree, names):
    return _field(_value(tree[1], names), tree[2])


def _field(holder, key):
    if not isinstance(holder, dict) or not isinstance(key, str) or key not in holder:
        raise Failed(f"no such key: {key}")
    return holder[key]


def _has(tree, names):
    holder = _value(tree[1], names)
    if not isinstance(holder, dict):
        raise Failed("has() of what has no fields")
    return tree[2] in holder


def _index(tree, names):
    holder, key = _value(tree[1], names), _value(tree[2], names)
    if not isinstance(holder, list):
        return _field(holder, key)
    if _kind(key) != "int" or not 0 <= key < len(holder):
        raise Failed("an index outside the list")
    return holder[key]


def _if(tree, names):
    return _value(tree[2] if _truth(_value(tree[1], names)) else tree[3], names)


def _and_or(tree, names):
    """A side that fails is forgiven where the other decides (langdef.md, "Logical Operators")."""
    deciding = tree[0] == "or"
    failed = None
    for side in tree[1:]:
        try:
            if _truth(_value(side, names)) == deciding:
                return deciding
        except Failed as error:
            failed = failed or error
    if failed:
        raise failed
    return not deciding


def _not(tree, names):
    return not _truth(_value(tree[1], names))


def _negate(tree, names):
    value = _value(tree[1], names)
    if _kind(value) == "int":
        return _int(-value)
    if _kind(value) == "double":
        return -value
    raise Failed("no number")


def _kind(value):
    """CEL's kind of a value."""
    if isinstance(value, bool):
        return "bool"
    kinds = {int: "int", float: "double", str: "string", list: "list", dict: "map"}
    return kinds.get(type(value), "null")


def equal(one, other):
    """langdef.md, "Equality": values of different kinds are unequal, but numbers are compared as numbers."""
    kinds = _kind(one), _kind(other)
    if set(kinds) <= {"int", "double"}:
        return one == other
    if kinds[0] != kinds[1]:
        return False
    if kinds[0] == "list":
        return len(one) == len(other) and all(map(equal, one, other))
    if kinds[0] == "map":
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return one == other


def _equals(tree, names):
    is_equal = equal(_value(tree[1], names), _value(tree[2], names))
    return is_equal == (tree[0] == "==")


def _order(tree, names):
    """Texts are in order of code points (langdef.md, "Ordering")."""
    one, other = _value(tree[1], names), _value(tree[2], names)
    kinds = {_kind(one), _kind(other)}
    if not (kinds <= {"int", "double"} or kinds == {"string"} or kinds == {"bool"}) or one != one or other != other:
        raise Failed("values that can't be compared")
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[tree[0]]


def _in(tree, names):
    sought, among = _value(tree[1], names), _value(tree[2], names)
    if isinstance(among, list):
        return any(equal(sought, one) for one in among)
    if isinstance(among, dict):
        return isinstance(sought, str) and sought in among
    raise Failed("in takes a list or a set of fields")


def _arithmetic(tree, names):
    one, other = _value(tree[1], names), _value(tree[2], names)
    kind = _kind(one)
    if kind != _kind(other):
        raise Failed("kinds that do not fit")
    if kind == "int":
        return _int(_of_ints(tree[0], one, other))
    if kind == "double" and tree[0] != "%":
        return _of_doubles(tree[0], one, other)
    if kind in ("string", "list") and tree[0] == "+" and len(one) + len(other) <= LONGEST:
        return one + other
    raise Failed(f"{tree[0]} does not fit")


def _of_ints(sign, one, other):
    if sign in "/%":
        if other == 0:
            raise Failed("division by zero")
        quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
        return quotient if sign == "/" else one - quotient * other
    return {"+": one + other, "-": one - other, "*": one * other}[sign]


def _of_doubles(sign, one, other):
    if sign == "/" and other == 0:  # IEEE 754, which Python refuses
        is_negative = math.copysign(1, one) != math.copysign(1, other)
        return math.nan if one == 0 or one != one else -math.inf if is_negative else math.inf
    if sign == "/":
        return one / other
    return {"+": one + other, "-": one - other, "*": one * other}[sign]


def _int(value):
    if not -(1 << 63) <= value < 1 << 63:
        raise Failed("overflow")
    return value


def _loop(tree, names):
    """Macros (langdef.md, "Macros"): exists and all forgive elements that fail where another decides."""
    _, macro, among, variable, parts = tree
    among = _value(among, names)
    if not isinstance(among, list):
        raise Failed("a loop goes through a list")

    def each(part):
        return (_value(part, {**names, variable: one}) for one in among)

    if macro in ("exists", "all"):
        return _any_all(macro, among, variable, parts[0], names)
    if macro == "exists_one":
        return sum([_truth(value) for value in each(parts[0])]) == 1
    if macro == "filter":
        return [one for one, value in zip(among, each(parts[0])) if _truth(value)]
    if len(parts) == 1:
        return list(each(parts[0]))
    found = []
    for one in among:
        inner = {**names, variable: one}
        if _truth(_value(parts[0], inner)):
            found.append(_value(parts[1], inner))
    return found


def _any_all(macro, among, variable, part, names):
    deciding, failed = macro == "exists", None
    for one in among:
        try:
            if _truth(_value(part, {**names, variable: one})) == deciding:
                return deciding
        except Failed as error:
            failed = failed or error
    if failed:
        raise failed
    return not deciding


def _call(tree, names):
    return FUNCTIONS[tree[1]](*[_value(given, names) for given in tree[2]])


def _size(value):
    if _kind(value) not in ("string", "list", "map"):
        raise Failed("size of what has none")
    return len(value)


def _to_int(value):
    if _kind(value) == "int":
        return value
    if _kind(value) == "double" and -(2.0**63) < value < 2.0**63:
        return int(value)
    if _kind(value) == "string" and re.fullmatch("[+-]?[0-9]{1,30}", value):
        return _int(int(value))
    raise Failed("int() of what is no whole number")


def _to_double(value):
    if _kind(value) in ("int", "double"):
        return float(value)
    if _kind(value) == "string" and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", value):
        return float(value)
    raise Failed("double() of what is no number")


def _to_string(value):
    kind = _kind(value)
    if kind == "string":
        return value
    if kind == "bool":
        return "true" if value else "false"
    if kind == "int":
        return str(value)
    if kind == "double" and math.isfinite(value):
        text = format(Decimal(repr(value)), "f")
        return text[:-2] if text.endswith(".0") else text
    raise Failed("string() of what has no text")


def _texts(function):
    def call(one, other):
        if _kind(one) != "string" or _kind(other) != "string":
            raise Failed("texts were expected")
        return function(one, other)

    return call


FUNCTIONS = {
    "size": _size,
    "int": _to_int,
    "double": _to_double,
    "string": _to_string,
    "contains": _texts(lambda text, part: part in text),
    "startsWith": _texts(str.startswith),
    "endsWith": _texts(str.endswith),
}
KINDS = {
    "literal": lambda tree, names: tree[1],
    "list": lambda tree, names: [_value(one, names) for one in tree[1]],
    "name": _name,
    "select": _select,
    "has": _has,
    "index": _index,
    "if": _if,
    "and": _and_or,
    "or": _and_or,
    "not": _not,
    "negate": _negate,
    "==": _equals,
    "!=": _equals,
    "in": _in,
    "call": _call,
    "loop": _loop,
    **dict.fromkeys(("<", "<=", ">", ">="), _order),
    **dict.fromkeys(("+", "-", "*", "/", "%"), _arithmetic),
}
