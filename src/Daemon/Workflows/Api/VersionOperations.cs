using Analemma.Daemon.Workflows.Catalog;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Versions of state machines, and aliases that lead to them.</summary>
internal sealed class VersionOperations(StateMachines machines, TimeProvider time)
{
    private const int AliasesMax = 100;
    private const int VersionsMax = 1000;

    /// <summary>The number that a revision was published under; null when it was not.</summary>
    public static int? NumberOf(Machine machine, string revision) =>
        machine.Versions.LastOrDefault(version => version.Revision.Id == revision)?.Number;

    /// <summary>The machine with its present revision published; as it is when it has been.</summary>
    public static Machine Published(Machine machine, string? description, DateTimeOffset at)
    {
        if (NumberOf(machine, machine.Revision.Id) is not null)
        {
            return machine;
        }

        if (machine.Versions.Count >= VersionsMax)
        {
            throw new ApiRefusedException(
                "ServiceQuotaExceededException", $"a state machine has at most {VersionsMax} versions");
        }

        MachineVersion version = new(machine.NextVersion, machine.Revision, at, description);
        return machine with { Versions = [.. machine.Versions, version], NextVersion = machine.NextVersion + 1 };
    }

    public Task<JsonValue> PublishAsync(ApiRequest request)
    {
        var (arn, qualifier) = Arns.Machine(request.Text("stateMachineArn"));
        var description = request.MaybeText("description", 256);
        return machines.ChangeAsync(async () =>
        {
            var machine = qualifier is null ? machines.Find(arn) : null;
            if (machine is null)
            {
                throw ApiRefusedException.NoMachine(request.Text("stateMachineArn"));
            }

            var current = machine.IsInitial ? "INITIAL" : machine.Revision.Id;
            if (request.MaybeText("revisionId") is { } wanted && wanted != current)
            {
                throw new ApiRefusedException(
                    "ConflictException",
                    "Failed to publish the State Machine version for revision "
                    + $"{wanted}. The current State Machine revision is {current}.");
            }

            var published = Published(machine, description, time.GetUtcNow());
            await machines.PutAsync(published);
            var version = published.Versions.Last(each => each.Revision.Id == published.Revision.Id);
            return (JsonValue)JsonObject.Of(
                ("stateMachineVersionArn", Arns.Version(arn, version.Number)),
                ("creationDate", Json.Time(version.CreatedAt)));
        });
    }

    public Task<JsonValue> ListAsync(ApiRequest request)
    {
        var (arn, _) = Arns.Machine(request.Text("stateMachineArn"));
        var machine = machines.Find(arn) ?? throw ApiRefusedException.NoMachine(arn);
        var (page, next) = PageToken.Take(
            request, machine.Versions, version => PageToken.KeyDown(version.Number));
        JsonArrayBuilder items = new(page.Count);
        foreach (var version in page)
        {
            items.Add(JsonObject.Of(
                ("stateMachineVersionArn", Arns.Version(arn, version.Number)),
                ("creationDate", Json.Time(version.CreatedAt))));
        }

        return Task.FromResult<JsonValue>(
            JsonObject.Of(("stateMachineVersions", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    public Task<JsonValue> DeleteAsync(ApiRequest request)
    {
        var asked = request.Text("stateMachineVersionArn");
        var (arn, qualifier) = Arns.Machine(asked);
        var number = Arns.VersionOf(qualifier) ?? throw ApiRefusedException.Arn(asked);
        return machines.ChangeAsync(async () =>
        {
            var users = machines.AliasesOf(arn)
                .Where(alias => alias.Routes.Any(route => route.Version == number))
                .Select(alias => alias.Name)
                .ToArray();
            if (users.Length > 0)
            {
                throw new ApiRefusedException(
                    "ConflictException",
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing "
                    + $"this version: [{string.Join(", ", users)}]");
            }

            if (machines.Find(arn) is { } machine && machine.Versions.Any(each => each.Number == number))
            {
                await machines.PutAsync(machine with
                {
                    Versions = [.. machine.Versions.Where(each => each.Number != number)],
                });
            }

            return (JsonValue)JsonObject.Empty;
        });
    }

    public Task<JsonValue> CreateAliasAsync(ApiRequest request)
    {
        var name = request.Text("name");
        return machines.ChangeAsync(async () =>
        {
            var (machine, routes) = RoutesOf(request);
            var arn = $"{machine.Arn}:{name}";
            var description = request.MaybeText("description", 256);
            var now = time.GetUtcNow();
            if (machines.FindAlias(arn) is { } there)
            {
                if (there.Description != description || !there.Routes.SequenceEqual(routes))
                {
                    throw new ApiRefusedException(
                        "ConflictException", $"Failed to create alias because an alias with the same name and a "
                        + "different routing configuration already exists.");
                }

                return AliasMade(there);
            }

            if (machines.AliasesOf(machine.Arn).Count() >= AliasesMax)
            {
                throw new ApiRefusedException(
                    "ServiceQuotaExceededException", $"a state machine has at most {AliasesMax} aliases");
            }

            MachineAlias alias = new(arn, name, machine.Arn, now)
            {
                Description = description,
                Routes = routes,
                UpdatedAt = now,
            };
            await machines.PutAsync(alias);
            return AliasMade(alias);
        });
    }

    public Task<JsonValue> UpdateAliasAsync(ApiRequest request)
    {
        var arn = request.Arn("stateMachineAliasArn");
        return machines.ChangeAsync(async () =>
        {
            var alias = machines.FindAlias(arn) ?? throw ApiRefusedException.NoResource(arn);
            if (!request.Has("description") && !request.Has("routingConfiguration"))
            {
                throw ApiRefusedException.Missing(
                    "Either the description or the routing configuration must be specified");
            }

            var (machine, routes) = request.Has("routingConfiguration") ? RoutesOf(request) : (null, alias.Routes);
            if (machine is not null && machine.Arn != alias.MachineArn)
            {
                throw ApiRefusedException.Routing(
                    $"Versions of a routing configuration must be of the alias's state machine, {alias.MachineArn}");
            }

            var now = time.GetUtcNow();
            await machines.PutAsync(alias with
            {
                Description = request.MaybeText("description", 256) ?? alias.Description,
                Routes = routes,
                UpdatedAt = now,
            });
            return (JsonValue)JsonObject.Of(("updateDate", Json.Time(now)));
        });
    }

    public Task<JsonValue> DescribeAliasAsync(ApiRequest request)
    {
        var arn = request.Arn("stateMachineAliasArn");
        var alias = machines.FindAlias(arn) ?? throw ApiRefusedException.NoResource(arn);
        JsonArrayBuilder routes = new(alias.Routes.Count);
        foreach (var route in alias.Routes)
        {
            routes.Add(JsonObject.Of(
                ("stateMachineVersionArn", Arns.Version(alias.MachineArn, route.Version)), ("weight", route.Weight)));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(
            ("stateMachineAliasArn", alias.Arn),
            ("name", alias.Name),
            ("description", Json.Maybe(alias.Description)),
            ("routingConfiguration", routes.Build()),
            ("creationDate", Json.Time(alias.CreatedAt)),
            ("updateDate", Json.Time(alias.UpdatedAt))));
    }

    public Task<JsonValue> DeleteAliasAsync(ApiRequest request)
    {
        var arn = request.Arn("stateMachineAliasArn");
        return machines.ChangeAsync(async () =>
        {
            if (machines.FindAlias(arn) is not null)
            {
                await machines.RemoveAliasAsync(arn);
            }

            return (JsonValue)JsonObject.Empty;
        });
    }

    public Task<JsonValue> ListAliasesAsync(ApiRequest request)
    {
        var asked = request.Text("stateMachineArn");
        var (arn, qualifier) = Arns.Machine(asked);
        if (machines.Find(arn) is null)
        {
            throw ApiRefusedException.NoMachine(asked);
        }

        var all = machines.AliasesOf(arn);
        if (Arns.VersionOf(qualifier) is { } number)
        {
            all = all.Where(alias => alias.Routes.Any(route => route.Version == number));
        }

        var (page, next) = PageToken.Take(request, all, alias => PageToken.Key(alias.CreatedAt, alias.Name));
        JsonArrayBuilder items = new(page.Count);
        foreach (var alias in page)
        {
            items.Add(AliasMade(alias));
        }

        return Task.FromResult<JsonValue>(
            JsonObject.Of(("stateMachineAliases", items.Build()), ("nextToken", Json.Maybe(next))));
    }

    private (Machine Machine, IReadOnlyList<AliasRoute> Routes) RoutesOf(ApiRequest request)
    {
        var given = request["routingConfiguration"].AsArray();
        var named = given.Items.ToArray().Select(item => item.MaybeText("stateMachineVersionArn") ?? "").ToArray();
        if (!named.All(asked => Arns.VersionOf(Arns.Machine(asked).Qualifier) is not null))
        {
            throw ApiRefusedException.Routing(
                "Routing configuration must contain state machine version ARNs. "
                + $"Received: [{string.Join(", ", named)}]");
        }

        if (named.Distinct(StringComparer.Ordinal).Count() != named.Length)
        {
            throw ApiRefusedException.Routing(
                "Routing configuration must contain distinct state machine version ARNs. "
                + $"Received: [{string.Join(", ", named)}]");
        }

        List<AliasRoute> routes = [];
        string? machineArn = null;
        foreach (var item in given)
        {
            var asked = item.MaybeText("stateMachineVersionArn") ?? "";
            var (arn, qualifier) = Arns.Machine(asked);
            if (machineArn is not null && machineArn != arn)
            {
                throw ApiRefusedException.Routing("Versions of a routing configuration must be of one state machine");
            }

            machineArn = arn;
            item["weight"].TryGetInt32(out var weight);
            var number = Arns.VersionOf(qualifier) ?? throw ApiRefusedException.Arn(asked);
            if (machines.Find(arn)?.Versions.Any(version => version.Number == number) is not true)
            {
                throw ApiRefusedException.NoResource(asked);
            }

            routes.Add(new AliasRoute(number, weight));
        }

        if (routes.Sum(route => route.Weight) != 100)
        {
            throw ApiRefusedException.Routing(
                "Sum of routing configuration weights must equal 100. "
                + $"Received: [{string.Join(", ", routes.Select(route => route.Weight))}]");
        }

        return (machines.Find(machineArn!)!, routes);
    }

    private static JsonValue AliasMade(MachineAlias alias) => JsonObject.Of(
        ("stateMachineAliasArn", alias.Arn), ("creationDate", Json.Time(alias.CreatedAt)));
}
