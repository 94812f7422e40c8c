//! `facit apply`: a programme document, and what it changes and moves.

use facit::api;
use facit::config::ApplyArgs;
use facit::domain::programme::{Difference, HowChanged, ProgrammeDocument};
use facit::domain::text::Language;
use facit::service::Ctx;
use facit::service::effects::{self, Effect, FigureValue, MovedFigure};
use facit::service::programmes::{Condition, Outcome};
use serde_json::Value;

use super::{Outcomes, open, print_line};

/// Longer values are cut where they are shown, in characters.
const SHOWN: usize = 60;

pub fn apply(args: &ApplyArgs) -> Outcomes {
    let text =
        std::fs::read_to_string(&args.file).map_err(|e| format!("{}: {e}", args.file.display()))?;
    let document: ProgrammeDocument =
        toml::from_str(&text).map_err(|e| format!("{}: {e}", args.file.display()))?;
    let slug = document.slug.clone();
    let db = open(&args.database.database)?;
    let ctx = Ctx::installation(api::now());
    let effect = db.write_now(|conn| {
        let work = if args.dry_run { effects::rehearsed } else { effects::applied };
        work(conn, &ctx, &slug, document, &Condition::None, Language::En)
    });
    print_line(&said(&slug, &effect.map_err(|e| e.to_string())?, args.dry_run))
}

fn said(slug: &str, effect: &Effect, dry: bool) -> String {
    let (would, version) = (if dry { "would be " } else { "" }, effect.version);
    let mut lines = vec![match effect.outcome {
        Outcome::Created => format!("{slug}: {would}created, version {version}"),
        Outcome::Changed => format!("{slug}: {would}changed, version {version}"),
        Outcome::Unchanged => format!("{slug}: unchanged, version {version}"),
    }];
    lines.extend(effect.differences.iter().map(|difference| format!("  {}", changed(difference))));
    let figures = effect.figures.as_deref().unwrap_or_default();
    lines.extend(figures.iter().map(|figure| format!("  {}", moved(figure))));
    if effect.outcome == Outcome::Changed && figures.is_empty() {
        lines.push("  no figure moves".to_owned());
    }
    lines.join("\n")
}

/// `+` what is new, `-` what is gone, `~` what is otherwise.
fn changed(difference: &Difference) -> String {
    let place = &difference.place;
    match difference.change {
        HowChanged::Added => format!("+ {place}"),
        HowChanged::Removed => format!("- {place}"),
        HowChanged::Reordered => format!("~ {place}: in another order"),
        HowChanged::Changed => {
            format!("~ {place}: {} -> {}", shown(&difference.from), shown(&difference.to))
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

fn moved(figure: &MovedFigure) -> String {
    let from = figure.from.as_ref().map_or_else(|| "new".to_owned(), amount);
    let to = figure.to.as_ref().map_or_else(|| "gone".to_owned(), amount);
    format!("{}: {from} -> {to}", figure.indicator)
}

/// `72 % (72 of 100)` of a share, the number of a count, the exact amount of a sum.
fn amount(figure: &FigureValue) -> String {
    match (&figure.amount, &figure.value, figure.base) {
        (Some(amount), _, _) => amount.clone(),
        (None, _, Some(base)) => {
            let percent = figure.percent_text.as_deref().unwrap_or("no");
            format!("{percent} % ({} of {base})", figure.counted)
        }
        (None, Value::Null, None) => "nothing reported".to_owned(),
        (None, value, None) => value.to_string(),
    }
}
