//! Evidence bundles: an edition with all that it takes to check it without us (`domain::evidence`). Whoever may
//! read the journal gets it whole; everybody else without the entries.

mod rows;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::checkpoints::Signed;
use super::programmes::InForce;
use super::publications::Published;
use super::{Ctx, Error, Result, Role, proofs};
use crate::auth::notes::Signer;
use crate::db::{self, Conn};
use crate::domain::evidence::{self as bundle, FORMAT, Files, Listed, MANIFEST, Manifest};
use crate::domain::journal::hex;
use crate::store;

/// So many entries are read at a time.
const PAGE: i64 = 1000;

/// What a bundle is made of besides what the database has.
pub struct Given<'a> {
    pub signer: &'a Signer,
    /// Of a tree that has the edition's entry.
    pub signed: &'a Signed,
    /// The edition's figures as CSV.
    pub figures: Vec<u8>,
}

/// Whether the caller gets bundles with the entries.
pub fn sees_whole(ctx: &Ctx, alliance: &InForce) -> bool {
    matches!(ctx.role_in(alliance.id), Some(Role::Secretariat | Role::Auditor))
}

/// The zip file of an edition's bundle. The same checkpoint gives the same bytes, unless a text was redacted.
pub fn bundle(
    conn: &mut Conn,
    alliance: &InForce,
    published: &Published,
    given: Given,
    whole: bool,
) -> Result<Vec<u8>> {
    let Given { signer, signed, figures } = given;
    let slug = &alliance.programme.slug;
    let seq = published.row.seq;
    let entry = store::journal::find(conn, alliance.id, seq)?.ok_or_else(Error::absent)?;
    let proof = proofs::of_entry(conn, alliance.id, seq, signed)?;
    let keys: String = signer.verifiers(slug).iter().map(|key| format!("{key}\n")).collect();
    let readme = |template: &str| {
        let text = template.replace("{alliance}", slug);
        let text = text.replace("{edition}", &published.row.edition.to_string());
        text.replace("{size}", &signed.size.to_string()).into_bytes()
    };
    let mut files = Files::from(
        [
            (bundle::README_DA, readme(include_str!("README.da.md"))),
            (bundle::README_EN, readme(include_str!("README.en.md"))),
            (bundle::PUBLICATION, published.bytes.clone()),
            (bundle::PUBLICATION_NOTE, published.row.signature.clone().into_bytes()),
            (bundle::PUBLICATION_ENTRY, entry.bytes),
            (bundle::PUBLICATION_PROOF, proof.text().into_bytes()),
            (bundle::CHECKPOINT, signed.note.clone().into_bytes()),
            (bundle::KEYS, keys.into_bytes()),
            (bundle::FIGURES, figures),
        ]
        .map(|(path, content)| (path.to_owned(), content)),
    );
    for programme in store::alliances::programmes(conn, alliance.id)? {
        if programme.seq <= published.row.journal_size {
            files.insert(bundle::programme(programme.version), programme.document.into_bytes());
        }
    }
    if whole {
        let entries = entries(conn, alliance, signed.size)?;
        let standings = rows::of(conn, alliance, published, &entries.names)?;
        files.insert(bundle::ENTRIES.to_owned(), entries.lines);
        files.insert(bundle::TEXTS.to_owned(), texts(conn, alliance, signed.size)?);
        files.insert(bundle::STANDINGS.to_owned(), standings);
    }
    let manifest = Manifest {
        alliance: slug.clone(),
        edition: published.row.edition,
        files: files.iter().map(|(path, content)| Listed::of(path, content)).collect(),
        format: FORMAT.to_owned(),
        journal: alliance.id.to_string(),
        size: signed.size,
        whole,
    };
    files.insert(MANIFEST.to_owned(), manifest.bytes());
    bundle::zip(&files).map_err(|e| Error::Failed(db::Error::Broken(format!("no bundle: {e}"))))
}

struct Entries {
    /// The bytes of each, a line each.
    lines: Vec<u8>,
    /// What each partner is called in the last entry that says so, with that entry's number.
    names: BTreeMap<String, Vec<(i64, String)>>,
}

fn entries(conn: &mut Conn, alliance: &InForce, size: i64) -> Result<Entries> {
    let mut read = Entries { lines: Vec::new(), names: BTreeMap::new() };
    let mut after = 0;
    while after < size {
        let page = store::audit::entries(conn, alliance.id, after, PAGE.min(size - after))?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for entry in &page {
            read.lines.extend(&entry.bytes);
            read.lines.push(b'\n');
            let Some(id) = entry.subject.strip_prefix("partners/") else { continue };
            let value: Value = serde_json::from_slice(&entry.bytes).unwrap_or_default();
            if let Some(name) = value.pointer("/after/name").and_then(Value::as_str) {
                let names = read.names.entry(id.to_owned()).or_default();
                names.push((entry.seq, name.to_owned()));
            }
        }
    }
    Ok(read)
}

fn texts(conn: &mut Conn, alliance: &InForce, size: i64) -> Result<Vec<u8>> {
    let mut texts = store::journal::all_texts(conn, alliance.id)?;
    texts.retain(|text| text.seq <= size);
    texts.sort_by(|a, b| (a.seq, &a.pointer).cmp(&(b.seq, &b.pointer)));
    let mut lines = Vec::new();
    for text in texts {
        let line = json!({
            "pointer": text.pointer, "salt": hex(&text.salt), "seq": text.seq, "text": text.text,
        });
        lines.extend(serde_json_canonicalizer::to_vec(&line).unwrap_or_default());
        lines.push(b'\n');
    }
    Ok(lines)
}
