"""A Django application that logs users in with Authlib, as at an Auth0 tenant.

Environment: AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, AUTH0_AUDIENCE, API_URL. Argument: host and port.
"""

import os
import sys
from urllib.parse import urlencode

import requests
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils.html import format_html

DOMAIN = os.environ["AUTH0_DOMAIN"]
CLIENT_ID = os.environ["AUTH0_CLIENT_ID"]

settings.configure(
    DEBUG=True,
    SECRET_KEY="a-secret-of-this-test-only",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
)

oauth = OAuth()
oauth.register(
    "auth0",
    client_id=CLIENT_ID,
    client_secret=os.environ["AUTH0_CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email"},
    server_metadata_url=f"https://{DOMAIN}/.well-known/openid-configuration",
)


def home(request):
    user = request.session.get("user")
    if user is None:
        return HttpResponse('<p id="state">logged out</p><a href="/login">Log in</a>')
    return HttpResponse(
        format_html(
            '<p id="state">{}</p><img src="{}" alt=""><a href="/logout">Log out</a>',
            user["email"],
            user["picture"],
        )
    )


def login(request):
    callback_url = request.build_absolute_uri(reverse(callback))
    return oauth.auth0.authorize_redirect(request, callback_url, audience=os.environ["AUTH0_AUDIENCE"])


def callback(request):
    token = oauth.auth0.authorize_access_token(request)
    request.session["user"] = token["userinfo"]
    request.session["access_token"] = token["access_token"]
    return HttpResponseRedirect(reverse(home))


def messages(request):
    headers = {"Authorization": f"Bearer {request.session['access_token']}"}
    response = requests.get(f"{os.environ['API_URL']}/api/messages/admin", headers=headers, timeout=10)
    return JsonResponse(response.json(), status=response.status_code)


def logout(request):
    request.session.clear()
    query = urlencode({"returnTo": request.build_absolute_uri(reverse(home)), "client_id": CLIENT_ID})
    return HttpResponseRedirect(f"https://{DOMAIN}/v2/logout?{query}")


urlpatterns = [
    path("", home),
    path("login", login),
    path("callback", callback),
    path("messages", messages),
    path("logout", logout),
]

if __name__ == "__main__":
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", sys.argv[1]])
