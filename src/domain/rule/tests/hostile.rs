//! Rules that are written to hurt.

use std::time::Instant;

use super::*;

#[test]
fn depth_and_length_are_bounded() {
    let three = "commitments.exists(c, commitments.exists(d, commitments.exists(e, true)))";
    assert_eq!(faults(three), ["1:57 rule-too-deep"]);
    assert!(
        compile("commitments.exists(c, true) && commitments.exists(c, c.focusAreas.all(f, true))")
            .is_ok()
    );
    let filtered = "commitments.filter(c, true).filter(c, true).filter(c, true).exists(c, c.goal == '')";
    assert!(compile(filtered).is_ok());
    let longest = format!("true{}", " ".repeat(MAX_LENGTH - 4));
    assert!(compile(&longest).is_ok());
    assert_eq!(faults(&format!("{longest}\n")), ["1:4001 rule-too-long"]);
    let many = vec!["answers.new_collaborations == 'x'"; 100].join(" || ");
    assert_eq!(holds(&many), Ok(false));
}

#[test]
fn hostile_rules_are_refused_or_run_within_two_mebibytes_of_stack() {
    let repeat = |part: &str, n: usize| part.repeat(n);
    let nest = |open: &str, close: &str, n: usize| format!("{}true{}", open.repeat(n), close.repeat(n));
    let mut sources = vec![];
    for part in [
        "(",
        "[",
        "!",
        "-",
        "{",
        ")",
        "?",
        ".",
        "'",
        "\\",
        "//",
        "a.",
        "a[",
        "!(",
        "((?))",
        "a?",
        ":",
        "@",
        "a ? b ((?))",
        "!-",
        "has(",
        "size(",
        "''+",
        "[[],",
        "in ",
        "1 in ",
        "\u{1}",
        "😀",
        "`",
        "true?",
    ] {
        sources.push(repeat(part, 4_000 / part.chars().count()));
        sources.push(repeat(part, 20));
        sources.push(format!("{}true", repeat(part, 3_900 / part.chars().count())));
    }
    for n in [8, 20, 23, 24, 25, 29, 90, 300] {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("!(", ")"),
            ("true==(", ")"),
            ("size([", "])"),
            ("[1].map(a,", ")"),
            ("[1].exists(a,", ")"),
            ("false||(", ")"),
            ("true?(", "):false"),
            ("[1][", "]"),
            ("[true", "][0]"),
        ] {
            sources.push(nest(open, close, n));
        }
    }
    for n in [10, 20, 25, 28, 29, 30, 31, 64, 400, 1_000] {
        for (term, by) in [
            ("true", "||"),
            ("true", "&&"),
            ("1", "+"),
            ("1", "-"),
            ("1", "*"),
            ("1", "=="),
            ("'a'", "+"),
            ("true", "?true:"),
            ("true", "=="),
            ("[1]", "+"),
            ("a", "."),
            ("1", " in "),
            ("true", "==false||"),
        ] {
            sources.push(vec![term; n].join(by));
            sources.push(format!("{} == 1", vec![term; n].join(by)));
        }
        sources.push(format!("[[true]]{}", repeat("[0]", n)));
        sources.push(format!("partner{}", repeat(".sector", n)));
        sources.push(format!("commitments{}.size() > 1", repeat(".filter(c,true)", n)));
    }
    let run = move || {
        for source in sources {
            let started = Instant::now();
            if let Ok(rule) = compile(&source) {
                _ = rule.holds(&record());
            }
            assert!(started.elapsed().as_secs() < 3, "{source}");
        }
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

/// Rules put together at random from the words of the language, and real ones with a piece torn out.
#[test]
fn random_rules_never_panic() {
    let words = [
        "answer",
        "answers",
        "commitments",
        "c",
        ".goal",
        ".exists(c,",
        ".map(",
        ".filter(c, ",
        "(",
        ")",
        "[",
        "]",
        ",",
        "?",
        ":",
        "!",
        "-",
        "+",
        "==",
        "&&",
        "||",
        " in ",
        "1",
        "1.5",
        "'æ'",
        "has(",
        "size(",
        "true",
        "null",
        ".",
        "%",
        "0x",
        "1e9",
        "\n",
        "//",
        "{",
        "existsOne(",
        "while",
        "u",
        "<",
        ">=",
        "=",
        "&",
        "@",
    ];
    let real = "commitments.filter(c, c.goal != 'æ').size() >= 2 && has(answers.people) ? answer in [1, 2] : !true";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..1_500 {
        let length = 1 + next(14);
        let random: String = (0..length).map(|_| words[next(words.len())]).collect();
        let (from, to) = (next(100), next(12));
        let word = words[next(words.len())];
        let torn: String = real
            .chars()
            .take(from)
            .chain(word.chars())
            .chain(real.chars().skip(from + to))
            .collect();
        for source in [random, torn] {
            let trace = "Reglen kunne ikke læses.";
            match compile(&source) {
                Ok(rule) => _ = rule.holds(&record()),
                Err(faults) => {
                    assert!(!faults.is_empty());
                    assert!(
                        faults.iter().all(|fault| !fault.detail.da.starts_with(trace)),
                        "panicked: {source}"
                    );
                }
            }
        }
    }
}

/// A list of so many elements.
fn ones(elements: usize) -> String {
    format!("[{}]", vec!["1"; elements].join(","))
}

#[test]
fn lists_within_the_bounds_are_free_to_use() {
    let (most, half) = (ones(200), ones(100));
    for source in [
        format!("{most}.exists(n, n == answer) || {most}.all(n, n == answer)"),
        format!("{most}.map(n, n + n + 1).filter(n, n > 1).size() > 1"),
        format!("answer in {most} && answer in ({half} + {half})"),
        format!("{half}.exists(a, {half}.exists(b, a + 1 == b))"),
        format!("[{half}, {half}].exists(list, list.exists(n, n == answer))"),
        format!("commitments.exists(c, {most}.exists(n, c.target == n))"),
        format!("commitments.exists(c, c.focusAreas.exists(f, f.key != '' || c.target in {most}))"),
        "(commitments + commitments).exists(c, c.goal + '!' == '!')".to_string(),
    ] {
        assert!(compile(&source).is_ok(), "{source}: {:?}", compile(&source));
    }
}

#[test]
fn lists_that_are_too_long_are_refused() {
    let (over, most, half) = (ones(201), ones(200), ones(100));
    for (source, expected) in [
        (format!("answer in {over}"), vec!["1:11 rule-too-long"]),
        (
            format!("'å' in {over} ||\n answer in {over}"),
            vec!["1:8 rule-too-long", "2:12 rule-too-long"],
        ),
        (format!("({most} + [1]).exists(n, n == answer)"), vec!["1:2 rule-too-long"]),
        (format!("[{half}, {half}, [1]].exists(l, l.exists(n, n == 1))"), vec!["1:1 rule-too-long"]),
        (format!("{half}.map(n, [n, n, n]).size() > 1"), vec!["1:1 rule-too-long"]),
        (format!("[{half}].exists(l, (true ? l + l + l : null) == l)"), vec!["1:223 rule-too-long"]),
        (
            format!("({half} + {half}.filter(n, true) + [[1]][0]).size() > 1"),
            vec!["1:2 rule-too-long"],
        ),
        (
            format!("[partner.sector]{} == []", ".map(t, t + t)".repeat(8)),
            vec!["1:123 rule-too-long"],
        ),
        (format!("[commitments]{} == []", ".map(t, t + t)".repeat(8)), vec!["1:120 rule-too-long"]),
        (format!("['a']{} == []", ".map(t, string(t + t))".repeat(8)), vec!["1:175 rule-too-long"]),
    ] {
        assert_eq!(faults(&source), expected, "{source}");
    }
}

#[test]
fn loops_that_multiply_are_refused() {
    let (most, half, some) = (ones(200), ones(100), ones(51));
    for (source, at) in [
        (format!("{most}.exists(a, {some}.exists(b, a != b))"), "1:413 rule-too-costly"),
        (format!("{most}.exists(a, answer in {some})"), "1:423 rule-too-costly"),
        (format!("{most}.exists(a, ({some}).map(b, b).size() == 1)"), "1:414 rule-too-costly"),
        (format!("{half}.exists(a, {half}.exists(b, a in [1, 2]))"), "1:430 rule-too-costly"),
    ] {
        assert_eq!(faults(&source).first().map(String::as_str), Some(at), "{source}");
    }
    let text = sentence(&format!("{most}.exists(a, answer in {some})"));
    assert!(text.en.ends_with("their lengths multiplied must be at most 10000."), "{}", text.en);
}

#[test]
fn rules_run_briefly_even_at_the_bounds() {
    let half = ones(100);
    let refused = format!("{half}.all(a, {half}.all(b, {}))", ["(a == b || true)"; 12].join(" && "));
    assert_eq!(faults(&refused).len(), 1);
    assert!(faults(&refused)[0].ends_with("rule-too-costly"));

    let rule = compile(&format!("{half}.all(a, {half}.all(b, a == b || b == a || true))")).unwrap();
    let started = Instant::now();
    assert_eq!(rule.holds(&record()), Ok(true));
    assert!(started.elapsed().as_secs() < 3, "{:?}", started.elapsed());
}
