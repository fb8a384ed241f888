-- The probing WebSocket is gone: its claim is given up, and one that was told that it may take over
-- takes the connection with it.
--
-- ARGV .. claim · whether it was told
local claim, probed = arg(), arg()
if it.ended == id then return after_the_end() end
if it.upgrade ~= claim then return { 'none' } end
clear('upgrade')
if probed == '' or it.ended_by then return { 'none' } end
return over('departed', 'server', now)
