import os, msal, requests
app = msal.PublicClientApplication(
    os.environ["AZURE_CLIENT_ID"],
    authority=f'{os.environ["AZURE_AUTHORITY_HOST"]}/{os.environ["AZURE_TENANT_ID"]}',
    instance_discovery=False,
)
flow = app.initiate_device_flow([os.environ["GREETING_SCOPE"]])
print(flow["message"], flush=True)
token = app.acquire_token_by_device_flow(flow)["access_token"]
print(requests.get(os.environ["GREETING_URL"], headers={"Authorization": f"Bearer {token}"}).text)
