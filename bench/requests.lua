-- Sends requests with the tokens of a file in turn, as POST if there is a body: wrk ... -s requests.lua URL -- FILE [BODY]
local requests, n = {}, 0

function init(args)
  for token in io.lines(args[1]) do
    local headers = { ['Authorization'] = 'Bearer ' .. token }
    if args[2] then headers['Content-Type'] = 'application/json' end
    requests[#requests + 1] = wrk.format(args[2] and 'POST' or 'GET', nil, headers, args[2])
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end
