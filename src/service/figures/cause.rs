//! What can move a figure.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::text::Text;

/// What can change a standing. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// A report was handed in.
    Submission,
    /// Its partner took it back.
    Withdrawal,
    /// The secretariat sent it back.
    Return,
    Acceptance,
    /// An accepted one was opened again.
    Reopening,
    /// A partner was admitted, left or came back.
    Membership,
    /// What is registered of a partner was put right.
    Correction,
    /// A commitment to a focus area was made, changed or given up.
    FocusAreas,
    /// An initiative was begun, changed or deleted.
    Initiative,
    /// Another programme.
    Definition,
    /// A day on which a membership begins or ends, as was known before. There is no entry.
    Date,
}

impl Cause {
    pub const ALL: [Cause; 11] = [
        Cause::Submission,
        Cause::Withdrawal,
        Cause::Return,
        Cause::Acceptance,
        Cause::Reopening,
        Cause::Membership,
        Cause::Correction,
        Cause::FocusAreas,
        Cause::Initiative,
        Cause::Definition,
        Cause::Date,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Cause::Submission => "submission",
            Cause::Withdrawal => "withdrawal",
            Cause::Return => "return",
            Cause::Acceptance => "acceptance",
            Cause::Reopening => "reopening",
            Cause::Membership => "membership",
            Cause::Correction => "correction",
            Cause::FocusAreas => "focusAreas",
            Cause::Initiative => "initiative",
            Cause::Definition => "definition",
            Cause::Date => "date",
        }
    }

    /// Whoever adds an action that moves standings adds its cause here; until then it is told as a correction.
    pub(super) fn of(action: &str) -> Cause {
        match action {
            "report.submitted" => Cause::Submission,
            "report.withdrawn" => Cause::Withdrawal,
            "report.returned" => Cause::Return,
            "report.accepted" => Cause::Acceptance,
            "report.reopened" => Cause::Reopening,
            "partner.admitted" | "partner.departed" | "partner.rejoined" => Cause::Membership,
            "commitment.made" | "commitment.updated" | "commitment.deleted" => Cause::FocusAreas,
            "initiative.created" | "initiative.updated" | "initiative.deleted" => Cause::Initiative,
            "programme.applied" => Cause::Definition,
            _ => Cause::Correction,
        }
    }

    pub fn label(self) -> Text {
        let (da, en) = match self {
            Cause::Submission => ("En rapport blev indsendt", "A report was submitted"),
            Cause::Withdrawal => ("En rapport blev trukket tilbage", "A report was withdrawn"),
            Cause::Return => ("En rapport blev sendt retur", "A report was returned"),
            Cause::Acceptance => ("En rapport blev godkendt", "A report was accepted"),
            Cause::Reopening => ("En godkendt rapport blev genåbnet", "An accepted report was reopened"),
            Cause::Membership => ("En partner kom til eller gik ud", "A partner came or left"),
            Cause::Correction => {
                ("En partners oplysninger blev rettet", "A partner's details were corrected")
            }
            Cause::FocusAreas => {
                ("En partners indsatsområder ændrede sig", "A partner's focus areas changed")
            }
            Cause::Initiative => ("Et initiativ ændrede sig", "An initiative changed"),
            Cause::Definition => ("Programmet blev ændret", "The programme was changed"),
            Cause::Date => ("En dato passerede", "A date passed"),
        };
        Text::new(da, en)
    }
}
