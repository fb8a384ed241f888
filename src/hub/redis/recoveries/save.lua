-- Writes a record whole, unless another connection holds it. KEYS record.
-- ARGV whole, nsp, workspace, subject, pod, sid, expires, start (epoch and id), stream, hash, kind.
local record = key()
local whole, nsp, workspace, subject, pod, sid, expires = arg(), arg(), arg(), arg(), arg(), arg(), arg()
local holder = call('HGET', record, 'sid')
if holder and holder ~= sid then return '' end
call('HSET', record, 'whole', whole, 'nsp', nsp, 'workspace', workspace, 'subject', subject, 'pod', pod, 'sid', sid,
  'expires', expires, 'epoch', arg(), 'start', arg(), 'stream', arg(), 'hash', arg(), 'kind', arg())
call('PEXPIREAT', record, expires)
return '1'
