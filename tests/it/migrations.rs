//! Both databases get the same schema, and it is the one that the program was compiled with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use facit::check;
use facit::db::{Db, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, Target};
use facit::service::patch::Seen;
use facit::service::{Ctx, Error, partners, programmes, tree};
use facit::store;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::support::histories::{SLUG, play, steps};
use crate::support::{Backend, Database, lines};

const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

fn migrated(backend: Backend) -> (Database, Db) {
    let database = Database::fresh(backend);
    let db = database.open();
    (database, db)
}

fn up(database: &Database, backend: Backend) {
    match backend {
        Backend::Sqlite => {
            sqlite(database).run_pending_migrations(SQLITE_MIGRATIONS).expect("up");
        }
        Backend::Postgres => {
            postgres(database).run_pending_migrations(POSTGRES_MIGRATIONS).expect("up");
        }
    }
}

fn down(database: &Database, backend: Backend) {
    match backend {
        Backend::Sqlite => {
            sqlite(database).revert_all_migrations(SQLITE_MIGRATIONS).expect("down");
        }
        Backend::Postgres => {
            postgres(database).revert_all_migrations(POSTGRES_MIGRATIONS).expect("down");
        }
    }
}

/// Takes migrations back, to before this one.
fn back(database: &Database, backend: Backend, before: &str) {
    let mut reverted = String::new();
    while reverted != before {
        reverted = match backend {
            Backend::Sqlite => sqlite(database).revert_last_migration(SQLITE_MIGRATIONS),
            Backend::Postgres => postgres(database).revert_last_migration(POSTGRES_MIGRATIONS),
        }
        .expect("back")
        .to_string();
    }
}

fn sqlite(database: &Database) -> SqliteConnection {
    let path = database.url.strip_prefix("sqlite:").expect("SQLite's URL");
    SqliteConnection::establish(path).expect("the file opens")
}

fn postgres(database: &Database) -> PgConnection {
    PgConnection::establish(&database.url).expect("the database opens")
}

/// Everything that a migration can make, one thing a line.
fn dump(db: &Db, backend: Backend) -> Vec<String> {
    let queries: &[&str] = match backend {
        Backend::Sqlite => {
            &["SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master \
            WHERE tbl_name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY 1"]
        }
        Backend::Postgres => &[
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || \
                coalesce(collation_name, '') || ' ' || ordinal_position AS line FROM information_schema.columns \
                WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' ORDER BY 1",
            "SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'public' \
                AND tablename NOT LIKE '\\_\\_diesel%' ORDER BY 1",
            "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS line \
                FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
                AND conrelid::regclass::text NOT LIKE '\\_\\_diesel%' ORDER BY 1",
        ],
    };
    queries.iter().flat_map(|query| lines(db, query)).collect()
}

/// A table of `db::schema`.
struct Table {
    key: Vec<String>,
    /// Name, SQL type and whether it may be null.
    columns: Vec<(String, String, bool)>,
}

fn compiled() -> BTreeMap<String, Table> {
    let source = include_str!("../../src/db/schema.rs");
    let mut tables = BTreeMap::new();
    for block in source.split("diesel::table! {").skip(1) {
        let mut code = block
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("use "));
        let head = code.next().expect("a table's name");
        let (name, key) = head.trim_end_matches(" {").split_once(" (").expect("a table with its key");
        let key = key.trim_end_matches(')').split(", ").map(str::to_owned).collect();
        let columns = code.map_while(|line| line.trim_end_matches(',').split_once(" -> "));
        let columns = columns.map(|(column, kind)| {
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            (column.to_owned(), inner.unwrap_or(kind).to_owned(), inner.is_some())
        });
        tables.insert(name.to_owned(), Table { key, columns: columns.collect() });
    }
    tables
}

/// What the compiled schema says, in the words of a database: `table.column type nullable`.
fn expected(backend: Backend) -> BTreeSet<String> {
    let word = |kind: &str| match (backend, kind) {
        (Backend::Sqlite, "Uid" | "Binary") => "BLOB",
        (Backend::Sqlite, "At" | "Json" | "Date" | "Text") => "TEXT",
        (Backend::Sqlite, "BigInt" | "Bool") => "INTEGER",
        (Backend::Postgres, "Uid") => "uuid",
        (Backend::Postgres, "Binary") => "bytea",
        (Backend::Postgres, "At") => "timestamp with time zone",
        (Backend::Postgres, "Json") => "jsonb",
        (Backend::Postgres, "Date") => "date",
        (Backend::Postgres, "Text") => "text",
        (Backend::Postgres, "BigInt") => "bigint",
        (Backend::Postgres, "Bool") => "boolean",
        (_, other) => panic!("{other} has no word in the databases yet"),
    };
    let tables = compiled();
    let lines = tables.iter().flat_map(|(name, table)| {
        table
            .columns
            .iter()
            .map(move |(column, kind, nullable)| format!("{name}.{column} {} {nullable}", word(kind)))
    });
    lines.collect()
}

fn actual(db: &Db, backend: Backend) -> BTreeSet<String> {
    let query = match backend {
        Backend::Sqlite => {
            "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || \
            CASE c.\"notnull\" WHEN 1 THEN 'false' ELSE 'true' END AS line \
            FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
            AND m.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        Backend::Postgres => {
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || \
            CASE is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END AS line FROM information_schema.columns \
            WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'"
        }
    };
    lines(db, query).into_iter().collect()
}

/// `table column,column` of every primary key, foreign key or index, each list in its own order.
fn keys(db: &Db, backend: Backend, kind: &str) -> BTreeSet<String> {
    let sqlite_tables = "FROM sqlite_master m";
    let query = match (backend, kind) {
        (Backend::Sqlite, "primary") => format!(
            "SELECT m.name || ' ' || group_concat(c.name, ',' ORDER BY c.pk) AS line {sqlite_tables} \
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.pk > 0 GROUP BY m.name"
        ),
        (Backend::Sqlite, "foreign") => format!(
            "SELECT m.name || ' ' || group_concat(f.\"from\", ',' ORDER BY f.seq) AS line {sqlite_tables} \
             JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' GROUP BY m.name, f.id"
        ),
        (Backend::Sqlite, _) => format!(
            "SELECT m.name || ' ' || group_concat(c.name, ',' ORDER BY c.seqno) AS line {sqlite_tables} \
             JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c \
             WHERE m.type = 'table' GROUP BY m.name, i.name"
        ),
        (Backend::Postgres, "index") => "SELECT i.indrelid::regclass || ' ' || \
            (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place) \
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) AS line \
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace"
            .to_owned(),
        (Backend::Postgres, kind) => format!(
            "SELECT o.conrelid::regclass || ' ' || \
             (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(o.conkey) WITH ORDINALITY k (number, place) \
             JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number) AS line \
             FROM pg_constraint o WHERE o.connamespace = 'public'::regnamespace AND o.contype = '{}'",
            if kind == "primary" { 'p' } else { 'f' }
        ),
    };
    lines(db, &query)
        .into_iter()
        .filter(|line| !line.starts_with("__diesel"))
        .collect()
}

#[test]
fn both_folders_hold_migrations_of_the_same_names() {
    let names = |folder: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).expect("a folder of migrations");
        let names = entries.map(|entry| entry.expect("an entry").path()).inspect(|migration| {
            for step in ["up.sql", "down.sql"] {
                assert!(migration.join(step).is_file(), "{} lacks {step}", migration.display());
            }
        });
        names
            .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    // Two of one number would be taken for one.
    let numbers: BTreeSet<String> = names("sqlite")
        .iter()
        .filter_map(|name| Some(name.split_once('_')?.0.to_owned()))
        .collect();
    assert_eq!(numbers.len(), names("sqlite").len());
}

#[test]
fn going_down_and_up_again_leaves_the_same_schema() {
    for backend in BOTH {
        let database = Database::empty(backend);
        let db = database.open();
        up(&database, backend);
        let before = dump(&db, backend);
        assert!(before.len() > 20, "{backend:?} has a schema");
        down(&database, backend);
        assert_eq!(dump(&db, backend), Vec::<String>::new(), "{backend:?} after going down");
        up(&database, backend);
        assert_eq!(dump(&db, backend), before, "{backend:?} after going up again");
    }
}

/// A history of an alliance, the same each time.
fn lived(db: &Db) {
    let mut runner = TestRunner::deterministic();
    let history = steps().new_tree(&mut runner).expect("a history").current();
    play(db, &history);
}

fn standings_and_tallies(db: &Db) -> (BTreeSet<String>, BTreeSet<String>) {
    let rows = db.read_now(|conn| {
        let alliance = programmes::in_force(conn, SLUG)?.id;
        let standings = store::standings::all(conn, alliance)?;
        Ok::<_, facit::service::Error>((standings, store::tallies::all(conn, alliance)?))
    });
    let (standings, tallies) = rows.expect("rows");
    let standings = standings.into_iter().map(|mut row| {
        // Which order the keys of a reason have is the database's own matter.
        let reason = row.reason();
        row.reason.0 = Value::Null;
        format!("{row:?} {reason:?}")
    });
    (standings.collect(), tallies.iter().map(|row| format!("{row:?}")).collect())
}

#[test]
fn an_older_database_gets_its_groups_of_focus_areas_from_its_journal() {
    for backend in BOTH {
        let (database, db) = migrated(backend);
        lived(&db);
        let before = standings_and_tallies(&db);
        let areas = before.1.iter().filter(|row| row.contains("\"focusArea\""));
        assert!(areas.filter(|row| row.contains("\"nat-A\"")).count() > 3, "{before:#?}");
        drop(db);

        back(&database, backend, "20261122100000");
        let db = database.open();
        let of_areas = "SELECT group_key AS line FROM tallies WHERE dimension = 'focusArea'";
        assert_eq!(lines(&db, of_areas), Vec::<String>::new(), "the older program knows none");
        assert!(!lines(&db, "SELECT group_key AS line FROM tallies").is_empty());

        db.migrate().expect("up again");
        assert_eq!(check::refold_due(&db).expect("made anew"), [SLUG]);
        tree::grow_due(&db).expect("hashed");
        assert_eq!(standings_and_tallies(&db), before, "{backend:?}");
        let found = db.read_now(|conn| check::check(conn, SLUG)).expect("a check");
        assert!(found.differences.is_empty() && found.figures > 100, "{:#?}", found.differences);
        assert_eq!(check::refold_due(&db).expect("nothing to do"), Vec::<String>::new());
    }
}

fn rename(db: &Db) {
    let ctx = Ctx::installation(facit::api::now());
    let renamed = db.write_now(|conn| {
        let alliance = programmes::in_force(conn, SLUG)?;
        let who = store::partners::all_ids(conn, alliance.id)?[0];
        let name = serde_json::json!({"name": "Omdøbt"});
        partners::update(conn, &ctx, &alliance, who, Some(&Seen::Any), &name)
    });
    renamed.map_err(|e: Error| e.to_string()).expect("renamed");
}

#[test]
fn an_older_database_gets_the_names_of_then_from_its_journal() {
    for backend in BOTH {
        let (database, db) = migrated(backend);
        lived(&db);
        rename(&db);
        let names =
            "SELECT name || ' ' || from_seq || ' ' || to_seq AS line FROM partner_names ORDER BY 1";
        let before = lines(&db, names);
        assert!(before.iter().any(|line| line.starts_with("Omdøbt ")), "{before:?}");
        drop(db);

        back(&database, backend, "20261129400000");
        let db = database.open();
        db.migrate().expect("up again");
        assert_eq!(lines(&db, names), Vec::<String>::new());
        assert_eq!(check::refold_due(&db).expect("made anew"), [SLUG]);
        assert_eq!(lines(&db, names), before, "{backend:?}");
        let found = db.read_now(|conn| check::check(conn, SLUG)).expect("a check");
        assert!(found.differences.is_empty(), "{:#?}", found.differences);
    }
}

#[test]
fn whoever_went_back_gets_the_sums_again() {
    for backend in BOTH {
        let (database, db) = migrated(backend);
        lived(&db);
        let amounts = "SELECT self_reported || ' ' || documented || ' ' || external AS line FROM standings \
            WHERE self_reported IS NOT NULL ORDER BY 1";
        let before = (standings_and_tallies(&db), lines(&db, amounts));
        assert!(before.1.len() > 3 && before.1.iter().any(|line| line != "0 0 0"), "{:?}", before.1);
        drop(db);

        back(&database, backend, "20261122300000");
        let db = database.open();
        db.migrate().expect("up again");
        assert_ne!(lines(&db, amounts), before.1, "{backend:?}: they are gone until they are made anew");
        assert_eq!(check::refold_due(&db).expect("made anew"), [SLUG]);
        tree::grow_due(&db).expect("hashed");
        assert_eq!((standings_and_tallies(&db), lines(&db, amounts)), before, "{backend:?}");
        let found = db.read_now(|conn| check::check(conn, SLUG)).expect("a check");
        assert!(found.differences.is_empty(), "{:#?}", found.differences);
    }
}

#[test]
fn a_journal_from_before_there_were_trees_gets_its_tree_once() {
    for backend in BOTH {
        let (database, db) = migrated(backend);
        lived(&db);
        let journal = db.read_now(|conn| programmes::in_force(conn, SLUG)).expect("an alliance").id;
        let hashes = |db: &Db| db.read_now(|conn| store::audit::hashes(conn, journal)).expect("hashes");
        let before = hashes(&db);
        assert!(before.len() > 30, "{before:?}");
        drop(db);

        back(&database, backend, "20261129000000");
        let db = database.open();
        db.migrate().expect("up again");
        assert_eq!(hashes(&db), []);
        let due = tree::grow_due(&db).expect("hashed");
        assert_eq!(due.iter().filter(|due| **due == journal).count(), 1, "{due:?}");
        assert_eq!(hashes(&db), before, "{backend:?}");

        // What is gone later was taken away by somebody, and is not silently made good.
        let taken = db.write_now(|conn| {
            Ok::<_, facit::db::Error>(diesel::sql_query("DELETE FROM journal_hashes").execute(conn)?)
        });
        assert!(taken.expect("gone") >= before.len());
        assert_eq!(tree::grow_due(&db).expect("nothing to do"), []);
        assert_eq!(hashes(&db), []);
    }
}

#[test]
fn migrating_twice_changes_nothing() {
    for backend in BOTH {
        let (_database, db) = migrated(backend);
        let before = dump(&db, backend);
        db.migrate().expect("nothing to do");
        assert_eq!(dump(&db, backend), before);
    }
}

#[test]
fn the_compiled_schema_is_that_of_both_databases() {
    let primary: BTreeSet<String> = compiled()
        .iter()
        .map(|(name, table)| format!("{name} {}", table.key.join(",")))
        .collect();
    for backend in BOTH {
        let (_database, db) = migrated(backend);
        assert_eq!(actual(&db, backend), expected(backend), "columns on {backend:?}");
        assert_eq!(keys(&db, backend, "primary"), primary, "primary keys on {backend:?}");
    }
}

#[test]
fn both_databases_have_the_same_foreign_keys_and_indexes() {
    let [sqlite, postgres] = BOTH.map(|backend| {
        let (_database, db) = migrated(backend);
        (keys(&db, backend, "foreign"), keys(&db, backend, "index"))
    });
    assert_eq!(sqlite, postgres);
}

#[test]
fn every_foreign_key_is_the_beginning_of_an_index() {
    for backend in BOTH {
        let (_database, db) = migrated(backend);
        let split = |line: &String| {
            let (table, columns) = line.split_once(' ').expect("a table and its columns");
            (table.to_owned(), columns.split(',').map(str::to_owned).collect::<Vec<_>>())
        };
        let indexes: Vec<_> = keys(&db, backend, "index").iter().map(split).collect();
        for (table, columns) in keys(&db, backend, "foreign").iter().map(split) {
            let served = indexes.iter().any(|(of, index)| {
                let start: BTreeSet<_> = index.iter().take(columns.len()).collect();
                *of == table && start == columns.iter().collect()
            });
            assert!(served, "{backend:?}: no index begins with {table} {columns:?}");
        }
    }
}

#[test]
fn every_table_of_sqlite_is_strict() {
    let (_database, db) = migrated(Backend::Sqlite);
    let loose = "SELECT name AS line FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 \
        AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    assert_eq!(lines(&db, loose), Vec::<String>::new());
}

#[test]
fn an_unknown_scheme_is_an_error_and_makes_no_file() {
    let folder = std::env::temp_dir().join(format!("facit-scheme-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir(&folder).expect("a folder");
    let path = folder.join("facit.db");
    let path = path.display();
    let wrong = [
        format!("{path}"),
        format!("sqlite3:{path}"),
        format!("file:{path}"),
        format!("mysql:{path}"),
        format!("SQLITE:{path}"),
        format!("sqlite:{path}?mode=memory"),
        "sqlite:".to_owned(),
        "sqlite::memory:".to_owned(),
        String::new(),
    ];
    for url in wrong {
        let refused = Target::parse(&url);
        assert!(refused.is_err(), "{url:?} was read as {refused:?}");
    }
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0);
    std::fs::remove_dir(&folder).expect("the folder goes");
}
