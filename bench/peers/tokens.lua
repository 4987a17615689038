-- Another token for each request, from the file that TOKENS names.
local tokens, next = {}, 0
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = "Bearer " .. line end
request = function()
  next = next % #tokens + 1
  wrk.headers["Authorization"] = tokens[next]
  return wrk.format()
end
