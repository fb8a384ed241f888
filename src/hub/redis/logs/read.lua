-- Entries of a log after an id, and whether any of them were trimmed.
-- KEYS meta stream hash. ARGV fresh epoch, control channel, kind, after, limit, retention in ms.
local meta, stream, hash = key(), key(), key()
local epoch = life(meta, arg(), arg())
local kind, after, limit, retention = arg(), arg(), number(), number()
local complete, last = whole(meta, hash, kind, after, retention)
local entries, packed = call('XRANGE', stream, '(' .. after, '+', 'COUNT', limit + 1), {}
for i = 1, math.min(#entries, limit) do packed[i] = entries[i][2][2] end
return { epoch, last, complete and '1' or '', #entries > limit and '1' or '', packed }
