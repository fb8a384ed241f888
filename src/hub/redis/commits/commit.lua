-- The one write of chat: dedup, unique, guard, alone, deadlines, rate; then the writes; then publishing.
-- Nothing may fail between the writes: Lua takes nothing back. Where a slot moves, that goes for every call on
-- a key that is not there: none may be named after the writes have begun that was not there before them, nor
-- one that they have emptied.
-- KEYS meta ingest held workspaces workspace feed queue deadlines dedup [session log sessions] [unique]
--   [presence to be alone in] [rates] [presence indexed [operators] [pod]] [away] [record]
-- ARGV in the order in which they are read below.
local meta, ingest, held, workspaces = key(), key(), key(), key()
local workspace, feed, queue, deadlines, dedup = key(), key(), key(), key(), key()
local fresh, control, own_writer, writers_at, only = arg(), arg(), arg(), arg(), arg()
local feed_told, log_told = arg(), arg()
local sessions_at, id, dedup_id = arg(), arg(), '=' .. arg()
local results_kept, results_kept_ms, results_most, log_kept = number(), number(), number(), number()
local session, log, sessions
if id ~= '' then session, log, sessions = key(), key(), key() end

local epoch = life(meta, fresh, control)
-- Told again to a server that has lost more than that: its next life begins with what is in the history.
if only ~= '' and only ~= 'full' and only ~= epoch then return { 'conflict' } end
local persisted = call('HGET', meta, 'persisted')

-- What a session is now, or nothing.
local function fields() return session and call('HMGET', session, unpack(FIELDS)) or {} end

local function answer(tag, first)
  local rank = id ~= '' and call('ZRANK', queue, id)
  return { tag, first, rank and rank + 1 or false, fields() }
end

-- 1. A repeat gets the first result.
local known = call('HGET', dedup, dedup_id)
if known then return answer('duplicate', string.match(known, '^%d+ %S+ (.*)$')) end

-- What the session is before.
local status, version, seq, last, unread, queued
if session then
  local is = call('HMGET', session, 'status', 'version', 'seq', 'last', 'unread', 'queued')
  status, version, seq, last, unread, queued = unpack(is)
end
local there = status and true or false

-- 2. The key of a guest belongs to a session that is open, not older than that, and has nobody in it, if it
-- matters who is (guests_at).
local unique_key, unique
if arg() == '1' then
  local window, since, guests_at, sid
  unique_key, window, since, guests_at, sid, unique = arg(), number(), arg(), arg(), arg(), key()
  local holder = call('HGET', unique, unique_key)
  if holder and holder ~= id then
    local is = call('HMGET', sessions_at .. holder, 'status', since)
    local guest = guests_at .. holder
    if is[1] and is[1] ~= 'ended' and now - tonumber(is[2]) < window
      and (guests_at == '' or call('HLEN', guest) == call('HEXISTS', guest, sid)) then
      return { 'exists', holder }
    end
  end
end

-- 3. The guard.
local guard, guarded = arg(), arg()
local creates = arg() == '1'
if guard == 'absent' then
  if id == '' or there or not creates then return { 'conflict' } end
elseif id ~= '' then
  if not there then return { 'absent' } end
  if guard ~= 'any' and status == 'ended' then return { 'gone' } end
  if guard == 'version' and version ~= guarded then return { 'conflict' } end
end

-- 4. Somebody else is there already.
if arg() == '1' then
  local presence, sid = key(), arg()
  if call('HLEN', presence) > call('HEXISTS', presence, sid) then return { 'conflict' } end
end

-- 5. An effect whose deadline is gone or not due has no cause.
local deadline_ops = {}
for i = 1, number() do
  local op, member, when, only_on = arg(), arg(), number(), arg()
  deadline_ops[i] = { op, member, when, only_on }
  if op == 'due' or op == 'while' or op == 'take' then
    local at = tonumber(call('ZSCORE', deadlines, member) or '')
    local holds = at and (op == 'take' and at == when or op ~= 'take' and at <= now)
    if not holds then return { 'conflict' } end
  end
end

-- 6. The rate, charged only now that nothing else refuses.
local rate_key, rate_max, rate_window, rates, used, ends
if arg() == '1' then
  rate_key, rate_max, rate_window, rates = arg(), number(), number(), key()
  used, ends = string.match(call('HGET', rates, rate_key) or '', '^(%d+) (%d+)$')
  used, ends = tonumber(used), tonumber(ends)
  if not ends or ends <= now then used, ends = 0, now + rate_window end
  if used >= rate_max then return { 'limited', int(ends - now) } end
end

-- Who comes or goes, and which pod is to answer for it.
local presence_op, presence = arg(), nil
if presence_op ~= '' then
  presence = { sid = arg(), member = arg(), pod = arg(), operator = arg(), name = arg() }
  presence.at, presence.indexed = key(), key()
  if presence.operator ~= '' then presence.operators = key() end
  if presence.pod ~= '' then presence.of = key() end
  if presence_op == 'leave' then
    local pod_at, of = arg(), call('HGET', presence.indexed, presence.member)
    if of then
      presence.of = pod_at .. of
      -- It is named by no key of the call, so that whether it can be reached is seen here.
      call('EXISTS', presence.indexed, presence.of)
    end
  end
end

-- 7. There is still room, but not for more of this.
if only == 'full' then return { 'busy' } end

-- From here on it happens. First what asks for memory: if there is none Redis refuses it, but after a
-- write that asks for none it would let the rest pass.
call('HSETNX', dedup, 'count', 0)

-- Both would go with the last that is in them, and a call that names a key which is not there is refused for
-- as long as its slot moves. What keeps them is above all that is waiting or due.
local feed_last, anchored = unpack(call('HMGET', workspace, 'last', 'anchored'))
if not anchored then
  call('ZADD', queue, '+inf', '')
  call('ZADD', deadlines, '+inf', '')
  call('HSET', workspace, 'anchored', 1)
end

if rate_key then
  call('HSET', rates, rate_key, (used + 1) .. ' ' .. int(ends))
  -- A few of the many are looked at each time, as Redis does with its own keys.
  if call('HLEN', rates) > 64 then
    local some = call('HRANDFIELD', rates, 8, 'WITHVALUES')
    for i = 1, #some, 2 do
      local over = tonumber(string.match(some[i + 1], ' (%d+)$'))
      if over <= now then call('HDEL', rates, some[i]) end
    end
  end
end

local function remember(result_id, top, result)
  local n = call('HINCRBY', dedup, 'count', 1)
  call('HSET', dedup, result_id, n .. ' ' .. top .. ' ' .. result, '#' .. n, result_id)
  if n <= results_kept then return end
  -- Two go for one that comes, so that those of a long outage go as well in the end.
  local oldest = tonumber(call('HGET', dedup, 'oldest') or 1)
  for _ = 1, 2 do
    local id_of_oldest = n - oldest >= results_kept and call('HGET', dedup, '#' .. oldest)
    if not id_of_oldest then break end
    local its_top = string.match(call('HGET', dedup, id_of_oldest), '^%d+ (%S+)')
    local young = split(its_top) + results_kept_ms > now and n - oldest < results_most
    if young or not le(its_top, persisted) then break end
    call('HDEL', dedup, id_of_oldest, '#' .. oldest)
    oldest = oldest + 1
  end
  call('HSET', dedup, 'oldest', oldest)
end

-- The fields of the session.
local kept = {}
if creates then
  for i = 1, #FIELDS do kept[FIELDS[i]] = arg() end
  seq, last, unread, queued = kept.seq, kept.last, kept.unread, kept.queued
  kept.trimmed, kept.workspace, kept.id = last, workspace, id
  call('SADD', sessions, id)
  call('SADD', workspaces, workspace)
  version = kept.version
end
for _ = 1, number() do
  local known_id, top, stamped = '=' .. arg(), arg(), arg()
  remember(known_id, top, pack({ epoch, top, 'same', stamped }))
end
local new_status, new_agent, new_guest, new_offer, new_unverified = arg(), arg(), arg(), arg(), arg()
if session and new_status ~= '' then kept.status = new_status end
if session and new_agent ~= '-' then kept.agent = new_agent end
if session and new_guest ~= '-' then kept.guest = new_guest end
if session and new_offer ~= '-' then kept.offer = new_offer end
if session and new_unverified ~= '-' then kept.unverified = new_unverified end
if session and (new_status ~= '' or new_agent ~= '-') then kept.version = int(tonumber(version) + 1) end
if session and unique_key then
  call('HSET', unique, unique_key, id)
  kept.unique = unique_key
end
local function save()
  local flat = {}
  for name, value in pairs(kept) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  kept = {}
  if #flat > 0 then call('HSET', session, unpack(flat)) end
end
if session then save() end

-- The id of an entry written now: never below what was given out before, whatever the clock says.
local ms, n = split(call('HGET', meta, 'last'))
local function next_id()
  if now > ms then return now, 0 elseif n < 4294967295 then return ms, n + 1 else return ms + 1, 0 end
end

-- By when it first came into the queue; a score counts exactly to 2^53.
local queue_op = arg()
if queue_op == 'enter' then
  if not queued or queued == '' then
    queued = id_of(next_id())
    kept.queued = queued
  end
  local at, nth = split(queued)
  call('ZADD', queue, int(at * 1024 + math.min(nth, 1023)), id)
elseif queue_op == 'leave' then
  call('ZREM', queue, id)
end

-- What the commit does to its subject.
local edge = 'same'

-- How far a participant has the other side's messages.
local mark, marked = arg(), '0'
if mark ~= '' then
  local by, direction, upto = arg(), arg(), math.min(number(), tonumber(seq or 0))
  marked = int(upto)
  local delivered, read = 'delivered_' .. direction, 'read_' .. direction
  local is = call('HMGET', session, delivered, read, 'receipts')
  local known, top = tonumber(is[1]) or 0, tonumber(is[2]) or 0
  if mark == 'delivered' then
    if upto > math.max(known, top) then edge, kept[delivered] = 'raised', marked end
  else
    local receipts = cjson.decode(is[3] and is[3] ~= '' and is[3] or '{}')
    if upto > (receipts[by] or 0) then
      edge, receipts[by] = 'raised', upto
      kept.receipts = cjson.encode(receipts)
      if upto > top then
        kept[read] = marked
        if direction == 'in' then
          -- All above it are the guest's: who writes has read. Never more than before, since numbers may
          -- have holes after a loss.
          unread = int(math.min(tonumber(unread), tonumber(seq) - upto))
          kept.unread = unread
        end
      end
    end
  end
end

-- Whether an operator is away.
local status_op = arg()
if status_op ~= '' then
  local operator, away = arg(), key()
  if call(status_op == 'away' and 'SADD' or 'SREM', away, operator) == 1 then edge = 'raised' end
end

-- Who is there.
if presence_op == 'enter' then
  if call('HLEN', presence.at) == 0 then edge = 'online' end
  call('HSET', presence.at, presence.sid, presence.pod)
  if presence.operators then call('HSET', presence.operators, presence.operator, presence.name) end
  if presence.of then
    call('HSET', presence.indexed, presence.member, presence.pod)
    call('SADD', presence.of, presence.member)
  end
elseif presence_op == 'leave' then
  local there_were = call('HLEN', presence.at)
  if call('HDEL', presence.at, presence.sid) == 1 and there_were == 1 then
    edge = 'offline'
    if presence.operators then call('HDEL', presence.operators, presence.operator) end
  end
  if presence.of then
    call('HDEL', presence.indexed, presence.member)
    call('SREM', presence.of, presence.member)
  end
end

if arg() == '1' and session and edge == 'offline' then kept.left = seq end
if session then save() end

for i = 1, #deadline_ops do
  local op, member, when, only_on = unpack(deadline_ops[i])
  if op == 'set' then
    if only_on == '' or only_on == edge then call('ZADD', deadlines, when, member) end
  elseif op ~= 'while' then
    call('ZREM', deadlines, member)
  end
end

-- The entries. One text serves the three streams and both channels.
local blobs, stamped = {}, { epoch, false, edge }
feed_last = feed_last or '0-0'
for _ = 1, number() do
  local only_on, kind, direction, uuid, preview, body = arg(), arg(), arg(), arg(), arg(), arg()
  if only_on == '' or only_on == edge then
    ms, n = next_id()
    local entry, before, sequence, after = id_of(ms, n), '0-0', '', ''
    if session then
      before, last = last, entry
      kept.last = entry
      -- That messages arrive and are read is no life in the session.
      if kind ~= 'quiet' and kind ~= 'read' and kind ~= 'reacted' then kept.active = int(ms) end
    end
    local found_by = kind == 'reacted' and 'r' or ''
    if kind == 'message' then
      sequence = int((tonumber(seq) or 0) + 1)
      if session then
        seq = sequence
        if direction == 'in' then
          unread = int(tonumber(unread) + 1)
        else
          -- Answered is as good as read; that it was read is for the operator's client to say.
          unread = '0'
        end
        kept.seq, kept.unread = seq, unread
        kept.preview, kept.preview_in, kept.preview_at = preview, direction, int(ms)
      end
      found_by = sequence
      stamped[#stamped + 1] = entry .. ' ' .. uuid .. ' ' .. sequence
    else
      if kind == 'read' then sequence = marked end
      stamped[#stamped + 1] = entry
      if session then
        save()
        after = pack(fields())
      end
    end
    local blob = pack({ '1', entry, before, feed_last, sequence, after, body })
    if session then call('XADD', log, entry, 'e', blob, 'q', found_by) end
    call('XADD', feed, entry, 'e', blob)
    call('XADD', ingest, entry, 'e', blob)
    feed_last = entry
    blobs[#blobs + 1] = blob
  end
end
if session then save() end
local top = id_of(ms, n)
stamped[2] = top
if #blobs > 0 then
  call('HSET', meta, 'last', top)
  call('HSET', workspace, 'last', feed_last)
  call('SADD', workspaces, workspace)
end

-- The record of the socket that this is about comes or goes with it.
local record_op = arg()
if record_op == 'begin' then write_record(key(), epoch, top)
elseif record_op == 'leave' then leave_record(key()) end

-- A log forgets what is stored beyond what pages and recoveries want, some at a time.
local function trim()
  local many = call('XLEN', log) - log_kept
  if many < 64 then return end
  -- While nothing is stored, nothing may go: that must not cost a look at all of it.
  local first = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  if not le(first[1], persisted) then return end
  local oldest, gone = call('XRANGE', log, '-', '+', 'COUNT', math.min(many, 256)), nil
  for i = 1, #oldest do
    if le(oldest[i][1], persisted) then gone = oldest[i][1] end
  end
  if gone then
    call('XTRIM', log, 'MINID', above(gone))
    call('HSET', session, 'trimmed', gone)
  end
end
if session then
  trim()
  call('ZADD', held, now, session)
end

local first = pack(stamped)
remember(dedup_id, top, first)
local answered = answer('committed', first)
-- Whoever writes this partition to the history is told, if that is another process.
local writer = nil
if #blobs > 0 then
  local is = call('HMGET', meta, 'writer', 'writer_until')
  if is[1] and is[1] ~= own_writer and tonumber(is[2]) > now then writer = is[1] end
end
answered[5] = writer and '1' or ''
for i = 1, #blobs do
  if session then tell(log_told, { 'entry', epoch, blobs[i] }) end
  tell(feed_told, { 'entry', epoch, blobs[i] })
end
if writer then tell(writers_at .. writer, { 'dirty' }) end
return answered
