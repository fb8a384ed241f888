-- Keeps a pod alive; `lost` if its lease had run out. KEYS pods, given up. ARGV pod, time to live.
local pods, given_up, pod, ttl = key(), key(), arg(), number()
local known, buried = call('ZSCORE', pods, pod), call('ZREM', given_up, pod)
call('ZADD', pods, int(now + ttl), pod)
return (buried == 1 or known and tonumber(known) <= now) and 'lost' or 'held'
