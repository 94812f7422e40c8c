//! Bodies that were right once, changed at random: whatever comes of it, it is no fault of ours.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};

use crate::support::cast::Cast;
use crate::support::on_both;
use crate::support::writes::{places, writes};

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.0.next_u32()).unwrap_or(0) % sides.max(1)
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

/// Values that somebody did not think of.
fn odd() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(-0.0),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!(" "),
        json!("a\u{0}b"),
        json!("\u{feff}"),
        json!("\u{202e}evil"),
        json!("x".repeat(400)),
        json!("x".repeat(20_000)),
        json!("😀"),
        json!("Z̸̢̧"),
        json!("' OR 1=1 --"),
        json!("${7*7}"),
        json!("9999-12-31"),
        json!("1000-01-01"),
        json!("2023-02-29"),
        json!("9999"),
        json!("9999-12"),
        json!("9999-12-31T23:59:60Z"),
        json!("1000-01-01T00:00:00+23:59"),
        json!("9999-12-31T23:59:59-23:59"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("yes"),
        json!("true"),
        json!("1/0 == 1"),
        json!("[1].map(x, [2].map(y, [3].map(z, x)))"),
        json!("answer == 'yes' || initiative.status == 'x'"),
        json!("Pacific/Kiritimati"),
        json!("accepted"),
        json!("count"),
        json!("multiChoice"),
        json!([]),
        json!({}),
        json!([null]),
        json!([[]]),
        json!(["a", "a"]),
        json!({"da": "", "en": ""}),
        json!({"key": "a"}),
        json!({"value": "yes", "none": "dontKnow"}),
        json!({"value": -0.0}),
        json!({"value": 1e308}),
        json!({"value": 123456789012345678901234567890.0}),
        json!({"value": 0.1}),
        json!({"value": ["yes"]}),
    ]
}

fn mutate(dice: &mut Dice, body: &mut Value) {
    let mut found = Vec::new();
    places(body, "", &mut found);
    let at = dice.pick(&found);
    let other = body.pointer(&dice.pick(&found)).cloned().unwrap_or_default();
    let Some(value) = body.pointer_mut(&at) else { return };
    match (dice.below(8), &mut *value) {
        (0, Value::Object(fields)) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            if !keys.is_empty() {
                fields.remove(&dice.pick(&keys));
            }
        }
        (1, Value::Object(fields)) => {
            fields.insert(
                dice.pick(&["x", "key", "answer", "", "/", "~", "__proto__"]).to_owned(),
                dice.pick(&odd()),
            );
        }
        (0, Value::Array(items)) if !items.is_empty() => {
            items.remove(dice.below(items.len()));
        }
        (1 | 2, Value::Array(items)) => {
            let again = items.first().cloned().unwrap_or_else(|| other.clone());
            items.push(again);
        }
        (3, Value::Array(items)) => items.reverse(),
        (4, _) => *value = other,
        (5, Value::String(text)) => {
            text.push_str(dice.pick(&["\u{0}", " ", "é", "-01", "T", "9", "(", "'"]))
        }
        (6, Value::String(text)) => {
            text.pop();
        }
        _ => *value = dice.pick(&odd()),
    }
}

/// The text with a few bytes of it changed: seldom JSON still.
fn scramble(dice: &mut Dice, text: String) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for _ in 0..=dice.below(3) {
        let place = dice.below(bytes.len());
        match dice.below(4) {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, dice.pick(b"{}[],:\"\\0e-\x00\xff")),
            2 if !bytes.is_empty() => drop(bytes.remove(place)),
            _ if !bytes.is_empty() => bytes[place] = dice.pick(b"{}[],:\"\\u\x7f\xc3"),
            _ => {}
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

on_both! {
    fn no_body_however_odd_is_a_fault_of_ours(api) {
        let scene = Cast::set(api);
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(2023));
        let mut taken = 0;
        for write in writes(api, &scene) {
            for turn in 0..300 {
                let mut body = write.body(&scene);
                for _ in 0..=dice.below(3) {
                    mutate(&mut dice, &mut body);
                }
                let text = body.to_string();
                let bytes = if turn % 6 == 5 { scramble(&mut dice, text) } else { text.into_bytes() };
                let before = if turn % 10 == 0 { Some(scene.journal_size(api)) } else { None };
                let answered = write.send(api, &bytes);
                let sent = String::from_utf8_lossy(&bytes);
                let what = format!("{} {turn}: {}", write.operation, sent.chars().take(2000).collect::<String>());
                assert!(answered.status < 500, "{what}: {}", answered.text);
                if answered.status < 400 {
                    taken += 1;
                    continue;
                }
                answered.problem(answered.status);
                if [400, 422].contains(&answered.status) {
                    let pointers = answered.faults();
                    assert!(!pointers.is_empty() || answered.body["code"] == "body-missing", "{what}: {}", answered.text);
                }
                if let Some(before) = before {
                    assert_eq!(scene.journal_size(api), before, "{what}");
                }
            }
        }
        assert!(taken > 100, "{taken} of them were taken all the same");
        assert_eq!(api.get("/readyz").send().status, 200);
    }
}
