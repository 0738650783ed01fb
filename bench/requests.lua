-- Sends requests with the lines of a file in turn, a token or a token and its DPoP proof, as POST if there is a body: wrk ... -s requests.lua URL -- FILE SKIPPED [BODY]
local requests, n = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local token, proof = line:match('^(%S+) ?(%S*)$')
    local headers = { ['Authorization'] = (proof == '' and 'Bearer ' or 'DPoP ') .. token }
    if proof ~= '' then headers['DPoP'] = proof end
    if args[3] then headers['Content-Type'] = 'application/json' end
    requests[#requests + 1] = wrk.format(args[3] and 'POST' or 'GET', nil, headers, args[3])
  end
  n = args[2] % #requests
end

function request()
  n = n % #requests + 1
  return requests[n]
end
