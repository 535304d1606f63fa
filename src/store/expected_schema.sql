CREATE TABLE store (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    store_id   BLOB NOT NULL CHECK (length(store_id) = 16),
    created_at INTEGER NOT NULL
, costliest_hash TEXT) STRICT


CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    uid           BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),
    username      TEXT UNIQUE,
    email         TEXT,
    email_key     TEXT UNIQUE,
    name          TEXT,
    name_key      TEXT,
    password      TEXT,
    role          TEXT NOT NULL CHECK (role IN ('admin', 'minter', 'user')),
    quota         INTEGER CHECK (quota >= -1), -- NULL: the store's; -1: unlimited
    disabled_at   INTEGER,
    deleted_at    INTEGER,
    created_at    INTEGER NOT NULL,
    password_at   INTEGER NOT NULL,
    CHECK ((email IS NULL) = (email_key IS NULL)),
    CHECK ((name IS NULL) = (name_key IS NULL)),
    CHECK (deleted_at IS NOT NULL OR username IS NOT NULL OR email IS NOT NULL),
    CHECK (deleted_at IS NULL
           OR (username IS NULL AND email IS NULL AND name IS NULL AND password IS NULL))
) STRICT


CREATE TABLE sqlite_sequence(name,seq)


CREATE INDEX users_present ON users (id) WHERE deleted_at IS NULL


CREATE INDEX users_of_role ON users (role) WHERE deleted_at IS NULL


CREATE TABLE user_blocks (
    block   INTEGER PRIMARY KEY, -- id >> 10
    present INTEGER NOT NULL CHECK (present BETWEEN 0 AND 1024)
) STRICT


CREATE TRIGGER users_added AFTER INSERT ON users WHEN new.deleted_at IS NULL BEGIN
    INSERT INTO user_blocks (block, present) VALUES (new.id >> 10, 1)
        ON CONFLICT DO UPDATE SET present = present + 1;
END


CREATE TRIGGER users_removed AFTER UPDATE OF deleted_at ON users
    WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL BEGIN
    UPDATE user_blocks SET present = present - 1 WHERE block = new.id >> 10;
END


CREATE TABLE keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kid          TEXT NOT NULL UNIQUE,
    purpose      TEXT NOT NULL CHECK (purpose IN ('app', 'test')),
    algorithm    TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('standby', 'active', 'retired', 'revoked')),
    weak         INTEGER NOT NULL DEFAULT 0 CHECK (weak IN (0, 1)),
    material     BLOB NOT NULL UNIQUE,
    public       TEXT, -- JWK; NULL for a symmetric key
    created_at   INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at   INTEGER,
    verify_until INTEGER,
    revoked_at   INTEGER
, pruned_until INTEGER) STRICT


CREATE UNIQUE INDEX keys_one_active_app ON keys (purpose)
    WHERE purpose = 'app' AND state = 'active'


CREATE UNIQUE INDEX keys_one_active_test ON keys (algorithm)
    WHERE purpose = 'test' AND state = 'active'


CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    sid        BLOB NOT NULL UNIQUE CHECK (length(sid) = 16),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER,
    end_reason TEXT
) STRICT


CREATE INDEX sessions_open ON sessions (user_id) WHERE ended_at IS NULL


CREATE TABLE pairs (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id         INTEGER NOT NULL REFERENCES sessions (id),
    parent             INTEGER UNIQUE REFERENCES pairs (id),
    key_id             INTEGER NOT NULL REFERENCES keys (id),
    access             BLOB NOT NULL UNIQUE CHECK (length(access) = 16),
    refresh            BLOB NOT NULL UNIQUE CHECK (length(refresh) = 16),
    issued_at          INTEGER NOT NULL,
    access_expires_at  INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    access_revoked_at  INTEGER,
    spent_at           INTEGER
) STRICT


CREATE INDEX pairs_of_session ON pairs (session_id)


CREATE TABLE grants (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id    INTEGER NOT NULL REFERENCES users (id),
    kind        TEXT NOT NULL CHECK (kind IN ('app', 'test')),
    app         TEXT NOT NULL,
    permissions TEXT NOT NULL DEFAULT '[]',
    audience    TEXT NOT NULL DEFAULT '[]',
    claims      TEXT NOT NULL DEFAULT '{}',
    UNIQUE (owner_id, kind, app, permissions, audience, claims)
) STRICT


CREATE TABLE tokens (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    jti           BLOB NOT NULL UNIQUE CHECK (length(jti) = 16),
    grant_id      INTEGER NOT NULL REFERENCES grants (id),
    key_id        INTEGER NOT NULL REFERENCES keys (id),
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER,
    superseded_by INTEGER REFERENCES tokens (id),
    grace_until   INTEGER, first_issued_at INTEGER, run_jti BLOB CHECK (length(run_jti) = 16),
    CHECK ((superseded_by IS NULL) = (grace_until IS NULL))
) STRICT


CREATE INDEX tokens_of_grant ON tokens (grant_id, revoked_at, grace_until, expires_at)


CREATE UNIQUE INDEX tokens_successor ON tokens (superseded_by) WHERE superseded_by IS NOT NULL


CREATE TABLE blocklist (
    key_id     INTEGER NOT NULL REFERENCES keys (id),
    jti        TEXT NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, jti)
) STRICT, WITHOUT ROWID


CREATE TABLE settings (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID


CREATE TABLE audit (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    user_id  INTEGER REFERENCES users (id),
    os_uid   INTEGER NOT NULL, -- the operating system's user
    action   TEXT NOT NULL,
    detail   TEXT,
    outcome  TEXT NOT NULL, -- 'done', or the code of the error
    count    INTEGER NOT NULL DEFAULT 1
, target_kind TEXT, target_id TEXT) STRICT


CREATE INDEX audit_at ON audit (at)


CREATE INDEX tokens_of_run ON tokens (run_jti) WHERE run_jti IS NOT NULL