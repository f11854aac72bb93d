"""API Gateway: where it stands, what it writes down, what it answers by itself."""

import json
import re
from collections.abc import Iterator

from infra.rules.document import Resource, Template, as_list

LOGGED = {
    "error.responseType",
    "httpMethod",
    "integrationLatency",
    "integrationStatus",
    "protocol",
    "requestId",
    "requestTimeEpoch",
    "resourcePath",
    "responseLatency",
    "responseLength",
    "status",
}
"""What the access log may hold: nothing that tells one visitor from another."""

ANSWERED = {
    "ACCESS_DENIED",
    "AUTHORIZER_FAILURE",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "MISSING_AUTHENTICATION_TOKEN",
    "REQUEST_TOO_LARGE",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
}
"""Answers of the gateway's own that must be problems like ours."""

_CONTEXT = re.compile(r"\$context\.([A-Za-z.]+)")


def regional_and_untraced(template: Template) -> Iterator[str]:
    """The endpoint stays in its region (records must be kept in the country), and is not traced.

    A gateway's trace segment holds the whole URL and the address that the request came from.
    """
    for api in _apis(template):
        if api.properties.get("EndpointConfiguration") != "REGIONAL":
            yield f"{api.name} is not REGIONAL"
        if api.properties.get("TracingEnabled") is not False:
            yield f"{api.name} writes addresses into traces"
        if not 0 < api.properties.get("MinimumCompressionSize", 0) <= 4096:
            yield f"{api.name} does not compress"


def access_log_names_nobody(template: Template) -> Iterator[str]:
    """The access log is JSON made of harmless variables only."""
    for api in _apis(template):
        setting = api.properties.get("AccessLogSetting", {})
        line = setting.get("Format", "")
        if not setting.get("DestinationArn") or not line:
            yield f"{api.name} writes no access log"
            continue
        if excess := set(_CONTEXT.findall(line)) - LOGGED:
            yield f"{api.name} logs {', '.join(sorted(excess))}"
        try:
            json.loads(line)
        except ValueError:
            yield f"{api.name}'s log lines are not JSON"


def methods_throttled(template: Template) -> Iterator[str]:
    """Every method is throttled; execution logs, which hold bodies, are off."""
    for api in _apis(template):
        settings = api.properties.get("MethodSettings", [])
        everywhere = [
            each
            for each in settings
            if each.get("ResourcePath") == "/*" and each.get("HttpMethod") == "*"
        ]
        if not any(
            "ThrottlingRateLimit" in each and "ThrottlingBurstLimit" in each for each in everywhere
        ):
            yield f"{api.name} has no throttle for every method"
        for each in settings:
            if each.get("LoggingLevel") != "OFF" or each.get("DataTraceEnabled") is not False:
                yield f"{api.name} writes execution logs of {each.get('ResourcePath')}"


def gateway_answers_problems(template: Template) -> Iterator[str]:
    """What the gateway answers by itself is a problem with a code, readable by other origins."""
    for api in _apis(template):
        responses = api.properties.get("GatewayResponses", {})
        for kind in sorted(ANSWERED - set(responses)):
            yield f"{api.name} leaves {kind} to the gateway"
        for kind, response in responses.items():
            headers = response.get("ResponseParameters", {}).get("Headers", {})
            if headers.get("Access-Control-Allow-Origin") != "'*'":
                yield f"{kind} cannot be read by another origin"
            if headers.get("Content-Type") != "'application/problem+json'":
                yield f"{kind} is not application/problem+json"
            problem = json.loads(
                response.get("ResponseTemplates", {}).get("application/json", "{}")
            )
            code = problem.get("code")
            if not code or problem.get("type") != f"urn:jaga:problem:{code}":
                yield f"{kind} has no stable code"
            if str(problem.get("status", "")) != response.get("StatusCode", ""):
                yield f"{kind} says another status than it has"


def api_alarms(template: Template) -> Iterator[str]:
    """An alarm watches the API's 5xx answers."""
    metrics = {
        alarm.properties.get("MetricName") for alarm in template.of_type("AWS::CloudWatch::Alarm")
    }
    if any(_apis(template)) and "5XXError" not in metrics:
        yield "nothing watches the API's 5xx answers"


def logging_role_given(template: Template) -> Iterator[str]:
    """API Gateway gets the role without which it writes no access log, before it needs it."""
    given = {
        account.name
        for account in template.of_type("AWS::ApiGateway::Account")
        if account.properties.get("CloudWatchRoleArn")
    }
    if not given:
        yield "API Gateway has no role to write logs with"
    for api in _apis(template):
        if given and not given & set(as_list(api.attributes.get("DependsOn", []))):
            yield f"{api.name} may be made before its role to write logs with"


def _apis(template: Template) -> Iterator[Resource]:
    yield from template.of_type("AWS::Serverless::Api")


api_rules = (
    regional_and_untraced,
    access_log_names_nobody,
    methods_throttled,
    gateway_answers_problems,
    api_alarms,
    logging_role_given,
)
