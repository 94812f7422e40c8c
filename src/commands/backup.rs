//! `facit backup`: a copy of a live SQLite database, whole or not there at all, and then checked.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use facit::check::{self, Findings};
use facit::config::BackupArgs;
use facit::db::{self, Db, Target};
use facit::service::Error;
use facit::store;

use super::serving::{open_existing, shown};
use super::{Outcomes, print_findings, print_line};

/// Only the owner: the copy has the keys that sign.
const MODE: u32 = 0o600;

pub fn run(args: &BackupArgs) -> Outcomes {
    let url = &args.database.database;
    let Target::Sqlite(source) = Target::parse(url)? else { return Err(use_pg_dump(url, &args.file)) };
    let db = open_existing(url)?;
    refuse_the_database_itself(&source, &args.file)?;
    if args.file.symlink_metadata().is_ok() {
        return Err(format!("{} exists already; a backup overwrites nothing", args.file.display()));
    }
    if !args.no_check && !db.is_migrated().map_err(|e| e.to_string())? {
        return Err("the database is not of this program's schema, so the copy can't be checked. Add --no-check \
            to copy it as it is."
            .to_owned());
    }
    copy(&db, &args.file).map_err(|e| format!("no backup was made: {e}"))?;
    drop(db);
    report(args)
}

/// A backup is pg_dump's there, which knows the server.
fn use_pg_dump(url: &str, file: &Path) -> String {
    format!(
        "facit backup copies SQLite files. For PostgreSQL use its own tool:\n  \
         pg_dump --format=custom --no-owner --no-privileges --file='{}' '{}'",
        file.display(),
        shown(url)
    )
}

/// The database's own files, whatever name they are given by, and whether or not they are there now.
fn refuse_the_database_itself(source: &Path, target: &Path) -> Result<(), String> {
    let source = source.canonicalize().map_err(|e| format!("{}: {e}", source.display()))?;
    let target = real(target).map_err(|e| format!("{}: {e}", target.display()))?;
    let own = ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = OsString::from(&source);
        name.push(ending);
        PathBuf::from(name)
    });
    if own.contains(&target) || is_same_file(&source, &target) {
        return Err(format!("{} belongs to the database itself", target.display()));
    }
    Ok(())
}

/// Where a path really leads; of what is not there yet, its folder counts.
fn real(path: &Path) -> io::Result<PathBuf> {
    if let Ok(found) = path.canonicalize() {
        return Ok(found);
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("is no file's name"))?;
    Ok(folder(path).canonicalize()?.join(name))
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Hard links lead to one file by two names.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let of = |path: &Path| path.metadata().map(|file| (file.dev(), file.ino())).ok();
    of(one).is_some_and(|one| of(other) == Some(one))
}

/// Copies into a file beside the target, which gets the target's name when all of it is on the disk.
fn copy(db: &Db, target: &Path) -> Result<(), String> {
    let partial = beside(target).ok_or("that is no file's name")?;
    let said = |e: io::Error| format!("{}: {e}", partial.display());
    drop(
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(&partial)
            .map_err(said)?,
    );
    let copied = db.copy_into(&partial).map_err(|e| e.to_string());
    let moved = copied.and_then(|()| move_into_place(&partial, target).map_err(said));
    if moved.is_err() {
        // What went wrong is told; that a rest stays behind, too, is seen.
        let _ = fs::remove_file(&partial);
    }
    moved
}

fn beside(target: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(target.file_name()?);
    name.push(format!(".{}.part", std::process::id()));
    Some(target.with_file_name(name))
}

/// By a hard link where the disk has such: unlike a new name, it overwrites nothing that came in the meantime.
fn move_into_place(partial: &Path, target: &Path) -> io::Result<()> {
    File::open(partial)?.sync_all()?;
    match fs::hard_link(partial, target) {
        Ok(()) => fs::remove_file(partial)?,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(e),
        Err(_) => fs::rename(partial, target)?,
    }
    File::open(folder(target))?.sync_all()
}

/// Says what was written, and checks it.
fn report(args: &BackupArgs) -> Outcomes {
    let file = &args.file;
    let bytes = file.metadata().map_err(|e| format!("{}: {e}", file.display()))?.len();
    print_line(&format!("{}: {bytes} bytes", file.display()))?;
    let copy = Db::open(&Target::Sqlite(file.clone())).map_err(|e| e.to_string())?;
    let sizes = copy.read_now(|conn| store::journal::sizes(conn, i64::MAX));
    let sizes = sizes.map_err(|e: db::Error| e.to_string())?;
    for (alliance, size) in &sizes {
        print_line(&format!("{alliance}: {size} journal entries"))?;
    }
    if args.no_check {
        return Ok(ExitCode::SUCCESS);
    }
    let mut is_clean = true;
    for (alliance, _) in &sizes {
        let findings = copy.read_now(|conn| check::check(conn, alliance)).map_err(|e| e.to_string())?;
        is_clean &= findings.differences.is_empty();
        print_findings(alliance, &findings)?;
    }
    let installation = copy.read_now(check::check_installation);
    let installation: Findings = installation.map_err(|e: Error| e.to_string())?;
    is_clean &= installation.differences.is_empty();
    print_findings("installation", &installation)?;
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
