"""Whole bundles: good ones, and each way in which one can be broken."""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import sample_bundle as sample
from facit_evidence import bundle as bundles
from facit_evidence import canonical, figures, notes
from facit_evidence.verify import verify

PROGRAM = Path(__file__).with_name("facit_verify.py")
PINNED = [notes.key(sample.verifier_key(b"s" * 32))]
NOTE, ENTRY = ("publication-differs", "publication.note"), ("publication-differs", "publication-entry.json")
TREE, PROOF = ("tree-differs", "checkpoint.note"), ("proof-differs", "publication.tlog-proof")
NOT_THE_JOURNALS = ("entry-differs", "publication-entry.json")


def found(files, whole=True, listed=True, keys=(), alliance=None, **of_manifest):
    """The verdict and the findings. The manifest is made to fit, unless the files have one."""
    if listed:
        files = {**files, "manifest.json": sample.manifest(files, whole, **of_manifest)}
    report = verify(sample.zipped(files), keys, alliance)
    return report["verdict"], {(it["code"], it["where"]) for it in report["findings"]}


class Bundles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = sample.bundle()
        cls.good = {**cls.files, "manifest.json": sample.manifest(cls.files)}
        cls.lines = cls.files["entries.jsonl"].splitlines(keepends=True)

    def differs(self, files, *findings, **how):
        self.assertEqual(found(files, **how), ("differs", set(findings)))

    def with_lines(self, lines):
        return {**self.files, "entries.jsonl": b"".join(lines)}

    # Good ones.

    def test_a_whole_bundle_is_verified(self):
        self.assertEqual(found(self.files), ("verified", set()))
        self.assertEqual(found(self.files, keys=PINNED, alliance=sample.SLUG), ("verified", set()))

    def test_a_public_bundle_is_verified(self):
        self.assertEqual(found(sample.bundle(whole=False), whole=False), ("verified", set()))

    def test_a_redacted_text_leaves_all_as_it_was_but_what_a_rule_read_in_it(self):
        # The rule looks for a word in the text, so this one figure can't be computed again.
        rows = {("figure-differs", f"figures/goal{group}") for group in ("", "/sector/x", "/focusArea/k", "/region/", "/area/")}
        self.differs({**self.files, "texts.jsonl": b""}, *rows)

    # One flipped byte.

    def test_each_file_with_one_flipped_byte_is_named(self):
        for path in self.files:
            data = bytearray(self.good[path])
            data[len(data) // 3] ^= 1
            verdict, findings = found({**self.good, path: bytes(data)}, listed=False)
            self.assertEqual(verdict, "differs", path)
            self.assertIn(("file-differs", path), findings)

    def test_a_flipped_byte_is_found_where_the_manifest_was_made_to_fit_too(self):
        for path in set(self.files) - {"README.da.md", "README.en.md", "figures.csv", "standings.csv"}:
            data = bytearray(self.files[path])
            data[len(data) // 3] ^= 1
            self.assertEqual(found({**self.files, path: bytes(data)})[0], "differs", path)

    def test_a_flipped_byte_of_an_entry_is_another_tree(self):
        lines = list(self.lines)
        lines[2] = lines[2].replace(b'"sector":"x"', b'"sector":"z"')
        verdict, findings = found(self.with_lines(lines))
        self.assertEqual(verdict, "differs")
        self.assertTrue({TREE, ("figure-differs", "figures/goal/sector/x"), ("figure-differs", "figures/goal/sector/z")} <= findings)

    def test_a_text_that_is_not_the_one_hashed_is_named(self):
        files = {**self.files, "texts.jsonl": self.files["texts.jsonl"].replace(b"et m\xc3\xa5l", b"to m\xc3\xa5l")}
        self.assertIn(("text-differs", "journal/5#/after/goal"), found(files)[1])

    # Entries that are gone, or elsewhere.

    def test_a_removed_entry_is_named(self):
        self.differs(self.with_lines(self.lines[:4] + self.lines[5:]), ("entry-missing", "journal/5"), TREE,
                     ("text-differs", "journal/5#/after/goal"), *self.rows_without_the_goal())  # fmt: skip

    def rows_without_the_goal(self):
        """Without its only commitment, all of B's standings are in the group without focus areas."""
        groups = [f"figures/{key}/focusArea/{area}" for key in ("yes", "goal", "done", "much") for area in ("", "k")]
        goal = [f"figures/goal{group}" for group in ("", "/sector/x", "/region/", "/area/")]
        return {("figure-differs", where) for where in groups + goal}

    def test_two_swapped_entries_are_named(self):
        lines = self.lines[:6] + [self.lines[7], self.lines[6]] + self.lines[8:]
        self.differs(self.with_lines(lines), ("entry-missing", "journal/7"), ("entry-malformed", "journal/7"), TREE)

    def test_a_truncated_tail_is_named(self):
        lines = self.lines[:-2]
        verdict, findings = found(self.with_lines(lines))
        self.assertEqual(verdict, "differs")
        self.assertTrue({("entry-missing", "journal/10"), TREE, NOT_THE_JOURNALS} <= findings)
        self.differs(self.with_lines(self.lines[:-1] + [self.lines[-1][:-1]]), ("entry-malformed", "journal/11"))
        self.differs(self.with_lines(self.lines + [self.lines[-1]]), ("entry-malformed", "journal/11"), TREE)

    def test_an_entry_of_another_journal_is_named(self):
        lines = [line.replace(b"00000001", b"00000002") if n == 3 else line for n, line in enumerate(self.lines, 1)]
        self.differs(self.with_lines(lines), ("entry-malformed", "journal/3"), TREE)

    # Figures.

    def edited(self, change):
        document = copy.deepcopy(sample.edition())
        change(document)
        return document

    def test_one_edited_figure_is_named(self):
        def change(document):
            document["figures"][0]["counted"] += 1

        files = {**self.files, "publication.json": canonical.write(self.edited(change))}
        self.differs(files, NOTE, ENTRY, ("figure-differs", "figures/yes"))

    def test_a_figure_that_was_published_wrong_is_named_though_all_is_signed(self):
        for row, field in ((0, "counted"), (1, "percent"), (1, "highestPercent"), (2, "value"), (3, "amountDocumented"), (4, "ratio")):
            def change(document, row=row, field=field):
                said = document["figures"][row][field]
                document["figures"][row][field] = said + 1 if isinstance(said, (int, float)) else "0.25"

            document = self.edited(change)
            key = document["figures"][row]["indicator"]
            self.differs(sample.bundle(document=document), ("figure-differs", f"figures/{key}"))

    def test_a_group_is_named_with_its_dimension(self):
        def is_row(row, by, group):
            return (row["indicator"], row["by"], row["group"]) == ("yes", by, group)

        def change(document):
            for row in document["breakdowns"]:
                if is_row(row, "sector", "x") or is_row(row, "region", None):
                    row["members"] += 1
            document["breakdowns"] = [row for row in document["breakdowns"] if not is_row(row, "focusArea", "k")]

        where = ("figures/yes/sector/x", "figures/yes/region/", "figures/yes/focusArea/k")
        self.differs(sample.bundle(document=self.edited(change)), *(("figure-differs", it) for it in where))

    def test_a_suppressed_row_tells_no_number_and_a_shown_one_all(self):
        def change(document):
            for row in document["breakdowns"]:
                if row["suppressed"]:
                    row["members"] = 1
                elif row["by"] == "sector" and row["indicator"] == "goal" and row["group"] == "x":
                    row["members"] = None

        where = ("figures/much/sector/y", "figures/goal/sector/x")
        self.differs(sample.bundle(document=self.edited(change)), *(("figure-differs", it) for it in where))

    def test_a_group_is_hidden_as_too_small_if_it_is_and_only_then(self):
        for because, where in (
            ("small-group", [("figure-differs", "figures/much/sector/y")]),
            ("complement", []),
            ("because", [("figure-differs", "figures/much/sector/y")]),
        ):
            def change(document, because=because):
                next(row for row in document["breakdowns"] if row["suppressed"])["suppressed"] = because

            expected = "differs" if where else "verified", set(where)
            self.assertEqual(found(sample.bundle(document=self.edited(change))), expected)
        # Where two are the least, a group of one must not be shown.
        with mock.patch.dict(sample.PROGRAMME, smallGroup=2):
            alone = [key for key, numbers in sample.ROWS.items() if key[1] and (numbers is None or numbers[5] == 1)]
            self.assertIn(("yes", "focusArea", "k"), alone)
            where = ["/".join(("figures", key, by, group or "")) for key, by, group in alone]
            where += [f"figures/begun/{by}/" for by in ("region", "area")]
            self.differs(sample.bundle(), *(("figure-differs", it) for it in where))

    def test_completeness_that_differs_is_named_by_its_round(self):
        def change(document):
            document["completeness"][0]["late"] = 0

        self.differs(sample.bundle(document=self.edited(change)), ("completeness-differs", "completeness/r"))

    def test_a_definition_that_is_not_the_programmes_is_named(self):
        def change(document):
            document["definitions"]["indicators"][1]["base"] = "respondents"

        found = ("figure-differs", "figures/goal"), ("definition-differs", "definitions/indicators/goal")
        self.differs(sample.bundle(document=self.edited(change)), *found)

    def test_an_edition_that_says_otherwise_of_itself_is_named(self):
        def change(document):
            document["programme"]["version"] = 2

        missing = ("file-missing", "programmes/2.json")
        self.differs(sample.bundle(document=self.edited(change)), ("edition-differs", "publication.json"), missing)
        for field, value in (("title", "Other"), ("corrects", 1)):
            edited = sample.bundle(document={**sample.edition(), field: value})
            self.differs(edited, ("edition-differs", "publication.json"))

    def test_texts_beside_the_numbers_are_compared(self):
        def change(document):
            document["figures"][0]["percentText"] = {"da": "50", "en": "50"}
            document["figures"][3]["unit"] = {"da": "stk.", "en": "pears"}
            row = next(row for row in document["breakdowns"] if (row["indicator"], row["group"]) == ("goal", "x"))
            row["groupLabel"] = row["label"]
            document["completeness"][0]["label"] = "x"

        where = ("figures/yes", "figures/done", "figures/goal/sector/x")
        found = [("figure-differs", it) for it in where] + [("completeness-differs", "completeness/r")]
        self.differs(sample.bundle(document=self.edited(change)), *found)

    def test_nothing_rounds_to_none_and_not_quite_all_to_all(self):
        for part, whole, places, en in (
            (0, 300, 0, "0"), (1, 300, 0, "<1"), (299, 300, 0, ">99"), (300, 300, 0, "100"),
            (1, 10_000, 1, "<0.1"), (9_999, 10_000, 1, ">99.9"), (1, 2, 1, "50.0"), (1, 12, 2, "8.33"),
        ):  # fmt: skip
            self.assertEqual(figures.percent_text(part, whole, places), {"da": en.replace(".", ","), "en": en})
        self.assertIsNone(figures.percent_text(0, 0, 0))

    def test_a_programme_that_is_not_the_journals_is_named(self):
        other = canonical.write({**sample.PROGRAMME, "decimals": 0})
        self.differs({**self.files, "programmes/1.json": other}, ("programme-differs", "programmes/1.json"))
        self.differs({**self.files, "programmes/2.json": other}, ("programme-differs", "programmes/2.json"))

    # Signatures.

    def test_one_that_was_signed_with_another_key_is_named(self):
        forged = sample.bundle(secret=b"t" * 32)
        self.assertEqual(found(forged)[0], "verified", "nobody can tell without a key of his own")
        unknown = {("unknown-key", "checkpoint.note"), ("unknown-key", "publication.note")}
        self.differs(forged, *unknown, keys=PINNED)
        self.differs(sample.bundle(secret=b"t" * 32, keys_of=b"s" * 32), *unknown)

    def test_a_wrong_signature_and_what_is_no_note_are_named(self):
        text, dash, signature = self.files["publication.note"].decode().rpartition("\n\n")
        self.differs({**self.files, "publication.note": text.replace("journal 10", "journal 9").encode() + b"\n\n" + signature.encode()},
                     ("bad-signature", "publication.note"), NOTE)  # fmt: skip
        self.differs({**self.files, "publication.note": b"hello\n"}, ("bad-note", "publication.note"))
        self.differs({**self.files, "checkpoint.note": b"hello\n"}, ("bad-note", "checkpoint.note"), PROOF)

    def test_a_proof_of_something_else_is_named(self):
        for change in ((b"index 10", b"index 9"), (b"tlog-proof@v1", b"tlog-proof@v2"), (b"\n\nfacit", b"\n\nfacid")):
            self.differs({**self.files, "publication.tlog-proof": self.files["publication.tlog-proof"].replace(*change)}, PROOF)

    # Whose.

    def test_another_alliance_is_named(self):
        self.differs(self.files, ("wrong-alliance", "manifest.json"), alliance="other")
        where = ("publication.json", "checkpoint.note", "publication.note")
        files = {**self.files, "manifest.json": sample.manifest(self.files, alliance="other")}
        self.differs(files, *(("wrong-alliance", path) for path in where), listed=False)

    # Files and the zip file.

    def test_a_missing_file_is_named(self):
        for path in self.files:
            for listed in (True, False):
                files = {name: data for name, data in (self.files if listed else self.good).items() if name != path}
                verdict, findings = found(files, listed=listed)
                self.assertEqual(verdict, "differs", path)
                self.assertIn(("file-missing", path), findings)

    def test_a_file_that_is_not_listed_is_named(self):
        self.differs({**self.good, "more.txt": b"x"}, ("file-unlisted", "more.txt"), listed=False)

    def unreadable(self, data, code="bad-zip", where=""):
        report = verify(data)
        self.assertEqual((report["verdict"], [(it["code"], it["where"]) for it in report["findings"]]), ("unreadable", [(code, where)]))

    def test_what_is_no_zip_file_is_unreadable(self):
        whole = sample.zipped(self.good)
        for data in (b"", b"hello", whole[:-40], whole[: len(whole) // 2]):
            self.unreadable(data)

    def test_a_flipped_byte_of_the_zip_file_never_ends_in_an_error(self):
        whole = sample.zipped(self.good)
        for place in range(50, len(whole) - 30, 997):
            data = bytearray(whole)
            data[place] ^= 0x10
            self.assertIn(verify(bytes(data))["verdict"], ("unreadable", "differs", "verified"))

    def test_hostile_zip_files_are_unreadable(self):
        for path in ("../x", "a/../../x", "a\\b", "/etc/x"):
            self.unreadable(sample.zipped({**self.good, path: b"x"}))
        self.unreadable(sample.zipped({**self.good, "bomb": bytes(50 << 20)}))
        self.unreadable(sample.zipped({**self.good, **{f"x{n}": b"" for n in range(64)}}))
        self.unreadable(sample.zipped({**self.good, **{f"programmes/{n}.json": b"" for n in range(10_000)}}))
        with self.assertWarns(UserWarning), tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w") as archive:
                for _ in range(2):
                    archive.writestr("manifest.json", self.good["manifest.json"])
            file.seek(0)
            self.unreadable(file.read())

    def test_a_file_that_lies_about_its_size_is_unreadable(self):
        data = bytearray(sample.zipped({"bomb": bytes(4 << 20)}))
        at = data.rindex(b"PK\x01\x02") + 24  # the directory's claim, APPNOTE.TXT 4.3.12
        data[at : at + 4] = (1000).to_bytes(4, "little")
        self.unreadable(bytes(data))

    def test_a_bundle_that_would_unfold_to_too_much_is_never_unfolded(self):
        before = bundles.MOST_BYTES
        bundles.MOST_BYTES = 1000
        try:
            self.unreadable(sample.zipped(self.good))
        finally:
            bundles.MOST_BYTES = before

    def test_without_a_manifest_of_this_format_it_is_unreadable(self):
        for manifest in (None, b"", b"{}", b"[1]", self.good["manifest.json"] + b" ", self.good["manifest.json"].replace(b"/1", b"/2")):
            files = {**self.files, "manifest.json": manifest} if manifest is not None else self.files
            self.unreadable(sample.zipped(files), "bad-manifest", "manifest.json")

    def test_no_entries_make_it_fail_otherwise_than_by_findings(self):
        """Whatever stands in entries, all of which are canonical JSON, there is a verdict."""
        values = (None, 1, "x", [], {}, [None], {"key": 1}, -1)
        for n, line in enumerate(self.lines):
            entry = json.loads(line)
            for field in sorted(entry["after"]):
                for value in values:
                    changed = {**entry, "after": {**entry["after"], field: value}}
                    lines = list(self.lines)
                    lines[n] = canonical.write(changed) + b"\n"
                    if lines[n] != line:
                        self.assertEqual(found(self.with_lines(lines))[0], "differs", (n + 1, field, value))


class Program(unittest.TestCase):
    def run_it(self, data, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "evidence.zip"
            path.write_bytes(data)
            return subprocess.run([sys.executable, PROGRAM, *options, path], capture_output=True, text=True)

    def test_it_exits_as_its_verdict_says(self):
        files = sample.bundle()
        good = {**files, "manifest.json": sample.manifest(files)}
        key = sample.verifier_key(b"s" * 32)
        done = self.run_it(sample.zipped(good), "--key", key, "--alliance", sample.SLUG, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = {"verdict": "verified", "alliance": sample.SLUG, "edition": 1, "size": 11, "whole": True, "pinned": True,
                    "findings": []}  # fmt: skip
        self.assertEqual(json.loads(done.stdout), expected)
        done = self.run_it(sample.zipped(good))
        self.assertIn("verified: edition 1 of sample", done.stdout)
        self.assertIn("--key", done.stdout)
        done = self.run_it(sample.zipped({**good, "figures.csv": b"y"}))
        self.assertEqual(done.returncode, 1)
        self.assertIn("figures.csv: file-differs: ", done.stdout)
        self.assertEqual(self.run_it(b"hello").returncode, 2)
        self.assertEqual(self.run_it(sample.zipped(good), "--key", "nonsense").returncode, 2)

    @unittest.skipUnless(os.environ.get("FACIT_EVIDENCE"), "FACIT_EVIDENCE names no bundle")
    def test_the_bundle_that_was_named_is_verified(self):
        done = self.run_it(Path(os.environ["FACIT_EVIDENCE"]).read_bytes(), "--json")
        self.assertEqual(json.loads(done.stdout)["findings"], [])


if __name__ == "__main__":
    unittest.main()
