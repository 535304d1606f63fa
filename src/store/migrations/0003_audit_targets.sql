-- Schema version 3.

-- Audit targets: kind and id of the first or only object, and a JSON object with further data.
ALTER TABLE audit RENAME COLUMN target TO detail;
ALTER TABLE audit ADD COLUMN target_kind TEXT;
ALTER TABLE audit ADD COLUMN target_id TEXT;

-- Texts that name one object: `token 7`, `store`.
UPDATE audit SET target_kind = detail, detail = NULL WHERE detail = 'store';
UPDATE audit SET target_kind = substr(detail, 1, instr(detail, ' ') - 1),
        target_id = substr(detail, instr(detail, ' ') + 1), detail = NULL
    WHERE substr(detail, 1, instr(detail, ' '))
              IN ('user ', 'token ', 'session ', 'key ', 'setting ')
        AND instr(substr(detail, instr(detail, ' ') + 1), ' ') = 0;

-- The frequent texts of `token mint`.
UPDATE audit SET target_kind = 'token', detail = json_object('text', detail)
    WHERE detail IN ('test token', 'test tokens');

-- All other texts: lists of objects (`token 7, token 9`) and phrases (`tokens of user 3`). The
-- objects of a text are found as in a search of version 2: a kind, followed by a word. The first
-- object becomes the target. The detail of a list has the further objects, the detail of a phrase
-- also the whole text.
UPDATE audit SET (target_kind, target_id, detail) = (
    WITH kinds (word, kind, has_id) AS (
        VALUES ('user', 'user', 1), ('token', 'token', 1), ('session', 'session', 1),
            ('key', 'key', 1), ('setting', 'setting', 1), ('users', 'user', 0),
            ('tokens', 'token', 0), ('sessions', 'session', 0), ('keys', 'key', 0),
            ('hashes', 'user', 0)
    ),
    words (position, word, next) AS (
        SELECT key, value, lead(value) OVER (ORDER BY key) FROM json_each(
            '[' || replace(replace(json_quote(detail), ', ', ' , '), ' ', '","') || ']')
    ),
    objects (number, kind, id) AS (
        SELECT row_number() OVER (ORDER BY position), kind, iif(has_id, nullif(next, ','), NULL)
        FROM words JOIN kinds USING (word)
    )
    SELECT max(kind) FILTER (WHERE number = 1), max(id) FILTER (WHERE number = 1), json_patch(
        -- A list has two words per object.
        iif(length(audit.detail) - length(replace(audit.detail, ' ', '')) + 1 = 2 * count(id),
            '{}', json_object('text', audit.detail)),
        iif(max(number) FILTER (WHERE id IS NOT NULL) > 1,
            json_object('targets', json_group_array(json_object('kind', kind, 'id', id)
                ORDER BY number) FILTER (WHERE number > 1 AND id IS NOT NULL)),
            '{}'))
    FROM objects
) WHERE detail IS NOT NULL AND target_kind IS NULL;
