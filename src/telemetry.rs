//! Log lines: text on a terminal, JSON otherwise. `RUST_LOG` sets what is logged, as everywhere in Rust.

pub mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. A second start does nothing.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match std::io::stderr().is_terminal() {
        true => lines.with_target(false).try_init(),
        false => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init(),
    };
    // Only a second start fails, and the first one's settings stay.
    drop(started);
}
