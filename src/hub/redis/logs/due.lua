-- Deadlines at or before a time, earliest first: names and times in turn. KEYS deadlines. ARGV time, limit.
return call('ZRANGEBYSCORE', key(), '-inf', arg(), 'WITHSCORES', 'LIMIT', 0, number())
