using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Analemma.Journal.Executions;

namespace Analemma.Storage.Payloads;

/// <summary>Where a bucket is, and who may use it.</summary>
/// <param name="Endpoint">The server, without the bucket.</param>
/// <param name="Bucket">The bucket, which must be there.</param>
/// <param name="Prefix">Before every name; empty, or with a slash at its end.</param>
/// <param name="Region">Requests are signed for it.</param>
public sealed record S3Place(Uri Endpoint, string Bucket, string Prefix, string Region)
{
    /// <summary>Reads http://HOST/BUCKET[/PREFIX]; null when it is none.</summary>
    public static S3Place? Read(string url, string region)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https")
            || uri.UserInfo.Length > 0
            || uri.AbsolutePath.Trim('/') is not { Length: > 0 } path)
        {
            return null;
        }

        var parts = path.Split('/', 2);
        return new S3Place(
            new Uri(uri.GetLeftPart(UriPartial.Authority)), parts[0], parts.Length > 1 ? parts[1] + "/" : "", region);
    }

    public override string ToString() => $"{Endpoint}{Bucket}/{Prefix}";
}

/// <summary>
/// Payloads as objects of a bucket, by S3's protocol. A payload is written to a file first: it is then sent, and sent
/// again, without being in memory. An object is there whole or not at all.
/// </summary>
public sealed class S3PayloadStore : IPayloadStore
{
    private const int Fan = 2;

    /// <summary>For one request, its body included.</summary>
    private static readonly TimeSpan RequestTime = TimeSpan.FromMinutes(10);

    private readonly S3Place _place;
    private readonly string _drafts;
    private readonly AmazonS3Client _client;

    private S3PayloadStore(S3Place place, string drafts, string accessKeyId, string secretAccessKey)
    {
        (_place, _drafts) = (place, drafts);
        _client = new AmazonS3Client(
            new BasicAWSCredentials(accessKeyId, secretAccessKey),
            new AmazonS3Config
            {
                ServiceURL = place.Endpoint.ToString(),
                ForcePathStyle = true,
                AuthenticationRegion = place.Region,
                Timeout = RequestTime,
                // The digest is the check. Servers other than AWS's do not all know the checksums that are newer.
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
    }

    public string Where => _place.ToString();

    /// <param name="place">Where it is.</param>
    /// <param name="drafts">A folder for what is being sent; what an earlier process left there is removed.</param>
    /// <param name="accessKeyId">Who asks.</param>
    /// <param name="secretAccessKey">Signs requests; it is in no message.</param>
    /// <exception cref="PayloadException">The folder cannot be used.</exception>
    public static S3PayloadStore Open(S3Place place, string drafts, string accessKeyId, string secretAccessKey)
    {
        PayloadFolders.MakeEmpty(drafts);
        return new S3PayloadStore(place, drafts, accessKeyId, secretAccessKey);
    }

    /// <summary>Only to look at: nothing is sent, and no folder touched.</summary>
    /// <param name="place">Where it is.</param>
    /// <param name="accessKeyId">Who asks.</param>
    /// <param name="secretAccessKey">Signs requests; it is in no message.</param>
    public static S3PayloadStore OpenToRead(S3Place place, string accessKeyId, string secretAccessKey) =>
        new(place, "", accessKeyId, secretAccessKey);

    public async Task PutAsync(
        string digest, long bytes, Action<PayloadPieces> write, CancellationToken cancelled)
    {
        var draft = Path.Combine(_drafts, Guid.NewGuid().ToString("N"));
        try
        {
            await using var file = PayloadFolders.Draft(draft, bytes, deleted: true);
            write(file.Write);
            await file.FlushAsync(cancelled);
            file.Position = 0;
            await _client.PutObjectAsync(
                new PutObjectRequest
                {
                    BucketName = _place.Bucket,
                    Key = KeyOf(digest),
                    InputStream = file,
                    AutoCloseStream = false,
                    ContentType = "application/json",
                    UseChunkEncoding = false,
                },
                cancelled);
        }
        catch (Exception failed) when (IsFailure(failed))
        {
            throw Failure(digest, failed);
        }
    }

    public byte[] Get(string digest, long bytes)
    {
        try
        {
            return GetAsync(digest, part: null).GetAwaiter().GetResult();
        }
        catch (Exception failed) when (IsFailure(failed))
        {
            throw Failure(digest, failed);
        }
    }

    public byte[] GetPart(string digest, long offset, int bytes)
    {
        try
        {
            return GetAsync(digest, new ByteRange(offset, offset + bytes - 1)).GetAwaiter().GetResult();
        }
        catch (Exception failed) when (IsFailure(failed))
        {
            throw Failure(digest, failed);
        }
    }

    public long? LengthOf(string digest)
    {
        try
        {
            return _client.GetObjectMetadataAsync(_place.Bucket, KeyOf(digest)).GetAwaiter().GetResult()
                .ContentLength;
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (Exception failed) when (IsFailure(failed))
        {
            throw Failure(digest, failed);
        }
    }

    public IReadOnlyList<string> List()
    {
        try
        {
            return ListAsync().GetAwaiter().GetResult();
        }
        catch (Exception failed) when (IsFailure(failed))
        {
            throw Failure("of all", failed);
        }
    }

    public void Delete(string digest)
    {
        try
        {
            _client.DeleteObjectAsync(_place.Bucket, KeyOf(digest)).GetAwaiter().GetResult();
        }
        catch (Exception failed) when (IsFailure(failed))
        {
            throw Failure(digest, failed);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<byte[]> GetAsync(string digest, ByteRange? part)
    {
        GetObjectRequest request = new() { BucketName = _place.Bucket, Key = KeyOf(digest), ByteRange = part };
        using var answer = await _client.GetObjectAsync(request).ConfigureAwait(false);
        var bytes = new byte[answer.ContentLength];
        await answer.ResponseStream.ReadExactlyAsync(bytes).ConfigureAwait(false);
        return bytes;
    }

    private async Task<IReadOnlyList<string>> ListAsync()
    {
        List<string> found = [];
        ListObjectsV2Request request = new() { BucketName = _place.Bucket, Prefix = _place.Prefix };
        while (true)
        {
            var page = await _client.ListObjectsV2Async(request).ConfigureAwait(false);
            found.AddRange((page.S3Objects ?? []).Select(each => each.Key.Split('/')[^1]));
            if (page.IsTruncated != true)
            {
                return found;
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    private string KeyOf(string digest) => $"{_place.Prefix}{digest[..Fan]}/{digest[Fan..(2 * Fan)]}/{digest}";

    private static bool IsFailure(Exception failed) => failed is AmazonClientException or AmazonServiceException
        or HttpRequestException or WebException or IOException or UnauthorizedAccessException
        or TaskCanceledException { InnerException: TimeoutException };

    private PayloadException Failure(string digest, Exception failed) => new(
        failed is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } ? PayloadFailure.Missing
            : failed is IOException && PayloadFolders.IsFull(failed) ? PayloadFailure.Full
            : PayloadFailure.Unavailable,
        $"payload {digest} in {Where}: {failed.Message}",
        failed);
}
