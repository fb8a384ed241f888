-- Which server has a partition, and the life that it has there. KEYS meta.
local epoch = call('HGET', key(), 'epoch')
return { server(), epoch or '' }
