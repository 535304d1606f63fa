"""A FastAPI service behind fastapi-azure-auth.

Usually the package finds the keys at Microsoft by the tenant; here the URL of the configuration is
set, as for Azure AD B2C.
"""

from fastapi import FastAPI, Security
from fastapi.testclient import TestClient
from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase
from harness import verify_tokens


def create_verifier(task):
    scheme = AzureAuthorizationCodeBearerBase(
        app_client_id=task["audience"],
        tenant_id=task["parameters"]["tenant"],
        openid_config_url=task["configuration"],
    )
    app = FastAPI()

    @app.get("/", status_code=204, dependencies=[Security(scheme, scopes=["access_as_user"])])
    def protected():
        return None

    client = TestClient(app)

    def verify(token):
        response = client.get("/", headers={"Authorization": f"Bearer {token}"})
        if response.status_code != 204:
            raise PermissionError(f"{response.status_code} {response.text}")

    return verify


verify_tokens(create_verifier)
