-- A POST claims the connection for its `t`. The claim is the id of the call.
--
-- ARGV .. t · until · at · how much may wait for a client
local t, lease, at, outbox_max = arg(), number(), number(), number()
local function claimed()
  local reply = call('HMGET', hash, 'state', 'ping_at', 'sent', 'expires_at')
  table.insert(reply, 1, 'claimed')
  reply[#reply + 1] = pack(sockets_after(parts(it.in_flight or '')))
  return reply
end

if not known(at) then return { 'unknown' } end
if it.ended_by then return after_the_end() end
if it.post == id then return claimed() end
if dead(at) then return { 'tombstone', 'expired', '' } end

if it.post and it.post_until > at then
  if same(t, it.post_t) then return { 'running' } end
  return over('overlap', 'server', at)
elseif not it.post and same(t, it.posted) then
  return { 'done' }
end

-- What was handed out may have arrived: it counts once it is not acknowledged.
local handed_out = it.in_flight and tonumber(parts(it.in_flight)[1]) or 0
local _, held = string.gsub(it.held or '', '%d+', '')
if it.next - it.first + held >= outbox_max + handed_out then return over('overflow', 'server', at) end

set('post', id, 'post_t', t, 'post_until', lease)
return claimed()
