-- Version 1 of the state file. Each statement stands alone; all of them run in one transaction.
CREATE TABLE entity (          -- one row per thing remembered: a target, an incident, a ban, or a single value ('')
    kind TEXT NOT NULL,        -- the field of core.state.State it belongs to
    id   TEXT NOT NULL,
    body TEXT NOT NULL,        -- JSON of the model's value
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE notification (
    key  TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE outbox (          -- one row per notification and receiver URL
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,   -- the order of deciding
    key      TEXT NOT NULL,
    receiver TEXT NOT NULL,
    status   TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try TEXT,             -- RFC 3339, NULL: at once
    UNIQUE (key, receiver)
);

CREATE INDEX outbox_pending ON outbox (receiver, seq) WHERE status = 'pending';
