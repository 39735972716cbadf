-- Nearly every dispatch is fresh until it begins: it waits for its first attempt and for nothing else. It went in and out
-- of two indexes for that, one of which has another page for each organization. Now it stands in one alone, in which all
-- organizations are together, in the order in which they came. What is delayed, by an attempt or for a reason, stands in
-- the other two.
DROP INDEX dispatches_due;
DROP INDEX dispatches_waiting;
CREATE INDEX dispatches_fresh ON dispatches (due_at, sequence, organization)
    WHERE due_at IS NOT NULL AND attempt_count = 0 AND reason IS NULL;
CREATE INDEX dispatches_due ON dispatches (due_at, sequence)
    WHERE due_at IS NOT NULL AND (attempt_count <> 0 OR reason IS NOT NULL);
CREATE INDEX dispatches_delayed ON dispatches (organization, status, sequence)
    WHERE due_at IS NOT NULL AND (attempt_count <> 0 OR reason IS NOT NULL);
