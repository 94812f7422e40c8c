"""An evidence bundle that is made here, for the tests: the example of ARCHITECTURE.md ("Standings and tallies") with three partners,
and some commitments, initiatives and outcomes more. Its figures were worked out by hand.

It signs, which the verifier itself never does, with a key that everybody knows.
"""

import base64
import hashlib
import io
import zipfile

from facit_evidence import canonical, ed25519, tree

SLUG, ORIGIN, JOURNAL = "sample", "facit.example/sample", "00000000-0000-7000-8000-000000000001"
A, B, C = "partner-a", "partner-b", "partner-c"

TEXT = {"da": "x", "en": "x"}
PROGRAMME = {
    "slug": SLUG, "name": TEXT, "startsOn": "2020-01-01", "endsOn": "2020-12-31", "timeZone": "Europe/Copenhagen",
    "countsFrom": "submitted", "smallGroup": 1, "decimals": 1, "objectives": [],
    "sectors": [{"key": "x", "label": {"da": "den ene", "en": "the one"}}, {"key": "y", "label": TEXT}],
    "focusAreas": [{"key": "k", "scheme": "s", "national": True, "label": TEXT}],
    "rounds": [{"key": "r", "label": TEXT, "startsOn": "2020-01-01", "endsOn": "2020-12-31", "opensOn": "2020-01-01",
                "dueAt": "2020-12-31T22:59:59Z", "questions": ["q", "n"]}],
    "questions": [
        {"key": "q", "kind": "fact", "type": "yesNo", "wording": TEXT, "required": True},
        {"key": "n", "kind": "fact", "type": "number", "wording": TEXT, "required": False, "min": 0.5, "decimals": 1},
    ],
    "measures": [{"key": "m", "label": TEXT, "unit": {"da": "stk.", "en": "pieces"}, "decimals": 2}],
    "indicators": [
        {"key": "yes", "kind": "share", "label": TEXT, "question": "q", "counts": "answer == 'yes'", "base": "respondents",
         "members": "atClose"},
        {"key": "goal", "kind": "share", "label": TEXT, "counts": "commitments.exists(c, c.goal.contains('mål'))", "base": "members"},
        {"key": "begun", "kind": "count", "of": "initiatives", "label": TEXT, "counts": "initiative.status == 'running'"},
        {"key": "done", "kind": "sum", "label": TEXT, "measure": "m", "take": "each", "adds": "output"},
        {"key": "much", "kind": "share", "label": TEXT, "question": "n", "counts": "answer > 2", "applies": "partner.sector != 'y'"},
    ],
}  # fmt: skip


def _partner(key, sector, joined_on, left_on=None, version=1):
    membership = {"joinedOn": joined_on, "leftOn": left_on}
    return {"id": key, "sector": sector, "region": None, "area": None, "objectives": [], "version": version, **membership,
            "memberships": [membership]}  # fmt: skip


def _report(partner, seq, answers, outcomes=(), on_time=True):
    return {"id": f"report-{partner}", "partner": partner, "round": "r", "state": "submitted", "onTime": on_time,
            "submittedVersion": 1, "receipt": {"journalSeq": seq}, "answers": {key: {"value": it} for key, it in answers.items()},
            "initiatives": [{"initiative": "i", "outcomes": list(outcomes)}] if outcomes else []}  # fmt: skip


def _outcome(actual, verification):
    return {"measure": "m", "kind": "output", "unit": "pieces", "actual": actual, "verification": verification}


def _changes():
    """What happens: action, subject, after, and texts to be taken out by their pointers."""
    document = dict(PROGRAMME, questions=[PROGRAMME["questions"][0], dict(PROGRAMME["questions"][1], min="0.5")])
    sha256 = hashlib.sha256(canonical.write(PROGRAMME)).hexdigest()
    initiative = {"id": "i", "leadPartner": A, "partners": [A, B], "focusAreas": ["k"], "status": "running", "version": 1}
    outcomes = [_outcome("10.50", "documented"), _outcome("2", "selfReported"), _outcome("", "external")]
    return [
        ("programme.applied", "programme", {"version": 1, "sha256": sha256, "document": document}, ()),
        ("partner.admitted", f"partners/{A}", _partner(A, "x", "2020-01-01"), ()),
        ("partner.admitted", f"partners/{B}", _partner(B, "x", "2020-01-01"), ()),
        ("partner.admitted", f"partners/{C}", _partner(C, "y", "2020-03-01"), ()),
        ("commitment.made", "commitments/c", {"id": "c", "partner": B, "focusArea": "k", "goal": "et mål", "version": 1}, ["/after/goal"]),
        ("initiative.created", "initiatives/i", initiative, ()),
        ("report.submitted", f"reports/r/{A}", _report(A, 7, {"q": "yes", "n": "2.5"}, outcomes), ()),
        ("report.submitted", f"reports/r/{B}", _report(B, 8, {"q": "no"}, on_time=False), ()),
        ("report.submitted", f"reports/r/{C}", _report(C, 9, {"q": "yes", "n": 7}), ()),
        ("partner.departed", f"partners/{C}", _partner(C, "y", "2020-03-01", "2020-09-01", version=2), ()),
    ]  # fmt: skip


NUMBERS = ("counted", "notCounted", "notApplicable", "noAnswer", "notSubmitted", "members", "base", "percent", "ratio",
           "lowestPercent", "highestPercent", "value", "amount", "amountSelfReported", "amountDocumented",
           "amountExternal")  # fmt: skip

# By hand. On 2020-12-31 C has left, but for figures over whoever was in during the period.
SHARE = (None, None, None, None, None)
NO_SHARE = (None, None, None, None, None)
ROWS = {
    ("yes", None, None): (1, 1, 0, 0, 0, 2, 2, 50, "0.500000", 50, 50) + SHARE,
    ("yes", "sector", "x"): (1, 1, 0, 0, 0, 2, 2, 50, "0.500000", 50, 50) + SHARE,
    ("yes", "focusArea", None): (1, 0, 0, 0, 0, 1, 1, 100, "1.000000", 100, 100) + SHARE,
    ("yes", "focusArea", "k"): (0, 1, 0, 0, 0, 1, 1, 0, "0.000000", 0, 0) + SHARE,
    ("goal", None, None): (1, 2, 0, 0, 0, 3, 3, 33.3, "0.333333", 33.3, 33.3) + SHARE,
    ("goal", "sector", "x"): (1, 1, 0, 0, 0, 2, 2, 50, "0.500000", 50, 50) + SHARE,
    ("goal", "sector", "y"): (0, 1, 0, 0, 0, 1, 1, 0, "0.000000", 0, 0) + SHARE,
    ("goal", "focusArea", None): (0, 2, 0, 0, 0, 2, 2, 0, "0.000000", 0, 0) + SHARE,
    ("goal", "focusArea", "k"): (1, 0, 0, 0, 0, 1, 1, 100, "1.000000", 100, 100) + SHARE,
    ("begun", None, None): (1, 0, 0, 0, 0, 1) + NO_SHARE + (1, None, None, None, None),
    ("begun", "sector", "x"): (1, 0, 0, 0, 0, 1) + NO_SHARE + (1, None, None, None, None),
    ("begun", "focusArea", "k"): (1, 0, 0, 0, 0, 1) + NO_SHARE + (1, None, None, None, None),
    ("done", None, None): (1, 2, 0, 0, 0, 3) + NO_SHARE + (12.5, "12.50", "2.00", "10.50", "0.00"),
    ("done", "sector", "x"): (1, 1, 0, 0, 0, 2) + NO_SHARE + (12.5, "12.50", "2.00", "10.50", "0.00"),
    ("done", "sector", "y"): (0, 1, 0, 0, 0, 1) + NO_SHARE + (None, None, None, None, None),
    ("done", "focusArea", None): (1, 1, 0, 0, 0, 2) + NO_SHARE + (12.5, "12.50", "2.00", "10.50", "0.00"),
    ("done", "focusArea", "k"): (0, 1, 0, 0, 0, 1) + NO_SHARE + (None, None, None, None, None),
    ("much", None, None): (1, 0, 1, 1, 0, 3, 2, 50, "0.500000", 50, 100) + SHARE,
    ("much", "sector", "x"): (1, 0, 0, 1, 0, 2, 2, 50, "0.500000", 50, 100) + SHARE,
    ("much", "sector", "y"): None,
    ("much", "focusArea", None): (1, 0, 1, 0, 0, 2, 1, 100, "1.000000", 100, 100) + SHARE,
    ("much", "focusArea", "k"): (0, 0, 0, 1, 0, 1, 1, 0, "0.000000", 0, 100) + SHARE,
}
COMPLETENESS = {"round": "r", "label": TEXT, "expected": 3, "submitted": 3, "onTime": 2, "late": 1, "missing": 0, "returned": 0, "withdrawn": 0,
                "notSubmitted": 0, "unexpected": 0, "validOn": "2020-12-31"}  # fmt: skip


def _texts(key, by, group, percent=None):
    """What stands beside the numbers of a row."""
    indicator = next(it for it in PROGRAMME["indicators"] if it["key"] == key)
    named = {"sector": PROGRAMME["sectors"], "focusArea": PROGRAMME["focusAreas"]}.get(by, [])
    share = None if percent is None else f"{percent:.1f}"
    return {
        "label": indicator["label"],
        "groupLabel": next((it["label"] for it in named if it["key"] == group), None),
        "unit": PROGRAMME["measures"][0]["unit"] if indicator["kind"] == "sum" else None,
        "percentText": share and {"da": share.replace(".", ","), "en": share},
    }


def edition():
    """The edition's document; each suppressed row has no numbers."""
    rows = [
        {"indicator": key, "by": by, "group": group, "round": None, "validOn": "2020-12-31",
         "suppressed": None if numbers else "complement", **dict(zip(NUMBERS, numbers or (None,) * len(NUMBERS))), **_texts(key, by, group, numbers and numbers[7])}
        for (key, by, group), numbers in ROWS.items()
    ]  # fmt: skip
    for key in PROGRAMME["indicators"]:
        for by in ("region", "area"):  # Nobody has one, so this group is everyone.
            whole = next(row for row in rows if row["indicator"] == key["key"])
            rows.append({**whole, "by": by, "group": None})
    sha256 = hashlib.sha256(canonical.write(PROGRAMME)).hexdigest()
    return {
        "format": 1, "alliance": {"slug": SLUG, "name": TEXT}, "edition": 1, "title": "Sample", "corrects": None,
        "journalSize": len(_changes()), "programme": {"version": 1, "sha256": sha256},
        "figures": [row for row in rows if row["by"] is None], "breakdowns": [row for row in rows if row["by"] is not None],
        "leftOut": [], "completeness": [COMPLETENESS],
        "definitions": {"indicators": PROGRAMME["indicators"], "questions": [], "measures": PROGRAMME["measures"]},
    }  # fmt: skip


def bundle(whole=True, document=None, secret=b"s" * 32, keys_of=None):
    """The files of a bundle, all but the manifest. `document` stands in for the edition; `secret` signs, and the verifier key is
    that of `keys_of` (or of `secret`)."""
    document = canonical.write(document or edition())
    sha256 = hashlib.sha256(document).hexdigest()
    changes = _changes()
    published = {"corrects": None, "edition": 1, "journalSize": len(changes), "sha256": sha256, "title": "Sample"}
    changes += [("publication.published", "publications/1", published, ())]
    entries, texts = [], []
    for seq, change in enumerate(changes, 1):
        entries.append(_entry(seq, *change, texts))
    leaves = list(map(tree.leaf_hash, entries))
    checkpoint = signed(f"{ORIGIN}\n{len(entries)}\n{_b64(tree.root(leaves))}\n", secret)
    proof = [f"index {len(entries) - 1}"] + list(map(_b64, _path(len(leaves) - 1, leaves)))
    note = f"{ORIGIN}/publications/1\nsha256 {sha256}\njournal {len(changes) - 1}\n"
    files = {
        "README.da.md": b"x", "README.en.md": b"x", "figures.csv": b"x", "checkpoint.note": checkpoint,
        "publication.json": document, "publication-entry.json": entries[-1], "publication.note": signed(note, secret),
        "publication.tlog-proof": "\n".join(["c2sp.org/tlog-proof@v1", *proof, "", ""]).encode() + checkpoint,
        "verifier-keys.txt": verifier_key(keys_of or secret).encode() + b"\n", "programmes/1.json": canonical.write(PROGRAMME),
    }  # fmt: skip
    if whole:
        lines = {"entries.jsonl": entries, "texts.jsonl": texts, "standings.csv": [b"x"]}
        files.update({path: b"".join(line + b"\n" for line in rows) for path, rows in lines.items()})
    return files


def _entry(seq, action, subject, after, pointers, texts):
    after = dict(after)
    for pointer in pointers:
        key, salt = pointer.rsplit("/", 1)[1], bytes([seq]) * 16
        texts.append(canonical.write({"seq": seq, "pointer": pointer, "salt": salt.hex(), "text": after[key]}))
        after[key] = {"sha256": hashlib.sha256(salt + after[key].encode()).hexdigest()}
    return canonical.write({
        "format": 1, "journal": JOURNAL, "seq": seq, "at": f"2021-01-01T00:00:{seq:02}.000000Z", "actor": "key", "action": action,
        "subject": subject, "partner": None, "reason": None, "after": after, "nonce": f"{seq:032x}",
    })  # fmt: skip


def _path(index, leaves):
    """The hashes from a leaf's sibling up to the root, as RFC 9162 §2.1.3.1 defines them."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return _path(index, leaves[:split]) + [tree.root(leaves[split:])]
    return _path(index - split, leaves[split:]) + [tree.root(leaves[:split])]


def manifest(files, whole=True, alliance=SLUG):
    listed = [{"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in sorted(files.items())]
    return canonical.write({"alliance": alliance, "edition": 1, "files": listed, "format": "facit-evidence/1", "journal": JOURNAL,
                            "size": len(_changes()) + 1, "whole": whole})  # fmt: skip


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return out.getvalue()


def _b64(data):
    return base64.b64encode(data).decode()


# Signing, after RFC 8032 §5.1.5 and §5.1.6.


def _encoded(point):
    inverse = pow(point[2], ed25519.P - 2, ed25519.P)
    x, y = point[0] * inverse % ed25519.P, point[1] * inverse % ed25519.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _scalar(secret):
    digest = hashlib.sha512(secret).digest()
    return int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254, digest[32:]


def public(secret):
    return _encoded(ed25519._times(_scalar(secret)[0], ed25519.BASE))


def sign(secret, message):
    scalar, prefix = _scalar(secret)
    once = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ed25519.L
    commitment = _encoded(ed25519._times(once, ed25519.BASE))
    challenge = int.from_bytes(hashlib.sha512(commitment + public(secret) + message).digest(), "little")
    return commitment + ((once + challenge * scalar) % ed25519.L).to_bytes(32, "little")


def _key_id(secret, name):
    return hashlib.sha256(name.encode() + b"\n\x01" + public(secret)).digest()[:4]


def verifier_key(secret, name=ORIGIN):
    return f"{name}+{_key_id(secret, name).hex()}+{_b64(bytes([1]) + public(secret))}"


def signed(text, secret, name=ORIGIN):
    return f"{text}\n— {name} {_b64(_key_id(secret, name) + sign(secret, text.encode()))}\n".encode()
