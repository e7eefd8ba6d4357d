-- Argo CD health of DataMover, DataMoverAccount (conditions) and DataMoverRun (phase).
local health = { status = "Progressing", message = "Waiting for the operator" }
local status = obj.status
if status == nil then
  return health
end
if obj.kind == "DataMoverRun" then
  local verdicts = { Succeeded = "Healthy", Cancelled = "Suspended", Failed = "Degraded", Rejected = "Degraded", Unknown = "Degraded" }
  health.status = verdicts[status.phase] or "Progressing"
  health.message = status.message or status.phase or health.message
  return health
end
for _, condition in ipairs(status.conditions or {}) do
  if condition.observedGeneration == nil or condition.observedGeneration == obj.metadata.generation then
    if condition.type == "Stalled" and condition.status == "True" then
      return { status = "Degraded", message = condition.message }
    end
    if condition.type == "Ready" and condition.status == "True" then
      health = { status = "Healthy", message = condition.message }
    elseif condition.type == "Reconciling" and condition.status == "True" then
      health.message = condition.message
    end
  end
end
return health
