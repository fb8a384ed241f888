-- Entries of a log after an id, and whether any of them were trimmed.
-- KEYS meta stream hash. ARGV fresh epoch, control channel, kind, after, limit.
local meta, stream, hash = key(), key(), key()
local epoch = life(meta, arg(), arg())
local kind, after, limit = arg(), arg(), number()
local is = call('HMGET', hash, 'trimmed', 'status')
-- Of a session that is not here only the history can tell; an unknown feed has had no entry.
local complete = le(is[1] or '0-0', after) and (kind == 'feed' or is[2])
local entries, packed = call('XRANGE', stream, '(' .. after, '+', 'COUNT', limit + 1), {}
for i = 1, math.min(#entries, limit) do packed[i] = entries[i][2][2] end
return { epoch, call('HGET', meta, 'last'), complete and '1' or '', #entries > limit and '1' or '', packed }
