"""An edition's figures and breakdowns, counted afresh (docs/auditing.md, "Editions"; ARCHITECTURE.md, "Standings and
tallies"). Exact: fractions and whole numbers, never floats."""

import re
from decimal import Decimal
from fractions import Fraction

from . import places
from .facts import WHOLE_ALLIANCE, as_in_entries, decimals, items, text
from .standings import WORDS, Rules, standings
from .sums import VERIFICATIONS

NOTHING = (0,) * (len(WORDS) + len(VERIFICATIONS))
AMOUNTS = ("amountSelfReported", "amountDocumented", "amountExternal")
DIMENSIONS = ("sector", "region", "area", "focusArea")


def compare(edition, programme, everybody, findings):
    """Each row of the edition against the journal; `everybody` are the facts of every partner."""
    everybody, rules = list(everybody), Rules()
    _compare_definitions(edition, programme, findings)
    for whole in items(edition, "figures"):
        key, scope = text(whole, "indicator"), text(whole, "round")
        indicator = programme.indicators.get(key)
        if indicator is None:
            findings.add("figure-differs", f"figures/{key}", "the programme has no such indicator")
            continue
        if indicator not in items(edition.get("definitions"), "indicators"):
            findings.add("figure-differs", f"figures/{key}", "its definition is not that of the programme")
        counted, organisations = tally(programme, everybody, indicator, scope, text(whole, "validOn"), rules)
        rows = [row for row in items(edition, "breakdowns") if text(row, "indicator") == key]
        for row in [whole] + rows:
            group = text(row, "by"), text(row, "group")
            expected = numbers(programme, indicator, counted.get(group, NOTHING))
            _compare_row(row, expected, findings)
            _compare_hidden(row, programme, organisations.get(group, 0), findings)
            _compare_texts(row, programme, indicator, expected, findings)
        _compare_groups(edition, key, rows, counted, findings)


def tally(programme, everybody, indicator, scope, on, rules):
    """How many stand where, by group: everyone is the group `("", "")`. Behind them what they add to a sum. And of how many
    organisations each group is."""
    counted, organisations = {}, {}
    if not _is_scope_of(programme, indicator, scope):
        return counted, organisations
    for facts in everybody:
        stands = standings(facts, indicator, scope, on, rules)
        for stand in stands:
            one = [int(word == stand.word) for word in WORDS] + list(stand.amounts or (0,) * len(VERIFICATIONS))
            for group in stand.groups:
                counted[group] = tuple(map(sum, zip(counted.get(group, NOTHING), one)))
        for group in {group for stand in stands for group in stand.groups}:
            organisations[group] = organisations.get(group, 0) + 1
    return counted, organisations


def _is_scope_of(programme, indicator, scope):
    """A pinned indicator has its round only; another the whole alliance, with a question each round that asks it, and a sum every
    round."""
    pinned, question = text(indicator, "round"), text(indicator, "question")
    if pinned:
        return pinned == scope
    if scope == WHOLE_ALLIANCE:
        return True
    if scope not in programme.rounds:
        return False
    return programme.asks(scope, question) if question else text(indicator, "kind") == "sum"


def numbers(programme, indicator, counts):
    """All numbers of a row, from its counts; None where a figure of this kind has none."""
    row = dict(zip(WORDS, counts))
    members = sum(row.values())
    applicable = members - row["notApplicable"]
    silent = row["noAnswer"] + row["notSubmitted"]
    row["members"] = members
    row.update(dict.fromkeys(("base", "percent", "ratio", "lowestPercent", "highestPercent", "value", "amount") + AMOUNTS))
    kind = text(indicator, "kind")
    if kind == "share":
        is_respondents = text(indicator, "base") == "respondents"
        base = row["counted"] + row["notCounted"] if is_respondents else applicable
        row["base"] = base
        row["percent"] = rounded(100 * row["counted"], base, programme.decimals)
        row["ratio"] = rounded(row["counted"], base, 6)
        row["lowestPercent"] = rounded(100 * row["counted"], applicable, programme.decimals)
        row["highestPercent"] = rounded(100 * (row["counted"] + silent), applicable, programme.decimals)
    elif kind == "count":
        row["value"] = Fraction(row["counted"])
    elif row["counted"]:
        measure = programme.measures.get(text(indicator, "measure"), {})
        amounts = [Fraction(amount, 10 ** decimals(measure)) for amount in counts[len(WORDS) :]]
        row.update(zip(AMOUNTS, amounts))
        row["amount"] = row["value"] = sum(amounts)
    return row


def rounded(part, whole, places):
    """`part ÷ whole`, rounded half up; None of nobody."""
    if whole <= 0:
        return None
    unit = 10**places
    return Fraction((2 * part * unit + whole) // (2 * whole), unit)


def _compare_row(row, expected, findings):
    """A row that is shown has all numbers, one that is suppressed has none."""
    is_suppressed = row.get("suppressed") is not None
    for field, number in expected.items():
        said, number = row.get(field), None if is_suppressed else number
        if not _is(said, number, field):
            findings.add(
                "figure-differs", address(row), f"{field}: the journal says {_shown(number)}, the edition says {_shown(said)}"
            )


def _compare_hidden(row, programme, organisations, findings):
    """A group is hidden as too small if it is, and only then. That it is hidden because of what it tells of others is believed."""
    said, least = row.get("suppressed"), programme.small_group
    is_group = bool(text(row, "by"))
    is_small = is_group and organisations < least
    allowed = ("small-group",) if is_small else (None, "complement") if is_group else (None,)
    if said not in allowed:
        detail = f"suppressed: the edition says {_shown(said)} of {organisations} organisations, the least are {least}"
        findings.add("figure-differs", address(row), detail)


def _is(said, expected, field):
    if said is None or expected is None:
        return said is None and expected is None
    if isinstance(said, bool) or not isinstance(said, (int, Decimal, str)):
        return False
    # Only exact decimals stand as texts. A value is the nearest double of the amount.
    if isinstance(said, str) != (field == "ratio" or field.startswith("amount")):
        return False
    # No longer than a number of Facit's can be, so that a hostile one costs nothing.
    if isinstance(said, str) and not re.fullmatch(r"-?[0-9]{1,60}(\.[0-9]{1,20})?", said):
        return False
    if isinstance(said, Decimal) and abs(said.adjusted()) > 60:
        return False
    number = Fraction(said)
    return number == expected or (field == "value" and float(number) == float(expected))


def _shown(number):
    if isinstance(number, Fraction):
        return str(number.numerator) if number.denominator == 1 else str(Decimal(number.numerator) / number.denominator)
    return "nothing" if number is None else str(number)[:80]


def _compare_definitions(edition, programme, findings):
    """Each definition as the programme had it."""
    for part in ("indicators", "questions", "measures"):
        for definition in items(edition.get("definitions"), part):
            if as_in_entries(definition) not in items(programme.document, part):
                where = f"definitions/{part}/{text(definition, 'key')}"
                findings.add("definition-differs", where, "the programme in force had another")


def _compare_texts(row, programme, indicator, expected, findings):
    """What stands beside a row's numbers for people to read."""
    measure = programme.measures.get(text(indicator, "measure"), {})
    is_shown = text(indicator, "kind") == "share" and row.get("suppressed") is None
    texts = {
        "label": indicator.get("label"),
        "groupLabel": _group_label(programme, text(row, "by"), text(row, "group")),
        "unit": measure.get("unit"),
        "percentText": percent_text(expected["counted"], expected["base"], programme.decimals) if is_shown else None,
    }
    for field, expected_text in texts.items():
        if row.get(field) != expected_text:
            findings.add("figure-differs", address(row), f"{field}: the journal says {expected_text}, the edition says {row.get(field)}")


def _group_label(programme, by, group):
    if by in ("sector", "focusArea"):
        named = items(programme.document, "sectors" if by == "sector" else "focusAreas")
        return next((it.get("label") for it in named if text(it, "key") == group), None)
    return {"region": places.REGIONS, "area": places.AREAS}.get(by, {}).get(group)


def percent_text(part, whole, places_behind):
    """In both languages; None of nobody. 0 only for none and 100 only for all: what would round to them is below or above its
    neighbour."""
    share = rounded(100 * part, whole, places_behind)
    if share is None:
        return None
    least, sign = Fraction(1, 10**places_behind), ""
    if share == 0 and part > 0:
        share, sign = least, "<"
    elif share == 100 and part < whole:
        share, sign = 100 - least, ">"
    units = str(share * 10**places_behind).rjust(places_behind + 1, "0")
    end = len(units) - places_behind
    written = sign + units[:end] + ("." + units[end:] if places_behind else "")
    return {"da": written.replace(".", ","), "en": written}


def _compare_groups(edition, key, rows, counted, findings):
    """Every group that has somebody is there, shown or not, and no other, unless the figure is not broken down."""
    is_left_out = any(text(it, "indicator") == key for it in items(edition, "leftOut"))
    if is_left_out and not rows:
        return
    there = {(text(row, "by"), text(row, "group")) for row in rows}
    expected = {group for group in counted if group[0] in DIMENSIONS}
    for by, group in sorted(there ^ expected):
        detail = "nobody is in this group" if (by, group) in there else "the group is missing"
        findings.add("figure-differs", f"figures/{key}/{by}/{group}", detail)


def address(row):
    key, by = text(row, "indicator"), text(row, "by")
    return f"figures/{key}/{by}/{text(row, 'group')}" if by else f"figures/{key}"
