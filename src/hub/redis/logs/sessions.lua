-- Some of the sessions of a workspace: a step of a scan, so that many do not hold up the others.
-- KEYS sessions queue. ARGV what session keys begin with, cursor.
local sessions, queue = key(), key()
local session_at, cursor = arg(), arg()
local scanned = call('SSCAN', sessions, cursor, 'COUNT', 200)
local rows = {}
for i, id in ipairs(scanned[2]) do
  local rank = call('ZRANK', queue, id)
  rows[i] = { id, rank and rank + 1 or false, call('HMGET', session_at .. id, unpack(FIELDS)) }
end
return { scanned[1], rows }
