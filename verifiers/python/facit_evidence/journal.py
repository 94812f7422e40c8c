"""Entries of a journal and the texts taken out of them (ARCHITECTURE.md, "The journal")."""

import hashlib
import re
from dataclasses import dataclass

from . import canonical

FIELDS = frozenset(
    ("format", "journal", "seq", "at", "actor", "action", "subject", "partner", "reason", "after", "nonce")
)
FORMAT = 1
LARGEST = 1 << 53


@dataclass
class Entry:
    seq: int
    data: bytes
    value: dict

    def text(self, field):
        value = self.value.get(field)
        return value if isinstance(value, str) else ""

    @property
    def action(self):
        return self.text("action")

    @property
    def subject(self):
        return self.text("subject")

    @property
    def after(self):
        return self.value.get("after")


def lines(data):
    """The lines of a file, without their ends, and whether the last one is ended."""
    parts = data.split(b"\n")
    return (parts[:-1], True) if parts[-1] == b"" else (parts, False)


def entry(data, journal):
    """An entry from its bytes, and what is wrong with it (None if nothing). There is no entry if it can't be used at all."""
    try:
        value = canonical.read(data)
    except ValueError as error:
        return None, f"it does not read: {error}"
    if not isinstance(value, dict) or type(value.get("seq")) is not int:
        return None, "it is no entry"
    found = Entry(value["seq"], data, value)
    if not canonical.is_canonical(data, value):
        return found, "it is not canonical JSON"
    if set(value) != FIELDS or value["format"] != FORMAT or not _only_whole_numbers(value):
        return found, "it has not the form of an entry"
    if not re.fullmatch("[0-9a-f]{32}", found.text("nonce")):
        return found, "its nonce is not 16 bytes in hexadecimal"
    if value["journal"] != journal:
        return found, "it is of another journal"
    return found, None


def _only_whole_numbers(value):
    if isinstance(value, dict):
        return all(map(_only_whole_numbers, value.values()))
    if isinstance(value, list):
        return all(map(_only_whole_numbers, value))
    return not isinstance(value, float) and (not isinstance(value, int) or abs(value) < LARGEST)


def entries(file, journal, size, findings):
    """Every line that can be used as an entry, in the file's order, after telling what is wrong with the lines.

    Each line has the number after that of the line before. Where a line has a larger one, those between are missing, told once
    by the first of them; where it has a smaller one, that entry is not in its place. The last number is that of the checkpoint.
    """
    rows, is_ended = lines(file)
    found, expected = [], 1
    for place, row in enumerate(rows, 1):
        it, fault = entry(row, journal)
        seq = it.seq if it else expected
        if seq > expected:
            findings.add("entry-missing", f"journal/{expected}", f"the next entry is {seq}")
        elif seq < expected:
            fault = fault or "it is not in its place"
        if place == len(rows) and not is_ended:
            fault = fault or "its line is not ended"
        if fault:
            findings.add("entry-malformed", f"journal/{seq}", fault)
        expected = max(expected, seq + 1)
        if it:
            found.append(it)
    if expected <= size:
        findings.add("entry-missing", f"journal/{expected}", f"the journal ends before it; the checkpoint is of {size}")
    return found


def join(found, file, findings):
    """Puts back each text that is the one hashed in its entry. What stays a hash was redacted."""
    by_seq = {it.seq: it for it in found}
    rows, _ = lines(file)
    for row in rows:
        try:
            text = canonical.read(row)
            seq, pointer = text["seq"], text["pointer"]
            salted = bytes.fromhex(text["salt"]) + text["text"].encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            findings.add("text-differs", "texts.jsonl", "a line that is no text")
            continue
        where = f"journal/{seq}#{pointer}"
        if not isinstance(pointer, str) or type(seq) is not int or seq not in by_seq:
            findings.add("text-differs", where, "there is no entry for this text")
            continue
        holder, step = place(by_seq[seq].value, pointer)
        hashed = redacted(holder[step]) if holder is not None else None
        if hashed is None:
            findings.add("text-differs", where, "the entry has no place for this text")
        elif hashlib.sha256(salted).hexdigest() != hashed:
            findings.add("text-differs", where, "the text is not the one that was hashed")
        else:
            holder[step] = text["text"]


def place(value, pointer):
    """The object or list that a JSON pointer (RFC 6901) leads into, and the last step; (None, None) if it leads nowhere."""
    holder, step = None, None
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value if holder is None else holder[step]
        if isinstance(value, dict) and part in value:
            holder, step = value, part
        elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]{0,8}", part) and int(part) < len(value):
            holder, step = value, int(part)
        else:
            return None, None
    return holder, step


REDACTED = "[redacted]"
"""What is read where a text was taken away for good."""


def redacted(value):
    """The hash that stands where a text was taken out; None if nothing was taken out here."""
    if isinstance(value, dict) and set(value) == {"sha256"}:
        said = value["sha256"]
        if isinstance(said, str) and re.fullmatch("[0-9a-f]{64}", said):
            return said
    return None
