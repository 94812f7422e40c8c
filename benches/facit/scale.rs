//! What a request costs must not grow with the alliance.

use std::time::{Duration, Instant};

use facit::service::keys::{self, CreateKey};
use facit::service::{Ctx, Error};

use crate::client::{Connection, request};
use crate::crowd::{Crowd, SLUG};
use crate::outcome::{Row, heading};
use crate::stage::{Folder, Service, token};

const TIMES: usize = 60;

/// What one submission, and the first list of figures after it, took: the middle ones of many.
struct Took {
    submission: Duration,
    summary: Duration,
}

fn measure(members: usize) -> Took {
    let folder = Folder::new();
    let crowd = Crowd::of(&folder.database("scale.db"), members);
    let step = members / TIMES;
    let places: Vec<usize> = (0..TIMES).map(|n| n * step.max(1)).collect();
    let requests = crowd.submissions(&places);
    let service = Service::start(&crowd.db);
    let reader = reader(&crowd, &service);
    let path = format!("/v1/alliances/{SLUG}/figures");
    let summary = request("GET", &path, &[("authorization", reader.as_str())], "");
    let mut connection = Connection::open(&service.address);
    connection.must(&summary, 200);
    let mut timed = |request: &[u8]| {
        let began = Instant::now();
        connection.must(request, 200);
        began.elapsed()
    };
    let (mut submissions, mut summaries) = (Vec::new(), Vec::new());
    for request in &requests {
        submissions.push(timed(request));
        summaries.push(timed(&summary));
    }
    Took { submission: middle(submissions), summary: middle(summaries) }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn reader(crowd: &Crowd, service: &Service) -> String {
    let body = CreateKey {
        role: "reader".to_owned(),
        partner: None,
        name: "bench".to_owned(),
        expires_at: None,
    };
    let ctx = Ctx::installation(facit::api::now());
    let created = crowd
        .db
        .write_now(|conn| keys::create(conn, &ctx, Some(crowd.alliance.id), &body));
    let created = created.map_err(|e: Error| e.to_string()).expect("a key");
    token(&service.address, &created.key.id.to_string(), &created.secret)
}

pub fn run(sizes: &[usize]) {
    heading("The same at every size (SQLite, one client, median of 60)");
    let small = measure(107);
    for size in sizes {
        let large = measure(*size);
        let at = |what: &str| format!("{what} at {size} partners");
        Row::times(&at("submission, durable"), large.submission, ("at 107", small.submission), 1.5)
            .print();
        Row::times(&at("figures, first list after it"), large.summary, ("at 107", small.summary), 1.5)
            .print();
    }
}
