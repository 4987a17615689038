"""The API's tests: with a token of a real sign-in, and without."""

import os
import unittest
import urllib.error
import urllib.request

import msal


def get(url: str, token: str | None) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        authority = f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}"
        app = msal.PublicClientApplication(os.environ["AZURE_CLIENT_ID"], authority=authority, instance_discovery=False)
        # --auto-approve enters the code.
        flow = app.initiate_device_flow([f"api://{os.environ['API_CLIENT_ID']}/Greeting.Read"])
        cls.token = app.acquire_token_by_device_flow(flow)["access_token"]
        cls.api, cls.gate = os.environ["API_URL"], os.environ["GREETING_URL"]

    def test_a_token_says_who_calls(self):
        self.assertEqual(get(self.api, self.token), (200, "alice@greeting.test"))

    def test_without_a_token(self):
        self.assertEqual(get(self.api, None), (401, "no token"))

    def test_what_nobody_signed(self):
        head, claims, _ = self.token.split(".")
        self.assertEqual(get(self.api, f"{head}.{claims}.AAAA"), (401, "InvalidSignatureError"))

    def test_the_gate_beside_it(self):
        self.assertEqual(get(self.gate, self.token)[0], 200)
        self.assertEqual(get(self.gate, None)[0], 401)


if __name__ == "__main__":
    unittest.main()
