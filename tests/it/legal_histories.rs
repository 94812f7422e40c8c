//! Everybody moves the same report at the same time: its partner saves, submits and withdraws, the secretariat
//! returns, accepts and reopens it, and closes the round meanwhile. Whoever wins, the journal tells a history
//! that the rules allow, written down here once more as a model; and it tells all that was answered.

use std::collections::BTreeMap;
use std::sync::Barrier;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::support::{Answered, Api, Backend, Scene, Token};

const CASES: u32 = 10;
const SEED: [u8; 32] = *b"facit: everybody at the same tim";

/// What one of them tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Try {
    Save,
    Submit,
    Withdraw,
    Return,
    Accept,
    Reopen,
    Close,
    Open,
}

fn partner_tries() -> impl Strategy<Value = Try> {
    prop_oneof![3 => Just(Try::Save), 4 => Just(Try::Submit), 2 => Just(Try::Withdraw)]
}

fn office_tries() -> impl Strategy<Value = Try> {
    prop_oneof![3 => Just(Try::Return), 2 => Just(Try::Accept), 2 => Just(Try::Reopen)]
}

fn round_tries() -> impl Strategy<Value = Try> {
    prop_oneof![Just(Try::Close), Just(Try::Open)]
}

/// Two colleagues of the partner, two of the secretariat, and one who opens and closes the round.
fn crowds() -> impl Strategy<Value = Vec<Vec<Try>>> {
    let partner = || vec(partner_tries(), 6..12);
    let office = || vec(office_tries(), 6..12);
    (partner(), partner(), office(), office(), vec(round_tries(), 2..5))
        .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

fn any_order_is_legal(backend: Backend) {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        // Threads do not run twice alike, so there is nothing to shrink.
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    let api = Api::start(backend);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let scene = Scene::new(&api);
    let outcome = TestRunner::new_with_rng(config, rng).run(&crowds(), |crowd| race(&scene, crowd));
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn whoever_wins_the_history_is_legal_on_sqlite() {
    any_order_is_legal(Backend::Sqlite);
}

#[test]
fn whoever_wins_the_history_is_legal_on_postgres() {
    any_order_is_legal(Backend::Postgres);
}

/// The one report that all of them are after.
struct Prize<'a> {
    api: &'a Api,
    alliance: String,
    path: String,
    partner: Token,
    secretariat: Token,
}

impl Prize<'_> {
    fn attempt(&self, step: Try, number: usize) -> Answered {
        match step {
            Try::Save => self.save(number),
            Try::Submit => self.step("submission", &self.partner, &json!({})),
            Try::Withdraw => self.step("withdrawal", &self.partner, &json!({})),
            Try::Return => {
                let points = json!({"points": [{"pointer": "", "code": "unclear", "detail": "Hvad?"}]});
                self.step("return", &self.secretariat, &points)
            }
            Try::Accept => self.step("acceptance", &self.secretariat, &json!({})),
            Try::Reopen => self.step("reopening", &self.secretariat, &json!({"reason": "Ny viden"})),
            Try::Close => self.close_round("2021-02-01T12:00:00Z", "2021-03-01T12:00:00Z"),
            Try::Open => self.close_round("2099-06-30T12:00:00Z", "2099-07-30T12:00:00Z"),
        }
    }

    fn step(&self, step: &str, token: &Token, body: &Value) -> Answered {
        self.api
            .post(&format!("{}/{step}", self.path))
            .token(token)
            .once()
            .json(body)
            .send()
    }

    /// As a client does it that read before it writes.
    fn save(&self, number: usize) -> Answered {
        let before = self.api.get(&self.path).token(&self.partner).send();
        let body = json!({"answers": {"joined": {"value": "yes"}, "reach": {"value": number % 1000}}});
        let request = self.api.put(&self.path).token(&self.partner).json(&body);
        if before.status == 200 { request.if_match(before.etag()).send() } else { request.send() }
    }

    fn close_round(&self, due_at: &str, closes_at: &str) -> Answered {
        let before = self.api.get(&self.alliance).send();
        let mut document = before.body.clone();
        (document["rounds"][2]["dueAt"], document["rounds"][2]["closesAt"]) =
            (json!(due_at), json!(closes_at));
        let request = self.api.put(&self.alliance).token(&self.secretariat);
        request.if_match(before.etag()).json(&document).send()
    }
}

fn race(scene: &Scene, crowd: Vec<Vec<Try>>) -> Result<(), TestCaseError> {
    let partner = scene.admit(&uuid::Uuid::new_v4().to_string(), "2020-01-01");
    let prize = &Prize {
        api: scene.api,
        alliance: scene.at(""),
        path: scene.at(&format!("/reports/open/{partner}")),
        partner: scene.of(&partner),
        secretariat: scene.secretariat.clone(),
    };
    let opened = prize.attempt(Try::Open, 0);
    prop_assert_eq!(opened.status, 200);
    let began_at = scene.journal_size();
    let together = &Barrier::new(crowd.len());
    let answered: Vec<(Try, Answered)> = std::thread::scope(|threads| {
        let threads: Vec<_> = crowd
            .iter()
            .enumerate()
            .map(|(who, tries)| {
                threads.spawn(move || {
                    together.wait();
                    let tries = tries.iter().enumerate();
                    tries
                        .map(|(n, step)| (*step, prize.attempt(*step, 100 * who + n)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("answers")).collect()
    });
    for (step, answered) in &answered {
        let expected = matches!(answered.status, 200 | 201 | 404 | 409 | 412 | 428);
        prop_assert!(expected, "{step:?}: {} {}", answered.status, answered.text);
    }
    let entries = entries_since(scene, began_at);
    prop_assert_eq!(
        told(&entries),
        taken(&answered, version(&opened)),
        "each move that was answered is journalled once"
    );
    let end = entries.iter().try_fold(Model::default(), Model::after)?;
    let now = prize.api.get(&prize.path).token(&prize.partner).send();
    let found = now.body["state"].as_str().unwrap_or("none");
    let drafted = end.state == "none" && found == "draft";
    prop_assert!(
        drafted || found == end.state,
        "the journal ends with {}, and it is {found}",
        end.state
    );
    prop_assert_eq!(now.body["submittedVersion"].as_i64().unwrap_or(0), end.submissions);
    Ok(())
}

fn entries_since(scene: &Scene, size: i64) -> Vec<Value> {
    let page = scene.read(&format!("/journal?from={}&limit=500", size + 1));
    assert_eq!(page["nextCursor"], Value::Null);
    page["items"].as_array().expect("entries").clone()
}

/// How often the journal tells each action.
fn told(entries: &[Value]) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for entry in entries {
        *told.entry(entry["action"].as_str().expect("an action").to_owned()).or_default() += 1;
    }
    told
}

fn version(answered: &Answered) -> String {
    answered.etag().split('-').next().unwrap_or_default().to_owned()
}

/// How often each action was answered as done. A programme equal to the one in force is answered as it is, and
/// changes nothing.
fn taken(answered: &[(Try, Answered)], version_before: String) -> BTreeMap<String, usize> {
    let mut taken = BTreeMap::new();
    let mut versions = Vec::new();
    for (step, answered) in answered.iter().filter(|(_, answered)| matches!(answered.status, 200 | 201))
    {
        let action = match step {
            Try::Save => continue,
            Try::Submit => "report.submitted",
            Try::Withdraw => "report.withdrawn",
            Try::Return => "report.returned",
            Try::Accept => "report.accepted",
            Try::Reopen => "report.reopened",
            Try::Close | Try::Open => {
                versions.push(version(answered));
                continue;
            }
        };
        *taken.entry(action.to_owned()).or_default() += 1;
    }
    versions.sort_unstable();
    versions.dedup();
    versions.retain(|version| *version != version_before);
    if !versions.is_empty() {
        taken.insert("programme.applied".to_owned(), versions.len());
    }
    taken
}

/// The rules of a report's life, said once more.
#[derive(Debug, Clone)]
struct Model {
    state: String,
    /// Where the last submission came from.
    before: String,
    submissions: i64,
    /// Whether the round takes reports, and whether its deadline is to come.
    is_open: bool,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            state: "none".to_owned(),
            before: "none".to_owned(),
            submissions: 0,
            is_open: true,
        }
    }
}

impl Model {
    fn after(self, entry: &Value) -> Result<Model, TestCaseError> {
        let action = entry["action"].as_str().unwrap_or_default();
        let after = &entry["after"];
        if action == "programme.applied" {
            let closes_at = after["document"]["rounds"][2]["closesAt"].as_str().unwrap_or_default();
            return Ok(Model { is_open: closes_at > "2099", ..self });
        }
        let (from, to): (&[&str], &str) = match action {
            "report.submitted" => (&["none", "draft", "returned"], "submitted"),
            "report.withdrawn" => (&["submitted"], self.before.as_str()),
            "report.returned" => (&["submitted"], "returned"),
            "report.accepted" => (&["submitted"], "accepted"),
            "report.reopened" => (&["accepted"], "returned"),
            other => return Err(TestCaseError::fail(format!("nobody did {other}"))),
        };
        prop_assert!(from.contains(&self.state.as_str()), "{action} from {}", self.state);
        prop_assert_eq!(&after["state"], to, "after {}", action);
        let is_partners = matches!(action, "report.submitted" | "report.withdrawn");
        prop_assert!(self.is_open || !is_partners, "{action} in a closed round");
        if action == "report.accepted" {
            let points = after["points"].as_array().cloned().unwrap_or_default();
            let open = points.iter().filter(|point| point["closedByVersion"].is_null()).count();
            prop_assert_eq!(open, 0, "accepted with open points");
        }
        let is_submission = action == "report.submitted";
        let submissions = self.submissions + i64::from(is_submission);
        prop_assert_eq!(&after["submittedVersion"], submissions);
        let before = match self.state.as_str() {
            "none" => "draft".to_owned(),
            state => state.to_owned(),
        };
        Ok(Model {
            before: if is_submission { before } else { self.before.clone() },
            state: to.to_owned(),
            submissions,
            is_open: self.is_open,
        })
    }
}
