-- Entries of a log after an id, and whether any of them were trimmed.
-- KEYS meta stream hash. ARGV fresh epoch, control channel, kind, after, limit, retention in ms.
local meta, stream, hash = key(), key(), key()
local epoch = life(meta, arg(), arg())
local kind, after, limit, retention = arg(), arg(), number(), number()
local is = call('HMGET', hash, 'trimmed', 'status')
-- An unknown feed has had no entry. Nor has a session that is not here after a moment that is younger than the
-- retention: what begins or goes on since then is kept for as long; nor after the newest entry of all. Of what was
-- before only the history can tell.
local young = tonumber(string.match(after, '^%d+')) > now - retention
local last = call('HGET', meta, 'last')
local complete = le(is[1] or '0-0', after) and (kind == 'feed' or is[2] or young or le(last, after))
local entries, packed = call('XRANGE', stream, '(' .. after, '+', 'COUNT', limit + 1), {}
for i = 1, math.min(#entries, limit) do packed[i] = entries[i][2][2] end
return { epoch, last, complete and '1' or '', #entries > limit and '1' or '', packed }
