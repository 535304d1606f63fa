-- Schema version 2.

-- Latest expiry of a pruned test token, or of a pruned revocation entry, of this key. The
-- revocation status of its test tokens that expired no later is unknown.
ALTER TABLE keys ADD COLUMN pruned_until INTEGER;
UPDATE keys SET pruned_until = (SELECT CAST(value AS INTEGER) FROM settings
                                WHERE name = 'pruned_until')
    WHERE purpose = 'test';
DELETE FROM settings WHERE name = 'pruned_until';

-- First issue in a chain of renewals by the bearer; NULL: `issued_at`.
ALTER TABLE tokens ADD COLUMN first_issued_at INTEGER;
-- `jti` of the token that `run` issued, in its row and in the rows of its successors. All of these
-- tokens are revoked when the command exits.
ALTER TABLE tokens ADD COLUMN run_jti BLOB CHECK (length(run_jti) = 16);
CREATE INDEX tokens_of_run ON tokens (run_jti) WHERE run_jti IS NOT NULL;

-- Parameters of the costliest password hash in PHC string format
-- (`$argon2id$v=19$m=65536,t=3,p=4`); NULL: no hash costs more than the hashes of this program.
ALTER TABLE store ADD COLUMN costliest_hash TEXT;
