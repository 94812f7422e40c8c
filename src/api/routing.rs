//! Where operations are registered. One list of them makes both the server and the document.

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::{OpenApiFactory, service_config};

/// A server, or an OpenAPI document. Each of the server's threads registers all operations, and what utoipa gathers
/// of them for the document is several megabytes, so a server must not gather it.
pub trait Routing {
    fn service<S: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, service: S) -> &mut Self;
}

impl Routing for web::ServiceConfig {
    fn service<S: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, service: S) -> &mut Self {
        web::ServiceConfig::service(self, service)
    }
}

impl Routing for service_config::ServiceConfig<'_> {
    fn service<S: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, service: S) -> &mut Self {
        service_config::ServiceConfig::service(self, service)
    }
}
