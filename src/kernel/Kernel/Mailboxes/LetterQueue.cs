using Analemma.Abi;

namespace Analemma.Kernel.Mailboxes;

/// <summary>Which messages a receiver wants.</summary>
internal readonly record struct LetterFilter(
    string? Topic, string? Correlation, ProcessId? From, bool Handles = false)
{
    public bool Wants(Mail mail) =>
        (Topic is null || string.Equals(Topic, mail.Topic, StringComparison.Ordinal))
        && (Correlation is null || string.Equals(Correlation, mail.Correlation, StringComparison.Ordinal))
        && (From is not { } from || from == mail.From)
        && (Handles || mail.Handle is null);
}

/// <summary>Messages that wait in one mailbox: by priority, then as they came.</summary>
internal sealed class LetterQueue
{
    private const int Priorities = 3;

    private readonly Letter?[] _first = new Letter?[Priorities];
    private readonly Letter?[] _last = new Letter?[Priorities];

    public int Count { get; private set; }

    public void Add(Letter letter) => Insert(letter, _last[(int)letter.Priority]);

    /// <summary>Puts one back that was lent: before those that came after it.</summary>
    public void PutBack(Letter letter)
    {
        var before = default(Letter);
        for (var at = _first[(int)letter.Priority]; at is not null && at.Id < letter.Id; at = at.Next)
        {
            before = at;
        }

        Insert(letter, before);
    }

    public void Remove(Letter letter)
    {
        Invariant.Holds(letter.IsQueued, "a letter leaves a queue that it is in");
        var priority = (int)letter.Priority;
        if (letter.Previous is null)
        {
            _first[priority] = letter.Next;
        }
        else
        {
            letter.Previous.Next = letter.Next;
        }

        if (letter.Next is null)
        {
            _last[priority] = letter.Previous;
        }
        else
        {
            letter.Next.Previous = letter.Previous;
        }

        letter.Next = letter.Previous = null;
        letter.IsQueued = false;
        Count--;
    }

    public Letter? Find(in LetterFilter filter)
    {
        for (var priority = Priorities - 1; priority >= 0; priority--)
        {
            for (var at = _first[priority]; at is not null; at = at.Next)
            {
                if (filter.Wants(at.Mail))
                {
                    return at;
                }
            }
        }

        return null;
    }

    /// <summary>All, the first to be read first.</summary>
    public IEnumerable<Letter> All()
    {
        for (var priority = Priorities - 1; priority >= 0; priority--)
        {
            for (var at = _first[priority]; at is not null; at = at.Next)
            {
                yield return at;
            }
        }
    }

    private void Insert(Letter letter, Letter? before)
    {
        Invariant.Holds(!letter.IsQueued, "a letter is in one queue, once");
        var priority = (int)letter.Priority;
        letter.Previous = before;
        letter.Next = before is null ? _first[priority] : before.Next;
        if (before is null)
        {
            _first[priority] = letter;
        }
        else
        {
            before.Next = letter;
        }

        if (letter.Next is null)
        {
            _last[priority] = letter;
        }
        else
        {
            letter.Next.Previous = letter;
        }

        letter.IsQueued = true;
        Count++;
    }
}
