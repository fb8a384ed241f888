-- A WebSocket claims the connection, and the listener is let go. The claim is the id of the call.
--
-- ARGV .. at · until
local at, lease = number(), number()
if not known(at) then return { 'unknown' } end
if it.ended_by then return { 'refused' } end
local claimed = { 'claimed', call('HGET', hash, 'state') }
if it.upgrade == id then return claimed end
if dead(at) or (it.upgrade and it.upgrade_until > at) then return { 'refused' } end
set('upgrade', id, 'upgrade_until', lease)
if it.get then signal(it.get_pod, 'release') end
return claimed
