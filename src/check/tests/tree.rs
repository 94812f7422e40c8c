//! Hands in the journal and its tree: what they changed is named by its number, as long as a checkpoint was signed.

use diesel::prelude::*;

use super::super::{Findings, check, check_against, check_installation};
use super::world::{SLUG, World, office, world};
use super::{listed, tampered, tampered_by};
use crate::auth::notes::{NoteKey, Signer};
use crate::db::Conn;
use crate::db::schema::{checkpoints, journal_entries, journal_hashes, journals};
use crate::domain::id::AllianceId;
use crate::domain::tree::{append, leaf_hash};
use crate::service::checkpoints::{Of, sign};
use crate::service::{installation, keys, programmes};
use crate::store;

/// The world with a checkpoint of everything, two entries more, and a checkpoint of these.
struct Signed {
    world: World,
    journal: AllianceId,
    first: i64,
    last: i64,
    /// The last one, as somebody keeps it.
    note: String,
}

fn signed(name: &str) -> Signed {
    let world = world(name);
    let ctx = office("2024-02-01T08:00:00Z");
    let keys = installation::open(&world.db, ctx.now).expect("shared secrets").note_keys;
    let signer = Signer { origin: "facit.example.org".to_owned(), keys };
    let journal = world
        .db
        .read_now(|conn| programmes::in_force(conn, SLUG))
        .expect("an alliance")
        .id;
    let of = Of { journal, slug: SLUG };
    let checkpoint = || {
        world
            .db
            .write_now(|conn| sign(conn, &signer, of, ctx.now))
            .expect("a checkpoint")
    };
    let first = checkpoint().size;
    for name in ["en", "to"] {
        let body = super::world::from(serde_json::json!({"role": "reader", "name": name}));
        world
            .db
            .write_now(|conn| keys::create(conn, &ctx, Some(journal), &body))
            .expect("a key");
    }
    let last = checkpoint();
    assert_eq!(last.size, first + 2);
    Signed { journal, first, last: last.size, note: last.note, world }
}

/// The addresses of what was found about the journal, its tree and its checkpoints.
fn named(found: &Findings) -> Vec<&str> {
    let addresses = found.differences.iter().map(|difference| difference.address.as_str());
    addresses.filter(|address| address.starts_with("journal/")).collect()
}

fn says(found: &Findings, address: &str, words: &str) {
    let mut all = found.differences.iter().filter(|difference| difference.address == address);
    assert!(
        all.any(|difference| difference.detail.contains(words)),
        "{address}: {words}\n{}",
        listed(found)
    );
}

/// All hashes made anew from the entries as they are, as whoever covers tracks would.
fn hash_anew(conn: &mut Conn, journal: AllianceId) {
    let own = journal_hashes::table.filter(journal_hashes::journal_id.eq(journal));
    diesel::delete(own).execute(conn).expect("gone");
    let mut hashes = std::collections::BTreeMap::new();
    for (index, entry) in (0..).zip(store::audit::entries(conn, journal, 0, 10_000).expect("entries")) {
        let grown =
            append(index, leaf_hash(&entry.bytes), |node| hashes.get(&node).copied()).expect("a tree");
        store::tree::insert(conn, journal, &grown).expect("hashes");
        hashes.extend(grown);
    }
}

/// Another nonce in an entry: nothing that is counted changes.
fn remake(conn: &mut Conn, journal: AllianceId, seq: i64) {
    let entry = store::journal::find(conn, journal, seq).expect("a look").expect("an entry");
    let mut value: serde_json::Value = serde_json::from_slice(&entry.bytes).expect("JSON");
    value["nonce"] = "00112233445566778899aabbccddeeff".into();
    let bytes = serde_json_canonicalizer::to_vec(&value).expect("JSON");
    let changed = diesel::update(journal_entries::table.find((journal, seq)));
    changed.set(journal_entries::bytes.eq(bytes)).execute(conn).expect("changed");
}

#[test]
fn a_tree_that_nobody_touched_is_what_the_entries_make_it() {
    let Signed { world, last, note, .. } = signed("tree-clean");
    let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
    assert!(found.differences.is_empty(), "{}", listed(&found));
    assert_eq!(found.entries, last);
    assert!(found.hashes > last && found.hashes < 2 * last, "{}", found.hashes);
    let found = world.db.read_now(check_installation).expect("a check");
    assert_eq!((found.hashes, found.differences), (1, vec![]));
    let kept = world.db.read_now(|conn| check_against(conn, SLUG, &note)).expect("a check");
    assert!(kept.differences.is_empty(), "{}", listed(&kept));
}

#[test]
fn a_hand_in_the_tree_is_named_by_the_entry_or_the_node() {
    let Signed { world, last, .. } = signed("tree-hands");
    let own = "journal_id = (SELECT id FROM alliances)";
    let at =
        |level: i64, position: i64| format!("WHERE {own} AND level = {level} AND position = {position}");
    let other = "hash = zeroblob(32)";
    let cases: [(String, Vec<&str>, &str); 7] = [
        (
            format!("UPDATE journal_hashes SET {other} {}", at(0, 6)),
            vec!["journal/7", "journal/tree/1/3"],
            "not the one",
        ),
        (format!("DELETE FROM journal_hashes {}", at(0, 6)), vec!["journal/7"], "has no leaf"),
        (
            format!("UPDATE journal_hashes SET {other} {}", at(1, 3)),
            vec!["journal/tree/1/3", "journal/tree/2/1"],
            "entries 7 to 8",
        ),
        (format!("DELETE FROM journal_hashes {}", at(1, 3)), vec!["journal/tree/1/3"], "missing"),
        (
            format!("UPDATE journal_hashes SET position = 1000 {}", at(1, 3)),
            vec!["journal/tree/1/3", "journal/tree/1/1000"],
            "missing",
        ),
        (
            format!(
                "INSERT INTO journal_hashes SELECT journal_id, 0, {last}, hash FROM journal_hashes {}",
                at(0, 6)
            ),
            vec!["LAST"],
            "an entry that is missing",
        ),
        (
            format!("UPDATE journal_hashes SET hash = x'00' {}", at(2, 0)),
            vec!["journal/tree/2/0", "journal/tree/3/0"],
            "entries 1 to 4",
        ),
    ];
    let behind = format!("journal/{}", last + 1);
    for (statement, addresses, words) in cases {
        let found = tampered(&world.db, &statement);
        let addresses: Vec<&str> = addresses
            .into_iter()
            .map(|address| if address == "LAST" { &behind } else { address })
            .collect();
        assert_eq!(named(&found), addresses, "{statement}\n{}", listed(&found));
        assert_eq!(found.differences.len(), addresses.len(), "{}", listed(&found));
        says(&found, addresses[0], words);
    }
    // The installation's tree as well.
    let mut found = None;
    let undone = world.db.write_now(|conn| {
        let own = journal_hashes::table.filter(journal_hashes::journal_id.eq(AllianceId::INSTALLATION));
        diesel::delete(own).execute(conn).expect("gone");
        found = Some(check_installation(conn)?);
        Err::<(), _>(crate::service::Error::absent())
    });
    assert!(undone.is_err());
    assert_eq!(found.expect("findings").differences[0].address, "installation/journal/1");
}

#[test]
fn entries_that_were_changed_removed_or_swapped_are_named_by_their_numbers() {
    let Signed { world, journal, first, last, note } = signed("tree-entries");
    let changed = tampered_by(&world.db, |conn| remake(conn, journal, 7));
    assert_eq!(
        named(&changed),
        ["journal/7", &format!("journal/checkpoints/{first}")],
        "{}",
        listed(&changed)
    );

    let removed = tampered(
        &world.db,
        "DELETE FROM journal_texts WHERE seq = 7; DELETE FROM journal_entries WHERE seq = 7 \
        AND journal_id = (SELECT id FROM alliances)",
    );
    says(&removed, "journal/7", "the entry is missing");
    says(&removed, "journal/7", "a leaf for an entry that is missing");
    says(&removed, &format!("journal/checkpoints/{first}"), "are not all there");

    let swapped = tampered_by(&world.db, |conn| {
        let bytes = |conn: &mut Conn, seq| {
            store::journal::find(conn, journal, seq)
                .expect("a look")
                .expect("an entry")
                .bytes
        };
        let (two, three) = (bytes(conn, 2), bytes(conn, 3));
        for (seq, bytes) in [(2, three), (3, two)] {
            let entry = diesel::update(journal_entries::table.find((journal, seq)));
            entry.set(journal_entries::bytes.eq(bytes)).execute(conn).expect("changed");
        }
    });
    for seq in [2, 3] {
        says(&swapped, &format!("journal/{seq}"), "not the one that was put into the tree");
        says(&swapped, &format!("journal/{seq}"), "a column is not what the bytes say");
    }
    assert!(!named(&swapped).contains(&"journal/4"), "{}", listed(&swapped));

    // Covered as well as anybody can who has the database: what was signed still tells.
    for (seq, size, among) in [
        (7, first, format!("entries 1 to {first}")),
        (last, last, format!("entries {} to {last}", first + 1)),
    ] {
        let covered = |conn: &mut Conn| {
            remake(conn, journal, seq);
            hash_anew(conn, journal);
        };
        let found = tampered_by(&world.db, covered);
        let address = format!("journal/checkpoints/{size}");
        assert_eq!(named(&found), [address.as_str()], "{}", listed(&found));
        says(&found, &address, &among);
        // And where the checkpoints were taken away, too, whoever kept one.
        let found = against(&world, &note, |conn| {
            covered(conn);
            diesel::delete(checkpoints::table).execute(conn).expect("gone");
        });
        assert_eq!(named(&found), [format!("journal/checkpoints/{last}")], "{}", listed(&found));
    }

    let shorter = tampered_by(&world.db, |conn| {
        diesel::delete(journal_entries::table.find((journal, last)))
            .execute(conn)
            .expect("gone");
        let head = diesel::update(journals::table.find(journal)).set(journals::size.eq(last - 1));
        head.execute(conn).expect("moved");
        hash_anew(conn, journal);
    });
    says(
        &shorter,
        &format!("journal/checkpoints/{last}"),
        &format!("entries {} to {last} were signed", first + 1),
    );
}

/// What a kept checkpoint tells after a hand, whose work is undone.
fn against(world: &World, note: &str, hand: impl FnOnce(&mut Conn)) -> Findings {
    let mut found = None;
    let undone = world.db.write_now(|conn| {
        hand(conn);
        found = Some(check_against(conn, SLUG, note)?);
        Err::<(), _>(crate::service::Error::absent())
    });
    assert!(undone.is_err());
    found.expect("findings")
}

#[test]
fn a_checkpoint_that_was_changed_or_made_up_is_named() {
    let Signed { world, journal, first, last, note } = signed("tree-checkpoints");
    let address = format!("journal/checkpoints/{last}");
    for statement in [
        format!("UPDATE checkpoints SET root = zeroblob(32) WHERE size = {last}"),
        format!("UPDATE checkpoints SET root = x'00' WHERE size = {last}"),
        format!("UPDATE checkpoints SET note = 'Intet' WHERE size = {last}"),
        format!("UPDATE checkpoints SET note = replace(note, 'facit.', 'falsk.') WHERE size = {last}"),
        format!(
            "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = {first}) WHERE size = {last}"
        ),
    ] {
        let found = tampered(&world.db, &statement);
        assert_eq!(named(&found), [address.as_str()], "{statement}\n{}", listed(&found));
    }
    let moved = tampered(&world.db, &format!("UPDATE checkpoints SET size = 999 WHERE size = {last}"));
    assert_eq!(named(&moved), ["journal/checkpoints/999"], "{}", listed(&moved));
    let foreign = NoteKey::generate();
    let text = note.split_once("\n\n").expect("a note").0;
    let forged = foreign.sign("facit.example.org/demo", &format!("{text}\n")).expect("a note");
    let found = tampered_by(&world.db, |conn| {
        let row = diesel::update(checkpoints::table.find((journal, last)));
        row.set(checkpoints::note.eq(&forged)).execute(conn).expect("changed");
    });
    assert_eq!(named(&found), [address.as_str()]);
    says(&found, &address, "no key of this installation");
    for wrong in [forged.as_str(), "", "Intet"] {
        let found = world.db.read_now(|conn| check_against(conn, SLUG, wrong)).expect("a check");
        assert_eq!(found.differences.len(), 1, "{}", listed(&found));
        assert_eq!(found.differences[0].address, "the checkpoint given");
    }
}
