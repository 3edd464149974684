BEGIN;

CREATE TABLE IF NOT EXISTS reader (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS note (
    -- Never used again: a link to a deleted note must not lead to another one.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    book TEXT NOT NULL,
    stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    thoughts TEXT NOT NULL,
    day TEXT NOT NULL DEFAULT CURRENT_DATE
);

COMMIT;
