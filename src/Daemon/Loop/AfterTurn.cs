namespace Analemma.Daemon.Loop;

// What effects begin may take a while: a model is asked, an answer is written to its client. It must not hold up the
// kernel, whose turn lets it out; but to hand it to another thread costs more than many such things take. So a thread
// that brings an event and has nothing else to do after may do them itself, once it is out of the kernel.

/// <summary>Does what effects leave: on this thread after its turn if it offers that, else on the pool.</summary>
internal static class AfterTurn
{
    /// <summary>Done by one thread for one offer: who brings one event does not serve all others for it.</summary>
    private const int OwnMax = 4;

    [ThreadStatic]
    private static Queue<IThreadPoolWorkItem>? _left;

    [ThreadStatic]
    private static bool _isOffered;

    /// <summary>Enters the kernel, and does after what its turns have left: all that this thread has to do.</summary>
    public static void Offer<TState>(TState state, Action<TState> enter)
    {
        if (_isOffered)
        {
            // Whoever offered first does what is left now as well.
            enter(state);
            return;
        }

        _isOffered = true;
        try
        {
            enter(state);
            for (var done = 0; done < OwnMax && _left?.TryDequeue(out var work) is true; done++)
            {
                work.Execute();
            }
        }
        finally
        {
            _isOffered = false;
            while (_left?.TryDequeue(out var work) is true)
            {
                ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
            }
        }
    }

    /// <summary>Something is to be done, soon, outside of the kernel. It must not throw.</summary>
    public static void Do(IThreadPoolWorkItem work)
    {
        if (_isOffered)
        {
            (_left ??= []).Enqueue(work);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }
}
