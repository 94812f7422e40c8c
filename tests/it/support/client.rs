//! A client that says what was answered, whatever it was.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use ureq::http;

/// An access token.
#[derive(Debug, Clone, Default)]
pub struct Token(pub String);

pub struct Request<'a> {
    agent: &'a ureq::Agent,
    builder: http::request::Builder,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: http::HeaderMap,
    /// JSON, or null where it is none.
    pub body: Value,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answered {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a link of this relation leads (RFC 8288).
    pub fn link(&self, relation: &str) -> Option<String> {
        let links = self.header("link").split(", <");
        let wanted = |link: &&str| {
            link.split_once("rel=\"")
                .and_then(|(_, rest)| rest.split_once('"'))
                .is_some_and(|(relations, _)| relations.split(' ').any(|one| one == relation))
        };
        let found = links.into_iter().find(wanted)?.split_once('>')?.0;
        Some(found.trim_start_matches('<').to_owned())
    }

    pub fn etag(&self) -> &str {
        self.header("etag")
    }

    /// The problem's code, after checking that it is a whole problem document of this status.
    pub fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let code = self.body["code"].as_str().unwrap_or_default();
        assert_eq!(self.body["type"], format!("/problems/{code}"));
        assert_eq!(self.body["status"], status);
        for key in ["title", "detail", "instance", "requestId"] {
            assert!(
                self.body[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key} in {}",
                self.text
            );
        }
        assert_eq!(self.body["requestId"], self.header("x-request-id"));
        code
    }

    /// `pointer code` of every place at fault.
    pub fn faults(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        errors
            .iter()
            .map(|e| format!("{} {}", text(&e["pointer"]), text(&e["code"])))
            .collect()
    }
}

impl<'a> Request<'a> {
    pub fn new(agent: &'a ureq::Agent, method: &str, url: &str) -> Request<'a> {
        Request {
            agent,
            builder: http::Request::builder().method(method).uri(url),
            body: Vec::new(),
        }
    }

    pub fn token(self, token: &Token) -> Request<'a> {
        self.header("authorization", &format!("Bearer {}", token.0))
    }

    /// With the token if there is one.
    pub fn maybe(self, token: Option<&Token>) -> Request<'a> {
        match token {
            Some(token) => self.token(token),
            None => self,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Request<'a> {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn if_match(self, etag: &str) -> Request<'a> {
        self.header("if-match", etag)
    }

    /// With a new Idempotency-Key.
    pub fn once(self) -> Request<'a> {
        let key = uuid::Uuid::new_v4().to_string();
        self.header("idempotency-key", &key)
    }

    pub fn english(self) -> Request<'a> {
        self.header("accept-language", "en")
    }

    pub fn json(self, body: &Value) -> Request<'a> {
        self.raw("application/json", body.to_string().as_bytes())
    }

    pub fn form(self, body: &str) -> Request<'a> {
        self.raw("application/x-www-form-urlencoded", body.as_bytes())
    }

    pub fn raw(mut self, media_type: &str, body: &[u8]) -> Request<'a> {
        self.body = body.to_vec();
        self.header("content-type", media_type)
    }

    /// A body without a media type.
    pub fn bytes(mut self, body: &[u8]) -> Request<'a> {
        self.body = body.to_vec();
        self
    }

    pub fn send(self) -> Answered {
        self.try_send().expect("the service answers")
    }

    pub fn try_send(self) -> Result<Answered, String> {
        let request = self.builder.body(self.body).map_err(|e| e.to_string())?;
        let mut response = self.agent.run(request).map_err(|e| e.to_string())?;
        let reading = response.body_mut().with_config().limit(64 * 1024 * 1024);
        let bytes = reading.read_to_vec().map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answered {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            bytes,
        })
    }
}

/// Sends bytes as they are, and reads the answer until the connection ends. For what no client sends.
pub fn raw(address: &str, request: &[u8]) -> Answered {
    let host = address.strip_prefix("http://").unwrap_or(address);
    let mut stream = TcpStream::connect(host).expect("the service listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    // The service may answer and hang up before everything is sent.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let answer = String::from_utf8_lossy(&bytes).into_owned();
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let mut headers = http::HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        headers.append(name, http::HeaderValue::from_str(value.trim()).expect("a header's value"));
    }
    Answered {
        status: status.unwrap_or(0),
        headers,
        body: serde_json::from_str(text).unwrap_or(Value::Null),
        bytes: text.as_bytes().to_vec(),
        text: text.to_owned(),
    }
}
