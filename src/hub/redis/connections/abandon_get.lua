-- The listener is gone without an answer: without another one, the connection is dead at `dead_at`.
--
-- ARGV .. generation · dead_at
local generation, dead_at = arg(), number()
if not listening(generation) then return 0 end
clear('get')
set('forsaken_at', dead_at)
keep()
return 1
