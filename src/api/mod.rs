//! HTTP: handlers, one file for each resource, and the conventions that all of them share.

mod alliances;
mod answer;
mod app;
mod call;
mod callers;
mod changes;
mod claims;
mod commitments;
mod completeness;
mod cors;
mod csv;
mod cursor;
mod edge;
mod evidence;
mod extensions;
mod figures;
mod headers;
mod health;
mod imports;
mod initiatives;
mod journal;
mod json;
mod kept;
mod keys;
mod limits;
mod lists;
mod measure;
pub mod openapi;
mod partners;
mod points;
mod problem;
mod proofs;
mod publications;
mod redactions;
mod reports;
mod routing;
mod spreadsheet;
mod standings;
mod tasks;
mod tokens;
mod upload;

pub use answer::Answer;
pub use app::{App, Route, Routes, now};
pub use call::Call;
pub use edge::{API_VERSION, edge, nowhere};
pub use evidence::published_figures;
pub use kept::Kept;
pub use limits::Limits;
pub use redactions::sweep;
pub use routing::Routing;

/// Every address below `/v1`. The OpenAPI document is made from the same list, so it can't forget one.
pub fn v1(cfg: &mut impl Routing) {
    cfg.service(tokens::issue_token)
        .service(tokens::list_signing_keys)
        .service(health::openapi_document)
        .service(alliances::list_alliances)
        .alliances();
}

/// Every address in an alliance, below `/v1/alliances/{alliance}`.
fn in_alliance(cfg: &mut impl Routing) {
    // The router tries one after another, and figures are what dashboards ask for all the time.
    cfg.service(figures::list_figures)
        .service(figures::find_figure)
        .service(standings::list_standings)
        .service(changes::list_figure_changes)
        .service(alliances::find_alliance)
        .service(alliances::apply_programme)
        .service(alliances::list_focus_areas)
        .service(alliances::list_questions)
        .service(alliances::list_indicators)
        .service(alliances::list_rounds)
        .service(keys::create_key)
        .service(keys::list_keys)
        .service(keys::find_key)
        .service(keys::revoke_key)
        .service(keys::erase_key_holder)
        .service(partners::list_partners)
        .service(partners::admit_partner)
        .service(partners::find_partner)
        .service(partners::update_partner)
        .service(partners::depart_partner)
        .service(partners::rejoin_partner)
        .service(commitments::list_commitments)
        .service(commitments::make_commitment)
        .service(commitments::find_commitment)
        .service(commitments::update_commitment)
        .service(commitments::delete_commitment)
        .service(initiatives::list_initiatives)
        .service(initiatives::create_initiative)
        .service(initiatives::find_initiative)
        .service(initiatives::update_initiative)
        .service(initiatives::delete_initiative)
        .service(reports::list_reports)
        .service(reports::find_report)
        .service(reports::save_report)
        .service(reports::delete_report)
        .service(reports::find_report_part)
        .service(reports::save_report_part)
        .service(reports::delete_report_part)
        .service(reports::submit_report)
        .service(reports::withdraw_report)
        .service(reports::return_report)
        .service(reports::accept_report)
        .service(reports::reopen_report)
        .service(reports::list_report_versions)
        .service(reports::find_report_version)
        .service(reports::compare_report_versions)
        .service(reports::prefill_report)
        .service(completeness::list_completeness)
        .service(tasks::list_partner_tasks)
        .service(tasks::list_tasks)
        .service(extensions::list_extensions)
        .service(extensions::find_extension)
        .service(extensions::grant_extension)
        .service(extensions::withdraw_extension)
        .service(publications::list_publications)
        .service(publications::publish_edition)
        .service(publications::find_publication)
        .service(evidence::download_evidence)
        .service(publications::list_published_figures)
        .service(publications::list_publication_changes)
        .service(claims::check_claims)
        .service(journal::list_journal)
        // Before the entries, one of which could be called so.
        .service(proofs::download_checkpoint)
        .service(proofs::download_verifier_key)
        .service(proofs::prove_inclusion)
        .service(proofs::prove_consistency)
        .service(journal::find_journal_entry)
        .service(proofs::download_entry_proof)
        .service(redactions::redact_text)
        .service(imports::create_import)
        .service(imports::list_imports)
        .service(imports::find_import)
        .service(imports::download_template)
        .service(imports::download_refused_csv)
        .service(imports::download_refused_xlsx);
}

/// The addresses beside `/v1`.
pub fn beside(cfg: &mut impl Routing) {
    cfg.service(health::livez).service(health::readyz);
}
