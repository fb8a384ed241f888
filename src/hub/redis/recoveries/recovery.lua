-- Put before the scripts on a record of recovery: its fields, and the two things done to it.
local RECORD = { 'whole', 'nsp', 'workspace', 'subject', 'epoch', 'start', 'expires', 'taken' }

-- The record, if whoever asks may have it at this time: the same namespace; and, of an operator, the
-- same subject in the same workspace. A guest is known by the record. A request that was overtaken on its way
-- does not take it back: its client has given it up, and lives on the connection of the later one.
local function recoverable(record, nsp, workspace, subject, at_time)
  local is = call('HMGET', record, unpack(RECORD))
  local whole, of_nsp, of_workspace, of_subject, _, _, expires, taken = unpack(is)
  if not whole or tonumber(expires) <= at_time or of_nsp ~= nsp then return nil end
  if at_time < (tonumber(taken or '') or 0) then return nil end
  if subject ~= '' and (subject ~= of_subject or workspace ~= of_workspace) then return nil end
  return is
end

-- The record changes hands. The connection that held it is returned, unless it is the same; a
-- repetition of the same request is told the same again.
local function hand_over(record, request, at_time, pod, sid, expires)
  local is = call('HMGET', record, 'pod', 'sid', 'request', 'fenced_pod', 'fenced_sid')
  local before_pod, before_sid = is[1], is[2]
  if is[3] == request then return is[4], is[5] end
  if before_sid == sid then before_pod, before_sid = '', '' end
  call('HSET', record, 'pod', pod, 'sid', sid, 'expires', int(expires), 'request', request, 'taken', int(at_time),
    'fenced_pod', before_pod, 'fenced_sid', before_sid)
  call('PEXPIREAT', record, int(expires))
  return before_pod, before_sid
end

local function tell_fenced(inbox_at, pod, sid)
  if sid ~= '' then tell(inbox_at .. pod, { 'signal', sid, 'fenced' }) end
end

-- Writes a record whole. ARGV whole, nsp, workspace, subject, pod, sid, expires, stream, hash, kind.
local function write_record(record, epoch, start)
  local whole, nsp, workspace, subject, pod, sid, expires = arg(), arg(), arg(), arg(), arg(), arg(), arg()
  local stream, hash, kind = arg(), arg(), arg()
  local holder = call('HGET', record, 'sid')
  if holder and holder ~= sid then return '' end
  call('HSET', record, 'whole', whole, 'nsp', nsp, 'workspace', workspace, 'subject', subject, 'pod', pod, 'sid', sid,
    'expires', expires, 'epoch', epoch, 'start', start, 'stream', stream, 'hash', hash, 'kind', kind)
  call('PEXPIREAT', record, expires)
  return '1'
end

-- The connection is gone: the record lives on for a while, if that connection held it. ARGV sid, expires.
local function leave_record(record)
  local sid, expires = arg(), arg()
  if call('HGET', record, 'sid') == sid then
    call('HSET', record, 'expires', expires)
    call('PEXPIREAT', record, expires)
  end
end
