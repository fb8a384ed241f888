-- Pods whose lease has run out, and those that are to be looked at once more. KEYS pods, given up.
local dead = call('ZRANGEBYSCORE', key(), '-inf', int(now))
for _, pod in ipairs(call('ZRANGEBYSCORE', key(), '-inf', int(now))) do dead[#dead + 1] = pod end
return dead
