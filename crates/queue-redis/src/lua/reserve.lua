-- Takes due entries. ARGV: how many, the lease in milliseconds, the share of a lane, the share of an organization,
-- the caller's time (15 digits), and until when on this server's clock the caller waits for the answer.
-- Gives this server's time, when to come again (or false), how many were set aside, and the entries with their
-- dispatches; false for those if nobody waits any more.

local max, lease_until = tonumber(ARGV[1]), now + tonumber(ARGV[2])
local LANE_SHARE, ORGANIZATION_SHARE = tonumber(ARGV[3]), tonumber(ARGV[4])

-- A call that stood in line while the server was stopped must not reserve for nobody.
if now >= tonumber(ARGV[6]) then return { now, false, aside, false } end

local function due(key) return redis.call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, BATCH) end

for _, member in ipairs(due(LEASES)) do
  redis.call('ZREM', LEASES, member)
  redis.call('ZREM', RESERVED, member)
  local dispatch = member:sub(-36)
  local entry = load(dispatch)
  if entry then place(dispatch, path_of(entry) .. ARGV[5] .. sequence_of(entry), now) end
end

-- A lease that ends later than one given now is from before this server's clock was set back.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '(' .. lease_until, '+inf', 'LIMIT', 0, BATCH)) do
  redis.call('ZREM', LEASES, member)
  redis.call('ZADD', LEASES, lease_until, member)
end

for _, dispatch in ipairs(due(SCHEDULED)) do
  redis.call('ZREM', SCHEDULED, dispatch)
  local entry = load(dispatch)
  if entry then redis.call('ZADD', READY, 0, entry .. dispatch) end
end

local STEPS = 1000
local steps = 0

-- The first of READY behind everything that starts with `last`, if given, going round within what starts with `within`.
-- What has no entry was left behind by one that somebody damaged or deleted.
local function behind(last, within)
  local till = '(' .. within .. '\255'
  while steps < STEPS do
    steps = steps + 1
    local member = last and redis.call('ZRANGEBYLEX', READY, '(' .. last .. '\255', till, 'LIMIT', 0, 1)[1]
      or redis.call('ZRANGEBYLEX', READY, '[' .. within, till, 'LIMIT', 0, 1)[1]
    if not member or load(member:sub(-36)) == member:sub(1, -37) then return member end
    redis.call('ZREM', READY, member)
  end
end

-- How much of what starts with this is reserved.
local flying = {}
local function in_flight(start)
  flying[start] = flying[start] or redis.call('ZLEXCOUNT', RESERVED, '[' .. start, '(' .. start .. '\255')
  return flying[start]
end

-- How much of a lane may be reserved: its share, or less where its name begins with a limit of its own.
local function share_of(path)
  return math.min(LANE_SHARE, tonumber(path:match('^(%d+)#', 45)) or LANE_SHARE)
end

-- The entry of an organization whose turn it is, and its path; nothing if the shares leave no room.
local served = {}
local function turn_of(organization)
  if in_flight(organization) >= ORGANIZATION_SHARE then return nil end
  local last = served[organization] or redis.call('HGET', TURNS, organization)
  local seen = {}
  while true do
    local member = behind(last, organization)
    if not member then return nil end
    local path = path_of(member)
    if in_flight(path) < share_of(path) then return member, path end
    if seen[path] then return nil end
    seen[path], last = true, path
  end
end

local given = {}
local function take(member, path, organization)
  redis.call('ZREM', READY, member)
  local reserved = path .. member:sub(-36)
  redis.call('ZADD', LEASES, lease_until, reserved)
  redis.call('ZADD', RESERVED, 0, reserved)
  flying[path], flying[organization] = in_flight(path) + 1, in_flight(organization) + 1
  served[organization] = path
  given[#given + 1] = member
end

-- Organizations take turns in order of their names, from the last one on; so do the lanes of each.
local last, seen = redis.call('HGET', TURNS, 'last'), {}
while #given < math.min(max, BATCH) do
  local member = behind(last, '')
  if not member then break end
  local organization = member:sub(1, 36)
  last = organization
  local path
  member, path = turn_of(organization)
  if member then
    take(member, path, organization)
    seen = {}
  elseif seen[organization] then
    break
  else
    seen[organization] = true
  end
end

-- Turns are remembered as long as there is something to give.
if #given > 0 or steps == STEPS then redis.call('HSET', TURNS, 'last', last) end
for organization, path in pairs(served) do
  if redis.call('ZLEXCOUNT', READY, '[' .. organization, '(' .. organization .. '\255') > 0 then
    redis.call('HSET', TURNS, organization, path)
  else
    redis.call('HDEL', TURNS, organization)
  end
end

local next_due = false
for _, key in ipairs({ SCHEDULED, LEASES }) do
  local first = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  if first and not (next_due and next_due < first) then next_due = first end
end
if steps == STEPS or (#given == BATCH and max > BATCH) then next_due = #given > 0 and now or now + 100 end
return { now, next_due, aside, given }
