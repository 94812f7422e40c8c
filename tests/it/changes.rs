//! Why a figure moved: the causes add up to the difference, whatever happened in between.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use facit::domain::amounts::units;
use facit::domain::dates::date;
use facit::domain::id::SubjectId;
use facit::domain::point::Point;
use facit::domain::standing::Standing;
use facit::service::figures::{self, Asked, Between, Cause, Changes, Difference, Figure};
use facit::service::past::{self, Then};
use facit::service::{Ctx, Error, programmes};
use facit::store::standings::Filter;
use facit::store::{self, Page};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::support::histories::{SLUG, Step, begun, play_watched, steps};
use crate::support::{Backend, Database, Scene, column, on_both};

const CASES: u32 = 12;
const SEED: [u8; 32] = *b"facit: one thing after the other";

fn holds(backend: Backend) {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 30,
        ..ProptestConfig::default()
    };
    let days = prop::collection::vec(0..1800_u64, 8);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let outcome = TestRunner::new_with_rng(config, rng)
        .run(&(steps(), days), |(steps, days)| check(backend, &steps, &days));
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn causes_add_up_to_the_difference_in_any_history_on_sqlite() {
    holds(Backend::Sqlite);
}

#[test]
fn causes_add_up_to_the_difference_in_any_history_on_postgres() {
    holds(Backend::Postgres);
}

/// What the figures were, live, when the journal had each size.
type Live = BTreeMap<i64, Vec<Figure>>;

fn failed(error: Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn check(backend: Backend, steps: &[Step], days: &[u64]) -> Result<(), TestCaseError> {
    let database = Database::fresh(backend);
    let db = database.open();
    let live: RefCell<Live> = RefCell::default();
    play_watched(&db, steps, |size| {
        let figures = db.read_now(|conn| {
            let alliance = programmes::in_force(conn, SLUG)?;
            let head = store::journal::head(conn, alliance.id)?.ok_or_else(Error::absent)?;
            let ctx = Ctx::installation(head.last_at);
            let known = figures::live(conn, &ctx, &alliance)?;
            figures::all(conn, &alliance, known, &Asked::default())
        });
        let figures = figures.map_err(|error| error.to_string()).expect("figures");
        live.borrow_mut()
            .insert(size, figures.into_iter().map(|figured| figured.whole).collect());
    });
    let live = live.into_inner();
    let sizes: Vec<i64> = live.keys().copied().collect();
    let ends =
        [(0, sizes.len() - 1), (1, sizes.len() / 2), (sizes.len() / 2, sizes.len() - 1), (3, 4), (5, 5)];
    db.read_now(|conn| {
        for (nth, (from, to)) in ends.into_iter().enumerate() {
            let two = [sizes[from], sizes[to]];
            let ctx = Ctx::installation(begun() + chrono::Duration::days(400));
            let alliance = programmes::in_force(conn, SLUG).map_err(failed)?;
            let [from, to] = two.map(|size| past::at(conn, &ctx, &alliance, Point::Size(size)));
            let (from, to) = (from.map_err(failed)?, to.map_err(failed)?);
            for indicator in INDICATORS {
                let asked = Between { indicator, ..Between::default() };
                let own = adds_up(conn, &from, &to, &asked)?;
                if let Some(changes) = own {
                    as_recorded(&live, &changes, two, indicator)?;
                }
                let asked = Between { indicator, round: Some("open"), ..Between::default() };
                adds_up(conn, &from, &to, &asked)?;
                // Other days than those on which it was written, so that many of them pass, or go back.
                let day =
                    |nth: usize| date("2019-06-01").expect("a date") + Days::new(days[nth % days.len()]);
                let (mut early, mut late) = (from.clone(), to.clone());
                (early.known.today, late.known.today) = (day(nth), day(nth + 3));
                if from.known.seq < to.known.seq || early.known.today <= late.known.today {
                    adds_up(conn, &early, &late, &Between { indicator, ..Between::default() })?;
                }
                let asked = Between { indicator, valid_on: Some(day(nth)), ..Between::default() };
                adds_up(conn, &from, &to, &asked)?;
            }
        }
        Ok::<_, Problem>(())
    })
    .map_err(|problem| problem.0)
}

const INDICATORS: [&str; 13] = [
    "joined",
    "at_close",
    "pinned",
    "chosen",
    "failing",
    "handed_in",
    "partners_atClose",
    "initiatives_atClose",
    "initiatives_during",
    "reports_ever",
    "hours",
    "hours_each",
    "hours_output",
];

/// A failed case on its way out of a transaction.
struct Problem(TestCaseError);

impl From<TestCaseError> for Problem {
    fn from(error: TestCaseError) -> Problem {
        Problem(error)
    }
}

impl From<facit::db::Error> for Problem {
    fn from(error: facit::db::Error) -> Problem {
        Problem(TestCaseError::fail(error.to_string()))
    }
}

/// Everything that can be added up.
fn numbers(difference: &Difference) -> [i128; 8] {
    let amount = difference.amount.as_deref().and_then(|amount| units(amount, 6)).unwrap_or(0);
    let counts = [
        difference.counted,
        difference.not_counted,
        difference.not_applicable,
        difference.no_answer,
        difference.not_submitted,
        difference.members,
        difference.base.unwrap_or(0),
    ];
    let mut all = [0; 8];
    for (place, count) in counts.into_iter().enumerate() {
        all[place] = i128::from(count);
    }
    all[7] = amount;
    all
}

fn sum<'a>(differences: impl Iterator<Item = &'a Difference>) -> [i128; 8] {
    let mut sum = [0; 8];
    for difference in differences {
        for (place, number) in numbers(difference).into_iter().enumerate() {
            sum[place] += number;
        }
    }
    sum
}

/// Where everybody stood at one end.
fn standing(
    conn: &mut facit::db::Conn,
    then: &Then,
    figure: Option<&Figure>,
    indicator: &str,
) -> Result<HashMap<SubjectId, Standing>, TestCaseError> {
    let Some(figure) = figure else { return Ok(HashMap::new()) };
    let filter = Filter {
        indicator: indicator.to_owned(),
        scope: figure.round.clone().unwrap_or_default(),
        seq: then.known.seq,
        on: figure.valid_on,
        partner: None,
        standing: None,
    };
    let page = Page { after: None, limit: 10_000 };
    let rows = store::standings::list(conn, then.alliance.id, &filter, &page);
    let rows = rows.map_err(|error| TestCaseError::fail(error.to_string()))?;
    Ok(rows
        .into_iter()
        .map(|(row, _)| (row.subject_id, row.standing().expect("a standing")))
        .collect())
}

/// The steps of each standing lead from where it stood to where it stands, and their sums by cause are the
/// difference of the two figures.
fn adds_up(
    conn: &mut facit::db::Conn,
    from: &Then,
    to: &Then,
    asked: &Between<'_>,
) -> Result<Option<Changes>, TestCaseError> {
    let changes = match figures::between(conn, from, to, asked) {
        Ok(changes) => changes,
        Err(Error::Refused(_)) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let what = || format!("{asked:?} from {:?} to {:?}: {changes:#?}", from.known, to.known);
    prop_assert_eq!(
        sum(changes.steps.iter().map(|step| &step.difference)),
        numbers(&changes.difference),
        "{}",
        what()
    );
    prop_assert_eq!(
        sum(changes.summary.iter().map(|caused| &caused.difference)),
        numbers(&changes.difference),
        "{}",
        what()
    );
    for caused in &changes.summary {
        let of = || changes.steps.iter().filter(|step| step.cause == caused.cause);
        prop_assert_eq!(sum(of().map(|step| &step.difference)), numbers(&caused.difference));
        prop_assert_eq!(of().count() as i64, caused.changes);
    }
    let mut stood = standing(conn, from, changes.from.as_ref(), asked.indicator)?;
    let stands = standing(conn, to, changes.to.as_ref(), asked.indicator)?;
    let mut last = (NaiveDate::MIN, 0);
    for step in &changes.steps {
        prop_assert_eq!(stood.get(&step.subject).copied(), step.from, "{:?} in {}", step, what());
        match step.to {
            Some(to) => drop(stood.insert(step.subject, to)),
            None => drop(stood.remove(&step.subject)),
        }
        prop_assert_eq!(step.entry.is_none(), step.cause == Cause::Date, "{:?}", step);
        prop_assert_eq!(step.entry.is_none(), step.journal.is_none() && step.action.is_none());
        if let Some(entry) = step.entry {
            prop_assert!(from.known.seq < entry && entry <= to.known.seq, "{:?}", step);
            prop_assert!(last.1 <= entry, "in the order of the journal: {}", what());
            last.1 = entry;
        }
    }
    prop_assert_eq!(stood, stands, "{}", what());
    Ok(Some(changes))
}

/// Both ends are the figures that were live then.
fn as_recorded(
    live: &Live,
    changes: &Changes,
    sizes: [i64; 2],
    indicator: &str,
) -> Result<(), TestCaseError> {
    for (size, figure) in sizes.into_iter().zip([&changes.from, &changes.to]) {
        let then = live[&size].iter().find(|figure| figure.indicator == indicator);
        let numbers = |figure: &Figure| {
            let value = serde_json::to_value(figure).expect("JSON");
            let mut fields = value.as_object().expect("an object").clone();
            fields.remove("links");
            Value::Object(fields)
        };
        prop_assert_eq!(figure.as_ref().map(numbers), then.map(numbers));
    }
    Ok(())
}

/// The secretariat's view of what moved a figure.
fn changes(scene: &Scene<'_>, indicator: &str, query: &str) -> Value {
    scene.read(&format!("/figures/{indicator}/changes{query}"))
}

/// `cause:counted/base` of each cause.
fn causes(changes: &Value) -> Vec<String> {
    let told = |caused: &Value| {
        let of = &caused["difference"];
        format!("{}:{}/{}", caused["cause"].as_str().expect("a cause"), of["counted"], of["base"])
    };
    changes["summary"].as_array().expect("a summary").iter().map(told).collect()
}

on_both! {
    fn each_cause_is_told_with_its_entry(api) {
        let scene = Scene::new(api);
        let [yes, no] = ["Ja", "Nej"].map(|name| scene.admit(name, "2020-01-01"));
        let from = scene.journal_size();
        scene.submit("open", &yes, json!({"joined": {"value": "yes"}}));
        let submitted = scene.journal_size();
        scene.submit("open", &no, json!({"joined": {"value": "no"}}));
        scene.send_back("open", &no);
        scene.submit("open", &no, json!({"joined": {"value": "yes"}, "reach": {"value": 3}}));
        scene.accept("open", &no);
        scene.reopen("open", &no);
        scene.withdraw("open", &yes);
        scene.submit("open", &yes, json!({"joined": {"value": "yes"}}));
        let late = scene.admit("Ny", "2021-01-01");
        scene.change(&format!("/partners/{yes}"), json!({"joinedOn": "2020-02-01"}));

        let told = changes(&scene, "joined", &format!("?from={from}"));
        assert_eq!(causes(&told), ["submission:3/4", "withdrawal:-1/-1", "return:0/-1", "reopening:-1/-1", "membership:0/0"]);
        assert_eq!(told["from"]["journalSize"], from);
        assert_eq!((&told["from"]["counted"], &told["to"]["counted"], &told["difference"]["counted"]), (&json!(0), &json!(1), &json!(1)));
        assert_eq!((&told["difference"]["base"], &told["difference"]["members"], &told["difference"]["amount"]), (&json!(1), &json!(1), &json!(null)));
        let first = &told["items"][0];
        assert_eq!((&first["partner"], &first["partnerName"]), (&json!(yes), &json!("Ja")));
        assert_eq!((&first["from"], &first["to"]), (&json!("notSubmitted"), &json!("counted")));
        assert_eq!((&first["entry"], &first["action"]), (&json!(submitted), &json!("report.submitted")));
        let entry = api.get(first["journal"].as_str().expect("an address")).token(&scene.auditor).send();
        assert_eq!((&entry.body["seq"], &entry.body["at"]), (&first["entry"], &first["entryAt"]));
        let last = told["items"].as_array().expect("rows").last().expect("a row");
        assert_eq!((&last["partner"], &last["from"], &last["cause"]), (&json!(late), &json!(null), &json!("membership")));
        let english = scene.get(&format!("/figures/joined/changes?from={from}")).token(&scene.auditor).english().send();
        assert_eq!(english.body["summary"][0]["label"], "A report was submitted");
        assert_eq!(told["summary"][0]["label"], "En rapport blev indsendt");
    }

    fn what_is_registered_moves_figures_too(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("En", "2020-01-01");
        let from = scene.journal_size();
        let commitment = scene.commit(&partner, "nat-A", "Et mål");
        let told = changes(&scene, "chosen", &format!("?from={from}"));
        assert_eq!(causes(&told), ["focusAreas:1/0"]);
        scene.change(&format!("/commitments/{commitment}"), json!({"goal": ""}));
        assert_eq!(causes(&changes(&scene, "chosen", &format!("?from={from}"))), ["focusAreas:0/0"], "there and back are two rows");
        let initiative = scene.initiative(&partner, "Værestedet", json!({"status": "planned"}));
        scene.change(&format!("/initiatives/{initiative}"), json!({"status": "running"}));
        let told = changes(&scene, "initiatives", &format!("?from={from}"));
        assert_eq!(causes(&told), ["initiative:1/null"]);
        assert_eq!(column(&told, "to"), ["notCounted", "counted"]);
        assert_eq!(column(&told, "initiative"), [initiative.clone(), initiative]);
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        let told = changes(&scene, "reports", &format!("?from={from}"));
        assert_eq!(column(&told, "report"), [scene.at(&format!("/reports/open/{partner}"))]);
        assert_eq!(told["difference"]["base"], json!(null), "a count has none");
    }

    fn a_date_that_passes_is_a_cause_without_an_entry(api) {
        let scene = Scene::with(api, |document| document["indicators"][2]["members"] = json!("atClose"));
        scene.admit("En", "2020-01-01");
        let leaver = scene.admit("To", "2020-01-01");
        scene.admit("Tre", "2098-03-01");
        scene.depart(&leaver, "2098-02-01");
        let size = scene.journal_size();
        let of = |day: &str| scene.figure("partners", &format!("?asOf={size}&validOn={day}"))["counted"].clone();
        assert_eq!((of("2026-12-31"), of("2098-02-15"), of("2098-03-01")), (json!(2), json!(1), json!(2)));
        // Nobody can be asked about 2098 by points that have passed, so the days are given to the service.
        let told = api.db.read_now(|conn| {
            let alliance = programmes::in_force(conn, &scene.slug)?;
            let ctx = Ctx::installation(facit::api::now());
            let mut from = past::at(conn, &ctx, &alliance, Point::Size(size))?;
            let mut to = from.clone();
            from.known.today = date("2098-01-01").expect("a date");
            to.known.today = date("2098-03-01").expect("a date");
            figures::between(conn, &from, &to, &Between { indicator: "partners", ..Between::default() })
        }).map_err(|error| error.to_string()).expect("changes");
        let rows: Vec<_> = told.steps.iter().map(|step| (step.partner_name.as_str(), step.from, step.to, step.on.to_string())).collect();
        let counted = Some(Standing::Counted);
        assert_eq!(rows, [("To", counted, None, "2098-02-01".to_owned()), ("Tre", None, counted, "2098-03-01".to_owned())]);
        assert_eq!(told.summary.len(), 1);
        assert_eq!((told.summary[0].cause, told.summary[0].changes), (Cause::Date, 2));
        assert!(told.steps.iter().all(|step| step.entry.is_none()));
    }

    fn another_definition_is_a_cause_even_where_nobody_stands_elsewhere(api) {
        let scene = Scene::new(api);
        let [yes, ..] = ["A", "B", "C"].map(|name| scene.admit(name, "2020-01-01"));
        scene.submit("open", &yes, json!({"joined": {"value": "yes"}}));
        let from = scene.journal_size();
        let path = format!("/v1/alliances/{}", scene.slug);
        let apply = |change: &dyn Fn(&mut Value)| {
            let before = api.get(&path).token(&scene.secretariat).send();
            let mut document = crate::support::programme::small();
            change(&mut document);
            let applied = api.put(&path).token(&scene.secretariat).if_match(before.etag()).json(&document).send();
            assert_eq!(applied.status, 200, "{}", applied.text);
        };
        apply(&|document| document["indicators"][0]["base"] = json!("members"));
        let told = changes(&scene, "joined", &format!("?from={from}"));
        assert_eq!(causes(&told), ["definition:0/2"], "the two silent ones are in the base now");
        assert_eq!((column(&told, "from"), column(&told, "to")), (vec!["notSubmitted".to_owned(); 2], vec!["notSubmitted".to_owned(); 2]));

        apply(&|document| document["indicators"][0]["counts"] = json!("answer == 'no'"));
        assert_eq!(causes(&changes(&scene, "joined", &format!("?from={from}"))), ["definition:-1/0"]);
        apply(&|document| drop(document["indicators"].as_array_mut().expect("a list").remove(0)));
        let told = changes(&scene, "joined", &format!("?from={from}"));
        assert_eq!((&told["to"], &told["from"]["counted"]), (&json!(null), &json!(1)));
        assert_eq!(told["difference"]["counted"], -1);
        let size = scene.journal_size();
        let gone = scene.get(&format!("/figures/joined/changes?from={size}")).token(&scene.auditor).send();
        assert_eq!(gone.problem(404), "not-found", "at neither end");
    }

    fn what_moved_a_figure_has_pages_and_rows_as_csv(api) {
        let scene = Scene::new(api);
        for name in ["A", "B", "C", "D", "E"] {
            scene.admit(name, "2020-01-01");
        }
        let size = scene.journal_size();
        let mut next = Some(scene.at(&format!("/figures/partners/changes?from=1&to={size}&limit=2&count=true")));
        let mut names = Vec::new();
        while let Some(path) = next {
            let page = api.get(&path).token(&scene.auditor).send();
            assert_eq!((page.status, &page.body["totalCount"]), (200, &json!(5)), "{}", page.text);
            assert_eq!(page.body["summary"][0]["changes"], 5, "the sums are of all pages");
            names.extend(column(&page.body, "partnerName"));
            next = page.body["next"].as_str().map(str::to_owned);
            assert_eq!(page.link("next"), next);
        }
        assert_eq!(names, ["A", "B", "C", "D", "E"]);
        let csv = scene.get(&format!("/figures/partners/changes?from=1&to={size}")).token(&scene.auditor)
            .header("accept", "text/csv").send();
        assert_eq!(csv.text.lines().count(), 6, "{}", csv.text);
        assert!(csv.text.contains("difference.counted"), "{}", csv.text);
    }

    fn a_figure_leads_to_what_moved_it(api) {
        let scene = Scene::new(api);
        scene.admit("En", "2020-01-01");
        let size = scene.journal_size();
        scene.admit("To", "2020-01-01");
        let live = scene.figure("partners", "");
        assert_eq!(live["links"]["changes"], scene.at("/figures/partners/changes"));
        let told = api.get(live["links"]["changes"].as_str().expect("a link")).token(&scene.auditor).send();
        assert_eq!((told.status, &told.body["difference"]["counted"]), (200, &json!(2)), "since the first entry, where nothing is published");
        assert_eq!(told.body["to"], live);
        let then = scene.figure("partners", &format!("?asOf={size}"));
        assert_eq!(then["links"]["changes"], scene.at(&format!("/figures/partners/changes?to={size}")));
        let told = api.get(then["links"]["changes"].as_str().expect("a link")).token(&scene.auditor).send();
        assert_eq!((&told.body["to"], &told.body["difference"]["counted"]), (&then, &json!(1)));
        let round = scene.figure("joined", &format!("?asOf={size}&round=open&validOn=2021-01-01"));
        let link = round["links"]["changes"].as_str().expect("a link");
        assert_eq!(link, scene.at(&format!("/figures/joined/changes?round=open&validOn=2021-01-01&to={size}")));
        assert_eq!(api.get(link).token(&scene.auditor).send().body["to"], round);
    }

    fn points_that_are_none_or_the_wrong_way_round_are_refused(api) {
        let scene = Scene::new(api);
        scene.admit("En", "2020-01-01");
        let size = scene.journal_size();
        let get = |query: &str| scene.get(&format!("/figures/partners/changes{query}")).token(&scene.auditor).send();
        let backwards = get(&format!("?from={size}&to=1"));
        assert_eq!((backwards.problem(422), backwards.faults()), ("invalid", vec!["?from from-after-to".to_owned()]));
        assert_eq!(get("?from=0").problem(404), "before-first-entry");
        assert_eq!(get("?to=0").problem(404), "before-first-entry");
        assert_eq!(get(&format!("?to={}", size + 1)).problem(400), "point-in-future");
        assert_eq!(get("?from=2999-01-01T00:00:00Z").problem(400), "point-in-future");
        assert_eq!(get("?from=publications/1").problem(404), "unknown-edition");
        assert_eq!(get("?from=x&to=y&validOn=z&limit=0").faults(),
            ["?limit out-of-range", "?from bad-point", "?to bad-point", "?validOn bad-date"]);
        assert_eq!(get("?asOf=1").status, 400);
        assert_eq!(get("?round=nowhere").faults(), ["?round unknown-round"]);
        assert_eq!(get("?round=open").problem(400), "indicator-has-no-round");
        assert_eq!(get(&format!("?from={size}&to={size}")).body["items"], json!([]));
        let nothing = scene.get("/figures/nothing/changes").token(&scene.auditor).send();
        assert_eq!(nothing.problem(404), "not-found");
    }

    fn what_happened_since_an_edition_is_told_by_its_number(api) {
        let scene = Scene::new(api);
        scene.admit("En", "2020-01-01");
        scene.does("/publications", json!({"title": "Resultater"}));
        let published = scene.journal_size() - 1;
        scene.admit("To", "2020-01-01");
        let told = changes(&scene, "partners", "?from=publications/1");
        assert_eq!((&told["from"]["journalSize"], &told["difference"]["counted"]), (&json!(published), &json!(1)));
        assert_eq!(causes(&told), ["membership:1/null"]);
        assert_eq!(changes(&scene, "partners", ""), changes(&scene, "partners", "?from=publications/1"), "what is new since it");
        assert_eq!(changes(&scene, "partners", &format!("?to={published}"))["difference"]["counted"], 1, "before it there was none");
        assert_eq!(scene.figure("partners", "?asOf=publications/1"), scene.figure("partners", &format!("?asOf={published}")));
        assert_eq!(scene.read("/journal?from=publications/1")["items"][0]["seq"], published);
    }

    fn only_the_secretariat_and_auditors_see_what_moved_a_figure(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("En", "2020-01-01");
        let path = "/figures/partners/changes";
        for token in [&scene.of(&partner), &api.role(&scene.slug, "reader", None)] {
            assert_eq!(scene.get(path).token(token).send().problem(403), "forbidden");
        }
        assert_eq!(scene.get(path).send().status, 401);
        for token in [&scene.secretariat, &scene.auditor] {
            assert_eq!(scene.get(path).token(token).send().status, 200);
        }
    }
}
