//! An alliance that has done everything once, and one hand that changes one row.

mod columns;
mod older;
mod random;
mod tree;
mod world;

use diesel::connection::SimpleConnection;

use self::world::{SLUG, document, empty, office, world};
use super::{Findings, check, check_installation};
use crate::db::{Conn, Db};
use crate::service::programmes::{Condition, apply};

fn listed(found: &Findings) -> String {
    found.differences.iter().map(|difference| format!("{difference}\n")).collect()
}

#[test]
fn an_alliance_that_nobody_touched_by_hand_has_no_differences() {
    let world = world("clean");
    let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
    assert_eq!(found.differences.len(), 0, "{}", listed(&found));
    assert!(found.entries > 40 && found.rows > 50, "{found:?}");
    assert!(found.standings > 200 && found.tallies > 200 && found.figures > 200, "{found:?}");
    let found = world.db.read_now(check_installation).expect("a check");
    assert_eq!((found.entries, found.rows, found.differences), (1, 1, vec![]));
}

#[test]
fn what_was_changed_by_hand_is_named() {
    let world = world("tampered");
    let [one, .., four] = *world.partners else { panic!("partners") };
    let id = one.uuid().simple().to_string();
    let partner = format!("partners/{one}");
    let report = format!("reports/2023H2/{one}");
    let report_id = format!("(SELECT id FROM reports WHERE round = '2023H2' AND partner_id = x'{id}')");
    let cases = [
        (format!("UPDATE partners SET sector = 'other' WHERE id = x'{id}'"), partner.clone()),
        (format!("UPDATE partners SET name_sort = x'00' WHERE id = x'{id}'"), partner.clone()),
        (
            format!("UPDATE memberships SET left_on = '2022-07-02' WHERE partner_id = x'{id}' AND position = 1"),
            format!("{partner}/memberships/1"),
        ),
        (
            format!("DELETE FROM memberships WHERE partner_id = x'{id}' AND position = 2"),
            format!("{partner}/memberships/2"),
        ),
        ("UPDATE commitments SET goal = 'Mere' WHERE goal = 'Flere samtaler'".into(), "commitments/".into()),
        ("DELETE FROM commitments WHERE focus_area = 'sst2012-3'".into(), "commitments/".into()),
        ("UPDATE initiatives SET status = 'stopped' WHERE status = 'completed'".into(), "initiatives/".into()),
        ("DELETE FROM initiative_focus_areas WHERE focus_area = 'sst2012-3'".into(), "initiatives/".into()),
        ("UPDATE initiative_partners SET position = 9 WHERE position = 2".into(), "initiatives/".into()),
        (format!("UPDATE reports SET state = 'returned' WHERE id = {report_id}"), report.clone()),
        (
            format!("UPDATE report_versions SET body = '{{}}' WHERE number = 3 AND report_id = {report_id}"),
            format!("{report}/versions/3"),
        ),
        (
            format!("UPDATE report_versions SET on_time = 0 WHERE number = 1 AND report_id = {report_id}"),
            format!("{report}/versions/1"),
        ),
        (
            format!("DELETE FROM report_initiatives WHERE number = 2 AND report_id = {report_id}"),
            format!("{report}/versions/2/initiatives/"),
        ),
        (
            format!("UPDATE report_points SET closed_by_version = NULL WHERE report_id = {report_id}"),
            format!("{report}/points/"),
        ),
        (
            format!("UPDATE report_points SET waived_reason = NULL WHERE report_id = {report_id}"),
            format!("{report}/points/"),
        ),
        (
            format!("UPDATE report_points SET closed_at = '2024-01-01T00:00:00.000000Z' WHERE report_id = {report_id}"),
            format!("{report}/points/"),
        ),
        ("UPDATE reports SET accepted_version = 1 WHERE accepted_version = 3".into(), "reports/".into()),
        (
            format!("UPDATE reports SET submitted_at = '2023-12-31T00:00:00.000000Z' WHERE id = {report_id}"),
            report.clone(),
        ),
        ("UPDATE extensions SET until_at = '2024-02-01T00:00:00.000000Z'".into(), "rounds/2020H1/extensions/".into()),
        ("UPDATE extensions SET reason = 'Ferie'".into(), "rounds/2020H1/extensions/".into()),
        ("DELETE FROM extensions WHERE version = 2".into(), "rounds/2020H1/extensions/".into()),
        ("UPDATE programme_versions SET document = document || ' ' WHERE version = 2".into(), "programme/versions/2".into()),
        ("UPDATE alliances SET version = 2".into(), "alliance".into()),
        ("UPDATE imports SET unchanged = unchanged + 1".into(), "imports/".into()),
        (
            "UPDATE journal_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"created\":1', '\"created\":0') AS BLOB) \
             WHERE action = 'import.completed'"
                .into(),
            "journal/".into(),
        ),
        ("UPDATE publications SET title = 'Andre tal' WHERE edition = 1".into(), "publications/1".into()),
        ("UPDATE publications SET journal_size = journal_size + 1 WHERE edition = 2".into(), "publications/2".into()),
        ("UPDATE publications SET sha256 = '00' WHERE edition = 1".into(), "publications/1".into()),
        ("UPDATE publications SET signature = 'ingen' WHERE edition = 2".into(), "publications/2/signature".into()),
        (
            "UPDATE publications SET signature = replace(signature, '— facit/demo ', '— facit/demo AAAA') WHERE edition = 1".into(),
            "publications/1/signature".into(),
        ),
        (
            "UPDATE publications SET signature = (SELECT signature FROM publications WHERE edition = 1) WHERE edition = 2 \
             -- journal"
                .into(),
            "publications/2/signature".into(),
        ),
        (
            "UPDATE publications SET document = CAST(replace(CAST(document AS TEXT), '\"members\":4', '\"members\":5') AS BLOB) \
             WHERE edition = 1"
                .into(),
            "publications/1/document".into(),
        ),
        (
            "UPDATE publications SET document = CAST(replace(CAST(document AS TEXT), '\"members\":4', '\"members\":5') AS BLOB) \
             WHERE edition = 1"
                .into(),
            "publications/1/figures/partners/whole/".into(),
        ),
        ("DELETE FROM publications WHERE edition = 2 -- journal".into(), "publications/2".into()),
        (
            "UPDATE publications SET document = CAST(replace(CAST(document AS TEXT), '\"expected\":', '\"expected\":1') AS BLOB) \
             WHERE edition = 2"
                .into(),
            "publications/2/completeness/".into(),
        ),
        ("UPDATE keys SET revoked_at = NULL".into(), "keys/".into()),
        (
            "UPDATE standings SET standing = 'counted' WHERE series_id IN (SELECT id FROM series WHERE scope = 'closing') AND standing = 'noAnswer'".into(),
            "standings/contributes_within_five_years/closing/".into(),
        ),
        (
            format!("UPDATE standings SET reason = '{{\"code\":\"blank\",\"because\":[]}}' WHERE series_id IN (SELECT id FROM series WHERE indicator = 'ever') AND partner_id = x'{id}'"),
            format!("standings/ever//{one}/2020-08-11/"),
        ),
        (
            format!("UPDATE standings SET focus_areas = '[\"sst2020-B\"]' WHERE series_id IN (SELECT id FROM series WHERE indicator = 'late') AND partner_id = x'{id}'"),
            "standings/late//".into(),
        ),
        (
            "DELETE FROM tallies WHERE series_id IN (SELECT id FROM series WHERE dimension = 'focusArea' AND group_key = 'sst2020-K')".into(),
            "figures/ever//focusArea/sst2020-K/".into(),
        ),
        (
            "UPDATE standings SET to_seq = to_seq + 1 WHERE series_id IN (SELECT id FROM series WHERE indicator = 'partners') AND to_seq < 1000".into(),
            "standings/partners//".into(),
        ),
        (
            format!("DELETE FROM standings WHERE series_id IN (SELECT id FROM series WHERE indicator = 'partners') AND partner_id = x'{id}'"),
            format!("standings/partners//{one}/2020-08-11/"),
        ),
        (
            "UPDATE tallies SET counted = counted + 1 WHERE series_id IN (SELECT id FROM series WHERE indicator = 'partners' AND dimension = 'sector')".into(),
            "tallies/partners//sector/".into(),
        ),
        (
            "INSERT INTO tallies SELECT series_id, '2019-01-01', from_seq, to_seq, 1, 0, 0, 0, 0, '0', '0', '0' FROM tallies WHERE series_id IN (SELECT id FROM series WHERE indicator = 'partners' AND dimension = 'whole') LIMIT 1"
                .into(),
            "tallies/partners//whole//2019-01-01/".into(),
        ),
        (
            "UPDATE standings SET documented = '5' WHERE series_id IN (SELECT id FROM series WHERE indicator = 'conversations' AND scope = '2023H2') AND documented = '0'".into(),
            "standings/conversations/2023H2/".into(),
        ),
        (
            "UPDATE standings SET external = NULL WHERE series_id IN (SELECT id FROM series WHERE indicator = 'hours') AND external IS NOT NULL".into(),
            "standings/hours//".into(),
        ),
        (
            "UPDATE tallies SET self_reported = '1' || self_reported WHERE series_id IN (SELECT id FROM series WHERE indicator = 'smoke_free' AND dimension = 'whole')".into(),
            "tallies/smoke_free//whole//".into(),
        ),
        (
            "UPDATE tallies SET external = '-1' WHERE series_id IN (SELECT id FROM series WHERE indicator = 'hours' AND dimension = 'sector') AND to_seq > 1000".into(),
            "figures/hours//sector/".into(),
        ),
        ("DELETE FROM tallies WHERE series_id IN (SELECT id FROM series WHERE indicator = 'partners' AND dimension = 'area')".into(), "figures/partners/".into()),
        (
            "UPDATE series SET group_key = 'andre' WHERE indicator = 'projects' AND dimension = 'sector' AND group_key = 'municipality'"
                .into(),
            "tallies/projects//sector/municipality/".into(),
        ),
        (
            "UPDATE journal_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'Dvale', 'Svale') AS BLOB)".into(),
            format!("partners/{four}"),
        ),
        (
            "UPDATE journal_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"1083\"', '\"1084\"') AS BLOB) \
             WHERE seq = 2"
                .into(),
            format!("standings/partners//{one}/2020-08-11/2"),
        ),
        ("UPDATE journal_entries SET bytes = CAST('{ }' AS BLOB) WHERE seq = 7".into(), "journal/7".into()),
        ("UPDATE journal_entries SET bytes = x'7b' WHERE seq = 7".into(), "journal/7".into()),
        ("UPDATE journal_entries SET action = 'partner.departed' WHERE seq = 3".into(), "journal/3".into()),
        ("UPDATE journal_entries SET entry_at = '2030-01-01T00:00:00.000000Z' WHERE seq = 3".into(), "journal/4".into()),
        ("UPDATE journal_texts SET text = 'Noget andet' WHERE text = 'Hvor mange?'".into(), "journal/".into()),
        ("UPDATE journal_texts SET pointer = '/after/x' WHERE seq = 6".into(), "journal/6#/after/x".into()),
        ("UPDATE journals SET size = size - 1 WHERE size > 1".into(), "journal/head".into()),
        ("UPDATE partners SET joined_on = 'i går'".into(), "partners".into()),
        ("UPDATE tallies SET documented = 'i går'".into(), "tallies".into()),
        ("UPDATE standings SET documented = '007' WHERE documented IS NOT NULL -- i går".into(), "standings".into()),
    ];
    // What reaches no further than its own row shares a check with others, which a debug build takes long over.
    let (alone, together): (Vec<_>, Vec<_>) = cases
        .into_iter()
        .partition(|(statement, _)| statement.contains("journal") || statement.contains("i går"));
    let shared = (0..4).map(|first| together.iter().skip(first).step_by(4).collect::<Vec<_>>());
    for cases in shared.chain(alone.iter().map(|case| vec![case])) {
        let statements: Vec<&str> = cases.iter().map(|(statement, _)| statement.as_str()).collect();
        let found = tampered(&world.db, &statements.join(";\n"));
        for (statement, address) in cases {
            let named = found
                .differences
                .iter()
                .any(|difference| difference.address.starts_with(address));
            assert!(named, "{statement}\n{address}\n{}", listed(&found));
        }
    }
    let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
    assert_eq!(found.differences.len(), 0, "{}", listed(&found));
}

#[test]
fn a_text_that_is_gone_without_a_redaction_is_named() {
    let world = world("redacted");
    let found = tampered(&world.db, "DELETE FROM journal_texts WHERE text <> ''");
    // The places that are empty, and the rows that still have what stood there; no standing and no figure.
    let is_place = |address: &str| address.starts_with("journal/") && address.contains('#');
    let rows = ["commitments/", "initiatives/", "reports/", "rounds/"];
    for difference in &found.differences {
        let (address, detail) = (&difference.address, &difference.detail);
        let is_expected = match is_place(address) {
            true => detail == "the text is gone, and no redaction says so",
            false => {
                rows.iter().any(|row| address.starts_with(row))
                    && detail.contains("the text is gone from the journal")
            }
        };
        assert!(is_expected, "{}", listed(&found));
    }
    assert!(found.differences.iter().any(|difference| is_place(&difference.address)));
}

#[test]
fn a_programme_reads_back_from_its_entry() {
    for (least, taken) in
        [("0.1", true), ("-12", true), ("1e16", false), ("1e300", false), ("1e-10", false)]
    {
        let world = empty("bounds");
        let mut document = document();
        for question in document.questions.iter_mut().filter(|question| question.key == "reach") {
            question.min = serde_json::from_str(least).expect("a number");
        }
        let ctx = office("2020-01-01T08:00:00Z");
        let applied = world.db.write_now(|conn| apply(conn, &ctx, SLUG, document, &Condition::None));
        assert_eq!(applied.is_ok(), taken, "{least}");
        if taken {
            let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
            assert_eq!(found.differences.len(), 0, "{least}: {}", listed(&found));
        }
    }
}

/// What the check finds after a statement, which is undone.
fn tampered(db: &Db, statement: &str) -> Findings {
    tampered_by(db, |conn| conn.batch_execute(statement).expect("a statement"))
}

/// What the check finds after a hand, whose work is undone.
fn tampered_by(db: &Db, hand: impl FnOnce(&mut Conn)) -> Findings {
    let mut found = None;
    let undone = db.write_now(|conn| {
        hand(conn);
        found = Some(check(conn, SLUG)?);
        Err::<(), _>(crate::service::Error::absent())
    });
    assert!(undone.is_err());
    found.expect("findings")
}
