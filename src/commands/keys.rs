//! `facit keys`.

use facit::api;
use facit::config::{CreateKeyArgs, DatabaseArgs, KeyArgs, KeysCommand};
use facit::db::{self, Conn, Db};
use facit::domain::checkpoint::base64;
use facit::domain::id::KeyId;
use facit::service::keys::{self, CreateKey, KeyView};
use facit::service::{self, Ctx, Error, erasures, installation, programmes};
use facit::store;
use facit::store::keys::Key;

use super::{Outcomes, open, print_line};

pub fn run(command: KeysCommand) -> Outcomes {
    match command {
        KeysCommand::Create(args) => create(args),
        KeysCommand::List(args) => list(&args),
        KeysCommand::Revoke(args) => revoke(&args),
        KeysCommand::Erase(args) => erase(&args),
        KeysCommand::Rotate(args) => rotate(&args),
    }
}

fn create(args: CreateKeyArgs) -> Outcomes {
    let db = open(&args.database.database)?;
    let ctx = Ctx::installation(api::now());
    let body = CreateKey {
        role: args.role,
        partner: args.partner,
        name: args.name,
        expires_at: args.expires_at,
    };
    let created = db.write_now(|conn| {
        let alliance = match &args.alliance {
            Some(slug) => Some(programmes::in_force(conn, slug)?.id),
            None => None,
        };
        keys::create(conn, &ctx, alliance, &body)
    });
    let created = created.map_err(|e| e.to_string())?;
    let shown = serde_json::json!({
        "id": created.key.id, "clientId": created.key.id.to_string(), "clientSecret": created.secret
    });
    print_line(&shown.to_string())
}

fn list(args: &DatabaseArgs) -> Outcomes {
    let db = open(&args.database)?;
    let keys = db.read_now(store::keys::all).map_err(|e: db::Error| e.to_string())?;
    let shown: Vec<KeyView> = keys.iter().map(KeyView::from).collect();
    print_line(&serde_json::to_string_pretty(&shown).map_err(|e| e.to_string())?)
}

fn revoke(args: &KeyArgs) -> Outcomes {
    let db = open(&args.database.database)?;
    end(&db, &args.id, keys::revoke)
}

fn erase(args: &KeyArgs) -> Outcomes {
    let db = open(&args.database.database)?;
    let outcome = end(&db, &args.id, keys::erase_holder)?;
    erasures::sweep_due(&db).map_err(|e| format!("erased, and still in the database's files: {e}"))?;
    Ok(outcome)
}

/// Ends a key one way or the other, and prints what is left of it.
fn end(db: &Db, id: &str, how: fn(&mut Conn, &Ctx, Key) -> service::Result<Key>) -> Outcomes {
    let ctx = Ctx::installation(api::now());
    let id = KeyId::parse(id).ok_or_else(|| format!("{id:?} is no key's id"))?;
    let ended = db.write_now(|conn| {
        let key = store::keys::find(conn, id)?.ok_or_else(Error::absent)?;
        how(conn, &ctx, key)
    });
    let key = ended.map_err(|e| e.to_string())?;
    print_line(&serde_json::to_string(&KeyView::from(&key)).map_err(|e| e.to_string())?)
}

fn rotate(args: &DatabaseArgs) -> Outcomes {
    let db = open(&args.database)?;
    let key = installation::rotate_note_key(&db, api::now()).map_err(|e| e.to_string())?;
    let shown = serde_json::json!({"publicKey": base64(&key.public)});
    print_line(&shown.to_string())
}
