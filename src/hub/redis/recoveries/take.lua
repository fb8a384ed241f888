-- A record changes hands, if it still may. KEYS record.
-- ARGV time, nsp, workspace, subject, pod, sid, expires, request, what inboxes begin with.
local record, at_time, nsp, workspace, subject = key(), number(), arg(), arg(), arg()
if not recoverable(record, nsp, workspace, subject, at_time) then return false end
local pod, sid, expires, request, inbox_at = arg(), arg(), number(), arg(), arg()
local fenced_pod, fenced_sid = hand_over(record, request, at_time, pod, sid, expires)
tell_fenced(inbox_at, fenced_pod, fenced_sid)
return { fenced_pod, fenced_sid }
