-- The connection is gone: the record lives on for a while, if that connection held it. KEYS record. ARGV sid, expires.
local record, sid, expires = key(), arg(), arg()
if call('HGET', record, 'sid') == sid then
  call('HSET', record, 'expires', expires)
  call('PEXPIREAT', record, expires)
end
return ''
