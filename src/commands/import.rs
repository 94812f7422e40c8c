//! `facit import`: a file taken in by the command line, which acts as the installation.

use std::io::IsTerminal;
use std::process::ExitCode;

use facit::api;
use facit::config::ImportArgs;
use facit::domain::import::{Counts, FileRead, Import, Kind, Mode, Outcome, Remark};
use facit::service::imports::{self, Order, Run};
use facit::service::{Ctx, Error, programmes};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcomes, open, print_line};

/// Exit 0: every row was taken; 2: some were refused; 1, by an `Err`: the file as a whole was.
pub fn import(args: &ImportArgs) -> Outcomes {
    let file = std::fs::read(&args.file).map_err(|e| format!("{}: {e}", args.file.display()))?;
    let unknown = || format!("unknown kind {:?} or mode {:?}", args.kind, args.mode);
    let kind = Kind::parse(&args.kind).ok_or_else(unknown)?;
    let mode = Mode::parse(&args.mode).ok_or_else(unknown)?;
    let is_said_xlsx = args.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
    let file = FileRead::read(&file, is_said_xlsx)
        .map_err(|fault| imports::unreadable(vec![fault]))
        .map_err(|error| format!("{}: {error}", args.file.display()))?;
    let db = open(&args.database.database)?;
    let ctx = Ctx::installation(api::now());
    let bar = progress_bar();
    let order = Order { kind, mode, dry_run: args.dry_run };
    let run = db.write_now(|conn| {
        let alliance = programmes::in_force(conn, &args.alliance)?;
        imports::run(conn, &ctx, &alliance, order, file, &mut |done, all| show(&bar, done, all))
    });
    bar.finish_and_clear();
    let run = run.map_err(|error: Error| format!("{}: {error}", args.file.display()))?;
    for line in remarks(&run.import) {
        print_line(&line)?;
    }
    print_line(&summary(&run, args.dry_run))?;
    Ok(if run.import.counts.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, done: i64, all: i64) {
    bar.set_length(u64::try_from(all).unwrap_or(0));
    bar.set_position(u64::try_from(done).unwrap_or(0));
}

/// A line for the file's heading where a column is not read, and one for each row that was not simply taken.
fn remarks(import: &Import) -> Vec<String> {
    let about_file = import
        .warnings
        .iter()
        .map(|remark| line(1, "warning", std::slice::from_ref(remark)));
    let about_rows = import.rows.iter().map(|row| {
        let word = if row.outcome == Outcome::Refused { "refused" } else { "warning" };
        line(row.row, word, &row.remarks)
    });
    about_file.chain(about_rows).collect()
}

/// `row 12: refused: partners: unknown-partner: …`, the row's other faults behind a semicolon.
fn line(row: i64, word: &str, remarks: &[Remark]) -> String {
    let said = remarks.iter().map(|remark| {
        let column = remark.column.as_deref().unwrap_or("-");
        format!("{column}: {}: {}", remark.code, remark.detail.en)
    });
    let said = said.collect::<Vec<_>>().join("; ");
    format!("row {row}: {word}: {said}").replace(char::is_control, " ")
}

fn summary(run: &Run, dry_run: bool) -> String {
    let Counts { created, updated, unchanged, refused } = run.import.counts;
    let counts =
        format!("{created} created, {updated} updated, {unchanged} unchanged, {refused} refused");
    match (run.is_written, dry_run) {
        (true, _) => counts,
        (false, true) => format!("{counts} (dry run: nothing was written)"),
        (false, false) => {
            format!("{counts} (nothing was written: in atomic mode one refused row keeps all out)")
        }
    }
}
