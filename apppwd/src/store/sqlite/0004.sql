-- What a start looks for, without walking all app passwords.
CREATE INDEX app_password_suspended ON app_password (suspended) WHERE suspended IS NOT NULL;

-- Accounts of people of this system, which housekeeping asks the system about.
CREATE INDEX account_bound ON account (name) WHERE uid IS NOT NULL;
