"""Where a partner stands on each indicator (ARCHITECTURE.md, "Standings and tallies"), as known at one size of the journal."""

from collections import namedtuple

from . import cel, sums
from .facts import answer, is_blank, seen, text, words

WORDS = ("counted", "notCounted", "notApplicable", "noAnswer", "notSubmitted")

# How one subject stands: a word of `WORDS`, what it adds to a sum, and its groups by dimension.
Stand = namedtuple("Stand", "word amounts groups")


class Rules:
    """The programme's rules, each parsed once. One that does not parse is as one that fails on every record."""

    def __init__(self):
        self._parsed = {}

    def holds(self, source, record):
        """True or false; `cel.Failed` where the rule is neither on this record."""
        if source not in self._parsed:
            try:
                self._parsed[source] = cel.parse(source)
            except cel.NotARule:
                self._parsed[source] = None
        tree = self._parsed[source]
        if tree is None:
            raise cel.Failed("the rule does not parse")
        return cel.holds(tree, record)


def standings(facts, indicator, scope, on, rules):
    """Every standing on an indicator because of this partner that is valid on a day; none if the partner is not in then."""
    if not _is_in(facts, text(indicator, "members") or "during", scope, on):
        return []
    kind, of = text(indicator, "kind"), text(indicator, "of")
    judge = _Judge(facts, indicator, scope, rules)
    committed = sorted({text(it, "focusArea") for it in facts.commitments})
    if kind == "sum":
        word, amounts = judge.sum()
        return [Stand(word, amounts, _groups(facts, committed))]
    if kind == "count" and of == "initiatives":
        return [
            Stand(judge.rules_alone("initiative", facts.initiative(it)), None, _groups(facts, sorted(set(words(it, "focusAreas")))))
            for it in facts.initiatives
            if facts.leads(it)
        ]
    if kind == "count" and of == "reports":
        pinned = text(indicator, "round")
        own = [it for key, it in facts.reports.items() if facts.counts(it) and pinned in ("", key)]
        return [Stand(judge.rules_alone("report", facts.report(it)), None, _groups(facts, committed)) for it in own]
    return [Stand(judge.partner(), None, _groups(facts, committed))]


def _is_in(facts, members, scope, on):
    """`atClose`: a member on that day. `during`: from joining on, if that membership overlaps the period. `ever`: from joining
    on. Whoever departs stays in, but at close."""
    for joined_on, left_on in facts.memberships():
        if joined_on > on:
            continue
        if members == "atClose" and (left_on is None or on < left_on):
            return True
        if members == "during" and facts.overlaps((joined_on, left_on), scope):
            return True
        if members == "ever":
            return True
    return False


def _groups(facts, areas):
    """Everyone, and the groups that a subject is in; an empty group where there is no value."""
    own = [(by, text(facts.partner, by)) for by in ("sector", "region", "area")]
    return [("", "")] + own + [("focusArea", area) for area in areas or [""]]


class _Judge:
    """One indicator over one partner's record."""

    def __init__(self, facts, indicator, scope, rules):
        self.facts, self.indicator, self.scope, self.rules = facts, indicator, scope, rules
        self.record = facts.record(scope)

    def partner(self):
        """`applies` first, then whether there is an answer, then `counts`."""
        question = self.facts.programme.questions.get(text(self.indicator, "question"))
        if question is None:
            return self._out() or self._counts()
        out = self._out()
        if out:
            return out
        report = self.facts.deciding(text(question, "key"), self.scope)
        if report is None:
            return "notSubmitted"
        given = answer(report, text(question, "key"))
        if is_blank(given) or text(given, "none") == "dontKnow":
            return "noAnswer"
        if text(given, "none") == "notApplicable":
            return "notApplicable"
        self.record["answer"] = seen(question, given)
        return self._counts()

    def rules_alone(self, name, value):
        """An initiative or a report, which `applies` and `counts` decide."""
        self.record[name] = value
        return self._out() or self._counts()

    def sum(self):
        out = self._out()
        return (out, None) if out else sums.added(self.facts, self.indicator, self.scope)

    def _out(self):
        """The standing of whom the indicator does not apply to; None if it applies."""
        rule = text(self.indicator, "applies")
        if not rule:
            return None
        try:
            return None if self.rules.holds(rule, self.record) else "notApplicable"
        except cel.Failed:
            return "noAnswer"

    def _counts(self):
        try:
            holds = self.rules.holds(text(self.indicator, "counts") or "true", self.record)
        except cel.Failed:
            return "noAnswer"
        return "counted" if holds else "notCounted"
