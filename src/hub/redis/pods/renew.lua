-- Keeps a pod alive; `lost` if its lease had run out. KEYS pods. ARGV pod, time, time to live.
local pods, pod, at_time, ttl = key(), arg(), number(), number()
local known = call('ZSCORE', pods, pod)
call('ZADD', pods, at_time + ttl, pod)
return known and tonumber(known) <= at_time and 'lost' or 'held'
