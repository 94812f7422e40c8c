"""What a verifier does, step by step, and in this order. It goes on as far as it can and tells all that it finds."""

import hashlib
from zoneinfo import ZoneInfoNotFoundError

from . import bundle as bundles
from . import canonical, completeness, figures, journal, notes, tree
from .facts import as_in_entries, text
from .findings import Findings, Unreadable
from .state import State

# What entries that no Facit wrote may come to.
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)


def verify(data, keys=(), alliance=None):
    """The report on a bundle's bytes: a verdict (`verified`, `differs`, `unreadable`) and findings.

    `keys` are verifier keys that were got by a way that is trusted; without any, those of the bundle are believed.
    """
    findings = Findings()
    report = {"alliance": None, "edition": None, "size": None, "whole": None, "pinned": bool(keys)}
    try:
        bundle = bundles.read(data)
    except Unreadable as error:
        findings.add(error.code, error.where, error.detail)
        return {"verdict": "unreadable", **report, "findings": findings.found}
    report.update({field: getattr(bundle, field) for field in ("alliance", "edition", "size", "whole")})
    bundle.compare(findings)
    _Check(bundle, findings).all(list(keys), alliance)
    return {"verdict": "differs" if findings.found else "verified", **report, "findings": findings.found}


class _Check:
    """A bundle that could be opened, and what was read of it; None for each part that is missing or does not read."""

    def __init__(self, bundle, findings):
        self.bundle, self.findings = bundle, findings
        self.edition = self._json("publication.json")
        self.entry = None
        self.checkpoint = None
        self.note = None

    def all(self, keys, alliance):
        keys = keys or notes.keys(self.bundle.get("verifier-keys.txt") or b"")
        self.checkpoint = self._signed("checkpoint.note", notes.checkpoint, keys)
        self.note = self._signed("publication.note", notes.edition, keys)
        self.whose(alliance)
        self.published()
        self.proven()
        self.programmes_there()
        if self.bundle.whole and self.bundle.get("entries.jsonl") is not None:
            self.whole()

    def _json(self, path):
        data = self.bundle.get(path)
        try:
            value = canonical.read(data, exact=True) if data is not None else None
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def _signed(self, path, said, keys):
        """A note that a known key signed, and what it says. That it is wrongly signed does not hinder reading it."""
        data = self.bundle.get(path)
        if data is None:
            return None
        try:
            note = notes.note(data)
            content = said(note.text)
        except ValueError as error:
            self.findings.add("bad-note", path, str(error))
            return None
        fault = notes.judge(note, keys)
        if fault == "unknown-key":
            self.findings.add(fault, path, "no known key signed it")
        elif fault:
            self.findings.add(fault, path, "the signature is wrong")
        return content

    def whose(self, alliance):
        """The bundle is of the alliance that was asked for, and all of it is of one alliance and edition."""
        slug, number = self.bundle.alliance, self.bundle.edition
        if alliance is not None and alliance != slug:
            self.findings.add("wrong-alliance", bundles.MANIFEST, f"it is of {slug}, not of {alliance}")
        if self.edition is not None:
            said = text(self.edition.get("alliance"), "slug"), self.edition.get("edition")
            if said != (slug, number):
                self.findings.add("wrong-alliance", "publication.json", f"it is edition {said[1]} of {said[0]}")
        if self.checkpoint and not self.checkpoint.origin.endswith(f"/{slug}"):
            self.findings.add("wrong-alliance", "checkpoint.note", f"it is of {self.checkpoint.origin}")
        if self.note and not self.note.name.endswith(f"/{slug}/publications/{number}"):
            self.findings.add("wrong-alliance", "publication.note", f"it is of {self.note.name}")
        if self.checkpoint and self.checkpoint.size != self.bundle.size:
            self.findings.add("tree-differs", bundles.MANIFEST, f"the checkpoint is of {self.checkpoint.size} entries")

    def published(self):
        """The edition's bytes are those that were signed, and those that the journal's entry is about."""
        document = self.bundle.get("publication.json")
        sha256 = hashlib.sha256(document).hexdigest() if document is not None else None
        if document is not None and self.edition is None:
            self.findings.add("publication-differs", "publication.json", "it is not JSON")
        if self.note and sha256:
            size = self.edition.get("journalSize") if self.edition else None
            if (self.note.sha256, self.note.journal_size) != (sha256, size):
                self.findings.add("publication-differs", "publication.note", "what was signed is another document")
        data, where = self.bundle.get("publication-entry.json"), "publication-entry.json"
        if data is None:
            return
        self.entry, fault = journal.entry(data, self.bundle.journal)
        subject = f"publications/{self.bundle.edition}"
        if fault:
            self.findings.add("entry-differs", where, fault)
        elif (self.entry.action, self.entry.subject) != ("publication.published", subject):
            self.findings.add("entry-differs", where, f"it is {self.entry.action} of {self.entry.subject}")
        said = self.entry.after if self.entry and isinstance(self.entry.after, dict) else {}
        if sha256 and self.entry and said.get("sha256") != sha256:
            self.findings.add("publication-differs", where, "the entry is about another document")
        elif self.edition and self.entry and said.get("journalSize") != self.edition.get("journalSize"):
            self.findings.add("publication-differs", where, "the entry says another size of the journal")

    def proven(self):
        """The proof leads from the entry to the root that the checkpoint signs."""
        data, where = self.bundle.get("publication.tlog-proof"), "publication.tlog-proof"
        entry, signed = self.bundle.get("publication-entry.json"), self.bundle.get("checkpoint.note")
        if data is None or entry is None or signed is None:
            return
        try:
            proof = tree.proof(data)
            note = notes.note(proof.checkpoint)
            checkpoint = notes.checkpoint(note.text)
        except ValueError as error:
            self.findings.add("proof-differs", where, str(error))
            return
        if proof.checkpoint != signed:
            self.findings.add("proof-differs", where, "its checkpoint is not that of checkpoint.note")
        if self.entry and self.entry.seq != proof.index + 1:
            self.findings.add("proof-differs", where, f"it is about entry {proof.index + 1}")
        leaf = tree.leaf_hash(entry)
        if not tree.is_included(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root):
            self.findings.add("proof-differs", where, "it does not lead from the entry to the root")

    def programmes_there(self):
        """All versions up to the edition's are there, and its own is the one that the edition names."""
        programme = self.edition.get("programme") if self.edition else None
        version = programme.get("version") if isinstance(programme, dict) else None
        if type(version) is not int or not 1 <= version <= bundles.MOST_FILES:
            return
        for number in range(1, version + 1):
            self.bundle.require(_programme(number), self.findings)
        data = self.bundle.get(_programme(version))
        if data is not None and hashlib.sha256(data).hexdigest() != text(programme, "sha256"):
            self.findings.add("programme-differs", _programme(version), "the edition names another SHA-256")

    def whole(self):
        """What needs the entries: the tree, the texts, the programmes and all numbers."""
        self.root()
        size = self.edition.get("journalSize") if self.edition else None
        known = size if type(size) is int else 0
        state, published, is_there, broken = State(), None, False, None
        subject = f"publications/{self.bundle.edition}"
        for it in self.entries():
            if self.entry and it.seq == self.entry.seq:
                is_there = is_there or it.data == self.bundle.get("publication-entry.json")
            if (it.action, it.subject) == ("publication.published", subject):
                published = published or it
            try:
                if it.seq <= known:
                    state.apply(it)
            except MALFORMED as error:
                broken = error
        if self.entry and not is_there:
            self.findings.add("entry-differs", "publication-entry.json", "it is not the journal's")
        if type(size) is not int:
            return
        try:
            if broken:
                raise broken
            self.programmes(state)
            self.said(state, published)
            self.numbers(state)
        except ZoneInfoNotFoundError:
            raise  # this Python has no time zone data, which is no fault of the bundle
        except MALFORMED as error:
            self.findings.add("figure-differs", "figures", f"they can't be computed from these entries: {error!r}")

    def entries(self):
        texts = journal.texts(self.bundle.get("texts.jsonl") or b"", self.findings)
        file = self.bundle.get("entries.jsonl")
        return journal.entries(file, texts, self.bundle.journal, self.bundle.size, self.findings)

    def root(self):
        """The entries have the root that the checkpoint signs."""
        if self.checkpoint is None:
            return
        leaves = [tree.leaf_hash(row) for row in journal.lines(self.bundle.get("entries.jsonl"))]
        if (len(leaves), tree.root(leaves)) != (self.checkpoint.size, self.checkpoint.root):
            self.findings.add("tree-differs", "checkpoint.note", f"the tree over the {len(leaves)} entries is another")

    def programmes(self, state):
        """Each programme in the bundle is one that was applied, in the same bytes."""
        for version, after in state.programmes.items():
            self.bundle.require(_programme(version), self.findings)
            data = self.bundle.get(_programme(version))
            if data is not None and not _is_programme(data, after):
                self.findings.add("programme-differs", _programme(version), "the journal's is another")
        applied = {_programme(version) for version in state.programmes}
        for path in self.bundle.files:
            if path.startswith("programmes/") and path not in applied:
                self.findings.add("programme-differs", path, "the journal has no such version")

    def said(self, state, own):
        """What the edition says of itself is what the journal's entry says of it."""
        if own is None or not isinstance(own.after, dict) or state.version() is None:
            return
        said, after = self.edition.get("programme"), own.after
        applied = state.programmes[state.version()]
        pairs = {
            "edition": (self.edition.get("edition"), self.bundle.edition),
            "title": (self.edition.get("title"), after.get("title")),
            "corrects": (self.edition.get("corrects"), after.get("corrects")),
            "journalSize": (self.edition.get("journalSize"), own.seq - 1),
            "programme.version": (said.get("version") if isinstance(said, dict) else None, state.version()),
            "programme.sha256": (text(said, "sha256"), text(applied, "sha256")),
        }
        for field, (ours, theirs) in pairs.items():
            if ours != theirs:
                detail = f"{field}: the journal says {theirs}, the edition says {ours}"
                self.findings.add("edition-differs", "publication.json", detail)

    def numbers(self, state):
        """The edition's figures, breakdowns and completeness, computed afresh."""
        if state.version() is None:
            return
        programme = state.programme()
        everybody = list(state.everybody(programme))
        figures.compare(self.edition, programme, everybody, self.findings)
        completeness.compare(self.edition, programme, everybody, self.findings)


def _programme(version):
    return f"programmes/{version}.json"


def _is_programme(data, after):
    """Whether a file is the document of an entry: by its hash, and by its content. Entries have fractions as texts."""
    if hashlib.sha256(data).hexdigest() != text(after, "sha256"):
        return False
    try:
        return as_in_entries(canonical.read(data)) == after.get("document")
    except ValueError:
        return False
