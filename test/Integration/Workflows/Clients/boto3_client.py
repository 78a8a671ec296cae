"""What a program with boto3 does, unmodified: every line that holds prints ok."""
import json
import sys
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

url, key, secret = sys.argv[1:4]
sfn = boto3.client(
    "stepfunctions", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
    config=Config(retries={"max_attempts": 0}, inject_host_prefix=False),
)
role = "arn:aws:iam::000000000000:role/r"


def ok(what, holds):
    print(("ok " if holds else "NOT ") + what, flush=True)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] == code
    return False


def wait(arn):
    while True:
        described = sfn.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.05)


definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"n": 1}, "Next": "B"},
                                         "B": {"Type": "Wait", "Seconds": 1, "End": True}}}
machine = sfn.create_state_machine(name="boto", definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
ok("create", machine.endswith(":stateMachine:boto"))
ok("describe", json.loads(sfn.describe_state_machine(stateMachineArn=machine)["definition"]) == definition)
ok("list", [each["name"] for each in sfn.list_state_machines()["stateMachines"]] == ["boto"])
execution = sfn.start_execution(stateMachineArn=machine, name="one", input="{}")
ok("start", execution["startDate"].year >= 2024)
end = wait(execution["executionArn"])
ok("end", end["status"] == "SUCCEEDED" and json.loads(end["output"]) == {"n": 1})
pages = sfn.get_paginator("get_execution_history").paginate(
    executionArn=execution["executionArn"], PaginationConfig={"PageSize": 2})
events = [event["type"] for page in pages for event in page["events"]]
ok("history", events[0] == "ExecutionStarted" and events[-1] == "ExecutionSucceeded" and len(events) == 6)
ok("name taken", refused("ExecutionAlreadyExists", sfn.start_execution, stateMachineArn=machine, name="one", input="[1]"))
ok("no such machine", refused(
    "StateMachineDoesNotExist", sfn.start_execution, stateMachineArn=machine + "x", input="{}"))
ok("bad definition", refused("InvalidDefinition", sfn.create_state_machine, name="b", definition="{}", roleArn=role))
version = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
alias = sfn.create_state_machine_alias(
    name="live", routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}])["stateMachineAliasArn"]
by_alias = sfn.start_execution(stateMachineArn=alias, input="{}")["executionArn"]
ok("alias", sfn.describe_execution(executionArn=by_alias)["stateMachineVersionArn"] == version)
sfn.stop_execution(executionArn=by_alias, error="Enough", cause="said so")
ok("stop", wait(by_alias)["status"] == "ABORTED")
activity = sfn.create_activity(name="work")["activityArn"]
worker = sfn.create_state_machine(name="worked", roleArn=role, definition=json.dumps(
    {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "End": True}}}))["stateMachineArn"]
worked = sfn.start_execution(stateMachineArn=worker, input='{"to": "do"}')["executionArn"]
task = sfn.get_activity_task(activityArn=activity, workerName="me")
ok("task", json.loads(task["input"]) == {"to": "do"})
sfn.send_task_heartbeat(taskToken=task["taskToken"])
sfn.send_task_success(taskToken=task["taskToken"], output='"done"')
ok("token", wait(worked)["output"] == '"done"')
ok("token twice", refused("TaskTimedOut", sfn.send_task_success, taskToken=task["taskToken"], output="1"))
express = sfn.create_state_machine(
    name="fast", type="EXPRESS", definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
    roleArn=role)["stateMachineArn"]
answer = sfn.start_sync_execution(stateMachineArn=express, input='{"a": [1]}')
ok("sync", answer["status"] == "SUCCEEDED" and json.loads(answer["output"]) == {"a": [1]})
sfn.tag_resource(resourceArn=machine, tags=[{"key": "k", "value": "v"}])
ok("tags", sfn.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "k", "value": "v"}])
threads = [threading.Thread(target=lambda n=n: sfn.start_execution(stateMachineArn=machine, name=f"many-{n}", input="{}"))
           for n in range(50)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
listed = [each["name"] for page in sfn.get_paginator("list_executions").paginate(
    stateMachineArn=machine, PaginationConfig={"PageSize": 7}) for each in page["executions"]]
ok("many", len(listed) == 52 and len(set(listed)) == 52)
