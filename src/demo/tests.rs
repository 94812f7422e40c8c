use std::collections::BTreeMap;

use chrono::Duration;

use super::*;
use crate::db::Target;
use crate::domain::figure::Tally;
use crate::domain::standing::Standing;
use crate::store::tallies::WHOLE;

/// What is looked at: the whole alliance, and the rounds of no half-year.
const SCOPES: [&str; 3] = ["", "closing", "today"];

/// A database of its own, gone when it is dropped.
struct Filled {
    db: Db,
    demo: Demo,
    alliance: InForce,
    folder: std::path::PathBuf,
}

impl Filled {
    fn new() -> Filled {
        let folder = std::env::temp_dir().join(format!("facit-demo-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder");
        let db = Db::open(&Target::Sqlite(folder.join("demo.db"))).expect("a database");
        db.migrate().expect("the schema");
        let demo = fill(&db, now()).expect("the demo");
        let alliance = db.read_now(|conn| programmes::in_force(conn, SLUG)).expect("the alliance");
        Filled { db, demo, alliance, folder }
    }

    /// By indicator and scope, as known at a size of the journal.
    fn tallies(&self, entries: i64) -> BTreeMap<String, Tally> {
        let alliance = self.alliance.id;
        let asked =
            store::tallies::Asked { alliance, dimension: WHOLE, scopes: &SCOPES, indicator: None };
        let rows = self.db.read_now(|conn| store::tallies::as_of(conn, &asked, entries));
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for row in rows
            .expect("the tallies")
            .into_iter()
            .filter(|row| row.from_on <= day_in(Copenhagen, now()))
        {
            let tally = tallies.entry(format!("{}/{}", row.indicator, row.scope)).or_default();
            *tally = tally.plus(row.tally());
        }
        tallies
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn now() -> DateTime<Utc> {
    "2026-03-17T10:20:30.123456Z".parse().expect("an instant")
}

#[test]
fn the_figures_come_out_and_come_out_again() {
    let filled = Filled::new();
    let tallies = filled.tallies(filled.demo.entries);
    let of = |key: &str| tallies.get(key).copied().unwrap_or_default();
    assert_eq!(of("partners/").counted, 107);
    assert_eq!(of("initiatives/").counted, 214);
    let national = of("national_focus_areas/");
    assert_eq!((national.counted, national.members()), (105, 107));
    let new = of("new_collaborations/closing");
    assert_eq!((new.counted, new.not_counted, new.not_submitted, new.members()), (72, 28, 7, 107));
    let continues = of("continues_after_2023/closing");
    assert_eq!((continues.counted, continues.not_counted, continues.not_submitted), (95, 5, 7));
    for sum in ["conversations/", "smoke_free/"].map(of) {
        assert!(sum.counted > 3 && sum.not_counted > sum.counted && sum.members() == 107, "{sum:?}");
        let amounts = sum.amounts;
        assert!(
            amounts.self_reported > 0 && amounts.documented > 0 && amounts.external == 0,
            "{amounts:?}"
        );
    }
    let today = of("today/today");
    assert_eq!((today.counted, today.not_counted, today.no_answer, today.members()), (4, 2, 1, 105));

    let again = Filled::new();
    assert_eq!(again.tallies(again.demo.entries), tallies);
    assert_eq!(again.demo.entries, filled.demo.entries);

    all_was_known_at_the_conference(&filled, &tallies);
    the_tallies_are_their_standings(&filled);
    everyone_is_invented_and_lies_somewhere(&filled);
    the_partner_with_a_key_has_not_reported_today(&filled);
    time_runs_forward(&filled);
}

/// On the morning of 10 January 2024 the figures are what they are now. Only a partner whose first report
/// is today's has handed in since, so to a sum it is no longer silent.
fn all_was_known_at_the_conference(filled: &Filled, now: &BTreeMap<String, Tally>) {
    let morning = at(Copenhagen, ymd(2024, 1, 10), 9 * 3600);
    let alliance = filled.alliance.id;
    let size = filled
        .db
        .read_now(|conn| store::journal::size_at(conn, alliance, morning))
        .expect("a size");
    let then = filled.tallies(size);
    let before_today: BTreeMap<String, Tally> = now
        .iter()
        .filter(|(key, _)| !key.ends_with("/today"))
        .map(|(key, tally)| (key.clone(), *tally))
        .collect();
    let settled = |tallies: BTreeMap<String, Tally>| -> BTreeMap<String, Tally> {
        let settle = |(key, mut tally): (String, Tally)| {
            if ["conversations/", "smoke_free/"].contains(&key.as_str()) {
                tally.not_counted += std::mem::take(&mut tally.not_submitted);
            }
            (key, tally)
        };
        tallies.into_iter().map(settle).collect()
    };
    assert_eq!(settled(then), settled(before_today));
}

fn the_tallies_are_their_standings(filled: &Filled) {
    let alliance = filled.alliance.id;
    let rows = filled
        .db
        .read_now(|conn| store::standings::all(conn, alliance))
        .expect("the standings");
    let mut counted: BTreeMap<String, Tally> = BTreeMap::new();
    let today = day_in(Copenhagen, now());
    for row in rows
        .iter()
        .filter(|row| row.to_seq == store::OPEN && row.to_on.is_none_or(|to_on| to_on > today))
        .filter(|row| SCOPES.contains(&row.scope.as_str()))
    {
        let standing = Standing::parse(&row.standing).expect("a standing");
        let tally = counted.entry(format!("{}/{}", row.indicator, row.scope)).or_default();
        tally.add(standing, 1);
        tally.add_amounts(row.amounts().unwrap_or_default(), 1);
    }
    assert_eq!(counted, filled.tallies(filled.demo.entries));
}

fn everyone_is_invented_and_lies_somewhere(filled: &Filled) {
    let alliance = filled.alliance.id;
    let partners = filled.db.read_now(|conn| {
        let ids = store::partners::all_ids(conn, alliance)?;
        store::partners::by_ids(conn, alliance, &ids)
    });
    let partners = partners.expect("the partners");
    let real = crate::domain::places::municipalities();
    let mut sectors = BTreeMap::new();
    let mut regions = BTreeMap::new();
    for partner in &partners {
        assert!(
            !real
                .iter()
                .any(|place| partner.name.starts_with(&format!("{} Kommune", place.name))),
            "{}",
            partner.name
        );
        assert!(!partner.objectives.is_empty(), "{}", partner.name);
        assert_eq!(
            partner.region.is_none(),
            partner.area.as_deref() == Some("national"),
            "{}",
            partner.name
        );
        *sectors.entry(partner.sector.clone()).or_insert(0) += 1;
        *regions.entry(partner.region.clone()).or_insert(0) += 1;
    }
    assert_eq!((partners.len(), sectors.len(), regions.len()), (107, 8, 6));
    assert_eq!(partners.iter().filter(|partner| partner.left_on.is_some()).count(), 2);
    assert_eq!(partners.iter().filter(|partner| partner.memberships.len() == 2).count(), 1);
    let joined_by =
        |day: NaiveDate| partners.iter().filter(|p| p.memberships[0].joined_on <= Some(day)).count();
    let days =
        [ymd(2019, 11, 30), ymd(2020, 8, 10), ymd(2020, 8, 11), ymd(2022, 12, 31), ymd(2023, 12, 31)];
    assert_eq!(days.map(joined_by), [12, 21, 35, 100, 107]);
}

fn the_partner_with_a_key_has_not_reported_today(filled: &Filled) {
    let roles: Vec<&str> = filled.demo.keys.iter().map(|key| key.role.word()).collect();
    assert_eq!(roles, ["operator", "secretariat", "partner", "auditor", "reader"]);
    let alliance = filled.alliance.id;
    let own = filled
        .demo
        .keys
        .iter()
        .find_map(|key| key.partner_name.clone())
        .expect("a partner's key");
    let found = filled.db.read_now(|conn| {
        let id = store::partners::find_by_name(conn, alliance, &own)?.expect("the partner");
        store::reports::find(conn, alliance, plan::TODAY, id)
    });
    assert!(found.expect("an answer").is_none());
}

/// Each entry has the time of its own day, so none had to be pushed behind the one before it.
fn time_runs_forward(filled: &Filled) {
    let alliance = filled.alliance.id;
    let page = store::Page { after: None, limit: 100_000 };
    let all = store::journal::Filter::default();
    let entries = filled.db.read_now(|conn| store::journal::list(conn, alliance, &all, &page));
    let entries = entries.expect("the journal");
    assert_eq!(entries.len() as i64, filled.demo.entries);
    assert!(entries.windows(2).all(|two| two[0].entry_at.0 < two[1].entry_at.0));
    assert!(
        entries
            .iter()
            .all(|entry| entry.entry_at.0 <= now() + Duration::milliseconds(1))
    );
}
