"""What a journal's entries lead to: each subject's last representation (ARCHITECTURE.md, "The journal")."""

from .facts import Facts, Programme, text, words


class State:
    """Everything by its id, as the entries have it under `after`."""

    def __init__(self):
        self.programmes = {}  # each version's `after`
        self.partners = {}
        self.commitments = {}
        self.initiatives = {}
        self.reports = {}  # by partner and round

    def apply(self, entry):
        """Takes an entry in. Keys, extensions, imports and editions change nothing that is counted here."""
        kind, _, thing = entry.action.partition(".")
        _, _, subject = entry.subject.partition("/")
        after = entry.after if isinstance(entry.after, dict) else None
        if entry.action == "programme.applied" and after:
            self.programmes[after.get("version")] = after
        elif kind == "partner" and after:
            self.partners[subject] = after
        elif kind == "commitment":
            _set(self.commitments, subject, after)
        elif kind == "initiative":
            _set(self.initiatives, subject, after)
        elif kind == "report" and after:
            # A report says how it stands, and what its last submission says.
            self.reports[text(after, "partner"), text(after, "round")] = after

    def version(self):
        """The version of the programme in force; None before the first."""
        numbers = [number for number in self.programmes if isinstance(number, int)]
        return max(numbers, default=None)

    def programme(self):
        document = self.programmes[self.version()].get("document")
        return Programme(document if isinstance(document, dict) else {})

    def everybody(self, programme):
        """The facts of every partner, in order of ids."""
        commitments, initiatives, reports = {}, {}, {}
        for commitment in self.commitments.values():
            commitments.setdefault(text(commitment, "partner"), []).append(commitment)
        for _, initiative in sorted(self.initiatives.items()):
            for partner in set(words(initiative, "partners")):
                initiatives.setdefault(partner, []).append(initiative)
        for (partner, _), report in sorted(self.reports.items()):
            reports.setdefault(partner, []).append(report)
        for key, partner in sorted(self.partners.items()):
            own = sorted(commitments.get(key, []), key=lambda it: (text(it, "focusArea"), text(it, "id")))
            yield Facts(programme, key, partner, own, initiatives.get(key, []), reports.get(key, []))


def _set(things, key, after):
    if after is None:
        things.pop(key, None)
    else:
        things[key] = after

