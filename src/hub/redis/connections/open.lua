-- A connection begins. One that is there already is left alone: it can only be a call carried out again.
--
-- ARGV .. state · ping_at · sent · expires_at
if it.expires_at then return 1 end
set('state', arg(), 'ping_at', arg(), 'sent', arg(), 'expires_at', number(), 'generation', '0', 'first', 0,
  'next', 0, 'holds', 0)
keep()
return 1
