"""Verifies an access token in the three ways of Auth0's tutorials, and prints the subject by each of them as JSON.

Environment: AUTH0_DOMAIN, AUTH0_AUDIENCE. Argument: the token. The value of a way that rejects the token is null.
"""

import json
import os
import sys
from urllib.request import urlopen

import requests
from jose import jwt
from jose.exceptions import JOSEError

DOMAIN = os.environ["AUTH0_DOMAIN"]
AUDIENCE = os.environ["AUTH0_AUDIENCE"]
ISSUER = f"https://{DOMAIN}/"
KEY_SET_URL = f"https://{DOMAIN}/.well-known/jwks.json"


def by_first_certificate(token):
    """The certificate of the first key, whatever key the token names."""
    key_set = requests.get(KEY_SET_URL, timeout=10).json()
    certificate = f"-----BEGIN CERTIFICATE-----\n{key_set['keys'][0]['x5c'][0]}\n-----END CERTIFICATE-----"
    return decode(token, certificate)


def by_key_id(token):
    """The key that the header of the token names."""
    with urlopen(KEY_SET_URL, timeout=10) as response:
        key_set = json.load(response)
    key_id = jwt.get_unverified_header(token)["kid"]
    key = next(key for key in key_set["keys"] if key["kid"] == key_id)
    return decode(token, {name: key[name] for name in ("kty", "kid", "use", "n", "e")})


def by_userinfo(token):
    """The issuer is asked, with the token in the query."""
    response = requests.get(f"https://{DOMAIN}/userinfo?access_token={token}", timeout=10)
    return response.json()["sub"] if response.ok else None


def decode(token, key):
    try:
        return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)["sub"]
    except JOSEError:
        return None


if __name__ == "__main__":
    ways = (by_first_certificate, by_key_id, by_userinfo)
    print(json.dumps({way.__name__: way(sys.argv[1]) for way in ways}))
