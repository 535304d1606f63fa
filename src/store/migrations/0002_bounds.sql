-- Schema version 2.

-- The latest expiry of a recorded test token, or of a revocation entry, of this key that was
-- pruned: revocation of its test tokens that expired no later is not known any more.
ALTER TABLE keys ADD COLUMN pruned_until INTEGER;
UPDATE keys SET pruned_until = (SELECT CAST(value AS INTEGER) FROM settings
                                WHERE name = 'pruned_until')
    WHERE purpose = 'test';
DELETE FROM settings WHERE name = 'pruned_until';

-- The first issue in a chain of renewals by the bearer; NULL: `issued_at`.
ALTER TABLE tokens ADD COLUMN first_issued_at INTEGER;
-- The `jti` of the token that `run` issued, in its own row and in those of its successors: all of
-- them are revoked when the command exits.
ALTER TABLE tokens ADD COLUMN run_jti BLOB CHECK (length(run_jti) = 16);
CREATE INDEX tokens_of_run ON tokens (run_jti) WHERE run_jti IS NOT NULL;

-- Parameters of the costliest password hash in PHC form (`$argon2id$v=19$m=65536,t=3,p=4`); NULL:
-- no hash costs more than those that this program makes.
ALTER TABLE store ADD COLUMN costliest_hash TEXT;
