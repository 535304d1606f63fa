"""A FastAPI service behind fastapi-azure-auth.

Its users say the tenant, and the keys are found at Microsoft's; here it is told the URL of the
configuration, as users of Azure AD B2C do.
"""

from answer import answer
from fastapi import FastAPI, Security
from fastapi.testclient import TestClient
from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase


def service(asked):
    scheme = AzureAuthorizationCodeBearerBase(
        app_client_id=asked["audience"],
        tenant_id=asked["parameters"]["tenant"],
        openid_config_url=asked["configuration"],
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


answer(service)
