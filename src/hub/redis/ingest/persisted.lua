-- Everything up to an id is in the history: says so, and forgets what is both stored and old. Never
-- what is not stored. Without an id: forgets only, as far as it was said before.
-- KEYS meta ingest held workspaces.
-- ARGV fresh epoch, control channel, upto, kept ms of ingest, feeds, sessions; ms between two looks.
local meta, ingest, held, workspaces = key(), key(), key(), key()
local control = ARGV[3]
local epoch = life(meta, arg(), arg())
local upto = arg()
local ingest_kept, feed_kept, session_kept, look_every = number(), number(), number(), number()
local is = call('HMGET', meta, 'persisted', 'looked')
local forgets_only = upto == ''
if forgets_only then upto = is[1] elseif le(upto, is[1]) then return '' end
-- A writer reads again from a little before its cursor: see `INGEST_KEPT_MS`.
local newest_ms = forgets_only and now or split(upto)
local oldest = id_of(math.max(newest_ms - ingest_kept, 0), 0)
call('XTRIM', ingest, 'MINID', le(oldest, upto) and oldest or above(upto))

local function trim_feed(workspace)
  local feed, old = workspace .. ':feed', id_of(math.max(now - feed_kept, 0), 0)
  local oldest_kept = le(old, upto) and old or above(upto)
  local gone = call('XREVRANGE', feed, '(' .. oldest_kept, '-', 'COUNT', 1)[1]
  if gone then
    call('XTRIM', feed, 'MINID', above(gone[1]))
    call('HSET', workspace, 'trimmed', gone[1])
  end
end

local function forget(session)
  -- Not taken for gone if it is only not here, for its slot moves: then this says so.
  call('EXISTS', held, session)
  local is = call('HMGET', session, 'status', 'last', 'workspace', 'id', 'unique')
  local status, last, workspace, id, unique = unpack(is)
  if status and not le(last, upto) then return end
  -- A waiting one is the queue's; the guest of an active one may be reading.
  local wanted = status == 'waiting'
    or (status == 'active' and call('EXISTS', workspace .. ':at:guest:' .. id) == 1)
  if wanted then return call('ZADD', held, now, session) end
  if status then
    if unique and call('HGET', workspace .. ':unique', unique) == id then
      call('HDEL', workspace .. ':unique', unique)
    end
    call('SREM', workspace .. ':sessions', id)
    call('DEL', session, session .. ':log', session .. ':dedup')
  end
  -- Last, so that one of which only a part could be reached is found again.
  call('ZREM', held, session)
end

local function look()
  for _, workspace in ipairs(call('SMEMBERS', workspaces)) do trim_feed(workspace) end
  local old = call('ZRANGEBYSCORE', held, '-inf', int(now - session_kept), 'LIMIT', 0, 500)
  for _, session in ipairs(old) do forget(session) end
  return #old
end

if now - tonumber(is[2] or 0) >= look_every then
  call('HSET', meta, 'looked', int(now))
  -- While the slot moves, some of it is elsewhere: the next look is for that. What is stored is said in any case.
  local done, found = pcall(look)
  if not done and not string.find(found.err or '', 'non local key', 1, true) then error(found) end
  -- There may be more, as after an outage: then it is the next call's.
  if done and found == 500 then call('HSET', meta, 'looked', 0) end
end
if forgets_only then return '' end
-- Last, so that a repetition does again whatever was not done.
call('HSET', meta, 'persisted', upto)
tell(control, { 'persisted', epoch, upto })
return ''
