"""The part of CEL (github.com/google/cel-spec) that a programme's rules may use (src/domain/rule).

Numbers, texts, truth, null and lists; `size`, `contains`, `startsWith`, `endsWith`, `double`, `int`, `string`, `has`; loops by `exists`,
`all`, `exists_one`, `filter` and `map`. Facit refuses all else when a programme is applied, `matches` among it.
"""

from .evaluate import Failed, holds
from .parser import NotARule, parse

__all__ = ["Failed", "NotARule", "holds", "parse"]
