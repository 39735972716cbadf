-- Adds entries. ARGV: the channel, then for each: dispatch, entry, milliseconds until it is due.
-- Gives how many were set aside.

-- What is there already keeps the earlier times: the one that was stated, and the one of this server. Pushed again by
-- a process with a better clock, an entry gets right.
local function push(dispatch, entry, at)
  local old = load(dispatch)
  if redis.call('ZSCORE', LEASES, path_of(old or entry) .. dispatch) then return end
  if old then
    at = math.min(at, tonumber(redis.call('ZSCORE', SCHEDULED, dispatch) or now))
    if due_of(old) <= due_of(entry) then entry = old end
  end
  place(dispatch, entry, at)
  if old and old ~= entry then redis.call('ZREM', READY, old .. dispatch) end
end

for i = 2, #ARGV, 3 do push(ARGV[i], ARGV[i + 1], now + tonumber(ARGV[i + 2])) end
redis.call('PUBLISH', ARGV[1], '')
return aside
