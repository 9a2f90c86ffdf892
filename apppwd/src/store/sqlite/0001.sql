-- Schema 1. Times are Unix seconds. An app password's id is its 40 bits as a number.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id       BLOB PRIMARY KEY CHECK (length(id) = 16),
    name     TEXT NOT NULL UNIQUE,
    uid      INTEGER,
    enrolled INTEGER,
    created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE app_password (
    id              INTEGER PRIMARY KEY,
    account         BLOB NOT NULL REFERENCES account (id),
    name            TEXT NOT NULL,
    services        TEXT NOT NULL,  -- names of services and groups, a line each
    scheme          INTEGER NOT NULL,
    key             INTEGER NOT NULL,
    tag             INTEGER,        -- NULL: imported, can't be found by tag
    memory_kib      INTEGER NOT NULL,
    iterations      INTEGER NOT NULL,
    parallelism     INTEGER NOT NULL,
    salt            BLOB,           -- NULL with hash: revoked
    hash            BLOB,
    created         INTEGER NOT NULL,
    created_by      TEXT NOT NULL,  -- UID ROLE ON-BEHALF-OF NAME, - for none
    revoked         INTEGER,
    revoked_by      TEXT
) STRICT;

-- Tombstones included: a new secret never shares its tag with an old one.
CREATE UNIQUE INDEX app_password_tag ON app_password (account, key, tag);

CREATE UNIQUE INDEX app_password_name ON app_password (account, name) WHERE revoked IS NULL;

CREATE TABLE use (
    app_password INTEGER NOT NULL REFERENCES app_password (id) ON DELETE CASCADE,
    service      TEXT NOT NULL,
    rhost        TEXT NOT NULL,
    unproven     INTEGER NOT NULL,
    host         TEXT NOT NULL,
    first        INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (app_password, service, rhost, unproven, host)
) STRICT, WITHOUT ROWID;
