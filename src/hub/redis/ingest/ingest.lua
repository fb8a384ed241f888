-- Entries of the write-ahead log after an id. KEYS meta ingest. ARGV fresh epoch, control channel, after, limit.
local meta, ingest = key(), key()
local epoch = life(meta, arg(), arg())
local entries, packed = call('XRANGE', ingest, '(' .. arg(), '+', 'COUNT', number()), {}
for i = 1, #entries do packed[i] = entries[i][2][2] end
return { epoch, call('HGET', meta, 'last'), packed }
