-- Put before the scripts that tell which server answers and how full it is: nothing, if the user may not ask.
local function server()
  local info = redis.pcall('INFO', 'server', 'memory')
  if type(info) ~= 'string' then return { '', '0', '0' } end
  local function figure(name) return tonumber(string.match(info, '\n' .. name .. ':(%d+)') or 0) end
  -- As Redis counts against its maximum.
  local used = figure('used_memory') - figure('mem_not_counted_for_evict')
  return { string.match(info, '\nrun_id:(%x+)') or '', int(used), int(figure('maxmemory')) }
end
