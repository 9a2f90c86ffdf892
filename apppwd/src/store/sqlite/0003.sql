-- Schema 3: events. They outlive what they tell of, so nothing refers to another table.

CREATE TABLE event (
    -- Never given twice: see trail.rs.
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    host         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    actor        TEXT,             -- as created_by; NULL: a login
    account      BLOB,             -- whose it is; NULL: nobody's, or only asked for
    user         TEXT,             -- its name then
    app_password INTEGER,
    name         TEXT,             -- its name then
    was          TEXT,
    services     TEXT NOT NULL DEFAULT '',  -- a line each
    rhost        TEXT,
    unproven     INTEGER NOT NULL DEFAULT 0,
    verb         TEXT,
    reason       TEXT,
    count        INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX event_account ON event (account, seq) WHERE account IS NOT NULL;
CREATE INDEX event_user ON event (user, seq) WHERE user IS NOT NULL;
CREATE INDEX event_app_password ON event (app_password, seq) WHERE app_password IS NOT NULL;

CREATE INDEX event_kind ON event (kind, seq);
