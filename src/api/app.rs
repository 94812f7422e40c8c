use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::Value;

use super::csv::{self, Column};
use super::kept::Kept;
use super::limits::Limits;
use super::points::AS_OF;
use crate::auth::notes::Signer;
use crate::auth::remembered::Remembered;
use crate::db::Db;
use crate::service::installation::Installation;
use crate::service::policy::Access;

/// What every request works with.
pub struct App {
    pub db: Db,
    pub installation: Installation,
    /// Of tokens, and their audience.
    pub issuer: String,
    /// Of checkpoints and editions.
    pub signer: Signer,
    /// Origins whose pages may read in a browser what is not public.
    pub cors_origins: Vec<String>,
    pub routes: Routes,
    pub limits: Limits,
    /// Tokens whose signature was checked.
    pub remembered: Remembered,
    /// Figures that were computed already.
    pub kept: Kept,
    /// Writes are refused for now.
    pub read_only: bool,
    /// The OpenAPI document.
    pub document: Bytes,
}

/// One operation: where it is, and who may do it.
#[derive(Debug, Clone)]
pub struct Route {
    pub method: Method,
    /// As in the OpenAPI document: `/v1/alliances/{alliance}`.
    pub pattern: String,
    pub operation: String,
    pub takes_query: bool,
    /// Whether it can be asked for as of an earlier point.
    pub takes_time: bool,
    /// Whether it answers with pages.
    pub is_list: bool,
    /// Of its rows as CSV.
    pub columns: Vec<Column>,
    pub access: Option<&'static Access>,
}

/// Every operation of the service, read from its own OpenAPI document.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    pub fn of(document: &Value) -> Routes {
        let paths = document.get("paths").and_then(Value::as_object);
        let mut routes = Vec::new();
        for (pattern, methods) in paths.into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
                let parameters =
                    operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
                let takes_query = parameters.iter().any(|parameter| parameter["in"] == "query");
                let takes_time = parameters.iter().any(|parameter| parameter["name"] == AS_OF);
                let is_list = parameters.iter().any(|parameter| parameter["name"] == "limit");
                let columns = csv::columns(document, operation);
                let operation = operation["operationId"].as_str().unwrap_or_default().to_owned();
                let access = Access::of(&operation);
                routes.push(Route {
                    method,
                    pattern: pattern.clone(),
                    operation,
                    takes_query,
                    takes_time,
                    is_list,
                    columns,
                    access,
                });
            }
        }
        Routes(routes)
    }

    pub fn all(&self) -> &[Route] {
        &self.0
    }

    pub fn find(&self, method: &Method, pattern: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.method == method && route.pattern == pattern)
    }

    /// The operation of a method at a path.
    pub fn at(&self, method: &Method, path: &str) -> Option<&Route> {
        self.0
            .iter()
            .find(|route| route.method == *method && fits(&route.pattern, path))
    }

    /// The columns of an operation's rows.
    pub fn columns(&self, operation: &str) -> &[Column] {
        let route = self.0.iter().find(|route| route.operation == operation);
        route.map(|route| route.columns.as_slice()).unwrap_or_default()
    }

    /// The methods of the address that a path is, none if it is no address.
    pub fn methods_at(&self, path: &str) -> Vec<Method> {
        let mut methods: Vec<Method> = Vec::new();
        for route in self.0.iter().filter(|route| fits(&route.pattern, path)) {
            methods.push(route.method.clone());
            if route.method == Method::GET {
                methods.push(Method::HEAD);
            }
        }
        methods
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(step), Some(given))
                if step == given || (step.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

/// The one place where the clock is read: cut to the microsecond, which is what both databases keep.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    use chrono::SubsecRound;
    #[expect(clippy::disallowed_methods, reason = "the one place")]
    chrono::Utc::now().trunc_subsecs(6)
}
