-- Gives reserved entries back. ARGV, for each: dispatch, and when it is due again (15 digits) and in how many
-- milliseconds that is, or two empty texts. Gives how many were set aside.

local function finish(dispatch, due, delay)
  local entry = load(dispatch)
  if not entry then return end
  local path = path_of(entry)
  if redis.call('ZREM', LEASES, path .. dispatch) == 0 then return end
  redis.call('ZREM', RESERVED, path .. dispatch)
  if due == '' then
    redis.call('HDEL', ENTRIES, dispatch)
  else
    place(dispatch, path .. due .. sequence_of(entry), now + tonumber(delay))
  end
end

for i = 1, #ARGV, 3 do finish(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
return aside
