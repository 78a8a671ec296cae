#!/usr/bin/env python3
"""Writes what services answer, as src/kernel/Workflow/Testing/Answers has it, from the API models of botocore.

    eng/answer-shapes.py          needs botocore; run it when services answer more
"""
import pathlib

from botocore.loaders import Loader

FOLDER = pathlib.Path(__file__).parent.parent / "src/kernel/Workflow/Testing/Answers"

# Name in states' resources, name in botocore, operations (all without any).
SERVICES = {
    "Data": [
        ("dynamodb", "dynamodb", "GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem "
         "TransactGetItems TransactWriteItems ListTables"),
        ("s3", "s3", "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload "
         "DeleteObject DeleteObjects GetBucketLocation GetObject GetObjectAttributes GetObjectTagging HeadBucket "
         "HeadObject ListBuckets ListMultipartUploads ListObjects ListObjectsV2 ListObjectVersions ListParts PutObject "
         "PutObjectTagging RestoreObject UploadPart UploadPartCopy"),
        ("athena", "athena", "StartQueryExecution StopQueryExecution GetQueryExecution GetQueryResults"),
        ("kms", "kms", "CreateKey Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyPair GenerateMac "
         "GenerateRandom GetPublicKey ListAliases ListKeys ReEncrypt Sign Verify VerifyMac"),
        ("secretsmanager", "secretsmanager", ""),
        ("ssm", "ssm", "GetParameter GetParameters GetParametersByPath PutParameter DeleteParameter DeleteParameters "
         "DescribeParameters SendCommand GetCommandInvocation"),
    ],
    "Work": [
        ("eventbridge", "events", "DescribeEventBus DescribeRule ListEventBuses ListRules PutEvents PutRule PutTargets "
         "RemoveTargets"),
        ("sns", "sns", ""),
        ("sqs", "sqs", ""),
        ("sfn", "stepfunctions", "DescribeActivity DescribeExecution DescribeMapRun DescribeStateMachine "
         "GetActivityTask ListActivities ListExecutions ListMapRuns ListStateMachines RedriveExecution StartExecution "
         "StartSyncExecution StopExecution"),
        ("lambda", "lambda", "GetAlias GetFunction GetFunctionConfiguration GetPolicy Invoke ListAliases ListFunctions "
         "ListTags PublishVersion"),
        ("batch", "batch", "SubmitJob CancelJob TerminateJob"),
        ("codebuild", "codebuild", "BatchDeleteBuilds StartBuild StopBuild"),
        ("databrew", "databrew", "StartJobRun"),
        ("ecs", "ecs", "RunTask StopTask"),
        ("eks", "eks", "CreateCluster DeleteCluster CreateNodegroup DeleteNodegroup"),
        ("emr", "emr", "AddJobFlowSteps CancelSteps RunJobFlow"),
        ("glue", "glue", "StartJobRun StartCrawler GetJobRun"),
        ("sagemaker", "sagemaker", "CreateEndpoint CreateEndpointConfig CreateHyperParameterTuningJob "
         "CreateLabelingJob CreateModel CreateProcessingJob CreateTrainingJob CreateTransformJob UpdateEndpoint"),
    ],
}

LINE = 110
KINDS = {"string": "s", "blob": "s", "timestamp": "s", "character": "s", "boolean": "b"}


def shape(model, name, around=()):
    """As MockShapes reads it; what holds itself is anything."""
    known = model["shapes"][name]
    kind = known["type"]
    if name in around or known.get("document"):
        return "*"
    within = (*around, name)
    if kind in KINDS:
        return KINDS[kind]
    if kind == "list":
        return f"[{shape(model, known['member']['shape'], within)}]"
    if kind == "map":
        return f"<{shape(model, known['value']['shape'], within)}>"
    if kind == "structure":
        required = known.get("required", [])
        return "{" + ",".join(
            f"{member[0].upper()}{member[1:]}{'!' if member in required else ''}:{shape(model, of['shape'], within)}"
            for member, of in known.get("members", {}).items()) + "}"
    least, most = known.get("min"), known.get("max")
    return "n" + (f"~{least}" if least is not None else "~" if most is not None else "") + (
        f"~{most}" if most is not None else "")


def answers(services):
    for name, directory, wanted in services:
        model = Loader().load_service_model(directory, "service-2")
        for operation in sorted(wanted.split() or model["operations"]):
            output = model["operations"][operation].get("output")
            found = shape(model, output["shape"]) if output else "{}"
            # The integration gives what a function answers as JSON, not as bytes.
            found = found.replace("Payload:s", "Payload:*") if (name, operation) == ("lambda", "Invoke") else found
            yield f"{name}:{operation[0].lower()}{operation[1:]} {found}"


def wrapped(answer):
    """In lines of a bearable length; those after the first begin with a blank."""
    first, rest = answer[:LINE], answer[LINE:]
    return [first, *(f" {rest[at:at + LINE]}" for at in range(0, len(rest), LINE))]


for title, services in SERVICES.items():
    lines = []
    for answer in answers(services):
        lines += wrapped(answer)
    text = "\n".join(f"        {line}" for line in lines)
    (FOLDER / f"{title}Answers.cs").write_text(f'''namespace Analemma.Workflow.Testing.Answers;

/// <summary>What services answer; written by eng/answer-shapes.py.</summary>
internal static class {title}Answers
{{
    public const string Text = """
{text}
        """;
}}
''')
