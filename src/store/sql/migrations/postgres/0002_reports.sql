-- Reports, their timeline, photos and supporters; staff and what they do.
-- Times are milliseconds since 1970-01-01T00:00Z; flags are 0 and 1.
ALTER TABLE ledger ADD COLUMN last_report BIGINT NOT NULL DEFAULT 0;

-- What staff decided about a 寄语: NULL not yet, 'shown', 'refused'.
ALTER TABLE signatures ADD COLUMN message_state TEXT;
CREATE INDEX signatures_messages ON signatures (ordinal) WHERE state = 'valid' AND message IS NOT NULL;

CREATE TABLE reports (
    serial BIGINT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    year BIGINT NOT NULL,
    visitor TEXT,
    source TEXT NOT NULL,
    source_number TEXT,
    entered_by BIGINT,
    state TEXT NOT NULL CHECK (state IN ('submitted', 'needs_info', 'accepted', 'dispatched',
        'in_progress', 'awaiting_check', 'closed', 'rejected', 'duplicate', 'referred', 'withdrawn')),
    category TEXT NOT NULL,
    kind TEXT NOT NULL,
    grid TEXT,
    branch TEXT NOT NULL,
    unit TEXT NOT NULL,
    description TEXT NOT NULL,
    place TEXT NOT NULL,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    accuracy BIGINT,
    contact_name TEXT,
    contact_phone TEXT,
    consent TEXT NOT NULL,
    summary TEXT,
    hidden BIGINT NOT NULL,
    version BIGINT NOT NULL,
    handler BIGINT,
    claimed_by BIGINT,
    level BIGINT NOT NULL,
    reopened BIGINT NOT NULL,
    supervised BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    accepted_at BIGINT,
    finished_at BIGINT,
    closed_at BIGINT,
    due_at BIGINT,
    soon_at BIGINT,
    escalate_at BIGINT,
    promised_at BIGINT,
    extension_days BIGINT,
    extension_reason TEXT,
    extension_by BIGINT,
    duplicate_of BIGINT,
    referred_to TEXT,
    referred_number TEXT,
    solved BIGINT,
    satisfied TEXT,
    rating_comment TEXT,
    urged_at BIGINT,
    supporters BIGINT NOT NULL,
    form_key TEXT
);
-- The words of these conditions are those of the queries that use them.
CREATE INDEX reports_due ON reports (COALESCE(due_at, 9223372036854775807), serial)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
-- What waits is counted from these alone.
CREATE INDEX reports_waiting_grid ON reports (grid, due_at, soon_at, reopened, state)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_waiting_branch ON reports (branch, due_at, soon_at, reopened, state)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_state ON reports (state, serial);
CREATE INDEX reports_grid ON reports (grid, state, serial);
CREATE INDEX reports_branch ON reports (branch, state, serial);
CREATE INDEX reports_visitor ON reports (visitor, serial) WHERE visitor IS NOT NULL;
CREATE INDEX reports_escalate ON reports (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE INDEX reports_public ON reports (serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_form ON reports (form_key) WHERE form_key IS NOT NULL;

-- One row for each change of a report, made in the same transaction.
CREATE TABLE report_events (
    serial BIGINT NOT NULL REFERENCES reports (serial),
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    staff BIGINT,
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    text TEXT,
    audience TEXT NOT NULL,
    detail TEXT,
    PRIMARY KEY (serial, version)
);

-- A photo without a report is held for its visitor; the pictures are in the photo store.
CREATE TABLE photos (
    id TEXT PRIMARY KEY,
    serial BIGINT REFERENCES reports (serial),
    visitor TEXT,
    role TEXT NOT NULL,
    public BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX photos_report ON photos (serial, at) WHERE serial IS NOT NULL;
CREATE INDEX photos_held ON photos (at) WHERE serial IS NULL;

-- 我也遇到过: one visitor supports once.
CREATE TABLE supports (
    serial BIGINT NOT NULL REFERENCES reports (serial),
    visitor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (serial, visitor)
);
CREATE INDEX supports_visitor ON supports (visitor, at);

-- grids and branches are JSON arrays of slugs.
CREATE TABLE staff (
    id BIGINT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('grid-worker', 'branch-lead', 'manager')),
    grids TEXT NOT NULL,
    branches TEXT NOT NULL,
    password TEXT NOT NULL,
    active BIGINT NOT NULL,
    stand_in BIGINT,
    created_at BIGINT NOT NULL
);

-- token is a hash: who reads this table cannot log in with it.
CREATE TABLE sessions (
    token TEXT PRIMARY KEY,
    staff BIGINT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_staff ON sessions (staff);

-- What staff did besides moving a report on: logins, exports, contacts shown, staff changed.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    staff BIGINT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);

-- Notices that have to reach a webhook.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    serial BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    done_at BIGINT
);
CREATE INDEX outbox_next ON outbox (next_at) WHERE next_at IS NOT NULL;

-- Someone objects to a 寄语 on the wall.
CREATE TABLE objections (
    ordinal BIGINT NOT NULL,
    visitor TEXT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT,
    PRIMARY KEY (ordinal, visitor)
);
