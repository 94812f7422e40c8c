//! What tests stand on: a service of their own on a database of their own, and a client.

mod api;
pub mod cast;
mod client;
mod databases;
pub mod files;
pub mod histories;
mod program;
pub mod programme;
pub mod sheets;
mod stage;
pub mod writes;

pub use api::{Api, LISTED};
pub use client::{Answered, Request, Token, raw};
pub use databases::{Backend, Database, lines};
pub use program::{Program, command, prepared, temporary};
pub use stage::{Scene, column, tally};

/// Makes two tests of one function: `name::on_sqlite` and `name::on_postgres`.
macro_rules! on_both {
    ($($(#[$meta:meta])* fn $name:ident($api:ident) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn run($api: &$crate::support::Api) $body

            #[test]
            fn on_sqlite() {
                run(&$crate::support::Api::start($crate::support::Backend::Sqlite));
            }

            #[test]
            fn on_postgres() {
                run(&$crate::support::Api::start($crate::support::Backend::Postgres));
            }
        }
    )+};
}
pub(crate) use on_both;
