//! Group commit: one thread writes, and what waits for it becomes durable together.
//!
//! A durable commit waits for the disk, and for nothing else that a write does here. So the thread runs
//! all that waits in one transaction, each piece of work in a savepoint of its own, commits once, and only
//! then answers each. Nobody hears of a write before it is on disk, and journal order is commit order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::savepoint::{Step, step};
use super::{Begin, BeginWrite, Conn, Error, Manager, Result};

/// How many pieces of work may wait. Beyond it a caller is told at once that the service is busy.
const MOST_WAITING: usize = 1024;
/// How many pieces of work one commit takes at most.
const MOST_TOGETHER: usize = 128;
/// How long a transaction goes on taking more work: whoever is in it waits for all of it.
const LONGEST: Duration = Duration::from_millis(50);

/// The way to the writing thread. The thread ends when this is gone.
pub(super) struct Writer {
    queue: SyncSender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the thread. `turn` is held during each transaction.
    pub(super) fn start(manager: Manager, turn: Arc<Mutex<()>>) -> Result<Writer> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        std::thread::Builder::new()
            .name("facit-writer".to_owned())
            .spawn(move || work_off(&waiting, &manager, &turn))
            .map_err(|e| Error::Unreachable(e.to_string()))?;
        Ok(Writer { queue })
    }

    /// Hands work in; what is answered comes after the commit.
    pub(super) async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Waiting { work: Some(work), outcome: None, is_at_fault: false, answer };
        if let Err(refused) = self.queue.try_send(Box::new(job)) {
            let cause = match refused {
                TrySendError::Full(_) => "too many writes wait",
                TrySendError::Disconnected(_) => "the writing thread is gone",
            };
            return Err(E::from(Error::Unreachable(cause.to_owned())));
        }
        let lost = |_| Err(E::from(Error::Unreachable("the writing thread is gone".to_owned())));
        answered.await.unwrap_or_else(lost)
    }
}

/// One piece of work, of whatever type.
trait Job: Send {
    /// Does the work inside the transaction. An error means that the transaction is lost, not that the
    /// work was refused.
    fn run(&mut self, conn: &mut Conn) -> Result<()>;

    /// Answers, once the fate of the transaction is known.
    fn settle(self: Box<Self>, fate: Result<()>);
}

struct Waiting<T, E, W> {
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    /// Whether the transaction was lost to this work.
    is_at_fault: bool,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, W> Job for Waiting<T, E, W>
where
    T: Send,
    E: From<Error> + Send,
    W: FnOnce(&mut Conn) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        // Whatever the work left half done goes with the transaction and its connection.
        let ran = catch_unwind(AssertUnwindSafe(|| step(conn, work)));
        let Step { outcome, ended } = ran.map_err(|panic| Error::Panicked(told(panic.as_ref())))?;
        self.outcome = Some(outcome);
        self.is_at_fault = ended.is_err();
        ended
    }

    /// A refusal is answered after the commit, too: what it was refused for may be part of it.
    fn settle(self: Box<Self>, fate: Result<()>) {
        let outcome = match (fate, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(E::from(Error::Unreachable("the work was not done".to_owned()))),
            (Err(_), Some(Err(own))) if self.is_at_fault => Err(own),
            (Err(lost), _) => Err(E::from(lost)),
        };
        // Whoever asked may have gone meanwhile.
        drop(self.answer.send(outcome));
    }
}

/// What a panic said.
fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a word".to_owned())
}

fn work_off(waiting: &Receiver<Box<dyn Job>>, manager: &Manager, turn: &Mutex<()>) {
    let mut kept = None;
    while let Ok(first) = waiting.recv() {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        kept = together(first, waiting, manager, kept);
    }
}

/// Runs the first piece of work and what waits behind it in one transaction, and answers each. Gives back
/// the connection if it is fit to be used again.
fn together(
    first: Box<dyn Job>,
    waiting: &Receiver<Box<dyn Job>>,
    manager: &Manager,
    kept: Option<Conn>,
) -> Option<Conn> {
    let mut conn = match begun(manager, kept) {
        Ok(conn) => conn,
        Err(unreachable) => {
            first.settle(Err(unreachable));
            return None;
        }
    };
    let mut done = Vec::new();
    let ran = run_all(first, waiting, &mut conn, &mut done).and_then(|()| end(&mut conn, "COMMIT"));
    let fate = ran.map_err(passing);
    report(&fate, done.len());
    let conn = match &fate {
        Ok(()) => Some(conn),
        Err(_) => {
            // The connection is not used again, whether or not it could still take this back.
            drop(end(&mut conn, "ROLLBACK"));
            None
        }
    };
    for job in done {
        job.settle(fate.clone());
    }
    conn
}

fn run_all(
    first: Box<dyn Job>,
    waiting: &Receiver<Box<dyn Job>>,
    conn: &mut Conn,
    done: &mut Vec<Box<dyn Job>>,
) -> Result<()> {
    let began = Instant::now();
    let mut next = Some(first);
    while let Some(mut job) = next {
        let ran = job.run(conn);
        done.push(job);
        ran?;
        let has_room = done.len() < MOST_TOGETHER && began.elapsed() < LONGEST;
        next = if has_room { waiting.try_recv().ok() } else { None };
    }
    Ok(())
}

/// A connection with an open write transaction. One that was kept may have been closed by the server
/// meanwhile; then a new one is opened.
fn begun(manager: &Manager, kept: Option<Conn>) -> Result<Conn> {
    if let Some(mut conn) = kept
        && BeginWrite.begin(&mut conn).is_ok()
    {
        return Ok(conn);
    }
    let mut conn = manager.open_for_writing()?;
    BeginWrite.begin(&mut conn)?;
    Ok(conn)
}

/// Whatever a transaction was lost to, nobody in it did wrong: the same work may succeed later.
fn passing(lost: Error) -> Error {
    match lost {
        Error::Full(_) | Error::Panicked(_) => lost,
        other => Error::Unreachable(format!("a transaction was lost: {other}")),
    }
}

fn end(conn: &mut Conn, statement: &str) -> Result<()> {
    Ok(conn.batch_execute(statement)?)
}

fn report(fate: &Result<()>, size: usize) {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    match fate {
        Ok(()) => {
            metrics::histogram!("facit_write_batch_size").record(f64::from(size));
            metrics::counter!("facit_writes_total").increment(u64::from(size));
        }
        Err(lost) => {
            metrics::counter!("facit_writes_lost_total").increment(u64::from(size));
            tracing::error!(writes = size, error = %lost, "nothing of a transaction was written");
        }
    }
}
