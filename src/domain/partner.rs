//! Partners and their memberships.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks::{Faults, shown};
use super::id::PartnerId;
use super::programme::Programme;
use super::text::Fault;
use super::{cvr, names, places};

/// A member organisation. `joinedOn` and `leftOn` are those of its latest membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "id": "019353f2-6c00-7000-8000-000000000001", "name": "Kost og Ernæringsforbundet",
    "sector": "union_professional", "region": null, "municipality": null, "area": "national", "cvr": null,
    "website": null, "partOf": null, "objectives": ["focusAreas"], "joinedOn": "2020-08-11", "leftOn": null,
    "memberships": [{"joinedOn": "2020-08-11", "leftOn": null}], "version": 1
}))]
pub struct Partner {
    pub id: PartnerId,
    pub name: String,
    pub sector: String,
    /// A region's code (DAWA), such as `1083`.
    pub region: Option<String>,
    /// A municipality's code of four digits, such as `0461`.
    pub municipality: Option<String>,
    /// A landsdel's code, or `national`.
    pub area: Option<String>,
    /// A CVR number; not unique, since units of one organisation can each be partners.
    pub cvr: Option<String>,
    pub website: Option<String>,
    /// The partner that this one is part of.
    pub part_of: Option<PartnerId>,
    pub objectives: Vec<String>,
    #[schema(value_type = Option<String>, format = "date")]
    pub joined_on: Option<NaiveDate>,
    /// The first day outside.
    #[schema(value_type = Option<String>, format = "date")]
    pub left_on: Option<NaiveDate>,
    pub memberships: Vec<Membership>,
    pub version: i64,
}

/// The dates between which a partner belongs. An unknown joining date counts from the alliance's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    #[schema(value_type = Option<String>, format = "date")]
    pub joined_on: Option<NaiveDate>,
    /// The first day outside.
    #[schema(value_type = Option<String>, format = "date")]
    pub left_on: Option<NaiveDate>,
}

impl Partner {
    /// Sets the memberships, and the two dates that follow from the latest.
    pub fn with_memberships(mut self, memberships: Vec<Membership>) -> Partner {
        let latest = memberships.last().copied();
        self.joined_on = latest.and_then(|membership| membership.joined_on);
        self.left_on = latest.and_then(|membership| membership.left_on);
        self.memberships = memberships;
        self
    }
}

/// What a partner is admitted with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Eksempelforeningen", "sector": "civil_society", "area": "national",
    "objectives": ["focusAreas"], "joinedOn": "2021-03-01"}))]
pub struct AdmitPartner {
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    pub sector: String,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub municipality: Option<String>,
    #[serde(default)]
    pub area: Option<String>,
    #[serde(default)]
    pub cvr: Option<String>,
    #[serde(default)]
    pub website: Option<String>,
    #[serde(default)]
    pub part_of: Option<String>,
    #[serde(default)]
    pub objectives: Vec<String>,
    /// Unknown when null or absent.
    #[serde(default)]
    #[schema(format = "date")]
    pub joined_on: Option<String>,
    /// The first day outside.
    #[serde(default)]
    #[schema(format = "date")]
    pub left_on: Option<String>,
}

/// A JSON merge patch (RFC 7396) of a partner: what is absent stays, null takes a value away. The two
/// dates correct the latest membership.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"website": "https://example.org", "municipality": null}))]
#[allow(dead_code)] // Read for its shape; the patch itself is merged as JSON.
pub struct UpdatePartner {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    sector: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    municipality: Option<String>,
    #[serde(default)]
    area: Option<String>,
    #[serde(default)]
    cvr: Option<String>,
    #[serde(default)]
    website: Option<String>,
    #[serde(default)]
    part_of: Option<String>,
    #[serde(default)]
    objectives: Option<Vec<String>>,
    #[serde(default)]
    #[schema(format = "date")]
    joined_on: Option<String>,
    #[serde(default)]
    #[schema(format = "date")]
    left_on: Option<String>,
}

/// What a partner may change about itself.
pub const OWN_FIELDS: [&str; 4] = ["website", "municipality", "region", "area"];

/// Ends a membership.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"leftOn": "2022-07-01", "reason": "Foreningen er nedlagt"}))]
pub struct Departure {
    /// The first day outside.
    #[schema(format = "date", example = "2022-07-01")]
    pub left_on: String,
    pub reason: String,
}

/// Begins another membership.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"joinedOn": "2023-01-01"}))]
pub struct Rejoining {
    #[schema(format = "date", example = "2023-01-01")]
    pub joined_on: String,
}

impl AdmitPartner {
    /// What a partner's editable fields are now, for a patch to be merged into.
    pub fn from_partner(partner: &Partner) -> AdmitPartner {
        AdmitPartner {
            name: partner.name.clone(),
            sector: partner.sector.clone(),
            region: partner.region.clone(),
            municipality: partner.municipality.clone(),
            area: partner.area.clone(),
            cvr: partner.cvr.clone(),
            website: partner.website.clone(),
            part_of: partner.part_of.map(|id| id.to_string()),
            objectives: partner.objectives.clone(),
            joined_on: partner.joined_on.map(|on| on.to_string()),
            left_on: partner.left_on.map(|on| on.to_string()),
        }
    }

    /// Checks everything that can be checked without the other partners. `earlier` are the memberships
    /// before the one that the two dates belong to.
    pub fn check(
        &self,
        id: PartnerId,
        version: i64,
        earlier: &[Membership],
        programme: &Programme,
    ) -> Result<Partner, Vec<Fault>> {
        let mut faults = Faults::new();
        faults.line("/name", &self.name);
        if !programme.has_sector(&self.sector) {
            faults.add(
                "/sector",
                "unknown-sector",
                format!("Sektoren »{}« findes ikke i programmet.", shown(&self.sector)),
                format!("There is no sector \"{}\" in the programme.", shown(&self.sector)),
            );
        }
        self.check_places(&mut faults);
        if let Some(number) = &self.cvr
            && !cvr::is_valid(number)
        {
            faults.add(
                "/cvr",
                "bad-cvr",
                "Et CVR-nummer har otte cifre og et kontrolciffer, der skal passe.",
                "A CVR number has eight digits and a check digit that must fit.",
            );
        }
        if let Some(website) = &self.website {
            check_website(&mut faults, website);
        }
        let part_of = self.part_of.as_ref().and_then(|text| {
            let id = PartnerId::parse(text);
            if id.is_none() {
                faults.push(unknown_partner("/partOf", text));
            }
            id
        });
        for (i, objective) in self.objectives.iter().enumerate() {
            if !programme.has_objective(objective) {
                faults.add(
                    format!("/objectives/{i}"),
                    "unknown-objective",
                    format!("Målet »{}« findes ikke i programmet.", shown(objective)),
                    format!("There is no objective \"{}\" in the programme.", shown(objective)),
                );
            }
        }
        faults.unique("/objectives", &self.objectives);
        let joined_on = faults.date_or_none("/joinedOn", self.joined_on.as_deref());
        let left_on = faults.date_or_none("/leftOn", self.left_on.as_deref());
        let mut memberships = earlier.to_vec();
        memberships.push(Membership { joined_on, left_on });
        check_memberships(&mut faults, &memberships, programme);
        faults.unless_any(())?;

        let partner = Partner {
            id,
            name: names::tidy(&self.name),
            sector: self.sector.clone(),
            region: self.region.clone(),
            municipality: self.municipality.clone(),
            area: self.area.clone(),
            cvr: self.cvr.clone(),
            website: self.website.clone(),
            part_of,
            objectives: self.objectives.clone(),
            joined_on: None,
            left_on: None,
            memberships: Vec::new(),
            version,
        };
        Ok(partner.with_memberships(memberships))
    }

    fn check_places(&self, faults: &mut Faults) {
        if let Some(code) = &self.region
            && places::region(code).is_none()
        {
            unknown_place(faults, "/region", "unknown-region", "region", "region", code);
        }
        let municipality = self.municipality.as_deref().map(|code| (code, places::municipality(code)));
        if let Some((code, None)) = municipality {
            unknown_place(
                faults,
                "/municipality",
                "unknown-municipality",
                "kommune",
                "municipality",
                code,
            );
        }
        let area = self.area.as_deref().filter(|code| *code != places::NATIONAL);
        let landsdel = area.map(|code| (code, places::landsdel(code)));
        if let Some((code, None)) = landsdel {
            unknown_place(faults, "/area", "unknown-area", "landsdel", "part of the country", code);
        }
        let Some(region) = self.region.as_deref().filter(|code| places::region(code).is_some()) else {
            return;
        };
        let inside = [("/municipality", municipality), ("/area", landsdel)];
        for (pointer, place) in inside {
            if let Some((_, Some(place))) = place
                && place.region != region
            {
                faults.add(
                    pointer,
                    "not-in-region",
                    format!("{} ligger ikke i den angivne region.", place.name),
                    format!("{} does not lie in the region given.", place.name),
                );
            }
        }
    }
}

fn unknown_place(
    faults: &mut Faults,
    pointer: &str,
    code: &'static str,
    da: &str,
    en: &str,
    given: &str,
) {
    let given = shown(given);
    faults.add(
        pointer,
        code,
        format!("»{given}« er ikke koden for en dansk {da}."),
        format!("\"{given}\" is not the code of a Danish {en}."),
    );
}

fn check_website(faults: &mut Faults, website: &str) {
    let parsed = url::Url::parse(website).ok();
    let is_web = parsed.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if !is_web || website.chars().any(|c| c.is_control() || c.is_whitespace()) || website.len() > 2000 {
        faults.add(
            "/website",
            "bad-website",
            "En hjemmeside angives med http:// eller https:// foran.",
            "A website is given with http:// or https:// in front.",
        );
    }
}

/// The fault of naming a partner that the alliance does not have.
pub fn unknown_partner(pointer: impl Into<String>, given: &str) -> Fault {
    let given = shown(given);
    Fault::new(
        pointer,
        "unknown-partner",
        format!("Alliancen har ingen partner med id'et »{given}«."),
        format!("The alliance has no partner with the id \"{given}\"."),
    )
}

/// Each membership ends no earlier than it begins, and begins no earlier than the one before it ended.
/// Only the first may lack its joining date, only the last may be open.
fn check_memberships(faults: &mut Faults, memberships: &[Membership], programme: &Programme) {
    let Some((latest, earlier)) = memberships.split_last() else { return };
    let joined_on = latest.joined_on.unwrap_or(programme.starts_on);
    if let Some(left_on) = latest.left_on
        && left_on < joined_on
    {
        faults.add(
            "/leftOn",
            "end-before-start",
            format!("Udmeldelsen {left_on} ligger før indmeldelsen {joined_on}."),
            format!("The departure on {left_on} lies before joining on {joined_on}."),
        );
    }
    let Some(before) = earlier.last() else { return };
    let still_in = before.left_on.is_none_or(|left_on| joined_on < left_on);
    if still_in || latest.joined_on.is_none() {
        faults.add(
            "/joinedOn",
            "still-member",
            "Partneren er allerede medlem på den dato.",
            "The partner is a member on that date already.",
        );
    }
}

impl Rejoining {
    pub fn check(&self, partner: &Partner, programme: &Programme) -> Result<Partner, Vec<Fault>> {
        let mut faults = Faults::new();
        let joined_on = faults.date("/joinedOn", &self.joined_on);
        let mut memberships = partner.memberships.clone();
        memberships.push(Membership { joined_on, left_on: None });
        if faults.is_empty() {
            check_memberships(&mut faults, &memberships, programme);
        }
        faults.unless_any(())?;
        Ok(partner.clone().with_memberships(memberships))
    }
}

impl Departure {
    pub fn check(&self, partner: &Partner, programme: &Programme) -> Result<Partner, Vec<Fault>> {
        let mut faults = Faults::new();
        let left_on = faults.date("/leftOn", &self.left_on);
        faults.reason("/reason", &self.reason);
        let mut memberships = partner.memberships.clone();
        if let Some(latest) = memberships.last_mut() {
            latest.left_on = left_on;
        }
        check_memberships(&mut faults, &memberships, programme);
        faults.unless_any(())?;
        Ok(partner.clone().with_memberships(memberships))
    }
}
