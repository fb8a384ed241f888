-- Messages of a session below a number, newest first.
-- KEYS log. ARGV below, limit.
local log, below, limit = key(), number(), number()
local found, upto = {}, '+'
repeat
  local some = call('XREVRANGE', log, upto, '-', 'COUNT', 128)
  for i = 1, #some do
    local entry = some[i][2]
    local sequence = tonumber(entry[4])
    if sequence and sequence < below and #found < limit then found[#found + 1] = entry[2] end
    upto = '(' .. some[i][1]
  end
until #some < 128 or #found >= limit
return found
