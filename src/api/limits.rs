//! How many requests a minute a client may make: many, and few of those that try a secret.
//!
//! A client is the key behind its token or its password, else the address that it comes from. Counting is
//! governor's (GCRA): a client may use its minute's worth at once, and gets it back evenly.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::{HashMapStateStore, ShrinkableKeyedStateStore};
use governor::{Quota, RateLimiter};

use super::problem::Failure;
use crate::domain::id::KeyId;

/// Clients that are told apart. Beyond it newcomers share `CROWD` places, so that memory stays bounded.
const MOST_CLIENTS: usize = 50_000;
const CROWD: u64 = 1024;
/// After so many requests those who have all of their quota again are forgotten.
const SWEEP_EVERY: u32 = 1024;

/// The limits of this process; each instance of the service counts for itself.
pub struct Limits {
    requests: Option<Limit>,
    /// Of requests that bring a secret: for a token, or a wrong password.
    secrets: Option<Limit>,
    forwarded_for: bool,
}

impl Limits {
    /// Requests a minute, 0 for no limit. `forwarded_for`: a proxy stands before us, and says in the last hop
    /// of `X-Forwarded-For` who asks.
    pub fn new(requests: u32, secrets: u32, forwarded_for: bool) -> Limits {
        Limits {
            requests: Limit::new("default", requests),
            secrets: Limit::new("token", secrets),
            forwarded_for,
        }
    }

    /// Counts a request against its key's limit, or its address's if no key is behind it.
    pub fn count(&self, request: &HttpRequest, key: Option<KeyId>) -> Result<(), Failure> {
        let client = key.map_or_else(|| self.address(request), Client::Key);
        count(request, self.requests.as_ref(), client)
    }

    /// Counts a request that brings a secret, by its address. Not by the key that it names: a key's id is no
    /// secret, and whoever knows it could lock its owner out. Secrets are too long to be guessed from anywhere.
    pub fn count_secret(&self, request: &HttpRequest) -> Result<(), Failure> {
        count(request, self.secrets.as_ref(), self.address(request))
    }

    /// Whether a password may be looked at. Only a wrong one is counted, afterwards.
    pub fn may_try(&self, request: &HttpRequest) -> Result<(), Failure> {
        let Some(limit) = &self.secrets else { return Ok(()) };
        limit
            .look(self.address(request))
            .map(drop)
            .map_err(|refused| refuse(request, refused))
    }

    /// The address that a request comes from. Of IPv6 the first 64 bits, which is what one customer has.
    fn address(&self, request: &HttpRequest) -> Client {
        let peer = request.peer_addr().map(|peer| peer.ip());
        let named = Some(request.headers()).filter(|_| self.forwarded_for).and_then(last_hop);
        match named.or(peer).map(|address| address.to_canonical()) {
            Some(IpAddr::V6(address)) => {
                let network = address.to_bits() >> 64 << 64;
                Client::Address(IpAddr::V6(Ipv6Addr::from_bits(network)))
            }
            Some(address) => Client::Address(address),
            None => Client::Nowhere,
        }
    }
}

/// Who a proxy says that it speaks for: the last hop, which the proxy wrote itself.
fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get_all(HeaderName::from_static("x-forwarded-for")).last()?;
    let hop = hops.to_str().ok()?.rsplit(',').next()?.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()))
}

fn count(request: &HttpRequest, limit: Option<&Limit>, client: Client) -> Result<(), Failure> {
    let Some(limit) = limit else { return Ok(()) };
    match limit.spend(client) {
        Ok(left) => {
            note(request, left);
            Ok(())
        }
        Err(refused) => Err(refuse(request, refused)),
    }
}

/// Whether a request has been counted already.
pub fn is_counted(request: &HttpRequest) -> bool {
    request.extensions().contains::<Left>()
}

/// Of two limits the answer tells about the one that will be reached first.
fn note(request: &HttpRequest, left: Left) {
    let mut extensions = request.extensions_mut();
    let before = extensions.get::<Left>().copied();
    extensions.insert(before.filter(|before| before.left <= left.left).unwrap_or(left));
}

fn refuse(request: &HttpRequest, left: Left) -> Failure {
    request.extensions_mut().insert(left);
    let wait = left.seconds;
    Failure::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        format!("Der må højst komme {} af disse anmodninger i minuttet. Vent {wait} s.", left.quota),
        format!("At most {} of these requests a minute are taken. Wait {wait} s.", left.quota),
    )
    .with_header(header::RETRY_AFTER, wait.to_string())
}

/// What a client has left, for the headers of draft-ietf-httpapi-ratelimit-headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    policy: &'static str,
    /// A minute.
    quota: u32,
    left: u32,
    /// Until there is more, at least 1.
    seconds: u64,
}

impl Left {
    pub fn write(&self, headers: &mut HeaderMap) {
        let Left { policy, quota, left, seconds } = self;
        let lines = [
            ("ratelimit-policy", format!("\"{policy}\";q={quota};w=60")),
            ("ratelimit", format!("\"{policy}\";r={left};t={seconds}")),
        ];
        for (name, line) in lines {
            if let Ok(line) = HeaderValue::from_str(&line) {
                headers.insert(HeaderName::from_static(name), line);
            }
        }
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Key(KeyId),
    Address(IpAddr),
    /// A connection without an address.
    Nowhere,
    /// One of many, when there are too many to tell apart.
    Crowd(u64),
}

struct Limit {
    policy: &'static str,
    /// Requests a minute.
    quota: NonZeroU32,
    cells: RateLimiter<Ask, Cells, DefaultClock, StateInformationMiddleware>,
    /// Since the last sweep.
    asked: AtomicU32,
    hashes: RandomState,
}

impl Limit {
    fn new(policy: &'static str, a_minute: u32) -> Option<Limit> {
        let quota = NonZeroU32::new(a_minute)?;
        let cells =
            RateLimiter::new(Quota::per_minute(quota), Cells::default(), DefaultClock::default());
        let (asked, hashes) = (AtomicU32::new(0), RandomState::new());
        Some(Limit { policy, quota, cells, asked, hashes })
    }

    /// Takes one of the client's requests; an error if there is none left.
    fn spend(&self, client: Client) -> Result<Left, Left> {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= SWEEP_EVERY {
            self.asked.store(0, Ordering::Relaxed);
            self.cells.retain_recent();
        }
        self.ask(Ask { client, only_looks: false })
    }

    /// What `spend` would say.
    fn look(&self, client: Client) -> Result<Left, Left> {
        self.ask(Ask { client, only_looks: true })
    }

    fn ask(&self, ask: Ask) -> Result<Left, Left> {
        let ask = match self.cells.len() < MOST_CLIENTS {
            true => ask,
            false => Ask {
                client: Client::Crowd(self.hashes.hash_one(ask.client) % CROWD),
                ..ask
            },
        };
        let told = |left, seconds: u64| Left {
            policy: self.policy,
            quota: self.quota.get(),
            left,
            seconds: seconds.max(1),
        };
        match self.cells.check_key(&ask) {
            Ok(state) => {
                let seconds = 60_u64.div_ceil(u64::from(self.quota.get()));
                Ok(told(state.remaining_burst_capacity(), seconds))
            }
            Err(until) => {
                let wait = until.wait_time_from(self.cells.clock().now());
                Err(told(0, wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ask {
    client: Client,
    /// Leaves everything as it is.
    only_looks: bool,
}

/// governor's own store, and a way to look into it.
#[derive(Default)]
struct Cells(HashMapStateStore<Client>);

impl StateStore for Cells {
    type Key = Ask;

    fn measure_and_replace<T, F, E>(&self, ask: &Ask, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(&ask.client, |before| {
            let (told, after) = measure(before)?;
            // No state, which is that of a newcomer, is 0.
            let kept = if ask.only_looks { before.unwrap_or_default() } else { after };
            Ok((told, kept))
        })
    }
}

impl ShrinkableKeyedStateStore<Ask> for Cells {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain_recent(drop_below);
    }

    fn len(&self) -> usize {
        ShrinkableKeyedStateStore::len(&self.0)
    }

    fn is_empty(&self) -> bool {
        ShrinkableKeyedStateStore::is_empty(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn address(text: &str) -> Client {
        Client::Address(text.parse().unwrap())
    }

    #[test]
    fn a_client_has_its_minutes_worth_and_no_more() {
        let limit = Limit::new("default", 3).unwrap();
        let left = |client| limit.spend(client).map(|left| left.left).map_err(|left| left.seconds);
        assert_eq!([left(address("10.0.0.1")), left(address("10.0.0.1"))], [Ok(2), Ok(1)]);
        assert_eq!(left(address("10.0.0.2")), Ok(2), "another has its own");
        assert_eq!([left(address("10.0.0.1")), left(address("10.0.0.1"))], [Ok(0), Err(20)]);
        assert!(Limit::new("default", 0).is_none());
    }

    #[test]
    fn looking_costs_nothing() {
        let limit = Limit::new("token", 1).unwrap();
        let client = address("10.0.0.1");
        assert!((0..10).all(|_| limit.look(client).is_ok()));
        assert!(limit.spend(client).is_ok());
        assert!((0..10).all(|_| limit.look(client).is_err()));
    }

    #[test]
    fn any_number_of_clients_fits_into_bounded_memory() {
        let limit = Limit::new("default", 1).unwrap();
        for number in 0..60_000 {
            let _ = limit.spend(Client::Address(Ipv6Addr::from_bits(number << 64).into()));
        }
        let most = MOST_CLIENTS + usize::try_from(CROWD).unwrap();
        assert!((MOST_CLIENTS..=most).contains(&limit.cells.len()), "{}", limit.cells.len());
    }

    #[test]
    fn those_who_have_all_of_it_again_are_forgotten() {
        let limit = Limit::new("default", 1_000_000).unwrap();
        for number in 0..5_000 {
            assert!(limit.spend(Client::Crowd(number)).is_ok());
        }
        assert!(limit.cells.len() < 2_500, "{}", limit.cells.len());
    }

    #[test]
    fn a_proxy_is_believed_only_where_one_is_known() {
        let request = TestRequest::default()
            .peer_addr("192.0.2.1:1234".parse().unwrap())
            .insert_header(("x-forwarded-for", "203.0.113.9, 198.51.100.7"))
            .to_http_request();
        assert_eq!(Limits::new(1, 1, false).address(&request), address("192.0.2.1"));
        assert_eq!(Limits::new(1, 1, true).address(&request), address("198.51.100.7"));
    }

    #[test]
    fn a_hop_may_have_a_port_and_a_network_counts_as_one() {
        let limits = Limits::new(1, 1, true);
        let peer = "192.0.2.1:1234".parse().unwrap();
        for (hop, client) in [
            ("198.51.100.7:4711", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("[2001:db8:1:2::9]:80", "2001:db8:1:2::"),
            ("[2001:db8:1:2::9]", "2001:db8:1:2::"),
            ("unknown", "192.0.2.1"),
            ("", "192.0.2.1"),
        ] {
            let request = TestRequest::default().peer_addr(peer).insert_header(("x-forwarded-for", hop));
            assert_eq!(limits.address(&request.to_http_request()), address(client), "{hop}");
        }
    }
}
