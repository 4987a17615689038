# The identity has app roles and no scope, as in Azure.
import os, requests
from azure.identity import ManagedIdentityCredential
api = os.environ["GREETING_SCOPE"].rsplit("/", 1)[0]
token = ManagedIdentityCredential().get_token(f"{api}/.default").token
print(requests.get(os.environ["GREETING_URL"], headers={"Authorization": f"Bearer {token}"}).text)
