-- Says what holds until it is said otherwise, and who said it last. Answers whether it was told.
-- KEYS last who spoke. ARGV channel, aside, token, op, for how long in ms.
local last, channel, aside, token, op, for_ms = key(), arg(), arg(), arg(), arg(), number()
if op == 'take' then
  call('SET', last, token, 'PX', for_ms)
elseif op == 'if_over' then
  if call('EXISTS', last) == 1 then return '' end
else
  if op == 'end_if_last' and call('GET', last) ~= token then return '' end
  call('DEL', last)
end
tell(channel, { 'aside', aside })
return '1'
