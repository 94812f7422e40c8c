//! Answers that were computed already, by all that they depend on.
//!
//! Between two writes every dashboard of an alliance asks for the same figures. Whoever asks is checked each
//! time, and so is the journal's size, which is part of what an answer is found by: another instance may have
//! written. So what is kept is never stale, and needs no clearing but for room.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::answer::Answer;

/// How many bytes of answers are kept, and of one at most.
const MOST: usize = 4 * 1024 * 1024;
const LARGEST: usize = 256 * 1024;

/// SHA-256 of all that an answer depends on.
pub type Basis = [u8; 32];

#[derive(Default)]
pub struct Kept(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    by_basis: HashMap<Basis, Answer>,
    bytes: usize,
}

impl Kept {
    pub fn find(&self, basis: &Basis) -> Option<Answer> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.by_basis.get(basis).cloned()
    }

    pub fn keep(&self, basis: Basis, answer: &Answer) {
        let size = answer.body.len();
        if size > LARGEST {
            return;
        }
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.bytes + size > MOST {
            // Most of it is of journal sizes that nobody will ask for again.
            *answers = Answers::default();
        }
        if answers.by_basis.insert(basis, answer.clone()).is_none() {
            answers.bytes += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(size: usize) -> Answer {
        Answer::of_bytes(vec![b' '; size])
    }

    #[test]
    fn an_answer_is_found_by_all_that_it_depends_on() {
        let kept = Kept::default();
        kept.keep([1; 32], &answer(10));
        assert_eq!(kept.find(&[1; 32]).map(|answer| answer.body.len()), Some(10));
        assert!(kept.find(&[2; 32]).is_none());
    }

    #[test]
    fn memory_stays_bounded() {
        let kept = Kept::default();
        kept.keep([0; 32], &answer(LARGEST + 1));
        assert!(kept.find(&[0; 32]).is_none(), "one that is too large is computed each time");
        for n in 1..=200_u8 {
            kept.keep([n; 32], &answer(LARGEST));
            assert!(kept.find(&[n; 32]).is_some());
            assert!(kept.0.lock().expect("no panic").bytes <= MOST);
        }
    }
}
