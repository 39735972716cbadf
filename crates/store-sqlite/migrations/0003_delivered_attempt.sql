-- The attempt that delivers ends its dispatch, and stays in the row of it: most dispatches have no other one. The log has
-- the attempts that failed, and from before this step those that delivered, too.
ALTER TABLE dispatches ADD COLUMN delivery_started_at INTEGER;
ALTER TABLE dispatches ADD COLUMN remote_id TEXT;
