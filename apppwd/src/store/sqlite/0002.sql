-- Schema 2: scopes with networks, an end and pins; suspension, rotation, locks; the use of
-- primary passwords; panic switches.

ALTER TABLE account ADD COLUMN given TEXT NOT NULL DEFAULT '';  -- the name before folding
UPDATE account SET given = name;
ALTER TABLE account ADD COLUMN locked INTEGER;
ALTER TABLE account ADD COLUMN creation_day INTEGER NOT NULL DEFAULT 0;  -- day (since 1970) that creations counts
ALTER TABLE account ADD COLUMN creations INTEGER NOT NULL DEFAULT 0;

ALTER TABLE app_password ADD COLUMN networks TEXT NOT NULL DEFAULT '';  -- a line each
ALTER TABLE app_password ADD COLUMN expires INTEGER;
ALTER TABLE app_password ADD COLUMN expired INTEGER;      -- when it was first seen expired: it stays so
ALTER TABLE app_password ADD COLUMN pin_service TEXT;     -- NULL: none; '': pending; else what it is locked to
ALTER TABLE app_password ADD COLUMN pin_network TEXT;
ALTER TABLE app_password ADD COLUMN successor INTEGER;    -- the app password that it was rotated to
ALTER TABLE app_password ADD COLUMN suspended INTEGER;
ALTER TABLE app_password ADD COLUMN suspended_by TEXT;
ALTER TABLE app_password ADD COLUMN resumed INTEGER;      -- counts as a use for what is suspended unused

DROP INDEX app_password_name;
CREATE UNIQUE INDEX app_password_name ON app_password (account, name)
    WHERE revoked IS NULL AND successor IS NULL AND expired IS NULL;

-- Both halves of a rotation end together.
CREATE INDEX app_password_successor ON app_password (successor) WHERE successor IS NOT NULL;

-- What housekeeping looks for, without walking everything.
CREATE INDEX app_password_expires ON app_password (expires)
    WHERE expires IS NOT NULL AND expired IS NULL AND revoked IS NULL;
CREATE INDEX app_password_revoked ON app_password (revoked) WHERE revoked IS NOT NULL;
CREATE INDEX app_password_expired ON app_password (expired) WHERE expired IS NOT NULL;

-- Primary passwords that really opened a service. By name: not every account is known here.
CREATE TABLE primary_use (
    user     TEXT NOT NULL,
    service  TEXT NOT NULL,
    rhost    TEXT NOT NULL,
    unproven INTEGER NOT NULL,
    host     TEXT NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (user, service, rhost, unproven, host)
) STRICT, WITHOUT ROWID;

-- Switches: '' for the whole host, else a group's name.
CREATE TABLE panic (
    switch TEXT PRIMARY KEY,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
