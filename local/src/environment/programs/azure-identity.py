import os, requests
from azure.identity import DeviceCodeCredential
credential = DeviceCodeCredential(
    client_id=os.environ["AZURE_CLIENT_ID"],
    tenant_id=os.environ["AZURE_TENANT_ID"],
    authority=os.environ["AZURE_AUTHORITY_HOST"],
    disable_instance_discovery=True,
)
token = credential.get_token(os.environ["GREETING_SCOPE"]).token
print(requests.get(os.environ["GREETING_URL"], headers={"Authorization": f"Bearer {token}"}).text)
