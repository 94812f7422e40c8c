//! Metrics in Prometheus' form. Who records names what is recorded through the facade `metrics`; without a
//! recorder that costs next to nothing.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Counter: operation, method, status.
pub const REQUESTS: &str = "facit_http_requests_total";
/// Histogram: operation.
pub const DURATION: &str = "facit_http_request_duration_seconds";
pub const IN_FLIGHT: &str = "facit_http_requests_in_flight";
/// Gauge: state, `idle` or `in_use`.
pub const POOL: &str = "facit_db_pool_connections";
/// Gauge: alliance.
pub const JOURNAL: &str = "facit_journal_size";

const BUILD: &str = "facit_build_info";
/// The name that Prometheus' own client libraries use.
const MEMORY: &str = "process_resident_memory_bytes";
/// Histogram.
pub const BATCH: &str = "facit_write_batch_size";
pub const WRITES: &str = "facit_writes_total";
pub const LOST: &str = "facit_writes_lost_total";

/// Seconds. An unchanged answer takes about a millisecond, a body may take 30 seconds to come.
const DURATIONS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// Writes that shared a commit.
const BATCHES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// The process's one recorder.
static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();

/// Starts recording; a second call answers the first one's recorder.
pub fn start(version: &'static str) -> Result<PrometheusHandle, String> {
    let recorder = RECORDER.get_or_init(|| install(version).map_err(|e| e.to_string()));
    recorder.clone()
}

fn install(version: &'static str) -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &DURATIONS)?
        .set_buckets_for_metric(Matcher::Full(BATCH.to_owned()), &BATCHES)?
        .install_recorder()?;
    describe_counter!(REQUESTS, "Requests answered, by operation, method and status.");
    describe_histogram!(DURATION, Unit::Seconds, "From a request's head to its answer's head.");
    describe_gauge!(IN_FLIGHT, "Requests that wait for their answers.");
    describe_gauge!(POOL, "Connections to the database, by state.");
    describe_gauge!(JOURNAL, "Entries in an alliance's journal.");
    describe_counter!(WRITES, "Writes that were answered after their commit.");
    describe_counter!(LOST, "Writes whose transaction was lost; their callers were told to try again.");
    describe_histogram!(BATCH, "Writes that shared a commit.");
    describe_gauge!(MEMORY, Unit::Bytes, "Resident memory of the process.");
    describe_gauge!(BUILD, "Always 1; the label is the program's version.");
    gauge!(BUILD, "version" => version).set(1.0);
    gauge!(IN_FLIGHT).set(0.0);
    Ok(recorder)
}

/// Sets what is read when somebody asks: memory, where the system says (Linux).
pub fn measure_process() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes =
        resident.and_then(|text| text.trim().trim_end_matches("kB").trim().parse::<u32>().ok());
    if let Some(kibibytes) = kibibytes {
        gauge!(MEMORY).set(f64::from(kibibytes) * 1024.0);
    }
}
