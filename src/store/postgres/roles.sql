-- Database roles of a jeton store: {prefix}_owner, {prefix}_operator, {prefix}_minter, {prefix}_verifier.
--
-- Apply this file as a superuser, or as the owner of the tables with CREATEROLE and with CREATE on the
-- database, after `jeton init` and again after each `jeton store migrate`. Then grant a role to each
-- login role:
--
--     CREATE ROLE ci LOGIN PASSWORD '…';
--     GRANT {prefix}_minter TO ci;
--
-- Minters and verifiers use the address with `schema={prefix}_views`, all others the address of the
-- store.

BEGIN;
SET LOCAL search_path = {schema};
SET LOCAL client_min_messages = warning;

DO $roles$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['{prefix}_owner', '{prefix}_operator', '{prefix}_minter', '{prefix}_verifier'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;
    -- Only a member of the role can make it the owner of tables. A superuser is a member of every
    -- role.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT %I TO CURRENT_USER', '{prefix}_owner');
    END IF;
END
$roles$;

-- Owner: migrations, backups, and everything else. Row-level security does not apply to the owner.
GRANT USAGE, CREATE ON SCHEMA {schema} TO {prefix}_owner;
ALTER TABLE store OWNER TO {prefix}_owner;
ALTER TABLE users OWNER TO {prefix}_owner;
ALTER TABLE user_blocks OWNER TO {prefix}_owner;
ALTER TABLE keys OWNER TO {prefix}_owner;
ALTER TABLE sessions OWNER TO {prefix}_owner;
ALTER TABLE pairs OWNER TO {prefix}_owner;
ALTER TABLE grants OWNER TO {prefix}_owner;
ALTER TABLE tokens OWNER TO {prefix}_owner;
ALTER TABLE blocklist OWNER TO {prefix}_owner;
ALTER TABLE settings OWNER TO {prefix}_owner;
ALTER TABLE audit OWNER TO {prefix}_owner;
ALTER FUNCTION count_users() OWNER TO {prefix}_owner;

REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {prefix}_operator, {prefix}_minter, {prefix}_verifier;
REVOKE ALL ON store, users, user_blocks, keys, sessions, pairs, grants, tokens, blocklist, settings, audit
    FROM PUBLIC, {prefix}_operator, {prefix}_minter, {prefix}_verifier;

-- Operator: all rows of all tables.
GRANT USAGE ON SCHEMA {schema} TO {prefix}_operator;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON store, users, user_blocks, keys, sessions, pairs, grants, tokens, blocklist, settings, audit
    TO {prefix}_operator;

-- Views for minters and verifiers. A view with `security_invoker` needs the rights of its table.
CREATE SCHEMA IF NOT EXISTS {prefix}_views;
ALTER SCHEMA {prefix}_views OWNER TO {prefix}_owner;
DROP VIEW IF EXISTS
    {prefix}_views.store, {prefix}_views.users, {prefix}_views.user_blocks, {prefix}_views.keys, {prefix}_views.sessions, {prefix}_views.pairs,
    {prefix}_views.grants, {prefix}_views.tokens, {prefix}_views.blocklist, {prefix}_views.settings, {prefix}_views.audit;
CREATE VIEW {prefix}_views.store WITH (security_invoker) AS SELECT * FROM store;
CREATE VIEW {prefix}_views.user_blocks WITH (security_invoker) AS SELECT * FROM user_blocks;
CREATE VIEW {prefix}_views.sessions WITH (security_invoker) AS SELECT * FROM sessions;
CREATE VIEW {prefix}_views.pairs WITH (security_invoker) AS SELECT * FROM pairs;
CREATE VIEW {prefix}_views.grants WITH (security_invoker) AS SELECT * FROM grants;
CREATE VIEW {prefix}_views.tokens WITH (security_invoker) AS SELECT * FROM tokens;
CREATE VIEW {prefix}_views.blocklist WITH (security_invoker) AS SELECT * FROM blocklist;
CREATE VIEW {prefix}_views.settings WITH (security_invoker) AS SELECT * FROM settings;
CREATE VIEW {prefix}_views.audit WITH (security_invoker) AS SELECT * FROM audit;
-- Without password hashes.
CREATE VIEW {prefix}_views.users AS
    SELECT id, uid, username, email, email_key, name, name_key, CAST(NULL AS text) AS password, role,
        quota, disabled_at, deleted_at, created_at, password_at
    FROM users;
-- Without the private keys and secrets of app tokens and sessions. A verifier does not see the
-- private keys of test tokens either, but sees their secrets, which also verify.
CREATE VIEW {prefix}_views.keys AS
    SELECT id, kid, purpose, algorithm, state, weak,
        CASE WHEN purpose = 'test' AND (public IS NULL OR pg_has_role('{prefix}_minter', 'USAGE'))
            THEN material END AS material,
        public, created_at, activated_at, retired_at, verify_until, revoked_at, pruned_until
    FROM keys;
-- Without these triggers, the error of a change would name calculated columns instead of the
-- missing right.
CREATE OR REPLACE FUNCTION {prefix}_views.refuse_change() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE insufficient_privilege; END $$;
ALTER FUNCTION {prefix}_views.refuse_change() OWNER TO {prefix}_owner;
CREATE TRIGGER refuse_change INSTEAD OF INSERT OR UPDATE OR DELETE ON {prefix}_views.users
    FOR EACH ROW EXECUTE FUNCTION {prefix}_views.refuse_change();
CREATE TRIGGER refuse_change INSTEAD OF INSERT OR UPDATE OR DELETE ON {prefix}_views.keys
    FOR EACH ROW EXECUTE FUNCTION {prefix}_views.refuse_change();
ALTER VIEW {prefix}_views.store OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.users OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.user_blocks OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.keys OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.sessions OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.pairs OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.grants OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.tokens OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.blocklist OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.settings OWNER TO {prefix}_owner;
ALTER VIEW {prefix}_views.audit OWNER TO {prefix}_owner;

-- Verifier and minter: the rows that a verification needs.
GRANT USAGE ON SCHEMA {schema}, {prefix}_views TO {prefix}_minter, {prefix}_verifier;
GRANT SELECT ON store, settings, grants, tokens, blocklist TO {prefix}_minter, {prefix}_verifier;
GRANT SELECT
    ON {prefix}_views.store, {prefix}_views.settings, {prefix}_views.grants, {prefix}_views.tokens, {prefix}_views.blocklist,
        {prefix}_views.keys, {prefix}_views.users
    TO {prefix}_minter, {prefix}_verifier;

-- Minter: recorded test tokens, and audit events. The server assigns ids and `audit.db_user`.
GRANT INSERT (owner_id, kind, app, permissions, audience, claims, digest)
    ON grants, {prefix}_views.grants TO {prefix}_minter;
GRANT INSERT (jti, grant_id, key_id, issued_at, expires_at, first_issued_at, run_jti)
    ON tokens, {prefix}_views.tokens TO {prefix}_minter;
GRANT SELECT, UPDATE (count, outcome),
    INSERT (at, user_id, os_uid, action, target_kind, target_id, detail, outcome, count)
    ON audit, {prefix}_views.audit TO {prefix}_minter;

ALTER TABLE grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS operator_all ON grants;
DROP POLICY IF EXISTS operator_all ON tokens;
DROP POLICY IF EXISTS operator_all ON audit;
DROP POLICY IF EXISTS others_read ON grants;
DROP POLICY IF EXISTS others_read ON tokens;
DROP POLICY IF EXISTS minter_test_grants ON grants;
DROP POLICY IF EXISTS minter_test_tokens ON tokens;
DROP POLICY IF EXISTS minter_own_events ON audit;
CREATE POLICY operator_all ON grants TO {prefix}_operator USING (TRUE);
CREATE POLICY operator_all ON tokens TO {prefix}_operator USING (TRUE);
CREATE POLICY operator_all ON audit TO {prefix}_operator USING (TRUE);
CREATE POLICY others_read ON grants FOR SELECT TO {prefix}_minter, {prefix}_verifier USING (TRUE);
CREATE POLICY others_read ON tokens FOR SELECT TO {prefix}_minter, {prefix}_verifier USING (TRUE);
-- Grants are found by their digest: a row with a wrong digest could be found in place of another
-- grant.
CREATE POLICY minter_test_grants ON grants FOR INSERT TO {prefix}_minter WITH CHECK (
    kind = 'test' AND permissions = '[]' AND audience = '[]' AND json_typeof(claims::json) = 'object'
    AND digest = sha256(convert_to(
        concat_ws(chr(31), owner_id, kind, app, permissions, audience, claims), 'UTF8')));
CREATE POLICY minter_test_tokens ON tokens FOR INSERT TO {prefix}_minter WITH CHECK (
    EXISTS (SELECT FROM grants WHERE grants.id = grant_id AND kind = 'test')
    AND issued_at BETWEEN 0 AND {max_time}
    AND (expires_at IS NULL OR expires_at BETWEEN 0 AND {max_time})
    AND (first_issued_at IS NULL OR first_issued_at BETWEEN 0 AND {max_time}));
CREATE POLICY minter_own_events ON audit TO {prefix}_minter
    USING (db_user = session_user) WITH CHECK (
        db_user = session_user
        AND at BETWEEN 0 AND {max_time} AND os_uid BETWEEN 0 AND 4294967295
        AND (target_kind IS NULL OR target_kind IN ({target_kinds}))
        AND (detail IS NULL OR json_typeof(detail::json) = 'object'));

COMMIT;
