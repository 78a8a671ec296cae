namespace Analemma.Kernel.Happenings;

/// <summary>The latest of what was told, bounded by count and by bytes. What came first goes first.</summary>
internal sealed class Ring
{
    private Told[] _items = new Told[16];
    private int _first;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The last that went; null when none has.</summary>
    public Told? LastGone { get; private set; }

    public Told this[int index] => _items[(_first + index) % _items.Length];

    public void Add(Told told, int countMax, long bytesMax)
    {
        if (Count == _items.Length)
        {
            Grow();
        }

        _items[(_first + Count++) % _items.Length] = told;
        Bytes += told.Bytes;
        while (Count > countMax || (Bytes > bytesMax && Count > 1))
        {
            LastGone = this[0];
            Bytes -= LastGone.Bytes;
            _items[_first] = null!;
            _first = (_first + 1) % _items.Length;
            Count--;
        }
    }

    public void Clear()
    {
        _items = new Told[16];
        (_first, Count, Bytes, LastGone) = (0, 0, 0, null);
    }

    /// <summary>The index of the first after a place; Count when there is none.</summary>
    public int After(Place place)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (this[middle].Place > place)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    public IEnumerable<Told> All()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    private void Grow()
    {
        var larger = new Told[_items.Length * 2];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }

        (_items, _first) = (larger, 0);
    }
}
