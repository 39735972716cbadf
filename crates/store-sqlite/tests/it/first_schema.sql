-- Takes a file back to the first schema, with what it has.
DROP TABLE thread_log;
DROP INDEX dispatches_fresh;
DROP INDEX dispatches_due;
DROP INDEX dispatches_delayed;
CREATE INDEX dispatches_due ON dispatches (due_at, sequence) WHERE due_at IS NOT NULL;
CREATE INDEX dispatches_waiting ON dispatches (organization, status, sequence) WHERE due_at IS NOT NULL;
INSERT INTO attempts (dispatch, number, started_at, ended_at, outcome, remote_id)
SELECT sequence, attempt_count, delivery_started_at, delivered_at, last_outcome, remote_id FROM dispatches
WHERE delivery_started_at IS NOT NULL;
ALTER TABLE dispatches DROP COLUMN delivery_started_at;
ALTER TABLE dispatches DROP COLUMN remote_id;
DELETE FROM _sqlx_migrations WHERE version > 1;
