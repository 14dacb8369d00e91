-- Version 1 of the history file. Instants are ms since 1970 UTC, durations tenths of a ms, hours numbered since 1970.
CREATE TABLE service (
    id        INTEGER PRIMARY KEY,
    authority TEXT NOT NULL,
    service   TEXT NOT NULL,
    UNIQUE (authority, service)
);

CREATE TABLE target (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    service INTEGER NOT NULL REFERENCES service (id),
    holds   INTEGER NOT NULL       -- the longest that a run of it ever spoke for, ms
);

CREATE INDEX target_service ON target (service);

-- In order of time, not of target: a batch of a thousand targets then fills a few pages instead of touching a thousand,
-- and pruning takes whole pages off the front. One target's runs are found through the hours it has.
CREATE TABLE run (
    at         INTEGER NOT NULL,
    target     INTEGER NOT NULL,
    duration   INTEGER NOT NULL,
    holds      INTEGER NOT NULL,   -- how long it speaks at most, ms
    standing   INTEGER,            -- core.history.Standing, NULL: says nothing
    bits       INTEGER NOT NULL,   -- 1: scheduled, 2: maintenance was planned
    cause      TEXT,               -- NULL: none, it was ok
    phase      TEXT,
    flags      TEXT,               -- 'slow,throttled'
    resolve    INTEGER,
    connect    INTEGER,
    tls        INTEGER,
    processing INTEGER,
    transfer   INTEGER,
    address    BLOB,               -- 4 or 16 bytes; text where it is no address
    status     INTEGER,
    code       TEXT,
    lag        INTEGER,            -- ms
    detail     TEXT,
    PRIMARY KEY (at, target)
) WITHOUT ROWID;

CREATE TABLE target_hour (
    target          INTEGER NOT NULL,
    hour            INTEGER NOT NULL,
    ok              INTEGER NOT NULL,
    error           INTEGER NOT NULL,
    timeout         INTEGER NOT NULL,
    planned_ok      INTEGER NOT NULL,
    planned_error   INTEGER NOT NULL,
    planned_timeout INTEGER NOT NULL,
    duration_sum    INTEGER NOT NULL,
    duration_p50    INTEGER,
    duration_p95    INTEGER,
    duration_max    INTEGER,
    causes          TEXT,          -- JSON {cause: runs}, NULL: none failed
    up              INTEGER NOT NULL,
    down            INTEGER NOT NULL,
    planned_up      INTEGER NOT NULL,
    planned_down    INTEGER NOT NULL,
    PRIMARY KEY (target, hour)
) WITHOUT ROWID;

CREATE TABLE service_hour (        -- its targets interleaved, which no sum of their hours can give back
    service      INTEGER NOT NULL,
    hour         INTEGER NOT NULL,
    up           INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    planned_up   INTEGER NOT NULL,
    planned_down INTEGER NOT NULL,
    PRIMARY KEY (service, hour)
) WITHOUT ROWID;

CREATE TABLE dirty (               -- hours that something was written for since they were summed up
    hour   INTEGER PRIMARY KEY,
    writes INTEGER NOT NULL        -- how often: a sum is true only if this did not grow meanwhile
);

CREATE TABLE mark (
    name  TEXT PRIMARY KEY,        -- 'pruned': runs before this instant are gone
    value INTEGER NOT NULL
);

CREATE TABLE incident (            -- those that are over, and faults of our own network also while they last
    id          TEXT PRIMARY KEY,
    scope       TEXT NOT NULL,
    authority   TEXT NOT NULL,
    service     TEXT NOT NULL,
    began       INTEGER NOT NULL,  -- its first failure
    opened      INTEGER NOT NULL,
    resolved    INTEGER,
    body        TEXT NOT NULL      -- JSON of the model's value
);

CREATE INDEX incident_opened ON incident (opened, id);
CREATE INDEX incident_local ON incident (began) WHERE scope = 'local';
