-- A dead pod has left nothing behind, unless it has come back. Not knowing that it is dead it may still
-- do something: it is looked at once more, much later. KEYS pods, given up. ARGV pod, until then.
local pods, given_up, pod, later = key(), key(), arg(), number()
local known, buried = call('ZSCORE', pods, pod), call('ZSCORE', given_up, pod)
if known and tonumber(known) <= now then
  call('ZADD', given_up, int(now + later), pod)
  call('ZREM', pods, pod)
elseif buried and tonumber(buried) <= now then
  call('ZREM', given_up, pod)
end
return ''
