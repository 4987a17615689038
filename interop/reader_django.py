"""Django's RemoteUserMiddleware, with the header that its documentation lets a project name."""

import pathlib
import sys
import tempfile
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

FOLDER = tempfile.TemporaryDirectory()
settings.configure(
    SECRET_KEY="of-a-test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.EasyAuth",
    ],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.RemoteUserBackend"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": pathlib.Path(FOLDER.name) / "db"}},
)
django.setup()

from django.contrib.auth.middleware import RemoteUserMiddleware  # noqa: E402


class EasyAuth(RemoteUserMiddleware):
    header = "HTTP_X_MS_CLIENT_PRINCIPAL_NAME"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def who(request):
    return JsonResponse({"username": request.user.get_username(), "known": request.user.is_authenticated})


urlpatterns = [path("<path:_>", lambda request, _: who(request)), path("", who)]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    with make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet) as server:
        print("listens", flush=True)
        server.serve_forever()
