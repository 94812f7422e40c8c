"""JSON, read strictly (RFC 8259, I-JSON) and written canonically (RFC 8785)."""

import json
from decimal import Decimal

_escape = json.encoder.py_encode_basestring  # RFC 8785 §3.2.2.2: it escapes just what has to be escaped


def read(data, exact=False):
    """The value of JSON bytes or text; `ValueError` for anything else.

    Keys may stand once in an object, and there is no NaN or infinity. `exact` reads fractions as `Decimal`, not as floats.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, (bytes, bytearray)) else data
        text.encode("utf-8")  # no lone surrogates
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=Decimal if exact else float,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def write(value):
    """The canonical bytes of a value (RFC 8785); `ValueError` where it has none."""
    try:
        return _written(value).encode("utf-8")
    except RecursionError:
        raise ValueError("nested too deep") from None


def is_canonical(data, value):
    """Whether these bytes are the canonical ones of the value that was read from them."""
    try:
        return write(value) == data
    except ValueError:
        return False


def _once(pairs):
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return fields


def _no_constant(word):
    raise ValueError(f"{word} is no JSON")


def _integer(digits):
    if len(digits) > 400:
        raise ValueError("a number is too long")
    return int(digits)


def _written(value):
    if isinstance(value, str):
        return _escape(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, dict):
        keys = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_utf16)
        return "{" + ",".join(_escape(key) + ":" + _written(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, int) and abs(value) < 1 << 53:
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return number(float(value))
    raise ValueError(f"{type(value).__name__} is no JSON")


def _utf16(key):
    """RFC 8785 §3.2.3: keys are sorted by UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")


def number(value):
    """A double as ECMAScript writes it (RFC 8785 §3.2.2.3)."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("not a finite number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    # The shortest digits that read back as the same double, and where the point stands.
    _, digits, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        text = f"{mantissa}e{point - 1:+d}"
    return sign + text
