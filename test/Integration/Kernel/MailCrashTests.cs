using System.Collections.Concurrent;
using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>
/// A kernel that is killed with SIGKILL again and again while messages go through a durable mailbox. How often is
/// ANALEMMA_MAIL_KILLS, 20 where nothing is said.
/// </summary>
public sealed class MailCrashTests
{
    private const int InFlight = 16;
    private const int AnswersMax = 300;

    private readonly ConcurrentDictionary<string, long> _accepted = new();
    private readonly ConcurrentDictionary<long, string> _delivered = new();
    private readonly ConcurrentDictionary<long, int> _acknowledged = new();
    private readonly ConcurrentDictionary<long, bool> _ackAsked = new();
    private readonly ConcurrentQueue<string> _unsure = new();
    private readonly ConcurrentQueue<string> _wrong = new();
    private int _nextKey;
    private int _answers;

    [Fact]
    public async Task No_message_is_lost_and_none_acknowledged_twice_however_often_the_kernel_is_killed()
    {
        var kills = int.Parse(
            Environment.GetEnvironmentVariable("ANALEMMA_MAIL_KILLS") ?? "20", CultureInfo.InvariantCulture);
        Random random = new(17);
        await using var kernel = await RunningKernel.StartAsync();
        await kernel.Client.RegisterAsync(new Register { Name = "jobs", Durable = true, MaxDeliveries = 1_000 }, Token);
        for (var kill = 0; kill < kills; kill++)
        {
            _answers = 0;
            var when = random.Next(1, AnswersMax);
            var work = Task.WhenAll(
                Enumerable.Range(0, InFlight).Select(_ => SendAsync(kernel, null))
                    .Append(ReceiveAsync(kernel, null)).Append(ReceiveAsync(kernel, null)));
            SpinWait.SpinUntil(() => Volatile.Read(ref _answers) >= when, TimeSpan.FromSeconds(30));
            await kernel.CrashAsync();
            await work;
            await kernel.BeginAsync();
        }

        // What nobody was told of is sent again, by the same key; then all that is left is taken.
        var rest = SendAsync(kernel, 0);
        while (!rest.IsCompleted)
        {
            await ReceiveAsync(kernel, 0);
        }

        await rest;
        await ReceiveAsync(kernel, 0);
        var left = (await kernel.Client.MailboxesAsync(Token)).List.Single(box => box.Name == "jobs");
        Assert.Equal(0, left.Messages);

        Assert.Empty(_wrong);
        Assert.True(_accepted.Count > kills, $"only {_accepted.Count} messages were taken in");
        Assert.Equal(_accepted.Keys.Order(StringComparer.Ordinal), _delivered.Values.Order(StringComparer.Ordinal));
        // Whose acknowledgement was under way when the kernel was killed may be done without that anybody was told.
        Assert.Empty(_delivered.Keys.Except(_acknowledged.Keys).Except(_ackAsked.Keys));
        Assert.All(_acknowledged.Values, times => Assert.Equal(1, times));
        Assert.All(_accepted, pair => Assert.Equal(pair.Key, _delivered[pair.Value]));
    }

    /// <summary>Sends until the kernel has gone; with 0, only what is not known to be there.</summary>
    private async Task SendAsync(RunningKernel kernel, int? more)
    {
        var client = kernel.Client;
        while (true)
        {
            if (!_unsure.TryDequeue(out var key))
            {
                if (more == 0)
                {
                    return;
                }

                key = $"k{Interlocked.Increment(ref _nextKey)}";
            }

            try
            {
                var sent = await client.SendAsync(
                    new Send { To = "jobs", Key = key, Body = MailBody.Of(key), TimeoutMs = 60_000 }, Token);
                _accepted[key] = sent.Id;
                Interlocked.Increment(ref _answers);
            }
            catch (KernelConnectionException)
            {
                _unsure.Enqueue(key);
                return;
            }
        }
    }

    private async Task ReceiveAsync(RunningKernel kernel, int? timeoutMs)
    {
        var client = kernel.Client;
        try
        {
            while (true)
            {
                var taken = await client.RecvAsync(
                    new Recv { Mailbox = "jobs", Max = 5, TimeoutMs = timeoutMs }, Token);
                if (taken.Messages.Count == 0)
                {
                    return;
                }

                foreach (var message in taken.Messages)
                {
                    Delivered(message);
                }

                taken.Messages.ToList().ForEach(message => _ackAsked.TryAdd(message.Id, true));
                long[] receipts = [.. taken.Messages.Select(message => message.Receipt!.Value)];
                var acked = await client.AckAsync(receipts, Token);
                foreach (var message in taken.Messages.Where(
                    each => acked.Stale?.Contains(each.Receipt!.Value) != true))
                {
                    _acknowledged.AddOrUpdate(message.Id, 1, (_, times) => times + 1);
                }

                Interlocked.Increment(ref _answers);
            }
        }
        catch (KernelConnectionException)
        {
            // It was killed.
        }
    }

    private void Delivered(MailMessage message)
    {
        var key = message.Body!.ToText();
        if (_acknowledged.ContainsKey(message.Id))
        {
            _wrong.Enqueue($"{key} came again after it was acknowledged");
        }

        if (_delivered.GetOrAdd(message.Id, key) != key)
        {
            _wrong.Enqueue($"message {message.Id} is {key}, and was {_delivered[message.Id]}");
        }
    }
}
