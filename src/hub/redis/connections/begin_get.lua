-- A GET becomes the listener, unless it is a repeat of the one before or something is in its way.
-- Only one that becomes the listener acknowledges the batch in flight.
--
-- ARGV .. t · pod · until · at · how long after the end a farewell is due
local t, pod, lease, at, farewell_ms = arg(), arg(), number(), number(), number()
if not known(at) then return { 'unknown' } end

if it.ended_by then
  -- The farewell is for the first GET, however often that one asks, in time or not.
  if it.farewell == 'due' then set('farewell', id) end
  local farewell = it.farewell == id and at - it.ended_at <= farewell_ms
  return after_the_end(farewell)
end

if it.get == id then return seen({ 'listening', it.generation }) end
if dead(at) then return { 'tombstone', 'expired', '' } end
if it.upgrade and it.upgrade_until > at then return { 'upgrading' } end

local replaced
if it.get and same(t, it.get_t) then
  replaced = it.get_pod
elseif it.get and it.get_until > at then
  return over('overlap', 'server', at)
elseif not it.get and same(t, it.answered) and it.in_flight then
  return seen({ 'repeat', it.in_flight })
end

acknowledge()
set('generation', int(tonumber(it.generation) + 1), 'get', id, 'get_t', t, 'get_pod', pod, 'get_until', lease)
if it.forsaken_at then
  clear('forsaken_at')
  keep()
end
local reply = seen({ 'listening', it.generation })
if replaced then signal(replaced, 'replaced') end
return reply
