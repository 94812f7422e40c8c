"""What a partner adds to a sum (ARCHITECTURE.md, "Standings and tallies"): amounts are whole numbers of the measure's last
decimal, so nothing is rounded."""

import re

from .facts import WHOLE_ALLIANCE, decimals, items, text

VERIFICATIONS = ("selfReported", "documented", "external")


def added(facts, indicator, scope):
    """A standing, and the amounts by verification where it is `counted`.

    What a report says stays with the partner that handed it in. Only where the last of all rounds decides, the partner has to
    lead the initiative now: else one that changed hands would be added twice.
    """
    reports = facts.counting(scope)
    if not reports:
        return "notSubmitted", None
    measure = facts.programme.measures.get(text(indicator, "measure"), {})
    kind = text(indicator, "adds") or "outcome"
    named = [(text(part, "initiative"), place, outcome)
             for place, report in enumerate(reports)
             for part in items(report, "initiatives")
             for outcome in _outcomes(part, measure, kind)]  # fmt: skip
    if (text(indicator, "take") or "latest") == "latest":
        if scope == WHOLE_ALLIANCE:
            led = {text(it, "id") for it in facts.initiatives if facts.leads(it)}
            named = [it for it in named if it[0] in led]
        last = {}
        for initiative, place, _ in named:
            last[initiative] = max(place, last.get(initiative, 0))
        named = [it for it in named if it[1] == last[it[0]]]
    if not named:
        return "notCounted", None
    amounts = [(text(outcome, "verification"), _actual(outcome, measure)) for _, _, outcome in named]
    if all(amount is None for _, amount in amounts):
        return "noAnswer", None
    total = dict.fromkeys(VERIFICATIONS, 0)
    for verification, amount in amounts:
        known = verification if verification in total else "selfReported"
        total[known] += amount or 0
    return "counted", tuple(total.values())


def _outcomes(part, measure, kind):
    """The outcomes of a measure and kind, in its unit. What is finer than the measure was free text when it was reported."""
    unit = measure.get("unit")
    names = set(unit.values()) if isinstance(unit, dict) else {unit}
    for outcome in items(part, "outcomes"):
        in_unit = not text(outcome, "unit").strip() or text(outcome, "unit").strip() in names
        blank = not text(outcome, "actual").strip()
        if text(outcome, "measure") != text(measure, "key") or text(outcome, "kind") != kind or not in_unit:
            continue
        if blank or _actual(outcome, measure) is not None:
            yield outcome


def _actual(outcome, measure):
    return units(text(outcome, "actual").strip(), decimals(measure))


def units(written, places):
    """A decimal as a whole number of its last decimal: `72.05` at 2 decimals is 7205. None for what is no decimal, or finer."""
    parts = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]+))?", written)
    if parts is None:
        return None
    fraction = (parts[3] or "").rstrip("0")
    if len(fraction) > places:
        return None
    return int(parts[1] + parts[2] + fraction.ljust(places, "0"))
