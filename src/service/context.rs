use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::error::Result;
use super::gathering::Gathering;
use super::policy::{self, Access, Reach};
use crate::domain::id::{AllianceId, KeyId, PartnerId};

/// Who makes a request, and when. The clock is read once, where a request begins.
#[derive(Debug, Clone)]
pub struct Ctx {
    pub now: DateTime<Utc>,
    pub caller: Caller,
    /// The operation's row of the access table; none on the command line.
    pub access: Option<&'static Access>,
    /// What is written when all of a long write is done; none where it is at once.
    pub gathering: Option<Arc<Mutex<Gathering>>>,
}

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs the installation: alliances, programmes, keys; no reports, no figures.
    Operator,
    Secretariat,
    Partner,
    Auditor,
    /// A dashboard.
    Reader,
}

impl Role {
    pub const ALL: [Role; 5] =
        [Role::Operator, Role::Secretariat, Role::Partner, Role::Auditor, Role::Reader];

    pub fn word(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Secretariat => "secretariat",
            Role::Partner => "partner",
            Role::Auditor => "auditor",
            Role::Reader => "reader",
        }
    }

    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// Who makes a request, as the database says at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular: no token was sent.
    Public,
    /// The command line, which acts as the installation.
    Installation,
    Key {
        id: KeyId,
        role: Role,
        alliance: Option<AllianceId>,
        partner: Option<PartnerId>,
    },
}

impl Caller {
    /// The actor of journal entries.
    pub fn actor(&self) -> KeyId {
        match self {
            Caller::Key { id, .. } => *id,
            Caller::Public | Caller::Installation => KeyId::INSTALLATION,
        }
    }
}

impl Ctx {
    pub fn new(now: DateTime<Utc>, caller: Caller, access: Option<&'static Access>) -> Ctx {
        Ctx { now, caller, access, gathering: None }
    }

    /// The command line's context.
    pub fn installation(now: DateTime<Utc>) -> Ctx {
        Ctx::new(now, Caller::Installation, None)
    }

    /// The same, gathering until the one who asked for it writes.
    pub fn gathering(&self, alliance: AllianceId) -> Ctx {
        let gathering = Arc::new(Mutex::new(Gathering::new(alliance)));
        Ctx { gathering: Some(gathering), ..self.clone() }
    }

    /// What is gathered of this alliance, if anything is.
    pub fn gathered(&self, alliance: AllianceId) -> Option<MutexGuard<'_, Gathering>> {
        let gathering = self.gathering.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        (gathering.alliance == alliance).then_some(gathering)
    }

    /// Whether the caller may do this in the alliance.
    pub fn may(&self, alliance: AllianceId) -> Result<()> {
        policy::may(self, Reach { alliance: Some(alliance), owner: None })
    }

    /// Whether the caller may do this with what is the partner's.
    pub fn may_with(&self, alliance: AllianceId, owner: PartnerId) -> Result<()> {
        policy::may(self, Reach { alliance: Some(alliance), owner: Some(owner) })
    }

    /// The partner that the caller speaks for in this alliance, if it is one.
    pub fn as_partner(&self, alliance: AllianceId) -> Option<PartnerId> {
        match self.caller {
            Caller::Key { role: Role::Partner, alliance: Some(own), partner, .. } if own == alliance => {
                partner
            }
            _ => None,
        }
    }

    /// The caller's role in this alliance; the installation acts as its secretariat.
    pub fn role_in(&self, alliance: AllianceId) -> Option<Role> {
        match self.caller {
            Caller::Installation => Some(Role::Secretariat),
            Caller::Key { role, alliance: own, .. } if own.is_none_or(|own| own == alliance) => {
                Some(role)
            }
            _ => None,
        }
    }
}
