//! Writes that wait are committed together; what happens to one of them, and to all.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use facit::db::{Db, Error};
use facit::store::installation::{insert_secret, secret};
use tokio::task::JoinHandle;

use crate::support::{Backend, Database};

/// Makes two tests of one function that takes a database's handle.
macro_rules! on_both_databases {
    ($(fn $name:ident($db:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn run($db: &Db) $body

            fn on(backend: Backend) {
                let database = Database::fresh(backend);
                run(&database.open());
            }

            #[test]
            fn on_sqlite() {
                on(Backend::Sqlite);
            }

            #[test]
            fn on_postgres() {
                on(Backend::Postgres);
            }
        }
    )+};
}

type Outcome = Result<(), Error>;

fn in_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(work)
}

/// Writes a row of this name, then does `then` within the same work. The row is asked for at once.
fn write(db: &Db, name: &str, then: impl FnOnce() -> Outcome + Send + 'static) -> JoinHandle<Outcome> {
    let (db, name) = (db.clone(), name.to_owned());
    tokio::spawn(async move {
        db.write(move |conn| {
            insert_secret(conn, &name, b"value")?;
            then()
        })
        .await
    })
}

fn well() -> Outcome {
    Ok(())
}

/// Work that holds the writing thread until it is let go, so that what is asked for meanwhile waits.
async fn hold(db: &Db) -> (Sender<()>, JoinHandle<Outcome>) {
    let (go, wait): (Sender<()>, Receiver<()>) = channel();
    let held = write(db, "held", move || {
        wait.recv_timeout(Duration::from_secs(30)).expect("let go");
        Ok(())
    });
    everybody_asks().await;
    (go, held)
}

/// Lets every task run up to where it waits.
async fn everybody_asks() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

fn is_there(db: &Db, name: &str) -> bool {
    db.read_now(|conn| secret(conn, name)).expect("a read").is_some()
}

on_both_databases! {
    fn work_that_fails_is_taken_back_alone(db) {
        in_time(async {
            let (go, held) = hold(db).await;
            let before = write(db, "before", well);
            let failing = write(db, "failing", || Err(Error::Absent));
            let twice = write(db, "before", well);
            let after = write(db, "after", well);
            everybody_asks().await;
            go.send(()).expect("it waits");
            assert!(held.await.expect("no panic").is_ok());
            assert!(before.await.expect("no panic").is_ok());
            assert!(matches!(failing.await.expect("no panic"), Err(Error::Absent)));
            assert!(matches!(twice.await.expect("no panic"), Err(Error::Taken)));
            assert!(after.await.expect("no panic").is_ok());
        });
        assert_eq!(["before", "failing", "after"].map(|name| is_there(db, name)), [true, false, true]);
    }

    fn a_panic_takes_back_what_stood_with_it_and_nothing_else(db) {
        in_time(async {
            let (go, held) = hold(db).await;
            let with_it = write(db, "with it", well);
            let panicking = write(db, "panicking", || panic!("on purpose"));
            let after = write(db, "after", well);
            everybody_asks().await;
            go.send(()).expect("it waits");
            let held = held.await.expect("no panic here");
            for lost in [with_it, panicking] {
                assert!(matches!(lost.await.expect("no panic here"), Err(Error::Panicked(_))));
            }
            assert!(after.await.expect("no panic here").is_ok());
            // Whether it stood with the one that panicked depends on how long it was held.
            assert_eq!(held.is_ok(), is_there(db, "held"));
            let again = write(db, "with it", well);
            assert!(again.await.expect("no panic here").is_ok(), "the caller tries again");
        });
        assert_eq!(["with it", "panicking", "after"].map(|name| is_there(db, name)), [true, false, true]);
    }

    fn a_commit_that_fails_is_told_to_everybody_in_it(db) {
        in_time(async {
            let (go, held) = hold(db).await;
            let with_it = write(db, "with it", well);
            let (other, name) = (db.clone(), "at fault");
            let at_fault = tokio::spawn(async move {
                other.write(move |conn| {
                    insert_secret(conn, name, b"value")?;
                    // A key that is checked at the commit, and misses its row.
                    let statement = "CREATE TABLE hens (id INTEGER PRIMARY KEY, egg INTEGER NOT NULL
                        REFERENCES hens (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO hens VALUES (1, 2)";
                    Ok::<(), Error>(conn.batch_execute(statement)?)
                })
                .await
            });
            everybody_asks().await;
            go.send(()).expect("it waits");
            drop(held.await.expect("no panic"));
            for lost in [with_it, at_fault] {
                let outcome = lost.await.expect("no panic");
                assert!(matches!(outcome, Err(Error::Unreachable(_))), "{outcome:?}");
            }
            assert!(!is_there(db, "with it") && !is_there(db, "at fault"));
            let again = write(db, "with it", well);
            assert!(again.await.expect("no panic").is_ok(), "the caller tries again");
        });
        assert!(is_there(db, "with it"));
    }

    fn nobody_is_answered_before_the_commit(db) {
        in_time(async {
            let (go, held) = hold(db).await;
            let first = write(db, "first", well);
            let (started, has_started) = tokio::sync::oneshot::channel();
            let (let_go, wait): (Sender<()>, Receiver<()>) = channel();
            let second = write(db, "second", move || {
                started.send(()).expect("somebody listens");
                wait.recv_timeout(Duration::from_secs(30)).expect("let go");
                Ok(())
            });
            everybody_asks().await;
            go.send(()).expect("it waits");
            has_started.await.expect("the second runs");
            everybody_asks().await;
            // The first has run, in the same transaction, which is not committed yet.
            assert!(!first.is_finished() && !is_there(db, "first"));
            let_go.send(()).expect("it waits");
            for task in [held, first, second] {
                assert!(task.await.expect("no panic").is_ok());
            }
        });
        assert!(is_there(db, "first") && is_there(db, "second"));
    }

    fn of_64_writers_a_slow_one_keeps_nobody_from_writing(db) {
        in_time(async {
            let tasks: Vec<_> = (0..64)
                .map(|i| {
                    let slow = move || {
                        if i == 20 {
                            std::thread::sleep(Duration::from_millis(200));
                        }
                        Ok(())
                    };
                    write(db, &format!("writer {i}"), slow)
                })
                .collect();
            for task in tasks {
                assert!(task.await.expect("no panic").is_ok());
            }
        });
        assert!((0..64).all(|i| is_there(db, &format!("writer {i}"))));
    }

    fn whoever_stands_beside_the_thread_takes_turns_with_it(db) {
        in_time(async {
            let asked: Vec<_> = (0..20).map(|i| write(db, &format!("asked {i}"), well)).collect();
            let other = db.clone();
            let beside = std::thread::spawn(move || {
                (0..20).all(|i| {
                    other.write_now(|conn| insert_secret(conn, &format!("beside {i}"), b"value")).is_ok()
                })
            });
            for task in asked {
                assert!(task.await.expect("no panic").is_ok());
            }
            assert!(beside.join().expect("no panic"));
        });
        let all = (0..20).all(|i| is_there(db, &format!("asked {i}")) && is_there(db, &format!("beside {i}")));
        assert!(all);
    }
}

#[test]
fn a_connection_that_the_server_closed_is_opened_again() {
    let database = Database::fresh(Backend::Postgres);
    let db = database.open();
    in_time(async {
        assert!(write(&db, "before", well).await.expect("no panic").is_ok());
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        db.read_now(|conn| Ok::<(), Error>(conn.batch_execute(others)?))
            .expect("the server closes them");
        assert!(write(&db, "after", well).await.expect("no panic").is_ok());
    });
    assert!(is_there(&db, "after"));
}
