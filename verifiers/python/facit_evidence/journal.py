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
    """The lines of a file, one at a time, without their ends."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = end + 1


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


def entries(file, texts, journal, size, findings):
    """Every line that can be used as an entry, one at a time and in the file's order, with its texts, after telling what is wrong
    with it.

    Each line has the number after that of the line before. Where a line has a larger one, those between are missing, told once
    by the first of them; where it has a smaller one, that entry is not in its place. The last number is that of the checkpoint.
    """
    unended = file.count(b"\n") + 1  # the number of a line without an end
    expected = 1
    for number, row in enumerate(lines(file), 1):
        it, fault = entry(row, journal)
        seq = it.seq if it else expected
        if seq > expected:
            findings.add("entry-missing", f"journal/{expected}", f"the next entry is {seq}")
        elif seq < expected:
            fault = fault or "it is not in its place"
        if number == unended:
            fault = fault or "its line is not ended"
        if fault:
            findings.add("entry-malformed", f"journal/{seq}", fault)
        expected = max(expected, seq + 1)
        if it:
            join(it, texts.pop(seq, ()), findings)
            yield it
    if expected <= size:
        findings.add("entry-missing", f"journal/{expected}", f"the journal ends before it; the checkpoint is of {size}")
    for seq, left in texts.items():
        for text in left:
            findings.add("text-differs", f"journal/{seq}#{text.pointer}", "there is no entry for this text")


@dataclass
class Text:
    pointer: str
    text: str
    sha256: str  # of salt and text


def texts(file, findings):
    """The texts of a file by the numbers of their entries."""
    found = {}
    for number, row in enumerate(lines(file), 1):
        try:
            said = canonical.read(row)
            seq, pointer, text = said["seq"], said["pointer"], said["text"]
            sha256 = hashlib.sha256(bytes.fromhex(said["salt"]) + text.encode()).hexdigest()
            if type(seq) is not int or not isinstance(pointer, str):
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            findings.add("text-differs", f"texts.jsonl/{number}", "a line that is no text")
            continue
        found.setdefault(seq, []).append(Text(pointer, text, sha256))
    return found


def join(entry, own, findings):
    """Puts back each text that is the one hashed in its entry. What stays a hash was redacted."""
    for text in own:
        where = f"journal/{entry.seq}#{text.pointer}"
        holder, step = place(entry.value, text.pointer)
        hashed = redacted(holder[step]) if holder is not None else None
        if hashed is None:
            findings.add("text-differs", where, "the entry has no place for this text")
        elif hashed != text.sha256:
            findings.add("text-differs", where, "the text is not the one that was hashed")
        else:
            holder[step] = text.text


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
