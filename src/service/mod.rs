//! What the alliance allows: one transaction is rule + store + standings + journal.
//!
//! Every write, single or bulk, passes through a function of this layer, so that none can skip its
//! journal entry or its standings.

pub mod checkpoints;
pub mod claims;
pub mod commitments;
pub mod completeness;
pub mod context;
pub mod effects;
pub mod erasures;
pub mod error;
pub mod evidence;
pub mod extensions;
pub mod figures;
pub mod gathering;
pub mod imports;
pub mod initiatives;
pub mod installation;
pub mod journal;
pub mod keys;
pub mod partners;
pub mod past;
pub mod patch;
pub mod policy;
pub mod programmes;
pub mod proofs;
pub mod publications;
pub mod redactions;
pub mod reports;
pub mod standings;
pub mod tasks;
pub mod tree;

pub use context::{Caller, Ctx, Role};
pub use error::{Error, Kind, Refusal, Result};
