-- Recovers a socket whose record, log and workspace are in one slot. `elsewhere`: the log is not.
-- KEYS meta record. ARGV fresh epoch, control channel, time, nsp, workspace, subject, offset (epoch and id, or
-- nothing), pod, sid, expires, limit, request, what inboxes begin with, retention in ms.
local meta, record = key(), key()
local epoch = life(meta, arg(), arg())
local last = call('HGET', meta, 'last')
local at_time, nsp, workspace, subject = number(), arg(), arg(), arg()
local offset_epoch, offset, pod, sid = arg(), arg(), arg(), arg()
local expires, limit, request, inbox_at, retention = number(), number(), arg(), arg(), number()

local is = recoverable(record, nsp, workspace, subject, at_time)
if not is then return { 'new', epoch, last } end
local of_epoch, from = is[5], is[6]
local stream, hash, kind = unpack(call('HMGET', record, 'stream', 'hash', 'kind'))
if kind == 'elsewhere' then return { 'elsewhere', epoch, last } end
-- An offset of another life says nothing of this one, nor does one below the start of the socket.
if offset_epoch == of_epoch and not le(offset, from) then from = offset end

local packed, more = {}, ''
if kind ~= '' then
  -- Neither is a key of the call. If their slot moves and they are not both here, this says so, where a read of
  -- the one that is away would find nothing that was missed.
  call('EXISTS', stream, hash)
  -- As for any other read of a log. An offset above the top is of a life that nobody knows of any more.
  if epoch ~= of_epoch or not le(from, last) or not whole(meta, hash, kind, from, retention) then return { 'new', epoch, last } end
  local entries = call('XRANGE', stream, '(' .. from, '+', 'COUNT', limit + 1)
  for i = 1, math.min(#entries, limit) do packed[i] = entries[i][2][2] end
  if #entries > limit then more = '1' end
end
local fenced_pod, fenced_sid = hand_over(record, request, at_time, pod, sid, expires)
tell_fenced(inbox_at, fenced_pod, fenced_sid)
return { 'recovered', epoch, last, is[1], is[5], is[6], fenced_pod, fenced_sid, from, more, packed }
