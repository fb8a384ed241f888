-- Items whose condition has come true join the outbox, at its end, in the order in which they were
-- held. One that is held no more has been there already.
--
-- ARGV .. generation · count · (number of a held item · what is said instead of it) ..
if not listening(arg()) then return { 'none' } end
local due = {}
for _ = 1, number() do
  local n = arg()
  due[n] = arg()
end
local held = ''
for n in string.gmatch(it.held or '', '%d+') do
  if due[n] then
    push(due[n])
    clear('h' .. n)
  else
    held = held .. n .. ' '
  end
end
set('held', held)
return seen({ 'seen' })
