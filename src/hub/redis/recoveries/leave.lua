-- The connection is gone. KEYS record. ARGV as leave_record.
leave_record(key())
return ''
