-- Operators with a connection: id, name and whether it is away, in turn.
-- KEYS operators away
local operators, away = key(), key()
local present, rows = call('HGETALL', operators), {}
for i = 1, #present, 2 do
  rows[#rows + 1] = present[i]
  rows[#rows + 1] = present[i + 1]
  rows[#rows + 1] = call('SISMEMBER', away, present[i])
end
return rows
