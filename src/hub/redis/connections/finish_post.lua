-- All that a POST did to its connection, if it still has the claim; then wakes the listener.
--
-- ARGV .. claim · state · whether there was a pong (ping_at · sent · expires_at) ·
--      count · (namespace · log, or nothing if it replays none any more · cursor) .. ·
--      count · (whether it is held · item) ..
local claim, state, pong = arg(), arg(), arg()
if it.done == id then return 'done' end
if not it.expires_at or it.ended_by then return 'ended' end
if it.post ~= claim then return 'superseded' end

set('state', state, 'posted', it.post_t, 'done', id)
clear('post')
if pong ~= '' then set('ping_at', arg(), 'sent', arg(), 'expires_at', number()) end

local moved = number()
local list = moved > 0 and sockets()
for _ = 1, moved do
  local nsp, log, cursor = arg(), arg(), arg()
  local at = 1
  while list[at] and list[at] ~= nsp do at = at + 3 end
  if log ~= '' then
    list[at], list[at + 1], list[at + 2] = nsp, log, cursor
  elseif list[at] then
    for _ = 1, 3 do table.remove(list, at) end
  end
end
if list then set('listeners', pack(list)) end

local items = number()
for _ = 1, items do
  if arg() ~= '' then hold(arg()) else push(arg()) end
end

if pong ~= '' then keep() end
if it.get and (pong ~= '' or moved > 0 or items > 0) then signal(it.get_pod, 'wake') end
return 'done'
