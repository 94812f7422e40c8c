//! What a request costs must not grow with the alliance.

use std::fs::File;
use std::time::{Duration, Instant};

use crate::client::{Connection, request};
use crate::crowd::{Crowd, SLUG};
use crate::outcome::{Row, heading};
use crate::stage::{Folder, Service, key_token};

const TIMES: usize = 60;
const FILE: &str = "scale.db";

/// A service with so many members, and what its requests took.
struct Size {
    members: usize,
    requests: Vec<Vec<u8>>,
    summary: Vec<u8>,
    service: Service,
    submissions: Vec<Duration>,
    summaries: Vec<Duration>,
    folder: Folder,
}

impl Size {
    fn of((members, folder, crowd): (usize, Folder, Crowd)) -> Size {
        let step = members / TIMES;
        let places: Vec<usize> = (0..TIMES).map(|n| n * step.max(1)).collect();
        let requests = crowd.submissions(&places);
        let service = Service::start(&crowd.db);
        let reader = key_token(&crowd, &service, "reader");
        let path = format!("/v1/alliances/{SLUG}/figures");
        let summary = request("GET", &path, &[("authorization", reader.as_str())], "");
        let (submissions, summaries) = (Vec::new(), Vec::new());
        Size {
            members,
            requests,
            summary,
            service,
            submissions,
            summaries,
            folder,
        }
    }

    /// Reads the database once. Making the largest takes minutes, after which a system may have put away what it had
    /// of the others in memory; and what is measured is not its disk.
    fn warm(&self) {
        let mut file = File::open(self.folder.path(FILE)).expect("the database");
        std::io::copy(&mut file, &mut std::io::sink()).expect("it can be read");
    }

    /// Only when all is ready: the service hangs up on those who say nothing for long.
    fn connect(&self) -> Connection {
        let mut connection = Connection::open(&self.service.address);
        connection.must(&self.summary, 200);
        connection
    }

    fn submit(&mut self, connection: &mut Connection, turn: usize) {
        let began = Instant::now();
        connection.must(&self.requests[turn], 200);
        self.submissions.push(began.elapsed());
        let began = Instant::now();
        connection.must(&self.summary, 200);
        self.summaries.push(began.elapsed());
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub fn run(sizes: &[usize]) {
    heading("The same at every size (SQLite, one client, by turns, median of 60)");
    let crowds = [107].iter().chain(sizes).map(|members| {
        let folder = Folder::new();
        let crowd = Crowd::of(&folder.database(FILE), *members);
        (*members, folder, crowd)
    });
    // Every crowd first, which takes a while: tokens last ten minutes.
    let crowds: Vec<_> = crowds.collect();
    let mut all: Vec<Size> = crowds.into_iter().map(Size::of).collect();
    all.iter().for_each(Size::warm);
    let mut connections: Vec<Connection> = all.iter().map(Size::connect).collect();
    for turn in 0..TIMES {
        for (size, connection) in all.iter_mut().zip(&mut connections) {
            size.submit(connection, turn);
        }
    }
    let small = all.remove(0);
    let (submission, summary) = (middle(small.submissions), middle(small.summaries));
    for size in all {
        let at = |what: &str| format!("{what} at {} partners", size.members);
        Row::times(&at("submission, durable"), middle(size.submissions), ("at 107", submission), 1.5)
            .print();
        let first = at("figures, first list after it");
        Row::times(&first, middle(size.summaries), ("at 107", summary), 1.5).print();
    }
}
