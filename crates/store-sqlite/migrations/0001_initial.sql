-- The first schema.
--
-- Identifiers are the 16 bytes of the domain's. Inside, rows name each other by `sequence`, which is also the order in
-- which they were accepted. Every reference between two things of an organization carries the organization, so that
-- two tenants cannot be linked. Times are milliseconds since 1970, UTC; spans are milliseconds. Checks compare with one
-- name after the other: for a long list behind IN, SQLite would build an index anew for every row.

CREATE TABLE organizations (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    name          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    -- How many dispatches wait, and how many windows of the daily limit were ever opened: kept, never counted.
    waiting       INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
    windows       INTEGER NOT NULL DEFAULT 0 CHECK (windows >= 0),
    -- The ends of its threads of events and of dispatches; see `events` and `dispatches`.
    last_event    INTEGER,
    last_dispatch INTEGER
) STRICT;

CREATE TABLE canary (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    envelope BLOB    NOT NULL
) STRICT;

CREATE TABLE api_keys (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    organization INTEGER NOT NULL REFERENCES organizations (sequence),
    name         TEXT    NOT NULL,
    scopes       TEXT    NOT NULL, -- names with spaces between
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_of_organization ON api_keys (organization, sequence);

CREATE TABLE integrations (
    sequence          INTEGER PRIMARY KEY AUTOINCREMENT,
    id                BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    organization      INTEGER NOT NULL REFERENCES organizations (sequence),
    provider          TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    name_key          TEXT    NOT NULL, -- lower case by Unicode, which SQLite cannot do
    status            TEXT    NOT NULL CHECK (status = 'active' OR status = 'paused' OR status = 'disabled'),
    status_reason     TEXT,
    connection        TEXT    NOT NULL, -- JSON
    identity          TEXT    NOT NULL, -- of the connection
    lane              TEXT    NOT NULL, -- the key of its destination's lane, which queues are told
    secret            BLOB    NOT NULL,
    secret_version    INTEGER NOT NULL CHECK (secret_version >= 0),
    revision          INTEGER NOT NULL CHECK (revision >= 0),
    last_validated_at INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    deleted_at        INTEGER,
    UNIQUE (organization, sequence)
) STRICT;
CREATE UNIQUE INDEX integrations_living ON integrations (organization, name_key) WHERE deleted_at IS NULL;

CREATE TABLE addresses (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    organization INTEGER NOT NULL REFERENCES organizations (sequence),
    name         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER,
    UNIQUE (organization, sequence)
) STRICT;
CREATE UNIQUE INDEX addresses_by_name ON addresses (name) WHERE deleted_at IS NULL;
CREATE INDEX addresses_living ON addresses (organization, sequence) WHERE deleted_at IS NULL;

CREATE TABLE subscriptions (
    sequence     INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    organization INTEGER NOT NULL,
    address      INTEGER NOT NULL,
    integration  INTEGER NOT NULL,
    event_type   TEXT    NOT NULL,
    UNIQUE (address, event_type, integration),
    FOREIGN KEY (organization, address) REFERENCES addresses (organization, sequence),
    FOREIGN KEY (organization, integration) REFERENCES integrations (organization, sequence)
) STRICT;
CREATE INDEX subscriptions_of_integration ON subscriptions (integration, address);

-- A list that only grows and is read newest first needs no index: each row names the one before it, and the owner of
-- the list names the last. Such a thread costs nothing to keep, however many owners there are and however long it is,
-- where an index over owners would have to change another page for every event.
CREATE TABLE events (
    sequence     INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL CHECK (length(id) = 16),
    organization INTEGER NOT NULL,
    address      INTEGER NOT NULL,
    previous     INTEGER, -- event of the organization
    occurred_at  INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    payload      TEXT    NOT NULL, -- JSON
    UNIQUE (sequence, organization, address),
    FOREIGN KEY (organization, address) REFERENCES addresses (organization, sequence)
) STRICT;

CREATE TABLE deduplications (
    organization   INTEGER NOT NULL REFERENCES organizations (sequence),
    address        INTEGER NOT NULL, -- 0 where the key is unique in the organization
    key            BLOB    NOT NULL CHECK (length(key) = 32),
    fingerprint    BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    event          BLOB    NOT NULL CHECK (length(event) = 16),
    dispatch_count INTEGER NOT NULL CHECK (dispatch_count >= 0),
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (organization, address, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX deduplications_by_expiry ON deduplications (expires_at);

CREATE TABLE dispatches (
    sequence                 INTEGER PRIMARY KEY,
    id                       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    organization             INTEGER NOT NULL,
    event                    INTEGER NOT NULL,
    address                  INTEGER NOT NULL,
    integration              INTEGER NOT NULL,
    previous_in_organization INTEGER,
    previous_at_address      INTEGER,
    previous_of_integration  INTEGER,
    -- What the rules read and write.
    status                   TEXT    NOT NULL CHECK (
        status = 'pending' OR status = 'delivering' OR status = 'retry_scheduled' OR status = 'delivered'
        OR status = 'failed' OR status = 'canceled'),
    reason                   TEXT             CHECK (
        reason = 'daily_limit' OR reason = 'integration_paused' OR reason = 'integration_disabled'
        OR reason = 'throttled' OR reason = 'pacing' OR reason = 'rejected' OR reason = 'unconfirmed'
        OR reason = 'retry_window_exceeded' OR reason = 'held_too_long' OR reason = 'invalid_config'
        OR reason = 'requested' OR reason = 'integration_deleted' OR reason = 'address_deleted'),
    generation               INTEGER NOT NULL CHECK (generation >= 0),
    attempt_count            INTEGER NOT NULL CHECK (attempt_count >= 0),
    step                     INTEGER NOT NULL CHECK (step >= 0),
    lost_answers             INTEGER NOT NULL CHECK (lost_answers >= 0),
    last_outcome             TEXT             CHECK (
        last_outcome = 'delivered' OR last_outcome = 'throttled' OR last_outcome = 'unavailable'
        OR last_outcome = 'timeout' OR last_outcome = 'rejected' OR last_outcome = 'unauthorized'
        OR last_outcome = 'gone' OR last_outcome = 'moved' OR last_outcome = 'unconfirmed'
        OR last_outcome = 'interrupted' OR last_outcome = 'misconfigured'),
    window_ends_at           INTEGER,
    held_since               INTEGER,
    held_before              INTEGER NOT NULL CHECK (held_before >= 0),
    due_at                   INTEGER CHECK ((due_at IS NOT NULL) = (status IN ('pending', 'retry_scheduled'))),
    lease_until              INTEGER CHECK ((lease_until IS NOT NULL) = (status = 'delivering')),
    started_at               INTEGER CHECK ((started_at IS NOT NULL) = (status = 'delivering')), -- the open attempt
    delivered_at             INTEGER,
    error_code               TEXT             CHECK (
        error_code = 'delivered' OR error_code = 'throttled' OR error_code = 'unavailable' OR error_code = 'timeout'
        OR error_code = 'rejected' OR error_code = 'unauthorized' OR error_code = 'gone' OR error_code = 'moved'
        OR error_code = 'unconfirmed' OR error_code = 'interrupted' OR error_code = 'misconfigured'),
    error_message            TEXT,
    error_status             INTEGER,
    FOREIGN KEY (event, organization, address) REFERENCES events (sequence, organization, address),
    FOREIGN KEY (organization, integration) REFERENCES integrations (organization, sequence)
) STRICT;
-- These hold what is under way, and so stay small however long the history is.
CREATE INDEX dispatches_due ON dispatches (due_at, sequence) WHERE due_at IS NOT NULL;
CREATE INDEX dispatches_waiting ON dispatches (organization, status, sequence) WHERE due_at IS NOT NULL;
CREATE INDEX dispatches_open ON dispatches (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX dispatches_held_by_integration ON dispatches (integration, sequence)
    WHERE reason IN ('integration_paused', 'integration_disabled');
CREATE INDEX dispatches_held_for_the_day ON dispatches (organization, sequence) WHERE reason = 'daily_limit';
-- What ended badly is looked for among what ended well.
CREATE INDEX dispatches_not_delivered ON dispatches (organization, status, sequence)
    WHERE status IN ('failed', 'canceled');

-- The ends of the threads of dispatches.
CREATE TABLE thread_ends (
    list  INTEGER NOT NULL CHECK (list IN (1, 2)), -- 1: at an address; 2: of an integration
    owner INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (list, owner)
) STRICT, WITHOUT ROWID;

-- The attempts that have ended; an open one stands in its dispatch.
CREATE TABLE attempts (
    dispatch      INTEGER NOT NULL REFERENCES dispatches (sequence),
    number        INTEGER NOT NULL CHECK (number > 0),
    started_at    INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL,
    outcome       TEXT    NOT NULL CHECK (
        outcome = 'delivered' OR outcome = 'throttled' OR outcome = 'unavailable' OR outcome = 'timeout'
        OR outcome = 'rejected' OR outcome = 'unauthorized' OR outcome = 'gone' OR outcome = 'moved'
        OR outcome = 'unconfirmed' OR outcome = 'interrupted' OR outcome = 'misconfigured'),
    error_message TEXT,
    error_status  INTEGER,
    retry_after   INTEGER CHECK (retry_after >= 0),
    remote_id     TEXT,
    PRIMARY KEY (dispatch, number)
) STRICT, WITHOUT ROWID;

-- The ledger of the daily limit.
CREATE TABLE windows (
    organization INTEGER NOT NULL REFERENCES organizations (sequence),
    number       INTEGER NOT NULL CHECK (number > 0),
    opened_at    INTEGER NOT NULL,
    PRIMARY KEY (organization, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX windows_by_time ON windows (opened_at);

-- The lanes that are not free.
CREATE TABLE lanes (
    key          TEXT    NOT NULL PRIMARY KEY,
    organization INTEGER REFERENCES organizations (sequence), -- none for a provider's own
    parked_until INTEGER,
    steady_at    INTEGER
) STRICT, WITHOUT ROWID;
