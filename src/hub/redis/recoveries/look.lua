-- A record, if whoever asks may have it. KEYS record. ARGV time, nsp, workspace, subject.
local record, at_time, nsp, workspace, subject = key(), number(), arg(), arg(), arg()
local is = recoverable(record, nsp, workspace, subject, at_time)
return is and { is[1], is[5], is[6] } or false
