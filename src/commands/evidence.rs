//! `facit evidence` and `facit verify`: an edition's evidence, written here and checked anywhere.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use facit::api;
use facit::auth::notes::Signer;
use facit::check::verify::{self, Asked, Report};
use facit::config::{EvidenceArgs, VerifyArgs};
use facit::service::checkpoints::{self, Of};
use facit::service::evidence::{self, Given};
use facit::service::{Error, installation, programmes, publications};
use facit::store;

use super::{Outcomes, open, print_line};

/// A larger file is no bundle, in bytes (1 GiB).
const LARGEST: u64 = 1 << 30;

/// Writes an edition's bundle, under a checkpoint of the journal as it is now.
pub fn write(args: &EvidenceArgs) -> Outcomes {
    let db = open(&args.database.database)?;
    let installation = installation::open(&db, api::now()).map_err(|e| e.to_string())?;
    let origin = args.origin.clone().unwrap_or_else(|| args.issuer.clone());
    let signer = Signer { origin, keys: installation.note_keys };
    let bundle = db.write_now(|conn| {
        let alliance = programmes::in_force(conn, &args.alliance)?;
        let number = match args.edition {
            Some(number) => number,
            None => store::publications::count(conn, alliance.id)?,
        };
        let published = publications::find(conn, &alliance, number)?;
        let of = Of { journal: alliance.id, slug: &args.alliance };
        let signed = checkpoints::sign(conn, &signer, of, api::now())?;
        let figures = api::published_figures(&published.bytes)?;
        let given = Given { signer: &signer, signed: &signed, figures };
        evidence::bundle(conn, &alliance, &published, given, !args.public)
    });
    let bundle = bundle.map_err(|e: Error| e.to_string())?;
    let said = |e: std::io::Error| format!("{}: {e}", args.file.display());
    let mut file = OpenOptions::new().write(true).create_new(true).open(&args.file).map_err(said)?;
    file.write_all(&bundle).and_then(|()| file.sync_all()).map_err(said)?;
    print_line(&format!("{}: {} bytes", args.file.display(), bundle.len()))
}

/// Verifies a bundle, and says what it found.
pub fn verify(args: &VerifyArgs) -> Outcomes {
    let bytes = read(&args.file)?;
    let asked = Asked { keys: args.key.clone(), alliance: args.alliance.clone() };
    let report = verify::verify(&bytes, &asked);
    match args.json {
        true => print_line(&serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?)?,
        false => print(&report)?,
    };
    Ok(match report.verdict {
        "verified" => ExitCode::SUCCESS,
        "differs" => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let said = |e: std::io::Error| format!("{}: {e}", path.display());
    let file = File::open(path).map_err(said)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(said)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{}: larger than any bundle", path.display()));
    }
    Ok(bytes)
}

fn print(report: &Report) -> Outcomes {
    for finding in &report.findings {
        let line = format!("{}: {}: {}", finding.place, finding.code, finding.detail);
        print_line(&line.replace(char::is_control, " "))?;
    }
    if let (Some(alliance), Some(edition), Some(size)) = (&report.alliance, report.edition, report.size)
    {
        let alliance = alliance.replace(char::is_control, " ");
        print_line(&format!("edition {edition} of {alliance}, journal of {size} entries"))?;
        let what = match report.whole {
            Some(true) => "every figure was computed again from the entries",
            _ => {
                "without the entries: signatures, hashes and the proof were checked, no figure was computed again"
            }
        };
        print_line(what)?;
    }
    if !report.pinned {
        print_line(
            "no --key was given: the bundle's own keys were believed, so it agrees with itself at most",
        )?;
    }
    print_line(&format!("{}; {} findings", report.verdict, report.findings.len()))
}
