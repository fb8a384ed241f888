-- Charges a window, which opens with its first charge; how long it still lasts, if it is full.
-- KEYS window. ARGV this call, how many it takes, how long it is.
local window, id, max, length = key(), arg(), number(), number()
local is = call('HMGET', window, 'used', 'ends', 'call')
local used, ends = tonumber(is[1] or 0), tonumber(is[2] or 0)
if ends <= now then
  used, ends = 0, now + length
elseif is[3] == id then
  -- Carried out again, since its answer was lost.
  return ''
elseif used >= max then
  return int(ends - now)
end
call('HSET', window, 'used', used + 1, 'ends', int(ends), 'call', id)
call('PEXPIRE', window, int(ends - now))
return ''
