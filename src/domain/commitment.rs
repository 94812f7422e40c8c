//! Commitments: a focus area that a partner has chosen, with the goal it sets itself there.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks::{Faults, shown};
use super::id::{CommitmentId, PartnerId};
use super::programme::Programme;
use super::text::Fault;

/// A focus area that a partner has chosen, with its goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"id": "019353f2-6c00-7000-8000-000000000002",
    "partner": "019353f2-6c00-7000-8000-000000000001", "focusArea": "sst2020-K", "goal": "Flere tolkede samtaler",
    "target": {"measure": "samtaler", "unit": "antal", "baseline": "12", "target": "20", "dueOn": "2023-12-31"},
    "chosenOn": "2021-03-01", "version": 1}))]
pub struct Commitment {
    pub id: CommitmentId,
    pub partner: PartnerId,
    pub focus_area: String,
    /// Free text, empty where no goal is set.
    pub goal: String,
    pub target: Option<Target>,
    #[schema(value_type = Option<String>, format = "date")]
    pub chosen_on: Option<NaiveDate>,
    pub version: i64,
}

/// A goal in numbers. Amounts are decimal strings, kept exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    pub measure: String,
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    #[schema(format = "decimal", example = "12")]
    pub baseline: Option<String>,
    #[serde(default)]
    #[schema(format = "decimal", example = "20")]
    pub target: Option<String>,
    #[serde(default)]
    #[schema(format = "date")]
    pub due_on: Option<String>,
}

/// What a commitment is made with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"focusArea": "sst2020-K", "goal": "Flere tolkede samtaler", "chosenOn": "2021-03-01"}))]
pub struct MakeCommitment {
    pub focus_area: String,
    #[serde(default)]
    pub goal: String,
    #[serde(default)]
    pub target: Option<Target>,
    /// The day of the request, unless said.
    #[serde(default)]
    #[schema(format = "date")]
    pub chosen_on: Option<String>,
}

/// A JSON merge patch (RFC 7396) of a commitment. Its focus area stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"goal": "Flere tolkede samtaler", "target": {"measure": "samtaler", "target": "30"}}))]
#[allow(dead_code)] // Read for its shape; the patch itself is merged as JSON.
pub struct UpdateCommitment {
    #[serde(default)]
    goal: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Target>)]
    target: Option<TargetPatch>,
    #[serde(default)]
    #[schema(format = "date")]
    chosen_on: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code)] // Read for its shape.
struct TargetPatch {
    measure: Option<String>,
    unit: Option<String>,
    baseline: Option<String>,
    target: Option<String>,
    due_on: Option<String>,
}

impl MakeCommitment {
    /// What the editable fields are now, for a patch to be merged into.
    pub fn from_commitment(commitment: &Commitment) -> MakeCommitment {
        MakeCommitment {
            focus_area: commitment.focus_area.clone(),
            goal: commitment.goal.clone(),
            target: commitment.target.clone(),
            chosen_on: commitment.chosen_on.map(|on| on.to_string()),
        }
    }

    /// Every fault at once. `today` stands in for a missing `chosenOn`.
    pub fn check(
        &self,
        id: CommitmentId,
        partner: PartnerId,
        version: i64,
        programme: &Programme,
    ) -> Result<Commitment, Vec<Fault>> {
        let mut faults = Faults::new();
        check_focus_area(&mut faults, "/focusArea", &self.focus_area, programme);
        faults.prose("/goal", &self.goal);
        if let Some(target) = &self.target {
            check_target(&mut faults, target);
        }
        let chosen_on = faults.date_or_none("/chosenOn", self.chosen_on.as_deref());
        faults.unless_any(Commitment {
            id,
            partner,
            focus_area: self.focus_area.clone(),
            goal: self.goal.trim().to_owned(),
            target: self.target.clone(),
            chosen_on,
            version,
        })
    }
}

/// The fault of naming a focus area that the programme does not have.
pub fn check_focus_area(faults: &mut Faults, pointer: &str, key: &str, programme: &Programme) {
    if programme.focus_area(key).is_none() {
        faults.add(
            pointer,
            "unknown-focus-area",
            format!("Indsatsområdet »{}« findes ikke i programmet.", shown(key)),
            format!("There is no focus area \"{}\" in the programme.", shown(key)),
        );
    }
}

fn check_target(faults: &mut Faults, target: &Target) {
    faults.line("/target/measure", &target.measure);
    if let Some(unit) = &target.unit {
        faults.line("/target/unit", unit);
    }
    let amounts = [("/target/baseline", &target.baseline), ("/target/target", &target.target)];
    for (pointer, amount) in amounts {
        if let Some(amount) = amount {
            faults.amount(pointer, amount);
        }
    }
    faults.date_or_none("/target/dueOn", target.due_on.as_deref());
}
