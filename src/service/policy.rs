//! Who may do what: one table, and one function that reads it.
//!
//! The table is compared with the OpenAPI document by a test, so an operation without a row fails the
//! build.

use super::context::{Caller, Ctx, Role};
use super::error::{Error, Kind, Result};
use crate::domain::id::{AllianceId, PartnerId};

/// What a role may do with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Nothing.
    No,
    /// With what is its own; another's answers as if it were absent.
    Own,
    /// With everything in its alliance.
    All,
}

/// One operation and what each role may do with it.
#[derive(Debug)]
pub struct Access {
    pub operation: &'static str,
    pub public: Grant,
    pub operator: Grant,
    pub secretariat: Grant,
    pub partner: Grant,
    pub auditor: Grant,
    pub reader: Grant,
}

use Grant::{All, No, Own};

const fn row(operation: &'static str, grants: [Grant; 6]) -> Access {
    let [public, operator, secretariat, partner, auditor, reader] = grants;
    Access {
        operation,
        public,
        operator,
        secretariat,
        partner,
        auditor,
        reader,
    }
}

const EVERYONE: [Grant; 6] = [All; 6];

/// The access table: public, operator, secretariat, partner, auditor, reader.
#[rustfmt::skip]
pub const ACCESS: &[Access] = &[
    row("issue_token",                 EVERYONE),
    row("list_signing_keys",           EVERYONE),
    row("create_key",                  [No,  All, All, No,  No,  No ]),
    row("list_keys",                   [No,  All, All, No,  No,  No ]),
    row("find_key",                    [No,  All, All, No,  No,  No ]),
    row("revoke_key",                  [No,  All, All, No,  No,  No ]),
    row("erase_key_holder",            [No,  All, All, No,  No,  No ]),
    row("list_alliances",              EVERYONE),
    row("find_alliance",               EVERYONE),
    row("apply_programme",             [No,  All, All, No,  No,  No ]),
    row("list_focus_areas",            EVERYONE),
    row("list_questions",              EVERYONE),
    row("list_indicators",             EVERYONE),
    row("list_rounds",                 EVERYONE),
    row("list_partners",               EVERYONE),
    row("admit_partner",               [No,  No,  All, No,  No,  No ]),
    row("find_partner",                EVERYONE),
    row("update_partner",              [No,  No,  All, Own, No,  No ]),
    row("depart_partner",              [No,  No,  All, No,  No,  No ]),
    row("rejoin_partner",              [No,  No,  All, No,  No,  No ]),
    row("list_commitments",            EVERYONE),
    row("make_commitment",             [No,  No,  All, Own, No,  No ]),
    row("find_commitment",             EVERYONE),
    row("update_commitment",           [No,  No,  All, Own, No,  No ]),
    row("delete_commitment",           [No,  No,  All, Own, No,  No ]),
    row("list_initiatives",            EVERYONE),
    row("create_initiative",           [No,  No,  All, Own, No,  No ]),
    row("find_initiative",             EVERYONE),
    row("update_initiative",           [No,  No,  All, Own, No,  No ]),
    row("delete_initiative",           [No,  No,  All, Own, No,  No ]),
    row("list_reports",                [No,  No,  All, Own, All, No ]),
    row("find_report",                 [No,  No,  All, Own, All, No ]),
    row("save_report",                 [No,  No,  No,  Own, No,  No ]),
    row("delete_report",               [No,  No,  No,  Own, No,  No ]),
    row("find_report_part",            [No,  No,  No,  Own, No,  No ]),
    row("save_report_part",            [No,  No,  No,  Own, No,  No ]),
    row("delete_report_part",          [No,  No,  No,  Own, No,  No ]),
    row("submit_report",               [No,  No,  No,  Own, No,  No ]),
    row("withdraw_report",             [No,  No,  No,  Own, No,  No ]),
    row("return_report",               [No,  No,  All, No,  No,  No ]),
    row("accept_report",               [No,  No,  All, No,  No,  No ]),
    row("reopen_report",               [No,  No,  All, No,  No,  No ]),
    row("list_report_versions",        [No,  No,  All, Own, All, No ]),
    row("find_report_version",         [No,  No,  All, Own, All, No ]),
    row("compare_report_versions",     [No,  No,  All, Own, All, No ]),
    row("prefill_report",              [No,  No,  No,  Own, No,  No ]),
    row("list_completeness",           [No,  No,  All, No,  All, All]),
    row("list_partner_tasks",          [No,  No,  All, Own, All, No ]),
    row("list_tasks",                  [No,  No,  All, No,  No,  No ]),
    row("list_extensions",             [No,  No,  All, Own, All, No ]),
    row("find_extension",              [No,  No,  All, Own, All, No ]),
    row("grant_extension",             [No,  No,  All, No,  No,  No ]),
    row("withdraw_extension",          [No,  No,  All, No,  No,  No ]),
    row("list_figures",                [No,  No,  All, All, All, All]),
    row("find_figure",                 [No,  No,  All, All, All, All]),
    row("list_standings",              [No,  No,  All, Own, All, No ]),
    row("list_figure_changes",         [No,  No,  All, No,  All, No ]),
    row("list_publications",           EVERYONE),
    row("publish_edition",             [No,  No,  All, No,  No,  No ]),
    row("find_publication",            EVERYONE),
    row("list_published_figures",      EVERYONE),
    row("download_evidence",           EVERYONE),
    row("list_publication_changes",    EVERYONE),
    row("check_claims",                EVERYONE),
    row("list_journal",                [No,  No,  All, Own, All, No ]),
    row("find_journal_entry",          [No,  No,  All, Own, All, No ]),
    row("download_checkpoint",         EVERYONE),
    row("download_verifier_key",       EVERYONE),
    row("prove_inclusion",             EVERYONE),
    row("prove_consistency",           EVERYONE),
    row("download_entry_proof",        EVERYONE),
    row("redact_text",                 [No,  No,  All, No,  No,  No ]),
    row("create_import",               [No,  No,  All, Own, No,  No ]),
    row("list_imports",                [No,  No,  All, Own, No,  No ]),
    row("find_import",                 [No,  No,  All, Own, No,  No ]),
    row("download_template",           [No,  No,  All, Own, No,  No ]),
    row("download_refused_csv",        [No,  No,  All, Own, No,  No ]),
    row("download_refused_xlsx",       [No,  No,  All, Own, No,  No ]),
    row("openapi_document",            EVERYONE),
    row("livez",                       EVERYONE),
    row("readyz",                      EVERYONE),
];

impl Access {
    pub fn of(operation: &str) -> Option<&'static Access> {
        ACCESS.iter().find(|access| access.operation == operation)
    }

    pub fn grant(&self, role: Option<Role>) -> Grant {
        match role {
            None => self.public,
            Some(Role::Operator) => self.operator,
            Some(Role::Secretariat) => self.secretariat,
            Some(Role::Partner) => self.partner,
            Some(Role::Auditor) => self.auditor,
            Some(Role::Reader) => self.reader,
        }
    }
}

/// What a request is about, as far as it is known yet: first nothing, then the alliance, then whose.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reach {
    pub alliance: Option<AllianceId>,
    pub owner: Option<PartnerId>,
}

/// Whether the caller may do this operation with this. The one place that decides.
pub fn may(ctx: &Ctx, reach: Reach) -> Result<()> {
    let Some(access) = ctx.access else {
        return if ctx.caller == Caller::Installation { Ok(()) } else { Err(Error::forbidden()) };
    };
    if access.public == All {
        return Ok(());
    }
    let (role, alliance, partner) = match ctx.caller {
        Caller::Installation => return Ok(()),
        Caller::Public => return Err(unauthenticated()),
        Caller::Key { role, alliance, partner, .. } => (role, alliance, partner),
    };
    let grant = access.grant(Some(role));
    if grant == No {
        return Err(Error::forbidden());
    }
    let elsewhere = reach.alliance.is_some_and(|reached| alliance.is_some_and(|own| own != reached));
    if elsewhere {
        return Err(Error::forbidden());
    }
    let others = reach.owner.is_some_and(|owner| partner != Some(owner));
    if grant == Own && others {
        return Err(Error::absent());
    }
    Ok(())
}

pub fn unauthenticated() -> Error {
    Error::refuse(
        Kind::Unauthenticated,
        "token-missing",
        "Anmodningen mangler en adgangstoken. Hent en på /v1/token.",
        "The request lacks an access token. Get one at /v1/token.",
    )
}
