-- What the scripts share: the keys, the time, and the form of an entry.
--
-- An entry is one text: organization (36 bytes), length of the lane (8 digits), lane, due (15 digits, milliseconds
-- since 1970 on the clock of whoever pushed it), sequence (20 digits). Up to the end of the lane it is its path.
-- A member of READY is an entry and its dispatch (36 bytes), one of RESERVED and LEASES is a path and a dispatch.
-- In order of bytes, an organization and a lane are then ranges, and a lane is sorted by due time, then by sequence.
--
-- A server without memory refuses a script at its first write only, and only if that write takes memory. So `push`
-- begins with one that does, and `reserve` and `finish` with one that does not: a full queue can be emptied.

local ENTRIES, SCHEDULED, READY, RESERVED, LEASES, TURNS, ASIDE = unpack(KEYS)
local BATCH = 200

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local aside = 0

local function path_of(entry) return entry:sub(1, 44 + tonumber(entry:sub(37, 44))) end
local function due_of(entry) return tonumber(entry:sub(-35, -21)) end
local function sequence_of(entry) return entry:sub(-20) end

local function is_sound(entry)
  local organization, length = entry:sub(1, 36), entry:sub(37, 44)
  if not (organization:find('^org_[0-9a-f]+$') and length:find('^%d+$')) then return false end
  local tail = 45 + tonumber(length)
  return #entry == tail + 34 and not entry:find('%D', tail)
end

-- The entry of a dispatch, if there is one. One that cannot be read is set aside.
local function load(dispatch)
  local entry = redis.call('HGET', ENTRIES, dispatch)
  if not entry or is_sound(entry) then return entry end
  redis.call('HDEL', ENTRIES, dispatch)
  redis.call('ZREM', SCHEDULED, dispatch)
  redis.call('HSET', ASIDE, dispatch, entry)
  aside = aside + 1
  return false
end

-- Lets an entry wait until `at`, or makes it ready.
local function place(dispatch, entry, at)
  redis.call('HSET', ENTRIES, dispatch, entry)
  if at > now then
    redis.call('ZADD', SCHEDULED, at, dispatch)
  else
    redis.call('ZREM', SCHEDULED, dispatch)
    redis.call('ZADD', READY, 0, entry .. dispatch)
  end
end
