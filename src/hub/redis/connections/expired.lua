-- The turn of a partition: connections whose time has run out, those first whose time it was first; and
-- with it, since an idle cluster pays for every command, the deadlines that are due, a probe of its
-- channels, whether there are entries that are not in the history, and which server it is on.
--
-- KEYS meta · the connections by the instant at which they are dead · deadlines
-- ARGV clock · fresh epoch · control channel · at · limit · inbox to probe, if any
local meta, connections, deadlines = key(), key(), key()
local epoch = life(meta, arg(), arg())
local at, limit, inbox = arg(), arg(), arg()
local dead = call('ZRANGEBYSCORE', connections, '-inf', at, 'LIMIT', 0, limit)
local due = call('ZRANGEBYSCORE', deadlines, '-inf', at, 'WITHSCORES', 'LIMIT', 0, limit)
local is = call('HMGET', meta, 'last', 'persisted')
if inbox ~= '' then tell(inbox, { 'probe' }) end
return { epoch, le(is[1], is[2]) and '' or '1', dead, due, server() }
