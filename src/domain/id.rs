//! Typed ids: a partner's can't be passed where an initiative's is meant.

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = "019353f2-6c00-7000-8000-000000000001")]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, ordered by the time it was made (UUIDv7, RFC 9562).
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            pub fn uuid(&self) -> &Uuid {
                &self.0
            }

            /// Only the canonical form: 32 lower-case hexadecimal digits in five groups.
            pub fn parse(text: &str) -> Option<Self> {
                let uuid = Uuid::try_parse(text).ok()?;
                (uuid.hyphenated().to_string() == text).then_some(Self(uuid))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids!(
    /// An alliance, and its journal.
    AllianceId,
    PartnerId,
    CommitmentId,
    InitiativeId,
    ImportId,
    ReportId,
    PointId,
    MembershipId,
    /// An API key, and the actor that uses it.
    KeyId,
    /// Whatever a standing is about: a partner, an initiative or a report.
    SubjectId,
);

impl AllianceId {
    /// The journal of the installation itself, which belongs to no alliance (operators' keys).
    pub const INSTALLATION: AllianceId = AllianceId(Uuid::nil());
}

impl KeyId {
    /// The command line acts as the installation.
    pub const INSTALLATION: KeyId = KeyId(Uuid::nil());
}

impl From<PartnerId> for SubjectId {
    fn from(id: PartnerId) -> SubjectId {
        SubjectId(id.0)
    }
}

impl From<InitiativeId> for SubjectId {
    fn from(id: InitiativeId) -> SubjectId {
        SubjectId(id.0)
    }
}

impl From<ReportId> for SubjectId {
    fn from(id: ReportId) -> SubjectId {
        SubjectId(id.0)
    }
}
