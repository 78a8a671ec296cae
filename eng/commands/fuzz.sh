# Fuzzes the wire: `./analemma fuzz frames|server [SEED] [--count N] [--case NUMBER] [--socket PATH]`.
# Ten million frames against a live server: `./analemma fuzz server 1 --count 10000000`.

ensure_tools
quietly build "$root/fuzz/Analemma.Fuzz.csproj" -c Release -v quiet
exec "$root/artifacts/bin/Analemma.Fuzz/release/analemma-fuzz" "$@"
