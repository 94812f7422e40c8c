#!/usr/bin/env python3
"""Verifies an evidence bundle of Facit: python3 facit_verify.py [--key K]… [--alliance SLUG] [--json] evidence.zip

Needs no server, no database, no network, and nothing but Python 3.9 or later. Exit status: 0 verified, 1 differs, 2 unreadable
(3: this machine lacks time zone data that the bundle needs).
"""

import argparse
import json
import sys
from zoneinfo import ZoneInfoNotFoundError

from facit_evidence import notes
from facit_evidence.bundle import MOST_BYTES
from facit_evidence.verify import verify

EXIT = {"verified": 0, "differs": 1, "unreadable": 2}


def main():
    asked = _asked()
    try:
        with open(asked.bundle, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        print(f"{asked.bundle}: {error.strerror}", file=sys.stderr)
        return 2
    try:
        report = verify(data, asked.key, asked.alliance)
    except ZoneInfoNotFoundError as error:
        print(f"{error}: this Python has no time zone data (python3 -m pip install tzdata)", file=sys.stderr)
        return 3
    if asked.json:
        print(json.dumps(report))
    else:
        print(_for_people(report))
    return EXIT[report["verdict"]]


def _asked():
    parser = argparse.ArgumentParser(description="Verifies an evidence bundle of Facit.")
    parser.add_argument("--key", action="append", default=[], type=_key, metavar="K", help="a verifier key that you trust")
    parser.add_argument("--alliance", metavar="SLUG", help="whose bundle it should be")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("bundle", metavar="evidence.zip")
    return parser.parse_args()


def _key(line):
    try:
        return notes.key(line)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{line!r}: {error}") from None


def _for_people(report):
    if report["verdict"] == "unreadable":
        lines = ["unreadable: this is not an evidence bundle that can be verified"]
    else:
        what = f"edition {report['edition']} of {report['alliance']}"
        part = f"with all {report['size']} entries" if report["whole"] else "without the entries (figures were not recomputed)"
        lines = [f"{report['verdict']}: {what}, {part}"]
        if not report["pinned"]:
            lines.append("The key was taken from the bundle itself. Give the one you know with --key to rule out another signer.")
    lines += [f"{_plain(it['where'] or 'the file')}: {it['code']}: {_plain(it['detail'])}" for it in report["findings"]]
    return "\n".join(lines)


def _plain(text):
    """What a bundle says is shown without characters that could steer a terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


if __name__ == "__main__":
    sys.exit(main())
