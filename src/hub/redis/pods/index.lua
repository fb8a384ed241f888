-- A pod is to answer for a presence. KEYS indexed pod. ARGV presence, pod.
local indexed, of, member, pod = key(), key(), arg(), arg()
call('HSET', indexed, member, pod)
call('SADD', of, member)
return ''
