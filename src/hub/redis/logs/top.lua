-- Where a partition is: its life, its newest entry, and how far it is in the history.
-- KEYS meta. ARGV fresh epoch, control channel.
local meta = key()
local epoch = life(meta, arg(), arg())
local is = call('HMGET', meta, 'last', 'persisted')
return { epoch, is[1], is[2] }
