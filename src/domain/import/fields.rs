//! The fields that columns may fill, and what the columns may be called.

use super::Kind;
use super::columns::Reading;
use super::words::{APPROACHES, FLAGS, OUTCOMES, STAGES, STATUSES, VERIFICATIONS};
use crate::domain::text::Language;

/// A field that a column may fill, and what the column may be called besides.
pub struct Known {
    /// A key of the API's body; behind a stroke, one of an object in it.
    pub field: &'static str,
    pub reading: Reading,
    /// Its heading in Danish.
    danish: &'static str,
    aliases: &'static [&'static str],
}

const fn known(
    field: &'static str,
    reading: Reading,
    danish: &'static str,
    aliases: &'static [&'static str],
) -> Known {
    Known { field, reading, danish, aliases }
}

/// Why a row was refused, in a file of refused rows. It is not read.
pub const REFUSED_BECAUSE: &str = "refusedBecause";

/// What any file may have.
const COMMON: &[Known] = &[known(REFUSED_BECAUSE, Reading::Note, "Afvist fordi", &[])];

const PARTNERS: &[Known] = &[
    known("name", Reading::Text, "Navn", &["partner", "partnernavn", "organisation", "organization"]),
    known("sector", Reading::Sector, "Sektor", &[]),
    known("region", Reading::Region, "Region", &["regionskode"]),
    known("municipality", Reading::Municipality, "Kommune", &["kommunekode"]),
    known("area", Reading::Area, "Område", &["landsdel"]),
    known("cvr", Reading::Cvr, "CVR-nr.", &["cvr-nummer", "cvr number"]),
    known("website", Reading::Text, "Hjemmeside", &["websted", "url"]),
    known("partOf", Reading::Partner, "Del af", &["hører under"]),
    known("objectives", Reading::Objectives, "Formål", &["objective", "mål"]),
    known("joinedOn", Reading::Date, "Indmeldt", &["joined", "indmeldt den", "indmeldelsesdato"]),
    known("leftOn", Reading::Date, "Udmeldt", &["left", "udmeldt den", "udmeldelsesdato"]),
];

const INITIATIVES: &[Known] = &[
    known("title", Reading::Text, "Titel", &["initiative", "initiativ", "project", "projekt"]),
    known("leadPartner", Reading::Partner, "Ansvarlig", &["lead", "ansvarlig partner"]),
    known("partners", Reading::Partners, "Partnere", &["partner", "organisation", "organisationer"]),
    known(
        "summary",
        Reading::Text,
        "Resumé",
        &["resume", "sammenfatning", "beskrivelse", "description"],
    ),
    known(
        "focusAreas",
        Reading::FocusAreas,
        "Indsatsområder",
        &["focus area", "indsatsområde", "fokusområde", "fokusområder"],
    ),
    known("targetGroup", Reading::Text, "Målgruppe", &["målgrupper"]),
    known("approach", Reading::Word(APPROACHES), "Tilgang", &[]),
    known("stage", Reading::Words(STAGES), "Fase", &["stages", "faser", "indsatstype"]),
    known("status", Reading::Word(STATUSES), "Status", &["tilstand"]),
    known("startsOn", Reading::Fuzzy, "Startdato", &["starts", "start", "begynder"]),
    known("endsOn", Reading::Fuzzy, "Slutdato", &["ends", "end", "slut", "slutter"]),
    known("beganBeforeJoining", Reading::Flag(FLAGS), "Begyndt før indmeldelse", &[]),
];

const COMMITMENTS: &[Known] = &[
    known("partner", Reading::Partner, "Partner", &["partnernavn", "organisation", "organization"]),
    known(
        "focusArea",
        Reading::FocusArea,
        "Indsatsområde",
        &["focus areas", "indsatsområder", "fokusområde", "fokusområder"],
    ),
    known("goal", Reading::Text, "Mål", &["målsætning"]),
    known("chosenOn", Reading::Date, "Valgt", &["chosen", "valgt den"]),
    known("target/measure", Reading::Text, "Målepunkt", &["measure"]),
    known("target/unit", Reading::Text, "Enhed", &["unit"]),
    known("target/baseline", Reading::Amount, "Udgangspunkt", &["baseline"]),
    known("target/target", Reading::Amount, "Måltal", &["target"]),
    known("target/dueOn", Reading::Date, "Frist", &["due", "due on", "senest"]),
];

const REPORTS: &[Known] = &[
    known("round", Reading::Text, "Runde", &["rundenøgle"]),
    known("partner", Reading::Partner, "Partner", &["partnernavn", "organisation", "organization"]),
    known("question", Reading::Text, "Spørgsmål", &["spørgsmålsnøgle"]),
    known("wording", Reading::Note, "Ordlyd", &[]),
    known("choices", Reading::Note, "Svarmuligheder", &[]),
    known("answer", Reading::Answer, "Svar", &[]),
    known("comment", Reading::Text, "Kommentar", &["bemærkning"]),
    known("initiative", Reading::Text, "Initiativ", &["project", "projekt"]),
    known("progress", Reading::Text, "Fremdrift", &[]),
    known("learning", Reading::Text, "Læring", &[]),
    known("barriers", Reading::Text, "Barrierer", &["barriere"]),
    known("measure", Reading::Measure, "Målepunkt", &[]),
    known("kind", Reading::Word(OUTCOMES), "Art", &["type"]),
    known("unit", Reading::Text, "Enhed", &[]),
    known("baseline", Reading::Amount, "Udgangspunkt", &[]),
    known("target", Reading::Amount, "Måltal", &[]),
    known("actual", Reading::Amount, "Resultat", &["faktisk"]),
    known("verification", Reading::Word(VERIFICATIONS), "Verifikation", &[]),
    known("evidence", Reading::List, "Dokumentation", &[]),
];

/// The columns that a file of this kind is about.
pub fn fields(kind: Kind) -> &'static [Known] {
    match kind {
        Kind::Partners => PARTNERS,
        Kind::Initiatives => INITIATIVES,
        Kind::Commitments => COMMITMENTS,
        Kind::Reports => REPORTS,
    }
}

impl Kind {
    /// Those that a file may have.
    pub fn fields(self) -> impl Iterator<Item = &'static Known> + Clone {
        fields(self).iter().chain(COMMON)
    }

    /// What finds a row's partner, initiative or commitment: of each line one column at least. A partner's
    /// own rows need not say whose they are.
    pub fn needed(self, is_partners_own: bool) -> &'static [&'static [&'static str]] {
        match (self, is_partners_own) {
            (Kind::Partners, _) => &[&["name"]],
            (Kind::Initiatives, true) => &[&["title"]],
            (Kind::Initiatives, false) => &[&["title"], &["partners", "leadPartner"]],
            (Kind::Commitments, true) => &[&["focusArea"]],
            (Kind::Commitments, false) => &[&["partner"], &["focusArea"]],
            (Kind::Reports, true) => &[&["round"], &["question", "initiative"]],
            (Kind::Reports, false) => &[&["round"], &["partner"], &["question", "initiative"]],
        }
    }
}

impl Known {
    /// Whether other words than those of its list are as good.
    pub fn is_open(&self) -> bool {
        matches!(self.reading, Reading::Measure)
    }

    /// All that the column may be called.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + Clone {
        [self.field, self.danish].into_iter().chain(self.aliases.iter().copied())
    }

    /// What the column is called in our own files: in English the field's words, `Joined on`.
    pub fn heading(&self, language: Language) -> String {
        if language == Language::Da {
            return self.danish.to_owned();
        }
        let name = self.field.rsplit('/').next().unwrap_or(self.field);
        let mut heading = String::new();
        for letter in name.chars() {
            match letter {
                _ if heading.is_empty() => heading.extend(letter.to_uppercase()),
                _ if letter.is_uppercase() => {
                    heading.push(' ');
                    heading.extend(letter.to_lowercase());
                }
                _ => heading.push(letter),
            }
        }
        heading
    }
}

/// What the column that says why is called.
pub fn refused_because(language: Language) -> String {
    COMMON.iter().map(|known| known.heading(language)).collect()
}
