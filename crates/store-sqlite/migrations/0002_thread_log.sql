-- Not every commit writes the ends of the threads that it lengthens: with many addresses, that would change another page
-- for nearly every event. Ends are written together, once there are thousands of new rows. Until then these rows are
-- the log from which the ends are found, and it begins behind the event and the dispatch named here. No number is used
-- again, even if its row is deleted.
CREATE TABLE thread_log (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    event    INTEGER NOT NULL,
    dispatch INTEGER NOT NULL
) STRICT;
INSERT INTO thread_log VALUES (
    1,
    coalesce((SELECT max(sequence) FROM events), 0),
    coalesce((SELECT max(sequence) FROM dispatches), 0)
);
