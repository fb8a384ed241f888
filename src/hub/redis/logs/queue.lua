-- The waiting sessions in order. KEYS queue. ARGV limit.
return call('ZRANGE', key(), 0, number() - 1)
