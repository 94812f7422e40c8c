"""The hash tree over a journal's entries (RFC 6962 §2.1, RFC 9162 §2.1), and proof files (c2sp.org/tlog-proof)."""

import hashlib
import re
from collections import namedtuple

from .notes import decode

Proof = namedtuple("Proof", "index hashes checkpoint")


def leaf_hash(entry):
    """RFC 9162 §2.1.1: a zero byte and the entry."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    """The root over leaf hashes, in order (RFC 9162 §2.1.1).

    Complete subtrees are kept on a stack, each larger than the one after it, as in the algorithm of RFC 9162 §2.1.2.
    """
    stack, count = [], 0
    for leaf in leaves:
        stack.append(leaf)
        count += 1
        merges = count
        while merges & 1 == 0:
            right = stack.pop()
            stack.append(node_hash(stack.pop(), right))
            merges >>= 1
    if not stack:
        return hashlib.sha256().digest()
    while len(stack) > 1:
        right = stack.pop()
        stack.append(node_hash(stack.pop(), right))
    return stack[0]


def is_included(leaf, index, size, hashes, expected):
    """Whether the hashes lead from the leaf at `index` to the root of a tree of `size` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == expected


def proof(data):
    """A proof file: the leaf's index, the hashes up to the root, and the checkpoint's bytes. `ValueError` if it is none."""
    head, separator, checkpoint = data.partition(b"\n\n")
    lines = head.decode("ascii").split("\n")
    if not separator or lines[0] != "c2sp.org/tlog-proof@v1":
        raise ValueError("not a proof file")
    rest = lines[1:]
    if rest and rest[0].startswith("extra "):
        rest = rest[1:]
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", rest[0]) if rest else None
    hashes = [decode(line) for line in rest[1:]]
    if index is None or len(hashes) > 63 or any(len(item) != 32 for item in hashes):
        raise ValueError("not a proof file")
    return Proof(int(index[1]), hashes, checkpoint)
