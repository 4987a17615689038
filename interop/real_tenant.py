"""`up --tenant`: the Azure CLI's own token at the local gate. Another greeting-local, with other keys
and another CA, stands for the real tenant."""

from azure_cli import az, token
from checks import GREETING, by_device_code, check, expect, up


@check("Azure CLI", "az's token of a tenant, at up --tenant", "azure-cli")
def az_token_of_a_tenant():
    with up() as real:
        arguments = ["--tenant", real.tenant, "--authority-host", real.authority, "--client-id", real.api]
        with up(*arguments, environment={"SSL_CERT_FILE": real.ca}) as gate:
            expect((gate.authority, gate.tenant, gate.scope), (real.authority, real.tenant, real.scope))
            environment = real.environment("az")
            login = ["az", "login", "--use-device-code", "--allow-no-subscriptions"]
            by_device_code(real, login, environment)
            # The line that `env --for az` prints for a real tenant.
            (line,) = [line for line in gate.program("az").splitlines() if "get-access-token" in line]
            arguments = line.removeprefix("az ").split()
            answer = gate.call(az(environment, *arguments))
            expect((answer.status_code, answer.text), (200, GREETING))
            # A token for Resource Manager is another API's.
            other = token(environment, "--resource", f"{real.authority}/")
            expect(gate.call(other).status_code, 401)
