//! What the field means, and nothing else: no SQL, no HTTP, no clock, no I/O.

pub mod amounts;
pub mod checks;
pub mod claims;
pub mod commitment;
pub mod cvr;
pub mod dates;
pub mod disclosure;
pub mod extension;
pub mod figure;
pub mod id;
pub mod import;
pub mod initiative;
pub mod journal;
pub mod json;
pub mod names;
pub mod partner;
pub mod places;
pub mod programme;
pub mod publication;
pub mod record;
pub mod report;
pub mod rule;
pub mod standing;
pub mod sums;
pub mod text;
pub mod tree;
