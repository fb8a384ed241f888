-- Ends the connection, once. Its time having run out, it is only ended if it is not alive again. One
-- that is gone without an end is taken off the list, or it would be found expired for ever.
--
-- ARGV .. by · at
local by, at = arg(), number()
if not it.expires_at then
  call('ZREM', index, sid)
  return { 'none' }
end
if it.ended == id then return after_the_end() end
if it.ended_by or (by == 'expired' and not dead(at)) then return { 'none' } end
return over('departed', by, at)
