-- The ends of all threads are in one place: those of organizations, too, which were columns of theirs. An event comes
-- to any of many addresses, and would change another page for each of its threads; so those that have moved lately are
-- kept in a table of their own, which is small, and taken over many at a time.

CREATE TABLE recent_ends (
    list  INTEGER NOT NULL CHECK (list BETWEEN 1 AND 4),
    owner INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (list, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE settled_ends (
    -- Dispatches at an address (1), of an integration (2), in an organization (3), and its events (4).
    list  INTEGER NOT NULL CHECK (list BETWEEN 1 AND 4),
    owner INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (list, owner)
) STRICT, WITHOUT ROWID;
INSERT INTO settled_ends SELECT list, owner, last FROM thread_ends;
INSERT INTO settled_ends SELECT 3, sequence, last_dispatch FROM organizations WHERE last_dispatch IS NOT NULL;
INSERT INTO settled_ends SELECT 4, sequence, last_event FROM organizations WHERE last_event IS NOT NULL;

DROP TABLE thread_ends;
ALTER TABLE organizations DROP COLUMN last_event;
ALTER TABLE organizations DROP COLUMN last_dispatch;
