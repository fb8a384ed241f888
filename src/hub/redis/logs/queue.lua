-- The waiting sessions in order; above them is what keeps the key. KEYS queue. ARGV limit.
return call('ZRANGEBYSCORE', key(), '-inf', '(+inf', 'LIMIT', 0, number())
