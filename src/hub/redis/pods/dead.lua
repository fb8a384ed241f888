-- Pods whose lease had run out by a time. KEYS pods. ARGV time.
return call('ZRANGEBYSCORE', key(), '-inf', arg())
