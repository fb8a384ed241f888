-- Forgets a pod that left nothing behind, unless it has come back. KEYS pods. ARGV pod, lease that ran out at the latest.
local pods, pod, before = key(), arg(), number()
local known = call('ZSCORE', pods, pod)
if known and tonumber(known) <= before then call('ZREM', pods, pod) end
return ''
