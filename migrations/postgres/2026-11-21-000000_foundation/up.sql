-- Secrets that every instance of the service shares, made at first start.
CREATE TABLE installation_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE signing_keys (
    kid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    pkcs8 BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- The head of each journal: one for each alliance, and one (the nil id) for the installation.
CREATE TABLE journals (
    id UUID NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    last_at TIMESTAMPTZ NOT NULL
);

-- bytes are the entry: canonical json (RFC 8785), never rewritten. The columns beside them serve queries.
CREATE TABLE journal_entries (
    journal_id UUID NOT NULL REFERENCES journals (id),
    seq BIGINT NOT NULL,
    entry_at TIMESTAMPTZ NOT NULL,
    actor_id UUID NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    partner_id UUID,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (journal_id, seq)
);
CREATE INDEX journal_entries_subject ON journal_entries (journal_id, subject, seq);
CREATE INDEX journal_entries_partner ON journal_entries (journal_id, partner_id, seq);
CREATE INDEX journal_entries_time ON journal_entries (journal_id, entry_at);

-- Free text of entries: the entry holds SHA-256(salt, text), the text stands here and can go.
CREATE TABLE journal_texts (
    journal_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    salt BYTEA NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (journal_id, seq, pointer),
    FOREIGN KEY (journal_id, seq) REFERENCES journal_entries (journal_id, seq)
);

CREATE TABLE alliances (
    id UUID NOT NULL PRIMARY KEY REFERENCES journals (id),
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    version BIGINT NOT NULL
);

-- document is canonical json with all defaults; sha256 is over its bytes.
CREATE TABLE programme_versions (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (alliance_id, version)
);

CREATE TABLE partners (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    name_sort BYTEA NOT NULL,
    sector TEXT NOT NULL,
    region TEXT,
    municipality TEXT,
    area TEXT,
    cvr TEXT,
    website TEXT,
    part_of UUID REFERENCES partners (id),
    objectives JSONB NOT NULL,
    joined_on DATE,
    left_on DATE,
    version BIGINT NOT NULL,
    UNIQUE (alliance_id, name_key)
);
CREATE INDEX partners_order ON partners (alliance_id, name_sort, id);
CREATE INDEX partners_part_of ON partners (part_of);

CREATE TABLE memberships (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    partner_id UUID NOT NULL REFERENCES partners (id),
    position BIGINT NOT NULL,
    joined_on DATE,
    left_on DATE,
    UNIQUE (partner_id, position)
);
CREATE INDEX memberships_alliance ON memberships (alliance_id);

CREATE TABLE commitments (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    partner_id UUID NOT NULL REFERENCES partners (id),
    focus_area TEXT COLLATE "C" NOT NULL,
    goal TEXT NOT NULL,
    target JSONB,
    chosen_on DATE,
    version BIGINT NOT NULL,
    UNIQUE (partner_id, focus_area)
);
CREATE INDEX commitments_focus_area ON commitments (alliance_id, focus_area);

CREATE TABLE initiatives (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    lead_partner_id UUID NOT NULL REFERENCES partners (id),
    title TEXT NOT NULL,
    title_key TEXT COLLATE "C" NOT NULL,
    title_sort BYTEA NOT NULL,
    summary TEXT NOT NULL,
    focus_areas JSONB NOT NULL,
    target_group TEXT NOT NULL,
    approach TEXT,
    stage JSONB,
    status TEXT,
    starts_on TEXT,
    ends_on TEXT,
    began_before_joining BOOLEAN,
    version BIGINT NOT NULL
);
CREATE INDEX initiatives_order ON initiatives (alliance_id, title_sort, id);
CREATE INDEX initiatives_lead ON initiatives (lead_partner_id);

CREATE TABLE initiative_partners (
    initiative_id UUID NOT NULL REFERENCES initiatives (id),
    partner_id UUID NOT NULL REFERENCES partners (id),
    position BIGINT NOT NULL,
    PRIMARY KEY (initiative_id, partner_id)
);
CREATE INDEX initiative_partners_partner ON initiative_partners (partner_id);

CREATE TABLE initiative_focus_areas (
    initiative_id UUID NOT NULL REFERENCES initiatives (id),
    focus_area TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (initiative_id, focus_area)
);
CREATE INDEX initiative_focus_areas_area ON initiative_focus_areas (focus_area);

-- The draft (answers here, each initiative's part in report_parts) belongs to the partner; what
-- everybody else sees is the last row of report_versions.
CREATE TABLE reports (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    round TEXT COLLATE "C" NOT NULL,
    partner_id UUID NOT NULL REFERENCES partners (id),
    state TEXT COLLATE "C" NOT NULL,
    state_before TEXT NOT NULL,
    version BIGINT NOT NULL,
    answers JSONB NOT NULL,
    submitted_version BIGINT,
    submitted_at TIMESTAMPTZ,
    on_time BOOLEAN,
    UNIQUE (alliance_id, round, partner_id)
);
CREATE INDEX reports_partner ON reports (partner_id);

CREATE TABLE report_parts (
    report_id UUID NOT NULL REFERENCES reports (id),
    initiative_id UUID NOT NULL REFERENCES initiatives (id),
    position BIGINT NOT NULL,
    body JSONB NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (report_id, initiative_id)
);
CREATE INDEX report_parts_initiative ON report_parts (initiative_id);

CREATE TABLE report_versions (
    report_id UUID NOT NULL REFERENCES reports (id),
    number BIGINT NOT NULL,
    body JSONB NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    deadline TIMESTAMPTZ NOT NULL,
    on_time BOOLEAN NOT NULL,
    programme_version BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (report_id, number)
);

-- Initiatives that a submission names: they can't be deleted any more.
CREATE TABLE report_initiatives (
    report_id UUID NOT NULL REFERENCES reports (id),
    number BIGINT NOT NULL,
    initiative_id UUID NOT NULL REFERENCES initiatives (id),
    PRIMARY KEY (report_id, number, initiative_id)
);
CREATE INDEX report_initiatives_initiative ON report_initiatives (initiative_id);

CREATE TABLE report_points (
    id UUID NOT NULL PRIMARY KEY,
    report_id UUID NOT NULL REFERENCES reports (id),
    position BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    closed_by_version BIGINT,
    UNIQUE (report_id, position)
);

-- An API key is an actor. name is the only personal thing, and in no journal.
CREATE TABLE keys (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID REFERENCES alliances (id),
    role TEXT NOT NULL,
    partner_id UUID REFERENCES partners (id),
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX keys_alliance ON keys (alliance_id, id);
CREATE INDEX keys_partner ON keys (partner_id);

-- Answers to writes that may be sent again; written with the write, kept for 24 hours.
CREATE TABLE idempotent_answers (
    caller_id UUID NOT NULL,
    caller_key TEXT COLLATE "C" NOT NULL,
    address TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    status BIGINT NOT NULL,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    stored_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (caller_id, caller_key, address)
);
CREATE INDEX idempotent_answers_age ON idempotent_answers (stored_at);

-- Where one subject stands on one indicator: known from from_seq to to_seq, valid from from_on to to_on.
CREATE TABLE standings (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    indicator TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    subject_id UUID NOT NULL,
    partner_id UUID NOT NULL REFERENCES partners (id),
    standing TEXT NOT NULL,
    reason JSONB NOT NULL,
    sector TEXT NOT NULL,
    region TEXT,
    area TEXT,
    from_on DATE NOT NULL,
    to_on DATE,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    PRIMARY KEY (alliance_id, indicator, scope, subject_id, from_on, from_seq)
);
CREATE INDEX standings_partner ON standings (partner_id, to_seq);
CREATE INDEX standings_known ON standings (alliance_id, indicator, scope, to_seq, subject_id);

-- Running counts of what begins or ends to hold on from_on, as known from from_seq to to_seq.
CREATE TABLE tallies (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    indicator TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    dimension TEXT COLLATE "C" NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL,
    from_on DATE NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    not_counted BIGINT NOT NULL,
    not_applicable BIGINT NOT NULL,
    no_answer BIGINT NOT NULL,
    not_submitted BIGINT NOT NULL,
    PRIMARY KEY (alliance_id, indicator, scope, dimension, group_key, from_on, from_seq)
);
CREATE INDEX tallies_known ON tallies (alliance_id, dimension, scope, to_seq, indicator);
