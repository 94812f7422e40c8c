//! Initiatives: work that one or more partners do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks::Faults;
use super::commitment::check_focus_area;
use super::id::{InitiativeId, PartnerId};
use super::names;
use super::partner::unknown_partner;
use super::programme::Programme;
use super::text::Fault;

pub const APPROACHES: [&str; 3] = ["structural", "individual", "both"];
pub const STAGES: [&str; 4] = ["prevention", "earlyDetection", "treatment", "rehabilitation"];
pub const STATUSES: [&str; 4] = ["planned", "running", "completed", "stopped"];

/// Work that one or more partners do. `approach`, `stage` and `status` are null where unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"id": "019353f2-6c00-7000-8000-000000000003",
    "leadPartner": "019353f2-6c00-7000-8000-000000000001", "partners": ["019353f2-6c00-7000-8000-000000000001"],
    "title": "Sundhedssamtaler på værestedet", "summary": "", "focusAreas": ["sst2020-F"], "targetGroup": "",
    "approach": "structural", "stage": ["prevention"], "status": "running", "startsOn": "2023-01",
    "endsOn": "2023-09", "beganBeforeJoining": false, "version": 1}))]
pub struct Initiative {
    pub id: InitiativeId,
    pub lead_partner: PartnerId,
    /// Everyone who takes part, the lead first.
    pub partners: Vec<PartnerId>,
    pub title: String,
    pub summary: String,
    pub focus_areas: Vec<String>,
    pub target_group: String,
    /// `structural`, `individual` or `both`.
    pub approach: Option<String>,
    /// Any of `prevention`, `earlyDetection`, `treatment`, `rehabilitation`.
    pub stage: Option<Vec<String>>,
    /// `planned`, `running`, `completed` or `stopped`.
    pub status: Option<String>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub starts_on: Option<String>,
    pub ends_on: Option<String>,
    /// Whether it ran already when its lead joined: then the alliance did not cause it.
    pub began_before_joining: Option<bool>,
    pub version: i64,
}

/// What an initiative is created with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"title": "Sundhedssamtaler på værestedet", "focusAreas": ["sst2020-F"],
    "approach": "structural", "stage": ["prevention"], "status": "running", "startsOn": "2023-01"}))]
pub struct CreateInitiative {
    /// A partner's own id unless said; the secretariat must say it.
    #[serde(default)]
    pub lead_partner: Option<String>,
    /// The lead takes part whether it is listed or not.
    #[serde(default)]
    pub partners: Vec<String>,
    pub title: String,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub focus_areas: Vec<String>,
    #[serde(default)]
    pub target_group: String,
    #[serde(default)]
    pub approach: Option<String>,
    #[serde(default)]
    pub stage: Option<Vec<String>>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub starts_on: Option<String>,
    #[serde(default)]
    pub ends_on: Option<String>,
    #[serde(default)]
    pub began_before_joining: Option<bool>,
}

/// A JSON merge patch (RFC 7396) of an initiative.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"status": "completed", "endsOn": "2023-09"}))]
#[allow(dead_code)] // Read for its shape; the patch itself is merged as JSON.
pub struct UpdateInitiative {
    #[serde(default)]
    lead_partner: Option<String>,
    #[serde(default)]
    partners: Option<Vec<String>>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    focus_areas: Option<Vec<String>>,
    #[serde(default)]
    target_group: Option<String>,
    #[serde(default)]
    approach: Option<String>,
    #[serde(default)]
    stage: Option<Vec<String>>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    starts_on: Option<String>,
    #[serde(default)]
    ends_on: Option<String>,
    #[serde(default)]
    began_before_joining: Option<bool>,
}

impl CreateInitiative {
    /// What the editable fields are now, for a patch to be merged into.
    pub fn from_initiative(initiative: &Initiative) -> CreateInitiative {
        CreateInitiative {
            lead_partner: Some(initiative.lead_partner.to_string()),
            partners: initiative.partners.iter().map(PartnerId::to_string).collect(),
            title: initiative.title.clone(),
            summary: initiative.summary.clone(),
            focus_areas: initiative.focus_areas.clone(),
            target_group: initiative.target_group.clone(),
            approach: initiative.approach.clone(),
            stage: initiative.stage.clone(),
            status: initiative.status.clone(),
            starts_on: initiative.starts_on.clone(),
            ends_on: initiative.ends_on.clone(),
            began_before_joining: initiative.began_before_joining,
        }
    }

    /// Every fault at once. `is_partner` says whether the alliance has a partner.
    pub fn check(
        &self,
        id: InitiativeId,
        version: i64,
        programme: &Programme,
        is_partner: impl Fn(PartnerId) -> bool,
    ) -> Result<Initiative, Vec<Fault>> {
        let mut faults = Faults::new();
        let mut known = |pointer: String, text: &str| {
            let id = PartnerId::parse(text).filter(|id| is_partner(*id));
            if id.is_none() {
                faults.push(unknown_partner(pointer, text));
            }
            id
        };
        let lead = self.lead_partner.as_deref().map(|text| known("/leadPartner".to_owned(), text));
        let mut partners: Vec<PartnerId> = lead.flatten().into_iter().collect();
        for (i, text) in self.partners.iter().enumerate() {
            match known(format!("/partners/{i}"), text) {
                Some(partner) if !partners.contains(&partner) => partners.push(partner),
                _ => {}
            }
        }
        if lead.is_none() {
            faults.add(
                "/leadPartner",
                "required",
                "Der mangler en ansvarlig partner.",
                "The lead partner is missing.",
            );
        }
        faults.unique("/partners", &self.partners);
        faults.line("/title", &self.title);
        faults.prose("/summary", &self.summary);
        faults.prose("/targetGroup", &self.target_group);
        for (i, area) in self.focus_areas.iter().enumerate() {
            check_focus_area(&mut faults, &format!("/focusAreas/{i}"), area, programme);
        }
        faults.unique("/focusAreas", &self.focus_areas);
        self.check_words(&mut faults);
        self.check_dates(&mut faults);
        faults.unless_any(())?;
        let Some(lead_partner) = lead.flatten() else { return Err(Vec::new()) };
        Ok(Initiative {
            id,
            lead_partner,
            partners,
            title: names::tidy(&self.title),
            summary: self.summary.trim().to_owned(),
            focus_areas: self.focus_areas.clone(),
            target_group: self.target_group.trim().to_owned(),
            approach: self.approach.clone(),
            stage: self.stage.clone(),
            status: self.status.clone(),
            starts_on: self.starts_on.clone(),
            ends_on: self.ends_on.clone(),
            began_before_joining: self.began_before_joining,
            version,
        })
    }

    fn check_words(&self, faults: &mut Faults) {
        if let Some(approach) = &self.approach {
            faults.one_of("/approach", approach, &APPROACHES);
        }
        if let Some(status) = &self.status {
            faults.one_of("/status", status, &STATUSES);
        }
        let stages = self.stage.as_deref().unwrap_or_default();
        for (i, stage) in stages.iter().enumerate() {
            faults.one_of(&format!("/stage/{i}"), stage, &STAGES);
        }
        faults.unique("/stage", stages);
    }

    /// An end before the start only if the latest possible end is before the earliest possible start.
    fn check_dates(&self, faults: &mut Faults) {
        let start = self.starts_on.as_deref().and_then(|text| faults.fuzzy("/startsOn", text));
        let end = self.ends_on.as_deref().and_then(|text| faults.fuzzy("/endsOn", text));
        if let (Some(start), Some(end)) = (start, end)
            && end.latest < start.earliest
        {
            faults.add(
                "/endsOn",
                "end-before-start",
                "Initiativet slutter, før det begynder.",
                "The initiative ends before it begins.",
            );
        }
    }
}
