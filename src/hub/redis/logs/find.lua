-- The number of a message. Its id stands in the text of its entry as nothing that a client wrote can:
-- quotes in there are escaped.
-- KEYS log. ARGV id, entries to look at.
local log, wanted, left = key(), '"id":"' .. arg() .. '"', number()
local upto, some = '+', nil
repeat
  some = call('XREVRANGE', log, upto, '-', 'COUNT', 128)
  for i = 1, #some do
    local entry = some[i][2]
    if tonumber(entry[4]) and string.find(entry[2], wanted, 1, true) then return entry[4] end
    upto = '(' .. some[i][1]
  end
  left = left - #some
until #some < 128 or left <= 0
return ''
