"""A FastAPI service behind fastapi-azure-auth.

Usually the tenant locates the keys at Microsoft; here the URL of the configuration is set, as for
Azure AD B2C.
"""

from answer import answer
from fastapi import FastAPI, Security
from fastapi.testclient import TestClient
from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase


def service(question):
    scheme = AzureAuthorizationCodeBearerBase(
        app_client_id=question["audience"],
        tenant_id=question["parameters"]["tenant"],
        openid_config_url=question["configuration"],
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
