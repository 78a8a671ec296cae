using System.Collections.Frozen;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Testing;

// WHAT SERVICES ANSWER
//
// The result of a mocked Task is compared with what the service's API says it answers (the output shapes of the public
// API references): a field that is there has its type; in STRICT mode a field that is always answered is there. Of a
// service or call that is not below, nothing is asked. A job that is waited for answers as what tells how it stands
// does (Developer Guide, TestState); what comes back with a token is nobody's answer.
//
//   text   Name:type, Name:type …   ! after a name: always answered    ~N after a number: at least N
//   type   s text · n number · b boolean · {…} object · [type] list · * anything
/// <summary>Compares mocked results with what services answer.</summary>
internal static class MockShapes
{
    private static readonly FrozenDictionary<string, string> Shapes = new Dictionary<string, string>
    {
        ["events:putEvents"] = "{FailedEntryCount:n,Entries:[{EventId:s,ErrorCode:s,ErrorMessage:s}]}",
        ["states:startExecution"] = "{ExecutionArn!:s,StartDate!:s}",
        ["sqs:sendMessage"] = "{MD5OfMessageBody:s,MD5OfMessageAttributes:s,MD5OfMessageSystemAttributes:s,"
            + "MessageId:s,SequenceNumber:s}",
        ["sns:publish"] = "{MessageId:s,SequenceNumber:s}",
        ["dynamodb:getItem"] = "{Item:{},ConsumedCapacity:{}}",
        ["dynamodb:putItem"] = "{Attributes:{},ConsumedCapacity:{},ItemCollectionMetrics:{}}",
        ["dynamodb:updateItem"] = "{Attributes:{},ConsumedCapacity:{},ItemCollectionMetrics:{}}",
        ["dynamodb:deleteItem"] = "{Attributes:{},ConsumedCapacity:{},ItemCollectionMetrics:{}}",
        ["lambda:invoke"] = "{StatusCode:n,FunctionError:s,LogResult:s,Payload:*,ExecutedVersion:s}",
        ["sfn:describeExecution"] = "{ExecutionArn!:s,StateMachineArn!:s,Name:s,Status!:s,StartDate!:s,StopDate:s,"
            + "Input:s,Output:s,Error:s,Cause:s,RedriveCount:n}",
        ["sfn:describeStateMachine"] = "{StateMachineArn!:s,Name!:s,Status:s,Definition!:s,RoleArn!:s,Type!:s,"
            + "CreationDate!:s,RevisionId:s,Description:s}",
        ["sfn:listExecutions"] = "{Executions!:[{ExecutionArn!:s,StateMachineArn!:s,Name!:s,Status!:s,StartDate!:s}],"
            + "NextToken:s}",
        ["sfn:listStateMachines"] = "{StateMachines!:[{StateMachineArn!:s,Name!:s,Type!:s,CreationDate!:s}],"
            + "NextToken:s}",
        ["sfn:startSyncExecution"] = "{ExecutionArn!:s,StateMachineArn:s,Name:s,StartDate!:s,StopDate!:s,Status!:s,"
            + "Error:s,Cause:s,Input:s,Output:s}",
        ["s3:getObject"] = "{AcceptRanges:s,Body:s,CacheControl:s,ContentEncoding:s,ContentLength:n,ContentType:s,"
            + "DeleteMarker:b,ETag:s,LastModified:s,Metadata:{},PartsCount:n~0,TagCount:n,VersionId:s}",
        ["s3:putObject"] = "{ETag:s,Expiration:s,VersionId:s,BucketKeyEnabled:b,Size:n}",
        ["s3:headObject"] = "{AcceptRanges:s,ContentLength:n,ContentType:s,ETag:s,LastModified:s,Metadata:{},"
            + "DeleteMarker:b,VersionId:s}",
        ["s3:listBuckets"] = "{Buckets:[{Name:s,CreationDate:s}],Owner:{DisplayName:s,ID:s}}",
        ["s3:listObjectsV2"] = "{IsTruncated:b,Contents:[{Key:s,LastModified:s,ETag:s,Size:n,StorageClass:s}],Name:s,"
            + "Prefix:s,Delimiter:s,MaxKeys:n,KeyCount:n,NextContinuationToken:s}",
        ["kms:encrypt"] = "{CiphertextBlob:s,KeyId:s,EncryptionAlgorithm:s}",
        ["kms:decrypt"] = "{KeyId:s,Plaintext:s,EncryptionAlgorithm:s}",
        ["kms:generateDataKey"] = "{CiphertextBlob:s,Plaintext:s,KeyId:s}",
        ["lambda:getFunction"] = "{Configuration:{FunctionName:s,FunctionArn:s,Runtime:s,Role:s,Handler:s,"
            + "CodeSize:n,Description:s,Timeout:n~1,MemorySize:n~128,LastModified:s,CodeSha256:s,Version:s,State:s,"
            + "PackageType:s,Architectures:[s],EphemeralStorage:{Size!:n~512}},"
            + "Code:{RepositoryType:s,Location:s,ImageUri:s},Tags:{},Concurrency:{ReservedConcurrentExecutions:n~0}}",
        ["lambda:listFunctions"] = "{NextMarker:s,Functions:[{FunctionName:s,FunctionArn:s,MemorySize:n~128,"
            + "Timeout:n~1}]}",
        ["secretsmanager:getSecretValue"] = "{ARN:s,Name:s,VersionId:s,SecretBinary:s,SecretString:s,"
            + "VersionStages:[s],CreatedDate:s}",
        ["ssm:getParameter"] = "{Parameter:{Name:s,Type:s,Value:s,Version:n,LastModifiedDate:s,ARN:s,DataType:s}}",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Null when it could be an answer.</summary>
    public static StateTestRefusal? Check(TaskResource resource, JsonValue result, bool isStrict)
    {
        if (resource.Kind is not (ResourceKind.Service or ResourceKind.Sdk)
            || resource.Pattern is TaskPattern.WaitForTaskToken)
        {
            return null;
        }

        if (resource.Pattern is TaskPattern.Sync or TaskPattern.Sync2)
        {
            return resource is { Service: "states", Action: "startExecution" }
                ? Check(Shapes["sfn:describeExecution"], result, isStrict)
                : null;
        }

        const string Sdk = "aws-sdk:";
        var service = resource.Service.StartsWith(Sdk, StringComparison.Ordinal)
            ? resource.Service[Sdk.Length..]
            : resource.Service;
        return Shapes.TryGetValue($"{service}:{resource.Action}", out var shape)
            ? Check(shape, result, isStrict)
            : null;
    }

    private static StateTestRefusal? Check(string shape, JsonValue result, bool isStrict) =>
        new ShapeCheck(shape, isStrict).Check(result) is { } wrong
            ? StateTestRefusal.Invalid($"Mock result schema validation error: {wrong}")
            : null;
}

/// <summary>Walks a shape and a value together.</summary>
internal sealed class ShapeCheck(string shape, bool isStrict)
{
    private int _at;
    private string? _wrong;

    /// <summary>The first thing that is wrong; null when nothing is.</summary>
    public string? Check(JsonValue value)
    {
        Type(value, name: null);
        return _wrong;
    }

    // An undefined value is walked past.
    private void Type(JsonValue value, string? name)
    {
        switch (shape[_at++])
        {
            case 's':
                Expect(value.IsString, value, name, "must be a string");
                break;
            case 'b':
                Expect(value.IsBoolean, value, name, "must be a boolean");
                break;
            case 'n':
                Number(value, name);
                break;
            case '[':
                List(value, name);
                break;
            case '{':
                Object(value, name);
                break;
        }
    }

    private void Number(JsonValue value, string? name)
    {
        Expect(value.IsNumber, value, name, "must be a number");
        if (_at >= shape.Length || shape[_at] != '~')
        {
            return;
        }

        var from = ++_at;
        while (_at < shape.Length && char.IsAsciiDigit(shape[_at]))
        {
            _at++;
        }

        var min = int.Parse(shape.AsSpan(from, _at - from), System.Globalization.CultureInfo.InvariantCulture);
        Expect(!value.IsNumber || value.AsDouble() >= min, value, name, "is less than the minimum value");
    }

    private void List(JsonValue value, string? name)
    {
        Expect(value.IsArray, value, name, "must be an array");
        var start = _at;
        Type(default, name);
        var end = _at;
        if (value.TryGetArray(out var items))
        {
            foreach (var item in items)
            {
                _at = start;
                Type(item, name);
            }
        }

        _at = end + 1;
    }

    private void Object(JsonValue value, string? name)
    {
        Expect(value.IsObject, value, name, "must be an object");
        while (shape[_at] != '}')
        {
            var from = _at;
            while (shape[_at] is not (':' or '!'))
            {
                _at++;
            }

            var field = shape[from.._at];
            var isRequired = shape[_at] == '!';
            _at += isRequired ? 2 : 1;
            if (isRequired && isStrict && value.IsObject && value[field].IsUndefined)
            {
                _wrong ??= $"Required field '{field}' is missing";
            }

            Type(value[field], field);
            _at += shape[_at] == ',' ? 1 : 0;
        }

        _at++;
    }

    private void Expect(bool holds, JsonValue value, string? name, string what)
    {
        if (!holds && value.IsDefined && !value.IsNull)
        {
            _wrong ??= name is null ? $"The result {what}" : $"Field '{name}' {what}";
        }
    }
}
