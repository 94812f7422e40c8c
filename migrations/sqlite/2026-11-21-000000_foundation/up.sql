-- Secrets that every instance of the service shares, made at first start.
CREATE TABLE installation_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    pkcs8 BLOB NOT NULL,
    public_key BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- The head of each journal: one for each alliance, and one (the nil id) for the installation.
CREATE TABLE journals (
    id BLOB NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    last_at TEXT NOT NULL
) STRICT;

-- bytes are the entry: canonical json (RFC 8785), never rewritten. The columns beside them serve queries.
CREATE TABLE journal_entries (
    journal_id BLOB NOT NULL REFERENCES journals (id),
    seq INTEGER NOT NULL,
    entry_at TEXT NOT NULL,
    actor_id BLOB NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    partner_id BLOB,
    bytes BLOB NOT NULL,
    PRIMARY KEY (journal_id, seq)
) STRICT;
CREATE INDEX journal_entries_subject ON journal_entries (journal_id, subject, seq);
CREATE INDEX journal_entries_partner ON journal_entries (journal_id, partner_id, seq);
CREATE INDEX journal_entries_time ON journal_entries (journal_id, entry_at);

-- Free text of entries: the entry holds SHA-256(salt, text), the text stands here and can go.
CREATE TABLE journal_texts (
    journal_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    pointer TEXT NOT NULL,
    salt BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (journal_id, seq, pointer),
    FOREIGN KEY (journal_id, seq) REFERENCES journal_entries (journal_id, seq)
) STRICT;

CREATE TABLE alliances (
    id BLOB NOT NULL PRIMARY KEY REFERENCES journals (id),
    slug TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL
) STRICT;

-- document is canonical json with all defaults; sha256 is over its bytes.
CREATE TABLE programme_versions (
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (alliance_id, version)
) STRICT;

CREATE TABLE partners (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name_sort BLOB NOT NULL,
    sector TEXT NOT NULL,
    region TEXT,
    municipality TEXT,
    area TEXT,
    cvr TEXT,
    website TEXT,
    part_of BLOB REFERENCES partners (id),
    objectives TEXT NOT NULL,
    joined_on TEXT,
    left_on TEXT,
    version INTEGER NOT NULL,
    UNIQUE (alliance_id, name_key)
) STRICT;
CREATE INDEX partners_order ON partners (alliance_id, name_sort, id);
CREATE INDEX partners_part_of ON partners (part_of);

CREATE TABLE memberships (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    partner_id BLOB NOT NULL REFERENCES partners (id),
    position INTEGER NOT NULL,
    joined_on TEXT,
    left_on TEXT,
    UNIQUE (partner_id, position)
) STRICT;
CREATE INDEX memberships_alliance ON memberships (alliance_id);

CREATE TABLE commitments (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    partner_id BLOB NOT NULL REFERENCES partners (id),
    focus_area TEXT NOT NULL,
    goal TEXT NOT NULL,
    target TEXT,
    chosen_on TEXT,
    version INTEGER NOT NULL,
    UNIQUE (partner_id, focus_area)
) STRICT;
CREATE INDEX commitments_focus_area ON commitments (alliance_id, focus_area);

CREATE TABLE initiatives (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    lead_partner_id BLOB NOT NULL REFERENCES partners (id),
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    title_sort BLOB NOT NULL,
    summary TEXT NOT NULL,
    focus_areas TEXT NOT NULL,
    target_group TEXT NOT NULL,
    approach TEXT,
    stage TEXT,
    status TEXT,
    starts_on TEXT,
    ends_on TEXT,
    began_before_joining INTEGER,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX initiatives_order ON initiatives (alliance_id, title_sort, id);
CREATE INDEX initiatives_lead ON initiatives (lead_partner_id);

CREATE TABLE initiative_partners (
    initiative_id BLOB NOT NULL REFERENCES initiatives (id),
    partner_id BLOB NOT NULL REFERENCES partners (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (initiative_id, partner_id)
) STRICT;
CREATE INDEX initiative_partners_partner ON initiative_partners (partner_id);

CREATE TABLE initiative_focus_areas (
    initiative_id BLOB NOT NULL REFERENCES initiatives (id),
    focus_area TEXT NOT NULL,
    PRIMARY KEY (initiative_id, focus_area)
) STRICT;
CREATE INDEX initiative_focus_areas_area ON initiative_focus_areas (focus_area);

-- The draft (answers here, each initiative's part in report_parts) belongs to the partner; what
-- everybody else sees is the last row of report_versions.
CREATE TABLE reports (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    round TEXT NOT NULL,
    partner_id BLOB NOT NULL REFERENCES partners (id),
    state TEXT NOT NULL,
    state_before TEXT NOT NULL,
    version INTEGER NOT NULL,
    answers TEXT NOT NULL,
    submitted_version INTEGER,
    submitted_at TEXT,
    on_time INTEGER,
    UNIQUE (alliance_id, round, partner_id)
) STRICT;
CREATE INDEX reports_partner ON reports (partner_id);

CREATE TABLE report_parts (
    report_id BLOB NOT NULL REFERENCES reports (id),
    initiative_id BLOB NOT NULL REFERENCES initiatives (id),
    position INTEGER NOT NULL,
    body TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (report_id, initiative_id)
) STRICT;
CREATE INDEX report_parts_initiative ON report_parts (initiative_id);

CREATE TABLE report_versions (
    report_id BLOB NOT NULL REFERENCES reports (id),
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    received_at TEXT NOT NULL,
    deadline TEXT NOT NULL,
    on_time INTEGER NOT NULL,
    programme_version INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (report_id, number)
) STRICT;

-- Initiatives that a submission names: they can't be deleted any more.
CREATE TABLE report_initiatives (
    report_id BLOB NOT NULL REFERENCES reports (id),
    number INTEGER NOT NULL,
    initiative_id BLOB NOT NULL REFERENCES initiatives (id),
    PRIMARY KEY (report_id, number, initiative_id)
) STRICT;
CREATE INDEX report_initiatives_initiative ON report_initiatives (initiative_id);

CREATE TABLE report_points (
    id BLOB NOT NULL PRIMARY KEY,
    report_id BLOB NOT NULL REFERENCES reports (id),
    position INTEGER NOT NULL,
    pointer TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_by_version INTEGER,
    UNIQUE (report_id, position)
) STRICT;

-- An API key is an actor. name is the only personal thing, and in no journal.
CREATE TABLE keys (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB REFERENCES alliances (id),
    role TEXT NOT NULL,
    partner_id BLOB REFERENCES partners (id),
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;
CREATE INDEX keys_alliance ON keys (alliance_id, id);
CREATE INDEX keys_partner ON keys (partner_id);

-- Answers to writes that may be sent again; written with the write, kept for 24 hours.
CREATE TABLE idempotent_answers (
    caller_id BLOB NOT NULL,
    caller_key TEXT NOT NULL,
    address TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    stored_at TEXT NOT NULL,
    PRIMARY KEY (caller_id, caller_key, address)
) STRICT;
CREATE INDEX idempotent_answers_age ON idempotent_answers (stored_at);

-- Where one subject stands on one indicator: known from from_seq to to_seq, valid from from_on to to_on.
CREATE TABLE standings (
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    indicator TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    partner_id BLOB NOT NULL REFERENCES partners (id),
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    sector TEXT NOT NULL,
    region TEXT,
    area TEXT,
    from_on TEXT NOT NULL,
    to_on TEXT,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    PRIMARY KEY (alliance_id, indicator, scope, subject_id, from_on, from_seq)
) STRICT;
CREATE INDEX standings_partner ON standings (partner_id, to_seq);
CREATE INDEX standings_known ON standings (alliance_id, indicator, scope, to_seq, subject_id);

-- Running counts of what begins or ends to hold on from_on, as known from from_seq to to_seq.
CREATE TABLE tallies (
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    indicator TEXT NOT NULL,
    scope TEXT NOT NULL,
    dimension TEXT NOT NULL,
    group_key TEXT NOT NULL,
    from_on TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    not_counted INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL,
    no_answer INTEGER NOT NULL,
    not_submitted INTEGER NOT NULL,
    PRIMARY KEY (alliance_id, indicator, scope, dimension, group_key, from_on, from_seq)
) STRICT;
CREATE INDEX tallies_known ON tallies (alliance_id, dimension, scope, to_seq, indicator);
