"""Azure's own rules, played on loopback: Microsoft Graph, Azure Resource Manager, the deployment
engine of a function app (Kudu) and the app itself. It is written from what Microsoft documents and
what people report, each rule with its source; it knows nothing of the scripts in deploy/.

It is a proxy that answers for the real host names, so that az, azd and curl run unmodified:

    cd interop
    .clients/venv/bin/python -m azure_double --folder /tmp/double --fast-az [--mode NAME]... &
    . /tmp/double/environment        # HTTPS_PROXY, the CA, AZURE_CONFIG_DIR, a stand-in bicep on PATH
    az login --service-principal --username "$DOUBLE_CLIENT_ID" --password x --tenant "$DOUBLE_TENANT_ID"
    ../deploy/deploy.sh --name greeting-contoso --zip /tmp/greeting.zip

A host that it does not play is refused and written down; nothing leaves the machine. What is told to
the proxy's own address, over plain http:

    curl "$DOUBLE/modes"                     the faults by name, and which are on
    curl -d 'role-delay forbidden' "$DOUBLE/modes"    these and no others
    curl -d 240 "$DOUBLE/clock"              its clock goes on by so many seconds
    curl "$DOUBLE/requests"                  what was asked and how it was answered
    curl "$DOUBLE/state"                     all that it keeps
    curl -d '' "$DOUBLE/reset"               a new, empty Azure

`sleep` in the folder's bin (first on the PATH) moves that clock instead of waiting: scripts that wait
for Azure wait their full time, and a test does not. With --fast-az the real az is kept loaded
(az_server.py) and its own waiting, a minute after each zip, moves the clock too.

What is played where: sign_in (Entra ID's token endpoint, no check of anybody), graph, graph_rules,
graph_types, graph_deleted (the directory), arm, arm_resources, arm_generic, arm_deployments, template,
provision, models (ARM and its providers), sites, kudu, apps, function_app (the function app);
bicep_syntax, bicep_expressions and bicep_compiler stand in for Bicep; world is what is kept, modes the faults.
"""
