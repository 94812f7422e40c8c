//! All benchmarks. What counts are the ratios: both sides of each are measured in the same run, by turns
//! where that can be, so that a slow or noisy machine falls on both. No test asserts a time.
//!
//! `scripts/bench` runs them with a durable PostgreSQL and writes BENCHMARKS.md. To run some of them:
//! `cargo bench -- reads rules`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod client;
mod crowd;
mod evidence;
mod imports;
mod outcome;
mod past;
mod process;
mod proofs;
mod reads;
mod rules;
mod scale;
mod stage;
mod writes;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|word| word == name);
    if is_asked("rules") {
        rules::run();
    }
    if is_asked("process") {
        process::run();
    }
    if is_asked("reads") {
        reads::run();
    }
    if is_asked("writes") {
        writes::run();
    }
    if is_asked("proofs") {
        proofs::run();
    }
    if is_asked("imports") {
        imports::run(true);
    } else if is_asked("imports-sqlite") {
        imports::run(false);
    }
    if is_asked("time") {
        past::run();
    }
    if is_asked("scale") {
        scale::run(&[10_000, 100_000]);
    } else if is_asked("scale-small") {
        scale::run(&[10_000]);
    }
}
