-- Put before the scripts of a connection. All of it is one hash, its outbox included: a script that
-- names a key which is absent is refused for as long as its slot moves to another node.
--
-- KEYS the connection · the connections of its partition, by the instant at which they are dead
-- ARGV sid · inboxes (the channel of a pod, but for the pod) · this call · how long a tombstone
--      stands · how long what nobody ends is kept after its time
--
-- Every call has an id, drawn before its first attempt, and what it changes remembers the id. So a
-- call that is carried out again, since its answer was lost, changes nothing and answers the same.
local hash, index = key(), key()
local sid, inboxes, id = arg(), arg(), arg()
local tombstone_ms, kept_ms = number(), number()

-- Beside these: `state`, `listeners` (namespace, log, cursor; and so on), `o<n>` and `h<n>`, which are
-- the items of the outbox from `first` up to `next`, and those named in `held`. `get`, `finished`,
-- `done` and `ended` are calls; so are `post` and `upgrade`, whose ids are the claims.
local TEXTS = { 'generation', 'get', 'get_t', 'get_pod', 'answered', 'in_flight', 'finished', 'post',
  'post_t', 'posted', 'done', 'upgrade', 'held', 'ended', 'ended_as', 'ended_by', 'farewell' }
local NUMBERS = { 'expires_at', 'forsaken_at', 'get_until', 'post_until', 'upgrade_until', 'first',
  'next', 'holds', 'ended_at' }
local it = {}
for i, value in ipairs(call('HMGET', hash, unpack(TEXTS))) do it[TEXTS[i]] = value or nil end
for i, value in ipairs(call('HMGET', hash, unpack(NUMBERS))) do it[NUMBERS[i]] = tonumber(value or nil) end

-- Names and values in turn.
local function set(...)
  call('HSET', hash, ...)
  local fields = { ... }
  for i = 1, #fields, 2 do it[fields[i]] = fields[i + 1] end
end
local function clear(...)
  call('HDEL', hash, ...)
  for _, name in ipairs({ ... }) do it[name] = nil end
end

local function known(at) return it.expires_at and not (it.ended_at and it.ended_at + tombstone_ms <= at) end
local function dead(at) return it.expires_at <= at or (it.forsaken_at and it.forsaken_at <= at) end
local function listening(generation) return it.get and not it.ended_by and it.generation == generation end
-- Without a `t` (the empty text) nothing is the same request.
local function same(a, b) return a ~= '' and a == b end

-- Keeps it until its end and for a while longer, in which a sweep finds it; then, whatever happens, no
-- more. Times are those of the pods, whose clocks may differ from this one: only spans are taken.
local function keep()
  local dead_at = math.min(it.expires_at, it.forsaken_at or it.expires_at)
  local span = int(math.max(dead_at - now, 0) + kept_ms)
  call('PEXPIRE', hash, span)
  call('ZADD', index, int(dead_at), sid)
  if call('PTTL', index) < tonumber(span) then call('PEXPIRE', index, span) end
end

-- The parts of what `pack` has made.
local function parts(packed)
  local list, from = {}, 1
  while from <= #packed do
    local colon = string.find(packed, ':', from, true)
    local to = colon + tonumber(string.sub(packed, from, colon - 1))
    list[#list + 1] = string.sub(packed, colon + 1, to)
    from = to + 1
  end
  return list
end

local function sockets() return parts(call('HGET', hash, 'listeners') or '') end

local function push(item) set('o' .. int(it.next), item, 'next', it.next + 1) end
local function hold(item)
  local n = int(it.holds)
  set('h' .. n, item, 'holds', it.holds + 1, 'held', (it.held or '') .. n .. ' ')
end

-- The sockets, where they are once this batch is received.
local function sockets_after(batch)
  local list, read = sockets(), {}
  for i = 3, #batch, 2 do read[batch[i]] = batch[i + 1] end
  for i = 1, #list, 3 do
    local cursor = read[list[i]]
    if cursor and le(list[i + 2], cursor) then list[i + 2] = cursor end
  end
  return list
end

-- The batch in flight was received.
local function acknowledge()
  if not it.in_flight then return end
  local batch = parts(it.in_flight)
  local first = math.min(it.first + tonumber(batch[1]), it.next)
  for n = it.first, first - 1 do call('HDEL', hash, 'o' .. int(n)) end
  set('first', first, 'listeners', pack(sockets_after(batch)))
  clear('in_flight')
end

-- Appends all that there is to see: state, beat, listeners, outbox, what is held and its numbers.
local function seen(reply)
  local fields = call('HMGET', hash, 'state', 'ping_at', 'sent', 'expires_at', 'listeners')
  for i = 1, 5 do reply[#reply + 1] = fields[i] or '' end
  local outbox, held = {}, {}
  for n = it.first, it.next - 1 do outbox[#outbox + 1] = call('HGET', hash, 'o' .. int(n)) end
  for n in string.gmatch(it.held or '', '%d+') do
    held[#held + 1] = n
    held[#held + 1] = call('HGET', hash, 'h' .. n)
  end
  reply[#reply + 1] = outbox
  reply[#reply + 1] = held
  return reply
end

local function signal(pod, name) tell(inboxes .. pod, { 'signal', sid, name }) end

-- Ends it. What departs stays in the tombstone, for the call that ended it may have to be told again.
local SIGNALS = { upgrade = 'release', client = 'closed-by-client' }
local function over(how, by, at)
  local pod = it.get and it.get_pod
  set('ended', id, 'ended_as', how, 'ended_by', by, 'ended_at', at)
  if pod then
    clear('get')
  elseif by == 'client' then
    set('farewell', 'due')
  end
  call('ZREM', index, sid)
  call('PEXPIRE', hash, int(2 * tombstone_ms))
  local departed = seen({ how })
  if pod then signal(pod, SIGNALS[by] or 'closed') end
  return departed
end

-- What a call meets after the end: its own, again, if it was this one that ended it.
local function after_the_end(farewell)
  if it.ended == id then return seen({ it.ended_as }) end
  return { 'tombstone', it.ended_by, farewell and '1' or '' }
end
