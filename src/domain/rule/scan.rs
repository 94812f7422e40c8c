//! The faults that show in a rule's characters, before any parsing.

use super::RuleFault;
use super::faults::{fault, place};

/// Of brackets, in the source. The crate's own limit is 96, and a bracket costs its parser 190 KiB of
/// stack in an unoptimised build.
const MAX_BRACKETS: usize = 24;

/// The faults that show in the characters alone. Stricter than CEL's lexer, so that a bracket counted
/// here is a bracket there too: no raw, byte or triple-quoted texts, and few escapes.
pub(super) fn scan(source: &str) -> Vec<RuleFault> {
    let mut faults = Vec::new();
    let mut refuse = |at: usize, code, da: String, en: String| {
        faults.push(fault(place(source, at), code, da, en));
    };
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut word = String::new();
    let mut anything = false;
    let mut rest = source.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            anything = true;
            continue;
        }
        let before = std::mem::take(&mut word);
        let comment = c == '/' && rest.peek().is_some_and(|(_, next)| *next == '/');
        anything |= !c.is_ascii_whitespace() && !comment;
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '/' if comment => {
                while let Some((at, c)) = rest.next_if(|(_, c)| *c != '\n') {
                    if unseen(c) {
                        refuse_character(&mut refuse, at, c);
                    }
                }
            }
            '\'' | '"' => {
                let prefixed = !before.is_empty() && before.chars().all(|c| "rRbB".contains(c));
                let tripled = source
                    .get(at..)
                    .is_some_and(|s| s.starts_with("'''") || s.starts_with("\"\"\""));
                if prefixed || tripled {
                    let da = "En tekst skrives med ét anførselstegn i hver ende og intet foran.";
                    let en = "A text is written with one quote at each end and nothing in front.";
                    refuse(at, "rule-syntax", da.into(), en.into());
                    return faults;
                }
                loop {
                    match rest.next() {
                        Some((_, end)) if end == c => break,
                        Some((_, '\\')) if rest.next_if(|(_, c)| "\\'\"nrt".contains(*c)).is_some() => {}
                        Some((at, '\\')) => {
                            let da = r#"Efter \ i en tekst kan der kun stå \, ', ", n, r eller t."#;
                            let en = r#"After \ in a text only \, ', ", n, r or t can stand."#;
                            refuse(at, "rule-syntax", da.into(), en.into());
                        }
                        Some((_, '\n' | '\r')) | None => {
                            let da = "Teksten, der begynder her, slutter ikke på samme linje.";
                            let en = "The text that begins here does not end on the same line.";
                            refuse(at, "rule-syntax", da.into(), en.into());
                            return faults;
                        }
                        Some((at, c)) if unseen(c) => refuse_character(&mut refuse, at, c),
                        Some(_) => {}
                    }
                }
            }
            '(' | '[' => {
                open.push((at, if c == '(' { ')' } else { ']' }));
                if open.len() == MAX_BRACKETS + 1 {
                    let da = format!("Parenteser kan højst stå {MAX_BRACKETS} inden i hinanden.");
                    let en = format!("Brackets can be nested {MAX_BRACKETS} deep at most.");
                    refuse(at, "rule-too-deep", da, en);
                }
            }
            ')' | ']' => {
                if open.pop_if(|(_, close)| *close == c).is_none() {
                    let da = format!("»{c}« har ingen tilsvarende parentes foran sig.");
                    let en = format!("“{c}” has no matching bracket before it.");
                    refuse(at, "rule-syntax", da, en);
                }
            }
            '!' | '<' | '>' if rest.next_if(|(_, c)| *c == '=').is_some() => {}
            '=' | '&' | '|' if rest.next_if(|(_, next)| *next == c).is_none() => {
                let da = format!("Et enkelt »{c}« betyder intet i en regel: skriv »{c}{c}«.");
                let en = format!("A single “{c}” means nothing in a rule: write “{c}{c}”.");
                refuse(at, "rule-syntax", da, en);
            }
            _ if ".,?:!=<>&|+-*/%".contains(c) => {}
            _ => refuse_character(&mut refuse, at, c),
        }
    }
    for (at, close) in open {
        let da = format!("Parentesen bliver aldrig lukket: der mangler »{close}«.");
        let en = format!("The bracket is never closed: “{close}” is missing.");
        refuse(at, "rule-syntax", da, en);
    }
    if !anything && faults.is_empty() {
        faults.push(fault((1, 1), "rule-syntax", "Reglen er tom.", "The rule is empty."));
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults
}

/// Characters that no reader sees: controls, and those that make text read in another order than it runs.
fn unseen(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn refuse_character(refuse: &mut impl FnMut(usize, &'static str, String, String), at: usize, c: char) {
    let shown = if unseen(c) { format!("U+{:04X}", u32::from(c)) } else { c.to_string() };
    let da = format!("Tegnet »{shown}« kan ikke bruges her i en regel.");
    let en = format!("The character “{shown}” can't be used here in a rule.");
    refuse(at, "rule-syntax", da, en);
}
