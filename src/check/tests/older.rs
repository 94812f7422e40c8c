//! A journal and its rows as an older version of the program left them.

use diesel::connection::SimpleConnection;
use serde_json::json;

use super::listed;
use super::world::{SLUG, document, empty, from, office};
use crate::check::{check, refold_due};
use crate::db::Conn;
use crate::domain::report::AcceptReport;
use crate::service::patch::Seen;
use crate::service::programmes::{Condition, apply};
use crate::service::reports::{self, ReportAt};
use crate::service::{Error, Result, partners, tree};
use crate::store;

/// Submitted, returned with two points, mended, accepted, opened again, and submitted once more.
fn lived(conn: &mut Conn) -> Result<ReportAt> {
    let first = office("2023-12-01T08:00:00Z");
    let demo = apply(conn, &first, SLUG, document(), &Condition::None)?.in_force;
    let partner =
        partners::admit(conn, &first, &demo, &from(json!({"name": "Æ", "sector": "other"})))?.id;
    let place = ReportAt { round: "2023H2".to_owned(), partner };
    let hand_in = |conn: &mut Conn, now: &str, note: &str| {
        let ctx = office(now);
        let there = reports::find(conn, &ctx, &demo, &place).is_ok();
        let seen = there.then_some(&Seen::Any);
        let body = json!({"answers": {"concrete_projects": {"value": "yes"}, "note": {"value": note}}});
        reports::save(conn, &ctx, &demo, &place, seen, from(body))?;
        reports::submit(conn, &ctx, &demo, &place, None)
    };
    hand_in(conn, "2023-12-02T08:00:00Z", "Et")?;
    let ctx = office("2023-12-03T08:00:00Z");
    let points = json!({"points": [{"pointer": "/answers/note", "code": "unclear", "detail": "Hvad?"},
        {"pointer": "/answers/note/value", "code": "unclear", "detail": "Og?"}]});
    reports::return_with(conn, &ctx, &demo, &place, None, &from(points))?;
    hand_in(conn, "2023-12-04T08:00:00Z", "To")?;
    reports::accept(conn, &ctx, &demo, &place, None, &AcceptReport::default())?;
    reports::reopen(conn, &ctx, &demo, &place, None, &from(json!({"reason": "En fejl"})))?;
    hand_in(conn, "2023-12-05T08:00:00Z", "Tre")?;
    Ok(place)
}

/// What the older program did not keep, and that it overwrote the first submission's time.
const MADE_OLDER: &str = "
    UPDATE journal_entries SET bytes = CAST(json_set(json_remove(CAST(bytes AS TEXT), '$.after.acceptedVersion',
        '$.after.points[0].openedBy', '$.after.points[0].openedInVersion', '$.after.points[0].initiative',
        '$.after.points[0].closedAt', '$.after.points[0].closedBy', '$.after.points[0].waivedReason',
        '$.after.points[1].openedBy', '$.after.points[1].openedInVersion', '$.after.points[1].initiative',
        '$.after.points[1].closedAt', '$.after.points[1].closedBy', '$.after.points[1].waivedReason'),
        '$.after.submittedAt', json_extract(CAST(bytes AS TEXT), '$.after.receipt.receivedAt')) AS BLOB)
        WHERE action LIKE 'report.%';
    UPDATE report_points SET opened_by = NULL, opened_in_version = NULL, initiative_id = NULL, closed_at = NULL,
        closed_by = NULL, waived_reason = NULL;
    UPDATE reports SET accepted_version = NULL, submitted_at = '2023-12-05T08:00:00.000000Z';
    INSERT INTO refolds (alliance_id) SELECT id FROM alliances;
    DELETE FROM journal_hashes;
    INSERT INTO unhashed_journals (journal_id) SELECT id FROM journals;";

#[test]
fn what_an_older_database_lacks_is_filled_from_its_journal() {
    let world = empty("older");
    let place = world.db.write_now(lived).unwrap_or_else(|refused| panic!("{refused}"));
    let kept = |world: &super::world::World| {
        let read = world.db.read_now(|conn| {
            let alliance = store::alliances::find(conn, SLUG)?.ok_or_else(Error::absent)?.id;
            let report = store::reports::find(conn, alliance, &place.round, place.partner)?;
            let report = report.ok_or_else(Error::absent)?;
            let points = store::report_points::of(conn, report.id)?;
            Ok::<_, Error>((report.submitted_at, report.accepted_version, points))
        });
        read.expect("a report")
    };
    let before = kept(&world);
    let made_older = world.db.write_now(|conn| {
        conn.batch_execute(MADE_OLDER).expect("statements");
        Ok::<_, Error>(())
    });
    made_older.expect("done");
    assert_ne!(kept(&world), before);
    assert_eq!(refold_due(&world.db).expect("made anew"), [SLUG]);
    assert_eq!(tree::grow_due(&world.db).expect("hashed").len(), 1);
    assert_eq!(kept(&world), before);
    let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
    assert_eq!(found.differences.len(), 0, "{}", listed(&found));
}
