"""How complete each round's reports were, counted afresh: expected = submitted + missing; submitted = onTime + late; missing =
returned + withdrawn + notSubmitted. `unexpected` are reports of those whose report was not waited for."""

from .facts import items, text


def compare(edition, programme, everybody, findings):
    everybody = list(everybody)
    for row in items(edition, "completeness"):
        _compare_label(row, programme, findings)
        expected = of_round(everybody, text(row, "round"), text(row, "validOn"))
        for field, count in expected.items():
            if type(row.get(field)) is not int or row[field] != count:
                findings.add(
                    "completeness-differs",
                    f"completeness/{text(row, 'round')}",
                    f"{field}: the journal says {count}, the edition says {row.get(field)}",
                )


def _compare_label(row, programme, findings):
    key = text(row, "round")
    label = programme.rounds.get(key, {}).get("label")
    if row.get("label") != label:
        detail = f"label: the journal says {label}, the edition says {row.get('label')}"
        findings.add("completeness-differs", f"completeness/{key}", detail)


def of_round(everybody, key, on):
    """The counts of a round, of those who were expected on a day."""
    counts = dict.fromkeys(("onTime", "late", "returned", "withdrawn", "notSubmitted", "unexpected"), 0)
    for facts in everybody:
        how = _stands(facts.reports.get(key))
        if _is_expected(facts, key, on):
            counts[how] += 1
        elif how in ("onTime", "late"):
            counts["unexpected"] += 1
    submitted = counts["onTime"] + counts["late"]
    missing = counts["returned"] + counts["withdrawn"] + counts["notSubmitted"]
    return {**counts, "submitted": submitted, "missing": missing, "expected": submitted + missing}


def _is_expected(facts, key, on):
    """Joined by then, with a membership that overlaps the round's period."""
    if key not in facts.programme.rounds:
        return False
    return any(it[0] <= on and facts.overlaps(it, key) for it in facts.memberships())


def _stands(report):
    state = text(report, "state")
    if state in ("submitted", "accepted"):
        return "onTime" if report.get("onTime") is True else "late"
    return {"returned": "returned", "draft": "withdrawn"}.get(state, "notSubmitted")
