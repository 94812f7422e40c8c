//! Where operations are registered. One list of them makes both the server and the document.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::{OpenApiFactory, scope, service_config};

/// What addresses in an alliance have in common. The router looks at it once, and only then at the rest of each.
const ALLIANCE: &str = "/alliances/{alliance}";

/// A server, or an OpenAPI document. Each of the server's threads registers all operations, and what utoipa gathers
/// of them for the document is several megabytes, so a server must not gather it.
pub trait Routing: Sized {
    fn service<S: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, service: S) -> &mut Self;

    /// Registers every address in an alliance.
    fn alliances(&mut self) -> &mut Self;
}

impl Routing for web::ServiceConfig {
    fn service<S: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, service: S) -> &mut Self {
        web::ServiceConfig::service(self, service)
    }

    fn alliances(&mut self) -> &mut Self {
        web::ServiceConfig::service(self, web::scope(ALLIANCE).configure(super::in_alliance))
    }
}

impl Routing for service_config::ServiceConfig<'_> {
    fn service<S: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, service: S) -> &mut Self {
        service_config::ServiceConfig::service(self, service)
    }

    fn alliances(&mut self) -> &mut Self {
        let below = scope::scope(ALLIANCE).configure(|cfg| super::in_alliance(cfg));
        service_config::ServiceConfig::service(self, below)
    }
}
