-- What there is for the listener of a generation. Changes nothing.
--
-- ARGV .. generation
if not listening(arg()) then return { 'none' } end
return seen({ 'seen' })
