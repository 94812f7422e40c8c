"""Signed notes and their verifier keys (c2sp.org/signed-note), checkpoints (c2sp.org/tlog-checkpoint), and the note of an
edition (docs/auditing.md, "Editions")."""

import base64
import binascii
import hashlib
import re
from collections import namedtuple

from . import ed25519

ED25519 = 1  # the signature type in a verifier key

Key = namedtuple("Key", "name id public")
Signature = namedtuple("Signature", "name id bytes")
Note = namedtuple("Note", "text signatures")
Checkpoint = namedtuple("Checkpoint", "origin size root")
EditionNote = namedtuple("EditionNote", "name sha256 journal_size")


def key(line):
    """A verifier key, `name+id+base64`; `ValueError` if it is none, or not one of Ed25519."""
    name, _, rest = line.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decode(encoded)
    if not is_name(name) or len(data) != 33 or data[0] != ED25519:
        raise ValueError("not a verifier key of Ed25519")
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if key_id.lower() != expected.hex():
        raise ValueError("the key's id is not that of its name and bytes")
    return Key(name, expected, data[1:])


def keys(data):
    """The keys of `verifier-keys.txt`, one a line. What is no key helps nobody and is passed over."""
    known = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            known.append(key(line))
        except ValueError:
            continue
    return known


def note(data):
    """A note's text and signatures; `ValueError` if it is none.

    The text ends with a line break; an empty line and one line for each signature follow: `— name base64`.
    """
    text = data.decode("utf-8")
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        raise ValueError("a control character")
    body, separator, lines = text.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise ValueError("no signatures behind an empty line")
    signatures = [_signature(line) for line in lines[:-1].split("\n")]
    return Note(body + "\n", signatures)


def _signature(line):
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    data = decode(encoded)
    if dash != "—" or not is_name(name) or len(data) < 5:
        raise ValueError("a line that is no signature")
    return Signature(name, data[:4], data[4:])


def judge(signed, known):
    """None if a known key signed the note, and no known key's signature is wrong; else `unknown-key` or `bad-signature`."""
    theirs = {(key.name, key.id): key for key in known}
    seen, verdict = set(), "unknown-key"
    for signature in signed.signatures:
        place = (signature.name, signature.id)
        if place not in theirs or place in seen:
            continue
        seen.add(place)
        if not ed25519.verify(theirs[place].public, signed.text.encode(), signature.bytes):
            return "bad-signature"
        verdict = None
    return verdict


def checkpoint(text):
    """Whose tree, its size and its root hash; further lines mean nothing here. `ValueError` if it is no checkpoint."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise ValueError("not a checkpoint")
    root = decode(lines[2])
    if len(root) != 32:
        raise ValueError("the root is not a SHA-256")
    return Checkpoint(lines[0], int(lines[1]), root)


def edition(text):
    """What the note of an edition says: its name, the document's SHA-256, the journal's size."""
    said = re.fullmatch(r"([^\n]+)\nsha256 ([0-9a-f]{64})\njournal (0|[1-9][0-9]{0,18})\n", text)
    if said is None:
        raise ValueError("not the note of an edition")
    return EditionNote(said[1], said[2], int(said[3]))


def is_name(name):
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def decode(encoded):
    """Standard base64 with padding."""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64") from None
