"""One partner's record, and what a rule sees of it (ARCHITECTURE.md, "Standings and tallies"; src/domain/rule/mod.rs
says what rules may read).

Days are compared as they are written: ISO 8601 sorts as text.
"""

import re
from datetime import datetime, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from . import canonical
from .journal import LARGEST, REDACTED, redacted

WHOLE_ALLIANCE = ""  # the scope that is no round


def text(value, field):
    """A text field; '' if there is none. A redacted one reads as such, and so counts as a text."""
    found = value.get(field) if isinstance(value, dict) else None
    return as_text(found)


def as_text(value):
    if isinstance(value, str):
        return value
    return REDACTED if redacted(value) else ""


def items(value, field):
    found = value.get(field) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def words(value, field):
    return [word for word in items(value, field) if isinstance(word, str)]


def as_in_entries(value):
    """A part of a programme or an edition as entries have it: there, fractions stand as texts."""
    if isinstance(value, dict):
        return {key: as_in_entries(field) for key, field in value.items()}
    if isinstance(value, list):
        return [as_in_entries(one) for one in value]
    if isinstance(value, (float, Decimal)) or (type(value) is int and abs(value) >= LARGEST):
        return re.sub(r"\.0$", "", canonical.number(float(value)))
    return value


def instant(written):
    """RFC 3339, as a moment in UTC."""
    return datetime.fromisoformat(written.replace("Z", "+00:00")).astimezone(timezone.utc)


def decimals(value):
    """Of percents (at most 4) or of a measure (at most 6)."""
    found = value.get("decimals", 0)
    if type(found) is not int or not 0 <= found <= 6:
        raise ValueError(f"{found!r} decimals")
    return found


class Programme:
    """A programme document, with what it leaves out filled in."""

    def __init__(self, document):
        self.document = document
        self.starts_on = text(document, "startsOn")
        self.ends_on = text(document, "endsOn")
        self.decimals = decimals(document)
        self.small_group = document.get("smallGroup", 3)
        self.from_submission = document.get("countsFrom", "submitted") == "submitted"
        self.questions = {text(it, "key"): it for it in items(document, "questions")}
        self.measures = {text(it, "key"): it for it in items(document, "measures")}
        self.focus_areas = {text(it, "key"): it for it in items(document, "focusAreas")}
        self.indicators = {text(it, "key"): it for it in items(document, "indicators")}
        # By deadline, then key: of two reports the last round's decides.
        rounds = sorted(items(document, "rounds"), key=lambda it: (instant(text(it, "dueAt")), text(it, "key")))
        self.rounds = {text(it, "key"): it for it in rounds}

    def period(self, scope):
        """First and last day of a round, or of the alliance."""
        found = self.rounds.get(scope)
        if found is None:
            return self.starts_on, self.ends_on
        return text(found, "startsOn") or text(found, "opensOn"), text(found, "endsOn") or self._due_on(found)

    def _due_on(self, found):
        zone = ZoneInfo(text(self.document, "timeZone") or "Europe/Copenhagen")
        return instant(text(found, "dueAt")).astimezone(zone).date().isoformat()

    def asks(self, round_key, question):
        return question in words(self.rounds[round_key], "questions")

    def rounds_in(self, scope):
        return [key for key in self.rounds if scope in (WHOLE_ALLIANCE, key)]


class Facts:
    """What the journal knows of one partner. Reports are those submitted at least once, as last submitted."""

    def __init__(self, programme, key, partner, commitments, initiatives, reports):
        self.programme = programme
        self.id = key
        self.partner = partner
        self.commitments = commitments
        self.initiatives = initiatives
        self.reports = {text(report, "round"): report for report in reports}

    def memberships(self):
        """First days and first days after; an unknown day of joining counts from the alliance's start."""
        return [
            (text(it, "joinedOn") or self.programme.starts_on, text(it, "leftOn") or None)
            for it in items(self.partner, "memberships")
        ]

    def overlaps(self, membership, scope):
        """Whether a membership and a period have a day in common."""
        joined_on, left_on = membership
        starts_on, ends_on = self.programme.period(scope)
        first = max(joined_on, starts_on)
        return first <= ends_on and (left_on is None or first < left_on)

    def counts(self, report):
        """Whether a report counts: while submitted or accepted, or only while accepted, as the programme says."""
        state = text(report, "state")
        return state == "accepted" or (state == "submitted" and self.programme.from_submission)

    def counting(self, scope):
        """The counting reports of a scope, in order of rounds."""
        own = [self.reports.get(key) for key in self.programme.rounds_in(scope)]
        return [report for report in own if report is not None and self.counts(report)]

    def deciding(self, question, scope):
        """The report that a question's answer is taken from: the last counting one of a round that asks it."""
        asking = [it for it in self.counting(scope) if self.programme.asks(text(it, "round"), question)]
        return asking[-1] if asking else None

    def leads(self, initiative):
        return text(initiative, "leadPartner") == self.id

    # What rules see. Absent text is '', an absent list is [], an absent number is null.

    def record(self, scope):
        """The variables of every rule, in a scope."""
        starts_on, ends_on = self.programme.period(scope)
        return {
            "partner": self._partner(),
            "commitments": [self._commitment(it) for it in self.commitments],
            "initiatives": [self.initiative(it) for it in self.initiatives],
            "reports": {key: self._state(self.reports.get(key)) for key in self.programme.rounds},
            "period": {"startsOn": starts_on, "endsOn": ends_on},
            "answers": {key: self._answer(question, scope) for key, question in self.programme.questions.items()},
        }

    def _partner(self):
        fields = ("sector", "region", "municipality", "area", "joinedOn", "leftOn")
        seen = {field: text(self.partner, field) for field in fields}
        return {**seen, "objectives": words(self.partner, "objectives")}

    def _commitment(self, commitment):
        target = commitment.get("target")
        return {
            "focusArea": text(commitment, "focusArea"),
            "focusAreas": self._areas([text(commitment, "focusArea")]),
            "goal": text(commitment, "goal"),
            "target": {field: text(target, field) for field in ("measure", "unit", "baseline", "target", "dueOn")},
            "chosenOn": text(commitment, "chosenOn"),
        }

    def initiative(self, initiative):
        fields = ("title", "summary", "targetGroup", "status", "approach", "startsOn", "endsOn")
        return {
            **{field: text(initiative, field) for field in fields},
            "focusAreas": self._areas(words(initiative, "focusAreas")),
            "stage": words(initiative, "stage"),
            "beganBeforeJoining": initiative.get("beganBeforeJoining"),
            "lead": self.leads(initiative),
        }

    def _areas(self, keys):
        known = [self.programme.focus_areas[key] for key in keys if key in self.programme.focus_areas]
        return [
            {"key": text(it, "key"), "scheme": text(it, "scheme"), "national": it.get("national", False)} for it in known
        ]

    def _state(self, report):
        """A report that was never handed in, or was taken back, is not seen."""
        if report is None or text(report, "state") == "draft":
            return {"state": "", "onTime": None}
        return {"state": text(report, "state"), "onTime": report.get("onTime")}

    def report(self, report):
        return {"round": text(report, "round"), **self._state(report)}

    def _answer(self, question, scope):
        report = self.deciding(text(question, "key"), scope)
        return seen(question, answer(report, text(question, "key")))


def answer(report, question):
    """A report's answer to a question; None if it has none."""
    answers = report.get("answers") if isinstance(report, dict) else None
    return answers.get(question) if isinstance(answers, dict) else None


def is_blank(given):
    """Neither a value nor a reason why there is none."""
    value = given.get("value") if isinstance(given, dict) else None
    nothing = value is None or value == [] or (isinstance(value, str) and not value.strip())
    return nothing and not text(given, "none")


def seen(question, given):
    """An answer as a rule sees it. A number is always a double; one that is not whole stands in the journal as its text."""
    value = None if is_blank(given) or text(given, "none") else given.get("value")
    kind = text(question, "type")
    if kind == "number":
        try:
            return None if value is None or isinstance(value, (bool, list, dict)) else float(value)
        except ValueError:
            return None
    if kind == "multiChoice":
        return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
    return as_text(value)
