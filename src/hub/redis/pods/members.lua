-- Presences that a pod is to answer for. KEYS pod. ARGV limit.
return call('SRANDMEMBER', key(), number())
