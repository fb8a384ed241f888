-- Messages of a session below a number, newest first, and the reactions among them.
-- KEYS log. ARGV below, limit.
local log, below, limit = key(), number(), number()
local found, upto, left, some = {}, '+', limit, nil
repeat
  some = call('XREVRANGE', log, upto, '-', 'COUNT', 128)
  for i = 1, #some do
    local entry = some[i][2]
    local sequence = tonumber(entry[4])
    if sequence and sequence < below then
      if left == 0 then return found end
      left = left - 1
      found[#found + 1] = entry[2]
    elseif entry[4] == 'r' then
      found[#found + 1] = entry[2]
    end
    upto = '(' .. some[i][1]
  end
until #some < 128
return found
