-- Ids go on above this one. KEYS meta. ARGV fresh epoch, control channel, id.
local meta = key()
life(meta, arg(), arg())
local least = arg()
if not le(least, call('HGET', meta, 'last')) then call('HSET', meta, 'last', least) end
return ''
