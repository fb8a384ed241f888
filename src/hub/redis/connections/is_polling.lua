-- Whether polling goes on. Changes nothing.
--
-- ARGV .. at
local at = number()
return known(at) and not it.ended_by and not dead(at) and 1 or 0
