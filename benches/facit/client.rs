//! The smallest client that keeps a connection: it sends bytes that are ready, and reads one answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer's status, and its body.
pub struct Answered {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Connection {
    pub fn open(address: &str) -> Connection {
        let host = address.trim_start_matches("http://");
        let stream = TcpStream::connect(host).expect("the service listens");
        stream.set_nodelay(true).expect("a socket's setting");
        stream
            .set_read_timeout(Some(Duration::from_secs(600)))
            .expect("a socket's setting");
        Connection { stream, read: Vec::with_capacity(64 * 1024) }
    }

    /// Sends, and reads to the end of the answer; gives the status and where head and body end.
    fn exchange(&mut self, request: &[u8]) -> (u16, usize, usize) {
        self.stream.write_all(request).expect("the service reads");
        self.read.clear();
        let mut chunk = [0; 32 * 1024];
        let mut head_ends = None;
        loop {
            let read = self.stream.read(&mut chunk).expect("the service answers");
            assert!(read > 0, "the service hung up");
            self.read.extend_from_slice(&chunk[..read]);
            if head_ends.is_none() {
                head_ends = self.read.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            }
            let Some(head_ends) = head_ends else { continue };
            let whole = head_ends + length(&self.read[..head_ends]);
            if self.read.len() >= whole {
                return (status(&self.read), head_ends, whole);
            }
        }
    }

    pub fn send(&mut self, request: &[u8]) -> Answered {
        let (status, head_ends, whole) = self.exchange(request);
        let head = String::from_utf8_lossy(&self.read[..head_ends]).into_owned();
        Answered { status, head, body: self.read[head_ends..whole].to_vec() }
    }

    /// Sends, and fails unless the answer has this status.
    pub fn must(&mut self, request: &[u8], wanted: u16) {
        let (status, head_ends, whole) = self.exchange(request);
        let body = &self.read[head_ends..whole];
        assert_eq!(status, wanted, "{}", String::from_utf8_lossy(body));
    }
}

impl Answered {
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

fn status(answer: &[u8]) -> u16 {
    let code = answer.get(9..12).and_then(|code| std::str::from_utf8(code).ok());
    code.and_then(|code| code.parse().ok()).expect("a status")
}

fn length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("a head");
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

/// A request's bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: facit\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    } else if method != "GET" {
        text.push_str("content-length: 0\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// How many answers of this status come to one request sent over so many connections for so long.
pub fn answers(address: &str, request: &[u8], wanted: u16, connections: usize, time: Duration) -> u64 {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(move || {
                    let mut connection = Connection::open(address);
                    let until = Instant::now() + time;
                    let mut answers = 0;
                    while Instant::now() < until {
                        connection.must(request, wanted);
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a client")).sum()
    })
}
