"""The route map: which function a URL is for, and which URL a function has.

A program's URLs are written down as *rules*, patterns such as ``/user/<int:id>`` that each lead
to an *endpoint*::

    url_map = Map([
        Rule("/", endpoint="index"),
        Rule("/user/<int:id>", endpoint="user"),
    ])
    urls = url_map.bind("example.com")

    urls.match("/user/7")  # ("user", {"id": 7})
    urls.build("user", {"id": 7})  # "/user/7"

Reading in this order follows a rule on its way to a match, and back to a URL:

1. ``converters.py``: what a variable looks like, and which value it stands for.
2. ``parts.py``: a rule's text is taken apart at its slashes.
3. ``rules.py``: the rule itself, and factories that make many rules of few.
4. ``matcher.py``: the parts of all rules form one state machine; a URL is followed along it.
5. ``builder.py``: the inverse; the values of the variables are put back into the text.
6. ``adapter.py``: a map seen from one request, which matches, redirects and builds.
7. ``map.py``: what all of this is kept in.

Names and behaviour are those of ``werkzeug.routing`` 3.1, so a program may change its import and
nothing else. Rules, factories and converters made with Werkzeug's classes can be added as well.
"""

from .adapter import MapAdapter as MapAdapter
from .converters import AnyConverter as AnyConverter
from .converters import BaseConverter as BaseConverter
from .converters import FloatConverter as FloatConverter
from .converters import IntegerConverter as IntegerConverter
from .converters import PathConverter as PathConverter
from .converters import UnicodeConverter as UnicodeConverter
from .converters import UUIDConverter as UUIDConverter
from .converters import ValidationError as ValidationError
from .exceptions import BuildError as BuildError
from .exceptions import NoMatch as NoMatch
from .exceptions import RequestAliasRedirect as RequestAliasRedirect
from .exceptions import RequestPath as RequestPath
from .exceptions import RequestRedirect as RequestRedirect
from .exceptions import RoutingException as RoutingException
from .exceptions import WebsocketMismatch as WebsocketMismatch
from .map import Map as Map
from .matcher import StateMachineMatcher as StateMachineMatcher
from .parts import parse_converter_args as parse_converter_args
from .rules import EndpointPrefix as EndpointPrefix
from .rules import Rule as Rule
from .rules import RuleFactory as RuleFactory
from .rules import RuleTemplate as RuleTemplate
from .rules import RuleTemplateFactory as RuleTemplateFactory
from .rules import Subdomain as Subdomain
from .rules import Submount as Submount
