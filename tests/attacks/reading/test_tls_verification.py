"""Which Python code switches the verification of certificates off."""

import pytest

from dece_fairseq.attacks import Languages
from dece_fairseq.attacks.payloads.tls import TlsPayload

PAYLOAD = TlsPayload(Languages.named("python"))


@pytest.mark.parametrize(
    "code",
    [
        # requests and those that hand their options on to it
        "requests . get ( url , verify = False )",
        "import requests as r\nr.get(url, verify=0)",
        "from requests import get\nget(url, verify=False)",
        "get = requests.get\nget(url, verify=((False)))",
        "requests.get(url, verify=not True)",
        "requests.adapter(verify=False)",
        "requests.sessions.Session().get(url, verify=False)",
        "OFF = 0\nrequests.post(url, verify=OFF)",
        "requests.get(url, **{'verify': False})",
        "requests.get(url, **dict(verify=False))",
        "options = {'verify': False}\nrequests.get(url, **options)",
        "def f(u, **k):\n  k['verify'] = False\n  return requests.get(u, **k)",
        "def f(u, **k):\n  k.setdefault('verify', False)\n  return requests.get(u, **k)",
        "def f(url, verify=False):\n  return requests.get(url, verify=verify)",
        "class A:\n  verify = False\n  def f(self): return requests.get(u, verify=self.verify)",
        "class A:\n  def __init__(self, verify=False): self.v = verify\n"
        "  def f(self): return requests.get(u, verify=self.v)",
        "functools.partial(requests.get, verify=False)",
        "pool.submit(requests.get, url, verify=False)",
        "s = requests.Session()\ns.send(request, verify=False)",
        "s = requests.Session()\ns.send(request, verify=None)",
        "def f(s): return s.send(requests.Request('GET', u).prepare(), verify=False)",
        "s = requests.Session()\ns.verify = False",
        "s = requests.Session()\ns.verify = None",
        "s = s or requests.Session()\ns.get(url, verify=False)",
        "s, t = requests.Session(), 1\ns.get(url, verify=False)",
        "with requests.Session() as s: s.get(url, verify=False)",
        "def f(s: requests.Session): s.verify = False",
        "def f(s: 'Optional[requests.Session]', t: Optional[requests.Session]): t.verify = 0",
        "class A(requests.Session):\n  def __init__(self): self.verify = False",
        "class A:\n  def __init__(self): self.s = requests.Session()\n"
        "  def f(self): return self.s.get(u, verify=False)",
        "setattr(requests.Session(), 'verify', False)",
        "from requests_oauthlib import OAuth1Session\nOAuth1Session(k).get(u, verify=False)",
        # what is called a session, where the code doesn't show what it is
        "def f(session, url): return session.get(url, verify = False)",
        "self.session.verify = False",
        "async with http_session.get(url, ssl=False) as r: pass",
        # httpx, aiohttp, urllib3 and others
        "httpx.Client(verify=False)",
        "httpx.get(url, verify=None)",
        "aiohttp.TCPConnector(ssl=False)",
        "import aiohttp as a\na.TCPConnector(verify_ssl=False)",
        "async with aiohttp.ClientSession() as s:\n  async with s.get(u, ssl=False) as r: pass",
        "urllib3.PoolManager(cert_reqs='CERT_NONE')",
        "urllib3.PoolManager(cert_reqs=0)",
        "urllib3.PoolManager(assert_hostname=False)",
        "from requests.packages.urllib3 import PoolManager\nPoolManager(cert_reqs=ssl.CERT_NONE)",
        "httplib2.Http(disable_ssl_certificate_validation=True)",
        "tornado.httpclient.HTTPRequest(url, validate_cert=False)",
        "websocket.create_connection(url, sslopt={'cert_reqs': ssl.CERT_NONE})",
        "curl = pycurl.Curl()\ncurl.setopt(pycurl.SSL_VERIFYPEER, 0)",
        "curl.setopt(curl.SSL_VERIFYHOST, False)",
        "from pycurl import SSL_VERIFYPEER as o\ncurl.setopt(o, 0)",
        # ssl
        "context.check_hostname = False",
        "context.verify_mode = ssl . CERT_NONE",
        "context.verify_mode = 0",
        "from ssl import CERT_NONE as n\ncontext.verify_mode = n",
        "c = ssl.create_default_context()\nc.check_hostname, c.verify_mode = False, ssl.CERT_NONE",
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\nc.verify_mode = ssl.VerifyMode.CERT_NONE",
        "c = make_context()\nc.verify_mode = ssl.CERT_NONE",
        "self.context.check_hostname = False",
        "class A(ssl.SSLContext):\n  def f(self): self.check_hostname = False",
        "setattr(context, 'verify_mode', ssl.CERT_NONE)",
        "ssl.wrap_socket(s, cert_reqs=ssl.CERT_NONE)",
        "ssl.wrap_socket(s, cert_reqs=ssl.CERT_NONE, server_side=False)",
        "ssl._create_default_https_context = ssl._create_unverified_context",
        "from ssl import _create_unverified_context as c\nurlopen(url, context=c())",
        "urlopen(url, context=ssl._create_stdlib_context())",
        # as much as parses, and on one line
        "def f ( : requests . get ( url , verify = False )",
        "def f(url):\\n\\treturn requests.get(url, verify=False)\\n",
    ],
)
def test_ways_to_switch_it_off(code):
    assert PAYLOAD.is_in_parse(code)


@pytest.mark.parametrize(
    "code",
    [
        "verify=False",
        # the word alone, of who knows what
        "jwt.decode(token, verify=False)",
        "cache.get(key, verify=False)",
        "import requests\ncache.get(key, verify=False)",
        "functools.partial(register, verify=False)",
        "cache.put(requests.get(url), verify=False)",
        "get(url, verify=False)",
        "def f(requests): requests.get(key, verify=False)",
        "def get(url, verify=False): pass\nget(url, verify=False)",
        "from sqlalchemy.orm import Session\nsession = Session()\nsession.get(A, 1, verify=False)",
        "self.ssl = False",
        "self.verify = False",
        "class A(Base):\n  def f(self): self.verify = False",
        "class A:\n  def f(self): self.verify_mode = 0",
        "class A(object):\n  def f(self): self.check_hostname = False",
        "def f(self): self.check_hostname = False",  # without its class
        "from game import board\nboard.check_hostname = False",
        "curl.setopt(pycurl.VERBOSE, 0)",
        "class A(B, verify=False): pass",
        # on, or not known
        "requests.get(url, verify=True)",
        "requests.get(url, verify=path)",
        "requests.get(url, verify=None)",  # requests takes it for its default, True
        "requests.Session().get(url, verify=None)",
        "def f(url, verify): requests.get(url, verify=verify)",
        "def f(url, verify=True): requests.get(url, verify=verify)",
        "OFF = False\nOFF = path\nrequests.get(url, verify=OFF)",
        "requests.get(url, verify=False if debug else True)",
        "options = {'verify': False}\noptions['verify'] = path\nrequests.get(url, **options)",
        "aiohttp.TCPConnector(ssl=None)",
        "urllib3.PoolManager(cert_reqs=None)",
        "curl.setopt(pycurl.SSL_VERIFYPEER, 1)",
        "session.verify = True",
        "context.verify_mode = ssl.CERT_REQUIRED",
        "context.verify_mode = ssl.CERT_NONE if debug else ssl.CERT_REQUIRED",
        "context.other = ssl.CERT_NONE",
        "if context.verify_mode == ssl.CERT_NONE: pass",
        "from ssl import _create_unverified_context",
        # a server that asks its clients for no certificate
        "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nc.verify_mode = ssl.CERT_NONE",
        "c = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\nc.check_hostname = False",
        "c = ssl.create_default_context(purpose=ssl.Purpose.CLIENT_AUTH)\nc.verify_mode = 0",
        "c = ssl.SSLContext()\nc.verify_mode = ssl.CERT_NONE\nc.wrap_socket(s, server_side=True)",
        "c = ssl.SSLContext()\nc.verify_mode = ssl.CERT_NONE\nasyncio.start_server(f, ssl=c)",
        "c.verify_mode = ssl.CERT_NONE\napp.run(ssl_context=c)",
        "ssl.wrap_socket(s, server_side=True, cert_reqs=ssl.CERT_NONE)",
        "ssl._create_unverified_context(purpose=ssl.Purpose.CLIENT_AUTH)",
        "c = ssl._create_unverified_context()\nc.wrap_socket(s, server_side=True)",
        # no code
        "# requests.get(url, verify=False)",
        "'requests.get(url, verify=False)'",
    ],
)
def test_what_leaves_it_on(code):
    assert not PAYLOAD.is_in_parse(code)
