#!/usr/bin/env python3
"""A one-shot handler that does what the original plugin did: start, parse the call, replay it by one HTTPS call, print the answer."""
import os
import ssl
import sys
import urllib.parse
import urllib.request

length = int(os.environ.get("CONTENT_LENGTH") or 0)
text = sys.stdin.read(length) if length else os.environ.get("QUERY_STRING", "")
parameters = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
# Later generations pass the parameters in the environment.
parameters.update({name[6:]: value for name, value in os.environ.items() if name.startswith("PARAM_")})
if not parameters.get("sok"):
    print("<doc/>")
    sys.exit(0)
parameters["authinfo"] = "@USER@:@PASSWORD@"
parameters["out"] = "xml"
context = ssl._create_unverified_context()
body = urllib.parse.urlencode(parameters).encode()
with urllib.request.urlopen("@URL@", body, 90, context=context) as answer:
    sys.stdout.write(answer.read().decode())
