//! What rules mean, and what they read.

use super::*;

#[test]
fn rules_of_the_contract_hold() {
    for (source, expected) in [
        ("true", true),
        ("answers.new_collaborations == 'yes'", true),
        ("answers['new_collaborations'] == 'no'", false),
        ("commitments.exists(c, c.goal != '')", true),
        ("commitments.all(c, c.goal != '')", false),
        ("commitments.exists_one(c, c.goal != '')", true),
        ("commitments.filter(c, c.goal != '').size() == 1", true),
        ("size(commitments.map(c, c.goal != '', c.goal)) == 1", true),
        ("commitments.map(c, c.goal).exists(g, g.contains('å'))", true),
        ("commitments.exists(c, c.focusAreas.exists(f, f.national && f.key == 'k'))", true),
        ("partner.objectives.exists(o, o == 'b') && 'a' in partner.objectives", true),
        ("partner.objectives == ['a', 'b'] && partner.objectives[1].startsWith('b')", true),
        ("commitments[0] == commitments[0] && commitments[0] != commitments[1]", true),
        ("commitments.filter(c, true)[1].goal.endsWith('borgere')", true),
        ("has(answers.people) && 'people' in answers && size(partner) == 2", true),
        ("initiatives.exists(i, i.status in ['running', 'completed'])", false),
        ("partner.sector == 'region' ? answer > 1 : false // kommentar på dansk", true),
        ("int(answer) % 2 == 1 && string(answer) == '3' && double('1.5') < 2", true),
    ] {
        assert_eq!(holds(source), Ok(expected), "{source}");
    }
}

#[test]
fn numbers_compare_across_kinds_and_null_has_rules_of_its_own() {
    for source in [
        "answer > 2",
        "2 < answer",
        "answer >= 2.5",
        "answer == 3",
        "3 == answer",
        "answer != 4",
        "answer in [1, 3]",
        "answer + 1.0 == 4",
        "commitments[0].target + 1 == 6",
        "commitments[0].target > 4.5",
        "answers.people == null",
        "null == answers.people",
        "answer != null && answer > 2",
        "!(answers.people != null && answers.people > 3)",
        "!(answers.people > 3 && answers.people != null)",
        "answers.people != 0",
        "answer != '3'",
        "commitments.exists(c, c.target > 4)",
    ] {
        assert_eq!(holds(source), Ok(true), "{source}");
    }
    for source in [
        "answers.people > 3",
        "answer + 1 == 4",
        "commitments[7].goal == ''",
        "1 / 0 == 1",
        "commitments.all(c, c.target > 4)",
        "-(0 - 9223372036854775807 - 1) == 1",
    ] {
        assert!(holds(source).is_err(), "{source}");
    }
}

#[test]
fn a_record_may_lack_what_the_rule_does_not_read() {
    let rule = compile("answer > 2").unwrap();
    let mut record = Record::new();
    assert!(rule.holds(&record).is_err());
    record.set("answer", &json!(2.5));
    assert_eq!(rule.holds(&record), Ok(true));
    record.set("answer", &json!(2));
    assert_eq!(rule.holds(&record), Ok(false));
}

#[test]
fn paths_run_through_loop_variables() {
    for (source, expected) in [
        ("answers['new_collaborations'] == 'yes'", "answers.new_collaborations"),
        ("has(answers.people)", "answers.people"),
        ("'people' in answers", "answers.people"),
        ("commitments.exists(c, c.goal != '')", "commitments[].goal"),
        ("commitments.size() > 1", "commitments"),
        ("commitments.exists(c, true)", "commitments"),
        ("commitments[0].goal == ''", "commitments[].goal"),
        ("partner.objectives.exists(o, o == 'a')", "partner.objectives[]"),
        (
            "commitments.filter(c, c.goal != '').exists(d, d.target > 1)",
            "commitments[].goal commitments[].target",
        ),
        ("commitments.filter(c, c.goal != '').size() > 1", "commitments[].goal"),
        (
            "commitments.exists(c, c.focusAreas.all(f, f.national))",
            "commitments[].focusAreas[].national",
        ),
        (
            "commitments.exists(c, initiatives.exists(i, i.status == c.goal))",
            "commitments[].goal initiatives[].status",
        ),
        ("[1, 2].exists(n, answer > n)", "answer"),
        ("commitments.map(c, c.target).exists(t, t > 3)", "commitments[].target"),
    ] {
        assert_eq!(paths(source), expected, "{source}");
    }
    let rule = compile("commitments.exists(c, c.goal != '') && answer > 1").unwrap();
    assert!(rule.reads("commitments") && rule.reads("answer"));
    assert!(!rule.reads("answers") && !rule.reads("partner"));
    assert_eq!(rule.source(), "commitments.exists(c, c.goal != '') && answer > 1");
}

#[test]
fn rules_and_records_cross_threads() {
    fn crosses<T: Send + Sync + std::fmt::Debug>() {}
    fn crosses_silently<T: Send + Sync>() {}
    crosses::<Rule>();
    crosses_silently::<Record>();
}
