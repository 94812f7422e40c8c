//! The real program, killed with SIGKILL in the middle of writes, again and again: what was answered is
//! there, nothing is half there, and what was not answered can be sent again and happens once.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answered, Backend, Program, Token, prepared};

/// Unless `KILLS` says how many.
const KILLS: usize = 10;
const THREADS: usize = 4;
/// Each of a unit's writes is one of the kinds below, so a round has about 200.
const UNITS: usize = 40;

#[test]
fn what_was_answered_survives_a_kill_on_sqlite() {
    survives(Backend::Sqlite);
}

#[test]
fn what_was_answered_survives_a_kill_on_postgres() {
    survives(Backend::Postgres);
}

/// One partner's way: admitted, committed, corrected, given a key, its report saved and submitted. Each
/// step is a write, and what is kept here was answered.
#[derive(Default)]
struct Unit {
    number: usize,
    partner: Option<Value>,
    commitment: Option<Value>,
    corrected: bool,
    key: Option<Token>,
    keys_made: usize,
    draft: Option<Value>,
    report: Option<Value>,
    /// The next step was sent, and no answer came.
    unanswered: bool,
}

const BASE: &str = "/v1/alliances/prove";

impl Unit {
    fn is_done(&self) -> bool {
        self.report.is_some()
    }

    fn partner_path(&self) -> String {
        let partner = self.partner.as_ref().expect("admitted");
        format!("{BASE}/partners/{}", partner["id"].as_str().expect("an id"))
    }

    fn report_path(&self) -> String {
        let partner = self.partner.as_ref().expect("admitted");
        format!("{BASE}/reports/open/{}", partner["id"].as_str().expect("an id"))
    }

    fn website(&self) -> String {
        format!("https://example.org/{}", self.number)
    }

    fn goal(&self) -> String {
        format!("Mål nr. {}", self.number)
    }

    fn answers(&self) -> Value {
        json!({"joined": {"value": "yes"}, "reach": {"value": self.number % 1000}, "note": {"value": self.goal()}})
    }

    /// Does what comes next; an error where no answer comes.
    fn step(&mut self, program: &Program, office: &Token) -> Result<(), String> {
        let was_unanswered = std::mem::replace(&mut self.unanswered, true);
        let once = |step: &str| format!("{step}-{}", self.number);
        let post = |path: &str, step: &str, token: &Token, body: &Value| {
            let request = program.request("POST", path).token(token);
            made(request.header("idempotency-key", &once(step)).json(body).try_send()?)
        };
        if self.partner.is_none() {
            let body = json!({"name": format!("Nr. {}", self.number), "sector": "civil", "joinedOn": "2021-01-01"});
            self.partner = Some(post(&format!("{BASE}/partners"), "admit", office, &body)?);
        } else if self.commitment.is_none() {
            let body = json!({"focusArea": "nat-A", "goal": self.goal()});
            let path = format!("{}/commitments", self.partner_path());
            self.commitment = Some(post(&path, "commit", office, &body)?);
        } else if !self.corrected {
            let path = self.partner_path();
            let request = program.request("PATCH", &path).token(office).if_match("\"1-x\"");
            let answered = request.json(&json!({"website": self.website()})).try_send()?;
            let body = sent_twice(answered, 412, was_unanswered, || program.try_read(&path, office))?;
            assert_eq!((&body["version"], &body["website"]), (&json!(2), &json!(self.website())));
            (self.partner, self.corrected) = (Some(body), true);
        } else if self.key.is_none() {
            let partner = self.partner.as_ref().expect("admitted")["id"].clone();
            let body = json!({"role": "partner", "partner": partner, "name": "prøve"});
            let step = format!("key{}", self.keys_made);
            let key = post(&format!("{BASE}/keys"), &step, office, &body)?;
            self.keys_made += 1;
            // A replay comes without the secret; then another key is needed.
            if let Some(secret) = key["clientSecret"].as_str() {
                let id = key["clientId"].as_str().expect("an id");
                self.key = Some(program.token(id, secret)?);
            }
        } else if self.draft.is_none() {
            let (path, key) = (self.report_path(), self.key.as_ref().expect("a key"));
            let request = program.request("PUT", &path).token(key);
            let answered = request.json(&json!({"answers": self.answers()})).try_send()?;
            let body = sent_twice(answered, 428, was_unanswered, || program.try_read(&path, key))?;
            assert_eq!((&body["version"], &body["answers"]), (&json!(1), &self.answers()));
            self.draft = Some(body);
        } else {
            let key = self.key.as_ref().expect("a key");
            let path = format!("{}/submission", self.report_path());
            self.report = Some(post(&path, "submit", key, &json!({}))?);
        }
        self.unanswered = false;
        Ok(())
    }

    /// Whatever was answered is there as it was answered, and what was not is there whole or not at all.
    fn is_there(&self, program: &Program, office: &Token) {
        let Some(partner) = &self.partner else { return };
        let found = program.read(&self.partner_path(), office);
        if found != *partner {
            let only_corrected = self.unanswered && self.commitment.is_some() && !self.corrected;
            assert!(
                only_corrected && found["website"] == self.website() && found["version"] == 2,
                "{found}"
            );
        }
        if let Some(commitment) = &self.commitment {
            let path = format!("{BASE}/commitments/{}", commitment["id"].as_str().expect("an id"));
            assert_eq!(program.read(&path, office), *commitment);
        }
        let (Some(draft), Some(key)) = (&self.draft, &self.key) else { return };
        let found = program.read(&self.report_path(), key);
        match &self.report {
            Some(report) => assert_eq!(found, *report),
            None if found["state"] == "draft" => assert_eq!(found, *draft),
            None => {
                assert!(self.unanswered && found["receipt"]["version"] == 1, "{found}");
                assert_eq!(found["answers"], self.answers());
            }
        }
    }
}

fn made(answered: Answered) -> Result<Value, String> {
    assert!(matches!(answered.status, 200 | 201), "{}", answered.text);
    Ok(answered.body)
}

/// A PUT or PATCH that was sent before without an answer may have happened: then it is refused, and what
/// it made is read.
fn sent_twice(
    answered: Answered,
    refusal: u16,
    was_unanswered: bool,
    read: impl FnOnce() -> Result<Value, String>,
) -> Result<Value, String> {
    if was_unanswered && answered.status == refusal {
        return read();
    }
    made(answered)
}

/// Threads carry units on until all are done or the program is gone; answers those they worked on.
fn carry_on(
    program: &Program,
    office: &Token,
    units: Vec<Unit>,
    kill_after: Option<usize>,
) -> Vec<Unit> {
    let queue = Mutex::new(VecDeque::from(units));
    let (worked_on, writes) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                loop {
                    let Some(mut unit) = queue.lock().expect("the queue").pop_front() else { return };
                    let mut alive = true;
                    while alive && !unit.is_done() {
                        alive = unit.step(program, office).is_ok();
                        writes.fetch_add(1, Ordering::Relaxed);
                    }
                    worked_on.lock().expect("the list").push(unit);
                    if !alive {
                        return;
                    }
                }
            });
        }
        if let Some(target) = kill_after {
            while writes.load(Ordering::Relaxed) < target {
                std::thread::sleep(Duration::from_micros(300));
            }
            std::thread::sleep(Duration::from_micros(random(4000) as u64));
            program.kill();
        }
    });
    let mut units = worked_on.into_inner().expect("the list");
    units.extend(queue.into_inner().expect("the queue"));
    units
}

fn random(below: usize) -> usize {
    (uuid::Uuid::new_v4().as_u128() % below as u128) as usize
}

fn kills() -> usize {
    std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("KILLS is a number"))
}

fn survives(backend: Backend) {
    let (database, id, secret) = prepared(backend);
    let mut done: Vec<Unit> = Vec::new();
    let mut going: Vec<Unit> = Vec::new();
    let mut number = 0;
    let mut program = Program::start(&database);
    let office = program.token(&id, &secret).expect("a token");
    for _ in 0..kills() {
        while going.len() < UNITS {
            going.push(Unit { number, ..Unit::default() });
            number += 1;
        }
        let units = carry_on(&program, &office, going, Some(5 + random(170)));
        program = Program::start(&database);
        units.iter().for_each(|unit| unit.is_there(&program, &office));
        let (finished, unfinished) = units.into_iter().partition(Unit::is_done);
        done.extend::<Vec<Unit>>(finished);
        going = unfinished;
    }
    assert!(going.iter().any(|unit| unit.unanswered), "the last kill came in the middle of writes");
    done.extend(carry_on(&program, &office, going, None));

    assert!(done.iter().all(Unit::is_done));
    done.iter().for_each(|unit| unit.is_there(&program, &office));
    let entries = |action: &str| {
        let path = format!("{BASE}/journal?action={action}&count=true&limit=1");
        program.read(&path, &office)["totalCount"].as_u64().expect("a number") as usize
    };
    for action in ["partner.admitted", "commitment.made", "partner.updated", "report.submitted"] {
        assert_eq!(entries(action), done.len(), "each {action} happened once");
    }
    assert_eq!(entries("key.created"), 1 + done.iter().map(|unit| unit.keys_made).sum::<usize>());
    drop(program);

    let checked = Command::new(env!("CARGO_BIN_EXE_facit"))
        .args(["check", "--alliance", "prove", "--database", &database.url])
        .output()
        .expect("the program runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
