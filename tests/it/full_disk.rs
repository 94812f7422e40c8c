//! A database that has no room for more: writes are refused with 503 and nothing is lost, reads go on.

use diesel::connection::SimpleConnection;
use facit::db::{Conn, Error};
use serde_json::json;

use crate::support::{Answered, Api, Token, on_both};

/// Leaves room for a few pages, or for any number.
fn leave_room(api: &Api, has_room: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // By the way of the service's own writes: SQLite's limit belongs to the connection.
    let done = runtime.block_on(api.db.write(move |conn| {
        let statement = match (&conn, has_room) {
            (Conn::Sqlite(_), false) => "PRAGMA max_page_count = 1",
            (Conn::Sqlite(_), true) => "PRAGMA max_page_count = 1000000000",
            (Conn::Postgresql(_), false) => {
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    RAISE EXCEPTION 'could not extend file \"base/5/1259\": No space left on device'
                    USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER no_room BEFORE INSERT ON journal_entries EXECUTE FUNCTION no_room()"
            }
            (Conn::Postgresql(_), true) => "DROP FUNCTION no_room() CASCADE",
        };
        Ok::<(), Error>(conn.batch_execute(statement)?)
    }));
    done.expect("the database is told");
}

fn admit(api: &Api, token: &Token, n: usize) -> Answered {
    let name = format!("{n} {}", "en partner med et langt navn ".repeat(9));
    let request = api.post("/v1/alliances/prove/partners").token(token);
    request
        .header("idempotency-key", &format!("partner {n}"))
        .json(&json!({"name": name, "sector": "civil"}))
        .send()
}

on_both! {
    fn a_full_disk_refuses_writes_and_loses_nothing(api) {
        let alliance = api.alliance();
        let token = api.secretariat(&alliance);
        leave_room(api, false);
        let mut taken = 0;
        let refused = loop {
            let answered = admit(api, &token, taken);
            if answered.status != 201 {
                break answered;
            }
            taken += 1;
            assert!(taken < 2000, "the disk never fills");
        };
        assert_eq!(refused.problem(503), "read-only");
        assert_eq!(refused.header("retry-after"), "30");
        assert!(refused.body["detail"].as_str().expect("a sentence").contains("plads"));

        let listed = api.get("/v1/alliances/prove/partners?count=true").send();
        assert_eq!((listed.status, &listed.body["totalCount"]), (200, &json!(taken)));
        assert_eq!(api.get("/readyz").send().status, 200);

        leave_room(api, true);
        let again = admit(api, &token, taken);
        assert_eq!((again.status, again.header("idempotent-replayed")), (201, ""), "{}", again.text);
        let found = api.db.read_now(|conn| facit::check::check(conn, "prove")).expect("a check");
        assert!(found.differences.is_empty(), "{:?}", found.differences);
    }
}
