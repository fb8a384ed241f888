-- The record of a new socket, which starts at the newest entry.
-- KEYS meta record. ARGV fresh epoch, control channel, then as write_record.
local meta, record = key(), key()
local epoch = life(meta, arg(), arg())
local last = call('HGET', meta, 'last')
write_record(record, epoch, last)
return { epoch, last }
