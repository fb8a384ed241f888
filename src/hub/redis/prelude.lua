-- Put before every script. Arguments are read in order, since some come in lists.
local at = 0
local function arg() at = at + 1 return ARGV[at] end
local function number() return tonumber(arg()) end
local key_at = 0
local function key() key_at = key_at + 1 return KEYS[key_at] end
local call = redis.call

-- The hub's clock: Redis' own, unless a test turns one by hand (first argument, else 0).
local now = number()
if now == 0 then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Length, colon, bytes: see pack.rs. A field that is not there is empty: its name came with a later release.
local function pack(parts)
  for i = 1, #parts do
    local part = tostring(parts[i] or '')
    parts[i] = #part .. ':' .. part
  end
  return table.concat(parts)
end

-- Publishing comes last and never fails a script that has written.
local function tell(channel, parts) redis.pcall('SPUBLISH', channel, pack(parts)) end

local function int(n) return string.format('%.0f', n) end

-- Ids are `ms-seq`; compared as pairs.
local function split(id)
  local ms, seq = string.match(id or '', '^(%d+)-(%d+)$')
  return tonumber(ms or 0), tonumber(seq or 0)
end
local function id_of(ms, seq) return int(ms) .. '-' .. int(seq) end
local function le(a, b)
  local ams, aseq = split(a)
  local bms, bseq = split(b)
  return ams < bms or (ams == bms and aseq <= bseq)
end
-- The next id above one, to trim streams with: MINID keeps what is at it.
local function above(id)
  local ms, seq = split(id)
  return id_of(ms, seq + 1)
end

-- A partition's life. One that has none is given the one that the caller drew, and says so: Redis'
-- own random numbers repeat after a restart, just when another epoch is needed.
local function life(meta, fresh, control)
  local epoch = call('HGET', meta, 'epoch')
  if not epoch then
    epoch = fresh
    call('HSET', meta, 'epoch', epoch, 'last', '0-0', 'persisted', '0-0', 'born', int(now))
    tell(control, { 'epoch', epoch })
  end
  return epoch
end

-- Whether a log still has all that it has had after an id; and the newest id of all. An unknown feed has had no entry.
-- Nor has a session that is not here after a moment that is younger than the retention (or when this life is): what
-- begins or goes on since then is kept for as long; nor after the newest entry of all. Of what was before only the
-- history can tell.
local function whole(meta, hash, kind, after, retention)
  local trimmed, status = unpack(call('HMGET', hash, 'trimmed', 'status'))
  local last, born = unpack(call('HMGET', meta, 'last', 'born'))
  local since = math.max((split(after)), tonumber(born or '0'))
  local known = kind == 'feed' or status or since > now - retention or le(last, after)
  return le(trimmed or '0-0', after) and known, last
end

-- What a session is: these fields, in this order, wherever it is packed or returned.
local FIELDS = { 'status', 'version', 'guest', 'agent', 'created', 'active', 'seq', 'last', 'unread',
  'preview', 'preview_in', 'preview_at', 'queued', 'offer', 'delivered_in', 'delivered_out', 'read_in', 'read_out',
  'receipts', 'left', 'unverified' }
