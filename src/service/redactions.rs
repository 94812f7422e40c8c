//! Redaction: a free text goes out of the journal and out of everything that has it, while its entry, every proof and
//! every figure stay as they were.
//!
//! No standing is renewed: a text that was redacted counts as one that is there, as it did.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::programmes::InForce;
use super::{Ctx, Error, Result, erasures, journal};
use crate::db::types::Document;
use crate::db::{self, Conn};
use crate::domain::id::{CommitmentId, ImportId, InitiativeId, PartnerId};
use crate::domain::journal::{Change, REDACTED, join};
use crate::domain::redaction::{
    Leads, Redact, Redaction, TextPlace, blot, blot_anywhere, leads, not_redactable, replace,
    replace_within,
};
use crate::store;
use crate::store::erasures::Copy;
use crate::store::journal::EntryRow;
use crate::store::reports::Report;

/// A text that is to go, and where it stands.
struct Found {
    text: String,
    copies: Vec<Copy>,
    elsewhere: Vec<Copy>,
}

/// Says what would be redacted.
pub fn rehearsed(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    seq: i64,
    body: &Redact,
) -> Result<Redaction> {
    let (_, found) = find(conn, ctx, alliance, seq, body)?;
    Ok(told(ctx, seq, body, &found, None))
}

/// Takes a text out of the journal, with every copy of it: in each entry about the same thing or of the same partner,
/// in what these are now, in drafts, and in what is kept for a while.
pub fn redact(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    seq: i64,
    body: &Redact,
) -> Result<Redaction> {
    let (entry, found) = find(conn, ctx, alliance, seq, body)?;
    for copy in &found.copies {
        store::erasures::delete_text(conn, alliance.id, copy.seq, &copy.pointer)?;
    }
    let subjects: BTreeSet<&str> = found.copies.iter().map(|copy| copy.subject.as_str()).collect();
    for subject in subjects {
        rewrite(conn, alliance, subject, &found.text)?;
    }
    if let Some(partner) = entry.partner_id {
        rewrite_reports(conn, alliance, partner, &found.text)?;
    }
    forget_answers(conn, alliance, entry.partner_id, &found.text)?;
    forget_imported(conn, alliance, entry.partner_id, &found.text)?;

    let change = Change {
        action: "journal.redacted",
        subject: format!("journal/{seq}"),
        partner: entry.partner_id,
        reason: Some(body.reason.trim().to_owned()),
        after: json!({ "seq": seq, "pointer": body.pointer, "texts": places(&found.copies) }),
        texts: Vec::new(),
        taken: Vec::new(),
    };
    let said_by = journal::record(conn, ctx, alliance.id, change)?;
    erasures::due_after(conn, alliance.id, said_by)?;
    Ok(told(ctx, seq, body, &found, Some(said_by)))
}

fn told(ctx: &Ctx, seq: i64, body: &Redact, found: &Found, journal_seq: Option<i64>) -> Redaction {
    Redaction {
        journal_seq,
        at: ctx.now,
        seq,
        pointer: body.pointer.clone(),
        reason: body.reason.trim().to_owned(),
        texts: places(&found.copies),
        elsewhere: places(&found.elsewhere),
    }
}

fn places(copies: &[Copy]) -> Vec<TextPlace> {
    copies
        .iter()
        .map(|copy| TextPlace { seq: copy.seq, pointer: copy.pointer.clone() })
        .collect()
}

/// The entry and the text that a request names, if it may be redacted.
fn find(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    seq: i64,
    body: &Redact,
) -> Result<(EntryRow, Found)> {
    ctx.may(alliance.id)?;
    let entry = store::journal::find(conn, alliance.id, seq)?.ok_or_else(Error::absent)?;
    body.check()?;
    let texts = store::journal::texts(conn, alliance.id, &[seq])?;
    let named = texts.iter().find(|row| row.pointer == body.pointer);
    let text = match named {
        Some(row) if row.text == REDACTED => return Err(gone_already()),
        Some(row) => row.text.clone(),
        None => {
            let broken = |e: serde_json::Error| db::Error::Broken(format!("entry {}: {e}", entry.seq));
            let mut value: Value = serde_json::from_slice(&entry.bytes).map_err(broken)?;
            join(&mut value, texts.iter().map(|text| (text.pointer.as_str(), text.text.as_str())));
            return Err(match leads(&value, &body.pointer) {
                Leads::ToRedacted => gone_already(),
                other => Error::from(vec![not_redactable(other)]),
            });
        }
    };
    body.keeps_silent(&text)?;
    let (copies, elsewhere) =
        store::erasures::copies(conn, alliance.id, &text)?
            .into_iter()
            .partition(|copy| {
                copy.subject == entry.subject
                    || (copy.partner.is_some() && copy.partner == entry.partner_id)
            });
    Ok((entry, Found { text, copies, elsewhere }))
}

fn gone_already() -> Error {
    Error::conflict(
        "already-redacted",
        "Teksten er slettet allerede.",
        "The text has been erased already.",
    )
}

/// Takes the text out of what a subject is now. Reports are seen to by their partner.
fn rewrite(conn: &mut Conn, alliance: &InForce, subject: &str, text: &str) -> Result<()> {
    let steps: Vec<&str> = subject.split('/').collect();
    match steps.as_slice() {
        ["commitments", id] => {
            let Some(id) = CommitmentId::parse(id) else { return Ok(()) };
            if let Some(mut commitment) = store::commitments::find(conn, alliance.id, id)?
                && replace(&mut commitment.goal, text)
            {
                store::commitments::update(conn, alliance.id, &commitment)?;
            }
        }
        ["initiatives", id] => {
            let Some(id) = InitiativeId::parse(id) else { return Ok(()) };
            if let Some(mut initiative) = store::initiatives::find(conn, alliance.id, id)?
                && replace(&mut initiative.summary, text)
            {
                store::initiatives::update(conn, alliance.id, &initiative)?;
            }
        }
        ["rounds", round, "extensions", partner] => {
            let Some(partner) = PartnerId::parse(partner) else { return Ok(()) };
            if let Some(mut extension) = store::extensions::find(conn, alliance.id, round, partner)?
                && replace(&mut extension.reason, text)
            {
                store::extensions::update(conn, alliance.id, &extension)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Takes the text out of every draft, submission and point of a partner's.
fn rewrite_reports(conn: &mut Conn, alliance: &InForce, partner: PartnerId, text: &str) -> Result<()> {
    let is_text = |question: &str| alliance.programme.is_answered_in_words(question);
    for report in store::reports::of_partner(conn, alliance.id, partner)? {
        for version in store::reports::versions(conn, report.id)? {
            let mut body = version.body.0;
            if blot(&mut body, text, &is_text) {
                store::reports::rewrite_version(conn, report.id, version.number, Document(body))?;
            }
        }
        for mut point in store::report_points::of(conn, report.id)? {
            let in_detail = replace(&mut point.detail, text);
            let in_reason = point.waived_reason.as_mut().is_some_and(|reason| replace(reason, text));
            if in_detail || in_reason {
                store::report_points::update(conn, &point)?;
            }
        }
        let whole = store::reports::find(conn, alliance.id, &report.round, partner)?;
        if let Some(mut whole) = whole
            && blot_draft(&mut whole, text, &is_text)?
        {
            store::reports::update(conn, &whole)?;
        }
    }
    Ok(())
}

/// A draft that lost a text is another version, so that nobody who still has the text on the screen saves it again
/// unawares.
fn blot_draft(report: &mut Report, text: &str, is_text: &dyn Fn(&str) -> bool) -> Result<bool> {
    let before = report.draft.clone();
    let mut draft = serde_json::to_value(&before).unwrap_or_default();
    if !blot(&mut draft, text, is_text) {
        return Ok(false);
    }
    let broken = |e: serde_json::Error| db::Error::Broken(format!("a draft without a text: {e}"));
    report.draft = serde_json::from_value(draft).map_err(broken)?;
    report.version += 1;
    let parts = report.draft.initiatives.iter().zip(&before.initiatives);
    for (version, (now, before)) in report.part_versions.iter_mut().zip(parts) {
        if now != before {
            *version += 1;
        }
    }
    Ok(true)
}

/// Takes the text out of answers that are kept for who sends the same again, where they are about the partner.
fn forget_answers(
    conn: &mut Conn,
    alliance: &InForce,
    partner: Option<PartnerId>,
    text: &str,
) -> Result<()> {
    let whose = partner.map(|partner| partner.to_string());
    let here = format!("/alliances/{}/", alliance.programme.slug);
    erasures::rewrite_answers(conn, &here, |answer, body| {
        let is_import = answer.address.contains("/imports");
        let names = |id: &String| {
            answer.address.contains(id.as_str())
                || String::from_utf8_lossy(&answer.body).contains(id.as_str())
        };
        if !is_import && !whose.as_ref().is_none_or(names) {
            return false;
        }
        let is_text = |question: &str| alliance.programme.is_answered_in_words(question);
        blot(body, text, &is_text) | blot_anywhere(body, text)
    })
}

/// Takes the text out of what imports said and refused.
fn forget_imported(
    conn: &mut Conn,
    alliance: &InForce,
    partner: Option<PartnerId>,
    text: &str,
) -> Result<()> {
    for id in store::imports::touching(conn, alliance.id, partner)? {
        let (mut warnings, mut remarks) = store::imports::remarks(conn, id)?;
        if blot_anywhere(&mut warnings.0, text) | blot_anywhere(&mut remarks.0, text) {
            store::imports::rewrite_remarks(conn, id, (warnings, remarks))?;
        }
        forget_refused(conn, id, text)?;
    }
    Ok(())
}

fn forget_refused(conn: &mut Conn, id: ImportId, text: &str) -> Result<()> {
    let Some(mut sent) = store::imports::find_refused(conn, id)? else { return Ok(()) };
    let cells = sent.rows.iter_mut().flat_map(|row| &mut row.cells);
    let found = cells.fold(false, |found, cell| replace_within(cell, text) | found);
    match found {
        true => Ok(store::imports::rewrite_refused(conn, id, &sent)?),
        false => Ok(()),
    }
}
