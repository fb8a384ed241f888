-- The listener is about to be answered, and listens no more. Told `true` once, it may write; so it is
-- told that again, whatever has happened since.
--
-- ARGV .. generation · batch · whether it has the ping
local generation, batch, ping = arg(), arg(), arg()
if it.finished == id then return 1 end
if not listening(generation) then return 0 end
set('finished', id, 'answered', it.get_t, 'in_flight', batch)
if ping ~= '' then set('sent', '1') end
clear('get')
return 1
