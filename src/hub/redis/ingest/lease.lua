-- The right to write a partition to the history: free, or held by this pod already. KEYS meta.
-- ARGV fresh epoch, control channel, pod, time to live.
local meta = key()
life(meta, arg(), arg())
local pod, ttl = arg(), number()
local is = call('HMGET', meta, 'writer', 'writer_until')
if is[1] and is[1] ~= pod and tonumber(is[2]) > now then return '' end
call('HSET', meta, 'writer', pod, 'writer_until', int(now + ttl))
return '1'
