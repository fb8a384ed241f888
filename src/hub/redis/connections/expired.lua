-- The connections of a partition whose time has run out, those first whose time it was first.
--
-- KEYS the connections by the instant at which they are dead · ARGV clock · at · limit
return call('ZRANGEBYSCORE', key(), '-inf', arg(), 'LIMIT', 0, arg())
