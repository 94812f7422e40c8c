//! Signed notes (c2sp.org/signed-note) with Ed25519: text that people can read, and a line below it for each
//! signature. Checkpoints and editions are signed so, by one key of the installation, which signs no tokens.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::domain::journal::hex;

#[cfg(test)]
mod tests;

/// The signature type of Ed25519.
const ED25519_TYPE: u8 = 1;
/// A line of a note that begins so is a signature.
const DASH: &str = "\u{2014} ";
/// A note with more signatures is not looked at (the specification wants at least 16).
const MOST_SIGNATURES: usize = 64;

/// A key that notes are signed with. It has no `Debug`, so that it can't end up in a log.
#[derive(Clone)]
pub struct NoteKey {
    /// The private key, PKCS #8 in DER.
    pub pkcs8: Vec<u8>,
    pub public: [u8; 32],
}

/// Signs in the name of an alliance of this installation.
#[derive(Clone)]
pub struct Signer {
    /// What names begin with; `facit.example.org`.
    pub origin: String,
    /// The last signs; all are the installation's.
    pub keys: Vec<NoteKey>,
}

/// Whom a note is believed: a name and a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    pub name: String,
    pub public: [u8; 32],
}

/// What was stored as the private key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadKey;

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteFault {
    /// It is not a text, an empty line, and lines of signatures.
    Malformed,
    /// A signature in the name of a known key is not that key's over this text.
    BadSignature,
    /// No known key has signed it.
    Unsigned,
}

impl NoteKey {
    /// Makes a new key.
    ///
    /// # Panics
    ///
    /// When the machine can't make one. Nothing could be signed then.
    #[expect(clippy::expect_used, reason = "nothing could be signed then")]
    pub fn generate() -> NoteKey {
        let pair = Ed25519KeyPair::generate().expect("the machine can make a key");
        NoteKey::of(&pair).expect("a new key can be written down")
    }

    fn of(pair: &Ed25519KeyPair) -> Option<NoteKey> {
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(NoteKey { pkcs8: pair.to_pkcs8().ok()?.as_ref().to_vec(), public })
    }

    /// The text, which must end with a line break, with this key's signature in this name. The same text and
    /// name give the same note (RFC 8032).
    pub fn sign(&self, name: &str, text: &str) -> Result<String, BadKey> {
        let pair = Ed25519KeyPair::from_pkcs8(&self.pkcs8).map_err(|_| BadKey)?;
        let mut signature = self.verifier(name).id().to_vec();
        signature.extend(pair.sign(text.as_bytes()).as_ref());
        Ok(format!("{text}\n{DASH}{name} {}\n", BASE64_STANDARD.encode(signature)))
    }

    /// Whoever signs in this name with this key.
    pub fn verifier(&self, name: &str) -> Verifier {
        Verifier { name: name.to_owned(), public: self.public }
    }
}

impl Signer {
    /// The name of an alliance's key, which is the origin of its journal's checkpoints.
    pub fn name(&self, slug: &str) -> String {
        format!("{}/{slug}", self.origin)
    }

    /// The text, which must end with a line break, signed in an alliance's name.
    pub fn sign(&self, slug: &str, text: &str) -> Result<String, BadKey> {
        self.keys.last().ok_or(BadKey)?.sign(&self.name(slug), text)
    }

    /// Whose signatures are an alliance's, the one that signs now first.
    pub fn verifiers(&self, slug: &str) -> Vec<Verifier> {
        let name = self.name(slug);
        self.keys.iter().rev().map(|key| key.verifier(&name)).collect()
    }
}

impl Verifier {
    /// The first four bytes of SHA-256 over name, line break, type and public key: tells keys of one name apart.
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519_TYPE]);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.chain_update(self.public).finalize());
        [a, b, c, d]
    }

    /// Reads `name+id+key`, as `Display` writes it. `None` if it is not of an Ed25519 key, or its id is another's.
    pub fn parse(text: &str) -> Option<Verifier> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let key = BASE64_STANDARD.decode(key).ok()?;
        let (kind, public) = key.split_first()?;
        let verifier = Verifier { name: name.to_owned(), public: public.try_into().ok()? };
        let is_right = *kind == ED25519_TYPE && is_name(name) && hex(&verifier.id()) == id;
        is_right.then_some(verifier)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_TYPE], self.public.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), BASE64_STANDARD.encode(key))
    }
}

/// Whether a key can have this name: not empty, no spaces, no plus, no control characters.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// The text of a note that at least one of these signed. Signatures of others are passed over; one in the name and
/// with the id of one of these must be right.
pub fn open<'a>(note: &'a str, verifiers: &[Verifier]) -> Result<&'a str, NoteFault> {
    if note.contains(|c: char| c < ' ' && c != '\n') {
        return Err(NoteFault::Malformed);
    }
    let end = note.rfind("\n\n").ok_or(NoteFault::Malformed)?;
    let (text, signatures) = note.split_at(end + 1);
    let signatures = signatures.strip_prefix('\n').ok_or(NoteFault::Malformed)?;
    let lines = signatures.strip_suffix('\n').ok_or(NoteFault::Malformed)?;
    let mut is_signed = false;
    for (number, line) in lines.split('\n').enumerate() {
        let (name, signature) = signature(line).ok_or(NoteFault::Malformed)?;
        if number >= MOST_SIGNATURES {
            return Err(NoteFault::Malformed);
        }
        let (id, signature) = signature.split_first_chunk::<4>().ok_or(NoteFault::Malformed)?;
        let known = verifiers.iter().find(|known| known.name == name && known.id() == *id);
        if let Some(known) = known {
            let key = UnparsedPublicKey::new(&ED25519, &known.public);
            key.verify(text.as_bytes(), signature).map_err(|_| NoteFault::BadSignature)?;
            is_signed = true;
        }
    }
    if is_signed { Ok(text) } else { Err(NoteFault::Unsigned) }
}

/// The name and the bytes of a line.
fn signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
    let signature = BASE64_STANDARD.decode(signature).ok()?;
    (is_name(name) && signature.len() > 4).then_some((name, signature))
}
