"""The zip file and its manifest. A bundle comes from anywhere, so nothing is unfolded before its claims are added up."""

import hashlib
import io
import re
import struct
import zipfile
import zlib

from . import canonical
from .findings import Unreadable

FORMAT = "facit-evidence/1"
MANIFEST = "manifest.json"
PUBLIC = (
    "README.da.md", "README.en.md", "checkpoint.note", "figures.csv", "publication-entry.json", "publication.json",
    "publication.note", "publication.tlog-proof", "verifier-keys.txt",
)  # fmt: skip
WHOLE_ONLY = ("entries.jsonl", "standings.csv", "texts.jsonl")

MOST_FILES = 10_000
MOST_BESIDE_PROGRAMMES = 64
MOST_BYTES = 1 << 30
FREE_BYTES = 1 << 20  # of each file, however small it is packed
MOST_RATIO = 1000
ENCRYPTED = 0x1  # APPNOTE.TXT 4.4.4, bit 0
PIECE = 1 << 16
# What `zipfile` raises on broken files.
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, OSError,
    ValueError, OverflowError,
)  # fmt: skip


class Bundle:
    """The files of a bundle by their paths, and its manifest."""

    def __init__(self, files, manifest):
        self.files = files
        self.alliance = manifest["alliance"]
        self.edition = manifest["edition"]
        self.journal = manifest["journal"]
        self.size = manifest["size"]
        self.whole = manifest["whole"]
        self.listed = {item["path"]: item for item in manifest["files"]}

    def get(self, path):
        """A file's bytes; None where it is missing, which `compare` has told."""
        return self.files.get(path)

    def require(self, path, findings):
        """A file that has to be there, whether it is listed or not."""
        if path not in self.files:
            findings.add("file-missing", path, "the bundle does not have this file")

    def compare(self, findings):
        """The files against the manifest."""
        for path in PUBLIC + (WHOLE_ONLY if self.whole else ()):
            self.require(path, findings)
        for path, item in self.listed.items():
            self.require(path, findings)
            data = self.files.get(path)
            if data is None:
                continue
            if len(data) != item["bytes"]:
                findings.add("file-differs", path, f"{len(data)} bytes, but the manifest says {item['bytes']}")
            elif hashlib.sha256(data).hexdigest() != item["sha256"]:
                findings.add("file-differs", path, "its SHA-256 is not that of the manifest")
        for path in self.files:
            if path not in self.listed and path != MANIFEST:
                findings.add("file-unlisted", path, "the manifest does not list this file")


def read(data):
    """Opens a bundle, or raises `Unreadable`."""
    files = _unzip(data)
    return Bundle(files, _manifest(files.get(MANIFEST)))


def _unzip(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _look_at_claims(entries)
            return {entry.orig_filename: _unfolded(archive, entry) for entry in entries}
    except Unreadable:
        raise
    except BROKEN as error:
        raise Unreadable("bad-zip", "", f"it can't be read: {error}") from None


def _unfolded(archive, entry):
    """Piece by piece: read in one go, `zipfile` would unfold more than the claim before it cuts it off. What unfolds to
    something else than it claims fails by its checksum."""
    pieces = []
    with archive.open(entry) as file:
        while piece := file.read(PIECE):
            pieces.append(piece)
    return b"".join(pieces)


def _look_at_claims(entries):
    """Sizes as the archive's directory claims them; no more than that is unfolded."""
    names = [entry.orig_filename for entry in entries]
    beside = [name for name in names if not name.startswith("programmes/")]
    if len(names) > MOST_FILES or len(beside) > MOST_BESIDE_PROGRAMMES:
        _refuse(f"it has {len(names)} files")
    if len(set(names)) != len(names):
        _refuse("a path is there twice")
    for entry in entries:
        name = entry.orig_filename
        if ".." in name or "\\" in name or "\0" in name or name.startswith("/"):
            _refuse(f"the path {name!r}")
        if entry.flag_bits & ENCRYPTED:
            _refuse(f"{name} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _refuse(f"{name} is packed in another way than by deflating")
        if entry.file_size - FREE_BYTES > MOST_RATIO * entry.compress_size:
            _refuse(f"{name} unfolds to {entry.file_size} bytes")
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        _refuse("it unfolds to more than 1 GiB")


def _refuse(detail):
    raise Unreadable("bad-zip", "", detail)


def _manifest(data):
    if data is None:
        raise Unreadable("bad-manifest", MANIFEST, "there is no manifest")
    try:
        value = canonical.read(data)
    except ValueError as error:
        raise Unreadable("bad-manifest", MANIFEST, f"it does not read: {error}") from None
    if not canonical.is_canonical(data, value) or not _is_manifest(value):
        raise Unreadable("bad-manifest", MANIFEST, f"it is not a manifest of the format {FORMAT}")
    return value


def _is_manifest(value):
    kinds = {"alliance": str, "edition": int, "files": list, "format": str, "journal": str, "size": int, "whole": bool}
    if not isinstance(value, dict) or set(value) != set(kinds) or value["format"] != FORMAT:
        return False
    if not all(type(value[key]) is kind for key, kind in kinds.items()):
        return False
    files = value["files"]
    paths = [item["path"] for item in files if _is_item(item)]
    return len(paths) == len(files) and len(set(paths)) == len(paths)


def _is_item(item):
    return (
        isinstance(item, dict)
        and set(item) == {"bytes", "path", "sha256"}
        and type(item["bytes"]) is int
        and isinstance(item["path"], str)
        and isinstance(item["sha256"], str)
        and re.fullmatch("[0-9a-f]{64}", item["sha256"]) is not None
    )
