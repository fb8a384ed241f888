-- The WebSocket takes over: what is in flight counts as received, and what is left departs.
--
-- ARGV .. claim · at
local claim, at = arg(), number()
if it.ended == id then return after_the_end() end
if it.upgrade ~= claim then return { 'none' } end
clear('upgrade')
if it.ended_by or dead(at) then return { 'none' } end
acknowledge()
return over('departed', 'upgrade', at)
