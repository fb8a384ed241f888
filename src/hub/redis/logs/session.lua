-- A session as it is, with its place in the queue; no fields if it is not here.
-- KEYS session queue. ARGV id.
local session, queue = key(), key()
local rank = call('ZRANK', queue, arg())
return { rank and rank + 1 or false, call('HMGET', session, unpack(FIELDS)) }
