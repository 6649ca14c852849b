-- wrk: each request posts the form to ROUTE for the next visitor of the file COOKIES;
-- with PAUSE, a connection waits about so many milliseconds in between.
local cookies, next = {}, 0
local route = os.getenv("ROUTE") or "/sign"
local pause = tonumber(os.getenv("PAUSE") or "0")
local body = "name=%E7%8E%8B%E6%B5%8B%E8%AF%95&grid=grid-07&pledges=home&pledges=traffic&consent=on"

function init()
  math.randomseed(os.time())
  for line in io.lines(os.getenv("COOKIES")) do cookies[#cookies + 1] = line end
end

function request()
  next = next + 1
  local headers = { ["Cookie"] = cookies[next] or cookies[1], ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", route, headers, body)
end

if pause > 0 then
  function delay() return math.random(0, 2 * pause) end
end
