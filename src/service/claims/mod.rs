//! Claims held against figures: on which bases published percentages are possible at once, and whether the figures
//! of the alliance say the same. Writes nothing.

mod against;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use self::against::{Share, against};
use super::programmes::InForce;
use super::{Ctx, Result};
use crate::db::Conn;
use crate::domain::checks::{Faults, shown};
use crate::domain::claims::{self, Claimed, DECIMALS, NoPercentage};
use crate::domain::figure::Fraction;
use crate::domain::programme::Kind as IndicatorKind;
use crate::domain::text::{Fault, Language, Text};

/// How many claims may be made at once.
const MOST_CLAIMS: usize = 10;
/// Up to which base bases are looked for, unless it is said.
const USUAL_BASE: i64 = 1_000;
/// And at most.
const MOST_BASE: i64 = 10_000;
/// The largest base that may be asked about by itself.
const LARGEST_BASE: i64 = 1_000_000_000;

/// Published percentages of one base.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"claims": [{"percent": 98, "decimals": 0, "indicator": "national_areas"},
    {"percent": 72, "decimals": 0, "indicator": "new_collaborations"}, {"percent": 95, "decimals": 0}],
    "base": 100, "maxBase": 107}))]
pub struct CheckClaims {
    #[schema(min_items = 1, max_items = 10)]
    pub claims: Vec<Claim>,
    /// The base that was published with them, or is suspected.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub base: Option<i64>,
    /// The largest base to look at.
    #[schema(minimum = 1, maximum = 10_000, default = 1_000)]
    pub max_base: Option<i64>,
    /// The edition whose figures decide. Without it those of now do, or for whoever may not see these the last
    /// edition's.
    #[schema(minimum = 1)]
    pub publication: Option<i64>,
}

/// One published percentage.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    #[schema(minimum = 0, maximum = 100)]
    pub percent: f64,
    /// To how many decimals it was rounded (half up).
    #[schema(minimum = 0, maximum = 4)]
    pub decimals: i64,
    /// The share that it is said to be.
    pub indicator: Option<String>,
}

/// What the claims can be, and what the figures say of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedClaims {
    /// How a percentage is made of a fraction: always `halfUp`.
    pub rounding: String,
    pub claims: Vec<CheckedClaim>,
    /// The base that was asked about.
    pub base: Option<CheckedBase>,
    /// Up to which base was looked.
    pub max_base: i64,
    /// How many bases there are on which all claims are possible at once.
    pub possible: i64,
    /// All of them, in order.
    pub bases: Vec<PossibleBase>,
    /// Whose figures decided; null where no claim names an indicator.
    pub against: Option<Against>,
}

/// A base on which all claims are possible at once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PossibleBase {
    pub base: i64,
    /// For each claim how many of the base can have been counted.
    pub counted: Vec<Counted>,
}

/// Anything from the least to the most.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Counted {
    pub least: i64,
    pub most: i64,
}

/// Whether a given base can give the claims.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedBase {
    pub base: i64,
    pub is_possible: bool,
    /// For each claim how many of the base can have been counted; null where none can.
    pub counted: Vec<Option<Counted>>,
}

/// One claim and, where it names an indicator, what its figure says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedClaim {
    #[schema(value_type = f64)]
    pub percent: Value,
    pub decimals: i64,
    pub indicator: Option<String>,
    /// Whether the figure rounds to the claim and, where a base is given, has that base. Null without an indicator.
    pub supported: Option<bool>,
    /// Why it does not.
    pub because: Vec<Because>,
    pub figure: Option<ClaimedFigure>,
}

/// Why a figure does not support a claim.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Because {
    /// `percent-differs`, `base-differs`, `no-members`, `nobody-applicable` or `no-respondents`.
    pub code: String,
    pub text: String,
}

/// The figure of a claim's indicator, with its percentages at the claim's decimals.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedFigure {
    pub label: String,
    pub counted: i64,
    pub not_counted: i64,
    pub not_applicable: i64,
    pub no_answer: i64,
    pub not_submitted: i64,
    pub members: i64,
    /// `respondents` or `members`.
    pub base_rule: String,
    pub base: i64,
    #[schema(value_type = Option<f64>)]
    pub percent: Value,
    /// If every silent partner had answered no.
    #[schema(value_type = Option<f64>)]
    pub lowest_percent: Value,
    /// If every silent partner had answered yes.
    #[schema(value_type = Option<f64>)]
    pub highest_percent: Value,
    #[schema(format = "date")]
    pub valid_on: String,
}

/// Whose figures decided.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Against {
    /// The edition; null for the figures of now.
    pub publication: Option<i64>,
    #[schema(format = "date-time")]
    pub as_of: String,
    pub journal_size: i64,
}

/// Holds claims against the figures.
pub fn check(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    body: &CheckClaims,
    language: Language,
) -> Result<CheckedClaims> {
    let read = read(alliance, body)?;
    let against = against(conn, ctx, alliance, body, language)?;
    let checked = body.claims.iter().zip(&read).map(|(claim, claimed)| {
        let figure = claim.indicator.as_ref().zip(against.as_ref());
        let figure = figure.and_then(|(key, against)| against.figures.iter().find(|it| it.key == *key));
        checked(claim, *claimed, figure, body.base, language)
    });
    let max_base = body.max_base.unwrap_or(USUAL_BASE);
    let bases: Vec<PossibleBase> = claims::bases(&read, max_base)
        .map(|(base, counted)| PossibleBase {
            base,
            counted: counted.into_iter().map(Counted::from).collect(),
        })
        .collect();
    Ok(CheckedClaims {
        rounding: "halfUp".to_owned(),
        claims: checked.collect(),
        base: body.base.map(|base| checked_base(&read, base)),
        max_base,
        possible: i64::try_from(bases.len()).unwrap_or(i64::MAX),
        bases,
        against: against.map(|against| against.told),
    })
}

impl From<claims::Numerators> for Counted {
    fn from(it: claims::Numerators) -> Counted {
        Counted { least: it.least, most: it.most }
    }
}

/// The claims as percentages, or all that is wrong with the body.
fn read(alliance: &InForce, body: &CheckClaims) -> Result<Vec<Claimed>> {
    let mut faults = Faults::new();
    if body.claims.is_empty() {
        faults.add("/claims", "required", "Der skal være mindst én påstand.", "There must be a claim.");
    }
    if body.claims.len() > MOST_CLAIMS {
        faults.add(
            "/claims",
            "too-many",
            format!("Der er {} påstande; højst {MOST_CLAIMS} er tilladt ad gangen.", body.claims.len()),
            format!(
                "There are {} claims; at most {MOST_CLAIMS} are allowed at once.",
                body.claims.len()
            ),
        );
    }
    range(&mut faults, "/base", body.base, LARGEST_BASE);
    range(&mut faults, "/maxBase", body.max_base, MOST_BASE);
    let claims = body.claims.iter().take(MOST_CLAIMS).enumerate();
    let read: Vec<Claimed> = claims
        .filter_map(|(i, claim)| {
            indicator(&mut faults, alliance, i, body, claim);
            claimed(&mut faults, i, claim)
        })
        .collect();
    Ok(faults.unless_any(read)?)
}

fn range(faults: &mut Faults, pointer: &str, base: Option<i64>, most: i64) {
    if base.is_some_and(|base| !(1..=most).contains(&base)) {
        faults.add(
            pointer,
            "out-of-range",
            format!("Grundlaget er et helt tal fra 1 til {most}."),
            format!("The base is a whole number from 1 to {most}."),
        );
    }
}

fn claimed(faults: &mut Faults, i: usize, claim: &Claim) -> Option<Claimed> {
    let decimals = u32::try_from(claim.decimals)
        .ok()
        .filter(|_| DECIMALS.contains(&claim.decimals));
    let (least, most) = (DECIMALS.start(), DECIMALS.end());
    if decimals.is_none() {
        faults.add(
            format!("/claims/{i}/decimals"),
            "out-of-range",
            format!("Antallet af decimaler er et tal fra {least} til {most}."),
            format!("The number of decimals is from {least} to {most}."),
        );
    }
    // With the most decimals there are, a percentage out of range is still told beside the wrong number of them.
    match Claimed::of(claim.percent, decimals.unwrap_or(4)) {
        Ok(claimed) => return decimals.is_some().then_some(claimed),
        Err(NoPercentage::OutOfRange) => faults.add(
            format!("/claims/{i}/percent"),
            "out-of-range",
            "En andel er et tal fra 0 til 100.",
            "A share is a number from 0 to 100.",
        ),
        Err(NoPercentage::TooManyDecimals) if decimals.is_none() => {}
        Err(NoPercentage::TooManyDecimals) => faults.add(
            format!("/claims/{i}/percent"),
            "too-many-decimals",
            format!(
                "Tallet har flere decimaler end de {}, det siges at være rundet af til.",
                claim.decimals
            ),
            format!(
                "The number has more decimals than the {} it is said to be rounded to.",
                claim.decimals
            ),
        ),
    }
    None
}

/// Of an edition its own figures decide, and not the programme in force.
fn indicator(faults: &mut Faults, alliance: &InForce, i: usize, body: &CheckClaims, claim: &Claim) {
    let Some(key) = claim.indicator.as_ref().filter(|_| body.publication.is_none()) else { return };
    match alliance.programme.indicator(key) {
        None => faults.add(
            format!("/claims/{i}/indicator"),
            "unknown-indicator",
            format!("Indikatoren »{}« findes ikke i programmet.", shown(key)),
            format!("There is no indicator \"{}\" in the programme.", shown(key)),
        ),
        Some(indicator) if indicator.kind != IndicatorKind::Share => faults.push(not_a_share(i, key)),
        Some(_) => {}
    }
}

fn not_a_share(i: usize, key: &str) -> Fault {
    Fault::new(
        format!("/claims/{i}/indicator"),
        "not-a-share",
        format!("Indikatoren »{}« er ikke en andel, så den har ingen procent.", shown(key)),
        format!("The indicator \"{}\" is no share, so it has no percentage.", shown(key)),
    )
}

impl ClaimedFigure {
    /// With its percentages at so many decimals.
    fn rounded_to(&self, decimals: u32) -> ClaimedFigure {
        let applicable = self.members - self.not_applicable;
        let silent = self.no_answer + self.not_submitted;
        let percent = |part, whole| {
            Fraction::of(part, whole).map_or(Value::Null, |fraction| fraction.percent(decimals))
        };
        ClaimedFigure {
            percent: percent(self.counted, self.base),
            lowest_percent: percent(self.counted, applicable),
            highest_percent: percent(self.counted + silent, applicable),
            ..self.clone()
        }
    }
}

fn checked(
    claim: &Claim,
    claimed: Claimed,
    share: Option<&Share>,
    base: Option<i64>,
    language: Language,
) -> CheckedClaim {
    let figure = share.map(|share| share.figure.rounded_to(claimed.decimals()));
    let because = share.map(|share| because(claimed, share, base)).unwrap_or_default();
    let told = |(code, text): (String, Text)| Because { code, text: text.get(language).to_owned() };
    CheckedClaim {
        percent: claimed.percent(),
        decimals: claim.decimals,
        indicator: claim.indicator.clone(),
        supported: share.map(|_| because.is_empty()),
        because: because.into_iter().map(told).collect(),
        figure,
    }
}

/// All reasons why a figure does not support a claim.
fn because(claimed: Claimed, share: &Share, base: Option<i64>) -> Vec<(String, Text)> {
    let figure = &share.figure;
    let mut reasons = Vec::new();
    if let Some(code) = &share.no_percent_because {
        let text = Text::new(
            "Tallet har ingen at være en andel af, så det har ingen procent.",
            "The figure has nobody to be a share of, so it has no percentage.",
        );
        reasons.push((code.clone(), text));
        return reasons;
    }
    if !claimed.is_of(figure.counted, figure.base) {
        let rounded = figure.rounded_to(claimed.decimals()).percent;
        let (counted, of) = (figure.counted, figure.base);
        let text = Text::new(
            format!("Tallet er {counted} af {of}, det er {} %.", rounded.to_string().replace('.', ",")),
            format!("The figure is {counted} of {of}, which is {rounded} %."),
        );
        reasons.push(("percent-differs".to_owned(), text));
    }
    if let Some(base) = base.filter(|base| *base != figure.base) {
        let text = Text::new(
            format!("Tallets grundlag er {} og ikke {base}.", figure.base),
            format!("The figure's base is {} and not {base}.", figure.base),
        );
        reasons.push(("base-differs".to_owned(), text));
    }
    reasons
}

fn checked_base(read: &[Claimed], base: i64) -> CheckedBase {
    CheckedBase {
        base,
        is_possible: claims::on_base(read, base).is_some(),
        counted: read.iter().map(|claim| claim.numerators(base).map(Counted::from)).collect(),
    }
}
