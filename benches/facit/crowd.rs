//! An alliance of any number of invented partners, each with a commitment and a report ready to hand in.

use facit::auth::tokens;
use facit::db::{Conn, Db};
use facit::domain::id::PartnerId;
use facit::domain::partner::AdmitPartner;
use facit::domain::programme::{AnswerType, ProgrammeDocument};
use facit::domain::report::ReportBody;
use facit::service::keys::{self, CreateKey};
use facit::service::programmes::{self, Condition, InForce};
use facit::service::reports::{self, ReportAt};
use facit::service::{Ctx, Error, commitments, installation, partners};
use serde_json::{Map, Value, json};

use crate::client::request;

pub const SLUG: &str = "crowd";
const ROUND: &str = "today";

pub struct Crowd {
    pub db: Db,
    pub alliance: InForce,
    pub partners: Vec<PartnerId>,
}

/// The demo's programme under another name, with its last round open now.
fn programme() -> ProgrammeDocument {
    let text = include_str!("../../programmes/demo.toml");
    let mut document: ProgrammeDocument = toml::from_str(text).expect("a programme");
    document.slug = SLUG.to_owned();
    let now = facit::api::now();
    let day = |days| (now + chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    let round = document.rounds.iter_mut().find(|round| round.key == ROUND).expect("a round");
    round.starts_on = Some(day(-7));
    round.ends_on = Some(day(7));
    round.opens_on = day(-7);
    round.due_at = format!("{}T12:00:00Z", day(7));
    document
}

impl Crowd {
    pub fn of(db: &Db, members: usize) -> Crowd {
        let ctx = Ctx::installation(facit::api::now());
        let applied =
            db.write_now(|conn| programmes::apply(conn, &ctx, SLUG, programme(), &Condition::None));
        let alliance = applied.map_err(|e: Error| e.to_string()).expect("a programme").in_force;
        let mut crowd = Crowd { db: db.clone(), alliance, partners: Vec::new() };
        let places: Vec<usize> = (0..members).collect();
        for chunk in places.chunks(2000) {
            let gathering = ctx.gathering(crowd.alliance.id);
            let admitted = db.write_now(|conn| {
                let admit = |place: &usize| crowd.admit(conn, &gathering, *place);
                let admitted = chunk.iter().map(admit).collect::<Result<Vec<_>, _>>()?;
                if let Some(mut gathered) = gathering.gathered(crowd.alliance.id) {
                    gathered.write(conn)?;
                }
                Ok(admitted)
            });
            let admitted = admitted.map_err(|e: Error| e.to_string()).expect("partners");
            crowd.partners.extend(admitted);
        }
        crowd
    }

    fn admit(&self, conn: &mut Conn, ctx: &Ctx, place: usize) -> Result<PartnerId, Error> {
        let programme = &self.alliance.programme;
        let sector = &programme.sectors[place % programme.sectors.len()].key;
        let areas = ["01", "04", "07", "national"];
        // As many dates of joining whatever the number of partners.
        let joined_on = format!("202{}-{:02}-01", place % 4, 1 + place / 4 % 12);
        let body: AdmitPartner = serde_json::from_value(json!({
            "name": format!("Partner {place}"), "sector": sector, "area": areas[place % areas.len()],
            "joinedOn": joined_on,
        }))
        .expect("a partner");
        let partner = partners::admit(conn, ctx, &self.alliance, &body)?;
        let area = &programme.focus_areas[place % programme.focus_areas.len()].key;
        let body = json!({"focusArea": area, "goal": "Et mål"});
        let body = serde_json::from_value(body).expect("a commitment");
        commitments::make(conn, ctx, &self.alliance, partner.id, &body)?;
        Ok(partner.id)
    }

    /// Saves the draft of each of these partners, and answers the request that hands it in.
    pub fn submissions(&self, places: &[usize]) -> Vec<Vec<u8>> {
        let installation = installation::open(&self.db, facit::api::now()).expect("shared secrets");
        let signing = installation.signing_keys.last().expect("a key");
        let ctx = Ctx::installation(facit::api::now());
        let ready = self.db.write_now(|conn| {
            places
                .iter()
                .map(|place| self.ready(conn, &ctx, *place))
                .collect::<Result<Vec<_>, _>>()
        });
        let ready: Vec<(PartnerId, uuid::Uuid)> =
            ready.map_err(|e: Error| e.to_string()).expect("drafts");
        let issue = |key| tokens::issue(signing, "facit", key, ctx.now).expect("a token").token;
        ready
            .into_iter()
            .map(|(partner, key)| {
                let bearer = format!("Bearer {}", issue(key));
                let path = format!("/v1/alliances/{SLUG}/reports/{ROUND}/{partner}/submission");
                let headers = [("authorization", bearer.as_str()), ("idempotency-key", "bench")];
                request("POST", &path, &headers, "")
            })
            .collect()
    }

    fn ready(&self, conn: &mut Conn, ctx: &Ctx, place: usize) -> Result<(PartnerId, uuid::Uuid), Error> {
        let partner = self.partners[place];
        let at = ReportAt { round: ROUND.to_owned(), partner };
        reports::save(conn, ctx, &self.alliance, &at, None, self.body(ROUND, &json!({})))?;
        let body = CreateKey {
            role: "partner".to_owned(),
            partner: Some(partner.to_string()),
            name: "bench".to_owned(),
            expires_at: None,
        };
        let created = keys::create(conn, ctx, Some(self.alliance.id), &body)?;
        Ok((partner, *created.key.id.uuid()))
    }

    /// Some answer to every question of a round, or the one that is given here.
    pub fn body(&self, round: &str, given: &Value) -> ReportBody {
        let programme = &self.alliance.programme;
        let round = programme.round(round).expect("the round");
        let asked = programme.questions.iter().filter(|question| round.asks(&question.key));
        let answers = asked.map(|question| {
            let value = match &question.answers {
                AnswerType::YesNo => json!("yes"),
                AnswerType::Choice(choices) => json!(choices[0].key),
                AnswerType::MultiChoice(choices) => json!([choices[0].key]),
                AnswerType::Number { min, .. } => json!(min.unwrap_or(1.0).max(1.0)),
                AnswerType::Text => json!("Et svar"),
            };
            let given = given.get(&question.key).cloned();
            (question.key.clone(), given.unwrap_or(json!({"value": value})))
        });
        let answers: Map<String, Value> = answers.collect();
        serde_json::from_value(json!({"answers": answers})).expect("a report")
    }
}
