using Analemma.Fuzz;

namespace Analemma.Unit.Tests.Abi;

/// <summary>A little of `./analemma fuzz frames` in every test run.</summary>
public sealed class DecodeFuzzTests
{
    [Fact]
    public void Thousands_of_broken_frames_decode_to_syscalls_or_errors()
    {
        FuzzRun run = new(new CaseMaker(Corpus.Load(), seed: 20_260), stream => DecodeTarget.Run(stream), 16);

        run.Run(frames: 5_000, threads: 1);

        Assert.True(run.Failure is null, run.Failure);
        Assert.InRange(run.Frames, 5_000, long.MaxValue);
    }

    [Fact]
    public void A_case_is_the_same_every_time()
    {
        CaseMaker cases = new(Corpus.Load(), seed: 3);
        Assert.Equal(cases.Make(17, 16), new CaseMaker(Corpus.Load(), seed: 3).Make(17, 16));
        Assert.NotEqual(cases.Make(17, 16), cases.Make(18, 16));
    }

    /// <summary>Negative control: a target that fails is seen, with the case to run again.</summary>
    [Fact]
    public void A_failure_is_reported_with_its_case()
    {
        FuzzRun run = new(
            new CaseMaker(Corpus.Load(), seed: 1),
            stream => stream.Length > 40 ? throw new FuzzFailureException("too long") : 1,
            framesPerCase: 16);

        run.Run(frames: 1_000, threads: 1);

        Assert.Matches("case [0-9]+: too long", run.Failure);
    }
}
