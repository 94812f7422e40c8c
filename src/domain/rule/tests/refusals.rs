//! What is refused, where, and in which words.

use super::*;

#[test]
fn unknown_names_are_found_where_they_stand() {
    for (source, expected) in [
        ("answr > 3", vec!["1:1 rule-unknown-name"]),
        ("'blåbærgrød' == partner.secto", vec!["1:25 rule-unknown-name"]),
        (
            "answer > 3 &&\n  'æ' == partner . secto ||\n\tnope",
            vec!["2:20 rule-unknown-name", "3:2 rule-unknown-name"],
        ),
        ("answers['æ'] == ''", vec!["1:9 rule-unknown-name"]),
        ("answers[partner.sector] == ''", vec!["1:9 rule-unknown-name"]),
        ("partner.sector in answers", vec!["1:1 rule-unknown-name"]),
        ("'x' in answers", vec!["1:1 rule-unknown-name"]),
        ("'ø' == '' || has( answers.peple )", vec!["1:27 rule-unknown-name"]),
        ("has(answers['people'].people)", vec!["1:23 rule-unknown-name"]),
        ("commitments.exists(c, c.gaol != '')", vec!["1:25 rule-unknown-name"]),
        ("commitments.exists(c, d.goal != '')", vec!["1:23 rule-unknown-name"]),
        ("commitments.exists(c, c.focusAreas.exists(f, f.nope))", vec!["1:48 rule-unknown-name"]),
        ("commitments.filter(c, true)[0].nope == ''", vec!["1:32 rule-unknown-name"]),
        ("partner.sector.length > 1", vec!["1:16 rule-unknown-name"]),
        ("answer.value > 1", vec!["1:8 rule-unknown-name"]),
        ("commitments.goal == ''", vec!["1:13 rule-unknown-name"]),
        ("commitments['goal'] == ''", vec!["1:13 rule-unknown-name"]),
        ("int == string", vec!["1:1 rule-unknown-name", "1:8 rule-unknown-name"]),
        (".answer > 1", vec!["1:2 rule-unknown-name"]),
        ("c.goal == '' || commitments.exists(c, c.goal == '')", vec!["1:1 rule-unknown-name"]),
    ] {
        assert_eq!(faults(source), expected, "{source}");
    }
    let text = sentence("partner.secto == ''");
    assert_eq!(text.da, "»secto« findes ikke i »partner«. Nærmest: »sector«, »objectives«.");
    assert_eq!(text.en, "“secto” is not in “partner”. Nearest: “sector”, “objectives”.");
    assert!(
        sentence("answr > 3")
            .en
            .starts_with("The name “answr” is not known. Nearest: “answer”, “answers”")
    );
}

#[test]
fn functions_are_those_of_the_list() {
    for (source, expected) in [
        ("partner.sector.matches('a')", "1:16 rule-unknown-function"),
        ("'å' == '' || lower(partner.sector) == ''", "1:14 rule-unknown-function"),
        ("type(answer) == 1", "1:1 rule-unknown-function"),
        ("partner.objectives.contains('a')", "1:20 rule-unknown-function"),
        ("contains(partner.sector, 'a')", "1:1 rule-unknown-function"),
        ("size(answer) > 1", "1:1 rule-unknown-function"),
        ("commitments.exists(c)", "1:13 rule-unknown-function"),
        ("commitments.existsOne(c, true)", "1:13 rule-unknown-function"),
        ("partner.sector.exists(c, true)", "1:16 rule-unknown-function"),
        ("answers.exists(k, k == 'people')", "1:9 rule-unknown-function"),
        ("has(answers.people, 1)", "1:1 rule-unknown-function"),
        ("optional.of(1) == 1", "1:1 rule-unknown-name"),
    ] {
        assert_eq!(faults(source).first().map(String::as_str), Some(expected), "{source}");
    }
}

#[test]
fn a_rule_is_true_or_false() {
    for source in [
        "1",
        "'x'",
        "answer",
        "partner.sector",
        "commitments",
        "1 + 1",
        "size(commitments)",
        "null",
        "[true]",
        "commitments.filter(c, true)",
        "true ? 1 : 2",
        "true ? 1 : 'x'",
        "-answer",
        "[1, 'x'][0]",
        "!answer",
        "answer && true",
        "true || 'x'",
        "answer ? true : false",
        "commitments.exists(c, c.goal)",
        "commitments.filter(c, c.target).size() > 0",
        "[null][0]",
        "commitments.map(c, c.goal)[0]",
    ] {
        assert!(faults(source).iter().all(|fault| fault.ends_with("rule-not-boolean")), "{source}");
    }
    for source in ["[true][0]", "true ? true : null", "commitments.map(c, c.goal != '')[0]"] {
        assert!(compile(source).is_ok(), "{source}");
    }
    assert_eq!(faults("answer > 1 && 'å'"), ["1:15 rule-not-boolean"]);
    assert_eq!(faults("true && -answer"), ["1:9 rule-not-boolean"]);
    assert_eq!(faults("true && size(commitments)"), ["1:9 rule-not-boolean"]);
    assert_eq!(faults("true &&\n commitments[0].goal"), ["2:2 rule-not-boolean"]);
}

#[test]
fn what_can_not_be_read_is_refused_where_it_stops() {
    for (source, expected) in [
        ("", vec!["1:1 rule-syntax"]),
        (" \n // intet", vec!["1:1 rule-syntax"]),
        ("'æøå' == == 2", vec!["1:10 rule-syntax"]),
        ("answer >\n  'æ' > > 1", vec!["2:9 rule-syntax"]),
        ("answer >", vec!["1:9 rule-syntax"]),
        ("answer = 3 & true", vec!["1:8 rule-syntax", "1:12 rule-syntax"]),
        ("answer > 3 answer", vec!["1:12 rule-syntax"]),
        ("while", vec!["1:1 rule-syntax"]),
        ("answers.?people == 1", vec!["1:8 rule-syntax"]),
        ("commitments[?0] == 1", vec!["1:12 rule-syntax"]),
        ("Foo{a: 1} == 1", vec!["1:4 rule-syntax", "1:9 rule-syntax"]),
        ("answer == 3u", vec!["1:11 rule-syntax"]),
        ("answer == 99999999999999999999", vec!["1:11 rule-syntax"]),
        ("'å' == b'x'", vec!["1:9 rule-syntax"]),
        ("r'x' == ''", vec!["1:2 rule-syntax"]),
        ("'''x''' == ''", vec!["1:1 rule-syntax"]),
        ("'å\\q' == ''", vec!["1:3 rule-syntax"]),
        ("'å", vec!["1:1 rule-syntax"]),
        ("'a\nb' == ''", vec!["1:1 rule-syntax"]),
        ("(answer > 1", vec!["1:1 rule-syntax"]),
        ("answer > 1)]", vec!["1:11 rule-syntax", "1:12 rule-syntax"]),
        ("[answer > 1)", vec!["1:1 rule-syntax", "1:12 rule-syntax"]),
        ("område == 'å'", vec!["1:4 rule-syntax"]),
        ("answer\0 > 1", vec!["1:7 rule-syntax"]),
        ("'a\u{7}' == '\u{202e}'", vec!["1:3 rule-syntax", "1:10 rule-syntax"]),
        ("true // \0", vec!["1:9 rule-syntax"]),
        ("`answer` > 1", vec!["1:1 rule-syntax", "1:8 rule-syntax"]),
        ("'å' == '' && has(answer)", vec!["1:18 rule-syntax"]),
        ("'å' == '' && commitments.exists('c', true)", vec!["1:33 rule-syntax"]),
    ] {
        assert_eq!(faults(source), expected, "{source:?}");
    }
    assert_eq!(sentence("answer >").da, "Reglen slutter for tidligt.");
    assert_eq!(sentence("answer > 3 answer").en, "The rule can't be read from “answer” on.");
    assert_eq!(sentence("answer > 3 &&\r\n").en, "The rule ends too early.");
}
