use actix_web::{HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, is_dry, unless_any};
use super::problem::Failure;
use crate::domain::checks::Faults;
use crate::domain::programme::{
    FocusAreaEntry, IndicatorEntry, ProgrammeDocument, QuestionEntry, RoundEntry,
};
use crate::domain::text::Text;
use crate::service::effects::{self, Effect};
use crate::service::programmes::{self, Condition, Outcome};
use crate::store;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PlainListQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

impl PlainListQuery {
    fn read(self) -> Result<Paging, Failure> {
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, self.limit.as_deref(), self.cursor, self.count.as_deref());
        unless_any(faults)?;
        Ok(paging)
    }
}

/// An alliance in the list of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alliance {
    #[schema(example = "ulighed-i-sundhed")]
    slug: String,
    name: Text,
    #[schema(format = "date")]
    starts_on: String,
    #[schema(format = "date")]
    ends_on: String,
    /// Of its programme.
    version: i64,
}

/// List alliances.
#[utoipa::path(tag = "alliances", params(PlainListQuery), responses(
    (status = 200, description = "A page of alliances", body = List<Alliance>)))]
#[get("/alliances")]
pub async fn list_alliances(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let paging = call.query::<PlainListQuery>()?.read()?;
        let page = paging.page::<String>(call)?;
        let rows = store::alliances::list(conn, page.after.as_deref(), page.limit)?;
        let total = match paging.count {
            true => Some(store::alliances::count(conn)?),
            false => None,
        };
        let mut alliances = Vec::new();
        for row in rows {
            let alliance = programmes::with_programme(conn, row)?;
            alliances.push(Alliance {
                slug: alliance.programme.slug.clone(),
                name: alliance.programme.name.clone(),
                starts_on: alliance.programme.starts_on.to_string(),
                ends_on: alliance.programme.ends_on.to_string(),
                version: alliance.version,
            });
        }
        paging
            .cut(call, alliances, total, |alliance| alliance.slug.clone())
            .answer(call)
    })
    .await
}

/// Find an alliance's programme.
///
/// The whole document with all its defaults, as PUT takes it.
#[utoipa::path(tag = "alliances", responses(
    (status = 200, description = "The programme in force", body = ProgrammeDocument)))]
#[get("")]
pub async fn find_alliance(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        Ok(Answer::ok(&alliance.programme.document).versioned(alliance.version))
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ApplyQuery {
    /// Says what would change and which figures would move, and changes nothing.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// The document in force, or what it would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // For the document: each answer is made as the one or the other.
pub enum ProgrammeOrEffect {
    Programme(Box<ProgrammeDocument>),
    Effect(Box<Effect>),
}

/// Apply a programme.
///
/// Creates the alliance (operator), or changes its programme as a whole. An equal document changes
/// nothing; another is a new version. With `dryRun=true` it is refused for whatever it would be refused
/// for, and else says what would change and which figures would move, as of today; nothing is written.
/// A dry run honours `If-Match` when it is given, and needs none.
#[utoipa::path(tag = "alliances", params(ApplyQuery), request_body = ProgrammeDocument, responses(
    (status = 200, description = "In force; with `dryRun`, what it would do", body = ProgrammeOrEffect),
    (status = 201, description = "The alliance was created", body = ProgrammeDocument)))]
#[put("")]
pub async fn apply_programme(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let query: ApplyQuery = call.query()?;
        let document: ProgrammeDocument = call.body()?;
        let slug = call.step("alliance");
        if is_dry(query.dry_run.as_deref())? {
            let condition =
                call.seen.clone().map_or(Condition::None, |seen| Condition::Seen(Some(seen)));
            let effect = effects::rehearsed(conn, &call.ctx, slug, document, &condition, call.language)?;
            return Ok(Answer::ok(&effect));
        }
        let condition = Condition::Seen(call.seen.clone());
        let applied = programmes::apply(conn, &call.ctx, slug, document, &condition)?;
        let document = &applied.in_force.programme.document;
        let answer = match applied.outcome {
            Outcome::Created => Answer::created(call.path(), document),
            Outcome::Changed | Outcome::Unchanged => Answer::ok(document),
        };
        Ok(answer.versioned(applied.in_force.version))
    })
    .await
}

/// List focus areas.
#[utoipa::path(tag = "alliances", params(PlainListQuery), responses(
    (status = 200, description = "A page of focus areas", body = List<FocusAreaEntry>)))]
#[get("/focus-areas")]
pub async fn list_focus_areas(call: Call) -> HttpResponse {
    part(call, |document| document.focus_areas.clone(), |area| area.key.clone()).await
}

/// List questions.
#[utoipa::path(tag = "alliances", params(PlainListQuery), responses(
    (status = 200, description = "A page of questions", body = List<QuestionEntry>)))]
#[get("/questions")]
pub async fn list_questions(call: Call) -> HttpResponse {
    part(call, |document| document.questions.clone(), |question| question.key.clone()).await
}

/// List indicators.
#[utoipa::path(tag = "alliances", params(PlainListQuery), responses(
    (status = 200, description = "A page of indicators", body = List<IndicatorEntry>)))]
#[get("/indicators")]
pub async fn list_indicators(call: Call) -> HttpResponse {
    part(call, |document| document.indicators.clone(), |indicator| indicator.key.clone()).await
}

/// List rounds.
///
/// In order of their deadlines, then keys.
#[utoipa::path(tag = "alliances", params(PlainListQuery), responses(
    (status = 200, description = "A page of rounds", body = List<RoundEntry>)))]
#[get("/rounds")]
pub async fn list_rounds(call: Call) -> HttpResponse {
    let in_order = |document: &ProgrammeDocument| {
        let mut rounds = document.rounds.clone();
        let due = |round: &RoundEntry| crate::domain::dates::instant(&round.due_at);
        rounds.sort_by(|a, b| (due(a), &a.key).cmp(&(due(b), &b.key)));
        rounds
    };
    part(call, in_order, |round| round.key.clone()).await
}

/// A part of the programme as a list, in the document's order.
async fn part<T>(call: Call, of: fn(&ProgrammeDocument) -> Vec<T>, key: fn(&T) -> String) -> HttpResponse
where
    T: Serialize + Clone + Send + 'static,
{
    call.read(move |conn, call| {
        let paging = call.query::<PlainListQuery>()?.read()?;
        let alliance = call.alliance(conn)?;
        let entries = of(&alliance.programme.document);
        let total = paging.count.then(|| i64::try_from(entries.len()).unwrap_or(i64::MAX));
        paging.of_all(call, entries, total, key)?.answer(call)
    })
    .await
}
