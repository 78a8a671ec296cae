namespace Analemma.Workflow.Testing.Answers;

/// <summary>What services answer; written by eng/answer-shapes.py.</summary>
internal static class WorkAnswers
{
    public const string Text = """
        eventbridge:describeEventBus {Name:s,Arn:s,Description:s,KmsKeyIdentifier:s,DeadLetterConfig:{Arn:s},Policy:s,
         LogConfig:{IncludeDetail:s,Level:s},CreationTime:s,LastModifiedTime:s}
        eventbridge:describeRule {Name:s,Arn:s,EventPattern:s,ScheduleExpression:s,State:s,Description:s,RoleArn:s,Man
         agedBy:s,EventBusName:s,CreatedBy:s}
        eventbridge:listEventBuses {EventBuses:[{Name:s,Arn:s,Description:s,Policy:s,CreationTime:s,LastModifiedTime:s
         }],NextToken:s}
        eventbridge:listRules {Rules:[{Name:s,Arn:s,EventPattern:s,State:s,Description:s,ScheduleExpression:s,RoleArn:
         s,ManagedBy:s,EventBusName:s}],NextToken:s}
        eventbridge:putEvents {FailedEntryCount:n,Entries:[{EventId:s,ErrorCode:s,ErrorMessage:s}]}
        eventbridge:putRule {RuleArn:s}
        eventbridge:putTargets {FailedEntryCount:n,FailedEntries:[{TargetId:s,ErrorCode:s,ErrorMessage:s}]}
        eventbridge:removeTargets {FailedEntryCount:n,FailedEntries:[{TargetId:s,ErrorCode:s,ErrorMessage:s}]}
        sns:addPermission {}
        sns:checkIfPhoneNumberIsOptedOut {IsOptedOut:b}
        sns:confirmSubscription {SubscriptionArn:s}
        sns:createPlatformApplication {PlatformApplicationArn:s}
        sns:createPlatformEndpoint {EndpointArn:s}
        sns:createSMSSandboxPhoneNumber {}
        sns:createTopic {TopicArn:s}
        sns:deleteEndpoint {}
        sns:deletePlatformApplication {}
        sns:deleteSMSSandboxPhoneNumber {}
        sns:deleteTopic {}
        sns:getDataProtectionPolicy {DataProtectionPolicy:s}
        sns:getEndpointAttributes {Attributes:<s>}
        sns:getPlatformApplicationAttributes {Attributes:<s>}
        sns:getSMSAttributes {Attributes:<s>}
        sns:getSMSSandboxAccountStatus {IsInSandbox!:b}
        sns:getSubscriptionAttributes {Attributes:<s>}
        sns:getTopicAttributes {Attributes:<s>}
        sns:listEndpointsByPlatformApplication {Endpoints:[{EndpointArn:s,Attributes:<s>}],NextToken:s}
        sns:listOriginationNumbers {NextToken:s,PhoneNumbers:[{CreatedAt:s,PhoneNumber:s,Status:s,Iso2CountryCode:s,Ro
         uteType:s,NumberCapabilities:[s]}]}
        sns:listPhoneNumbersOptedOut {PhoneNumbers:[s],NextToken:s}
        sns:listPlatformApplications {PlatformApplications:[{PlatformApplicationArn:s,Attributes:<s>}],NextToken:s}
        sns:listSMSSandboxPhoneNumbers {PhoneNumbers!:[{PhoneNumber:s,Status:s}],NextToken:s}
        sns:listSubscriptions {Subscriptions:[{SubscriptionArn:s,Owner:s,Protocol:s,Endpoint:s,TopicArn:s}],NextToken:
         s}
        sns:listSubscriptionsByTopic {Subscriptions:[{SubscriptionArn:s,Owner:s,Protocol:s,Endpoint:s,TopicArn:s}],Nex
         tToken:s}
        sns:listTagsForResource {Tags:[{Key!:s,Value!:s}]}
        sns:listTopics {Topics:[{TopicArn:s}],NextToken:s}
        sns:optInPhoneNumber {}
        sns:publish {MessageId:s,SequenceNumber:s}
        sns:publishBatch {Successful:[{Id:s,MessageId:s,SequenceNumber:s}],Failed:[{Id!:s,Code!:s,Message:s,SenderFaul
         t!:b}]}
        sns:putDataProtectionPolicy {}
        sns:removePermission {}
        sns:setEndpointAttributes {}
        sns:setPlatformApplicationAttributes {}
        sns:setSMSAttributes {}
        sns:setSubscriptionAttributes {}
        sns:setTopicAttributes {}
        sns:subscribe {SubscriptionArn:s}
        sns:tagResource {}
        sns:unsubscribe {}
        sns:untagResource {}
        sns:verifySMSSandboxPhoneNumber {}
        sqs:addPermission {}
        sqs:cancelMessageMoveTask {ApproximateNumberOfMessagesMoved:n}
        sqs:changeMessageVisibility {}
        sqs:changeMessageVisibilityBatch {Successful!:[{Id!:s}],Failed!:[{Id!:s,SenderFault!:b,Code!:s,Message:s}]}
        sqs:createQueue {QueueUrl:s}
        sqs:deleteMessage {}
        sqs:deleteMessageBatch {Successful!:[{Id!:s}],Failed!:[{Id!:s,SenderFault!:b,Code!:s,Message:s}]}
        sqs:deleteQueue {}
        sqs:getQueueAttributes {Attributes:<s>}
        sqs:getQueueUrl {QueueUrl:s}
        sqs:listDeadLetterSourceQueues {QueueUrls!:[s],NextToken:s}
        sqs:listMessageMoveTasks {Results:[{TaskHandle:s,Status:s,SourceArn:s,DestinationArn:s,MaxNumberOfMessagesPerS
         econd:n,ApproximateNumberOfMessagesMoved:n,ApproximateNumberOfMessagesToMove:n,FailureReason:s,StartedTimestam
         p:n}]}
        sqs:listQueueTags {Tags:<s>}
        sqs:listQueues {QueueUrls:[s],NextToken:s}
        sqs:purgeQueue {}
        sqs:receiveMessage {Messages:[{MessageId:s,ReceiptHandle:s,MD5OfBody:s,Body:s,Attributes:<s>,MD5OfMessageAttri
         butes:s,MessageAttributes:<{StringValue:s,BinaryValue:s,StringListValues:[s],BinaryListValues:[s],DataType!:s}
         >}]}
        sqs:removePermission {}
        sqs:sendMessage {MD5OfMessageBody:s,MD5OfMessageAttributes:s,MD5OfMessageSystemAttributes:s,MessageId:s,Sequen
         ceNumber:s}
        sqs:sendMessageBatch {Successful!:[{Id!:s,MessageId!:s,MD5OfMessageBody!:s,MD5OfMessageAttributes:s,MD5OfMessa
         geSystemAttributes:s,SequenceNumber:s}],Failed!:[{Id!:s,SenderFault!:b,Code!:s,Message:s}]}
        sqs:setQueueAttributes {}
        sqs:startMessageMoveTask {TaskHandle:s}
        sqs:tagQueue {}
        sqs:untagQueue {}
        sfn:describeActivity {ActivityArn!:s,Name!:s,CreationDate!:s,EncryptionConfiguration:{KmsKeyId:s,KmsDataKeyReu
         sePeriodSeconds:n~60~900,Type!:s}}
        sfn:describeExecution {ExecutionArn!:s,StateMachineArn!:s,Name:s,Status!:s,StartDate!:s,StopDate:s,Input:s,Inp
         utDetails:{Included:b},Output:s,OutputDetails:{Included:b},TraceHeader:s,MapRunArn:s,Error:s,Cause:s,StateMach
         ineVersionArn:s,StateMachineAliasArn:s,RedriveCount:n,RedriveDate:s,RedriveStatus:s,RedriveStatusReason:s}
        sfn:describeMapRun {MapRunArn!:s,ExecutionArn!:s,Status!:s,StartDate!:s,StopDate:s,MaxConcurrency!:n~0,Tolerat
         edFailurePercentage!:n~0~100,ToleratedFailureCount!:n~0,ItemCounts!:{Pending!:n~0,Running!:n~0,Succeeded!:n~0,
         Failed!:n~0,TimedOut!:n~0,Aborted!:n~0,Total!:n~0,ResultsWritten!:n~0,FailuresNotRedrivable:n,PendingRedrive:n
         },ExecutionCounts!:{Pending!:n~0,Running!:n~0,Succeeded!:n~0,Failed!:n~0,TimedOut!:n~0,Aborted!:n~0,Total!:n~0
         ,ResultsWritten!:n~0,FailuresNotRedrivable:n,PendingRedrive:n},RedriveCount:n,RedriveDate:s}
        sfn:describeStateMachine {StateMachineArn!:s,Name!:s,Status:s,Definition!:s,RoleArn!:s,Type!:s,CreationDate!:s
         ,LoggingConfiguration:{Level:s,IncludeExecutionData:b,Destinations:[{CloudWatchLogsLogGroup:{LogGroupArn:s}}]}
         ,TracingConfiguration:{Enabled:b},Label:s,RevisionId:s,Description:s,EncryptionConfiguration:{KmsKeyId:s,KmsDa
         taKeyReusePeriodSeconds:n~60~900,Type!:s},VariableReferences:<[s]>}
        sfn:getActivityTask {TaskToken:s,Input:s}
        sfn:listActivities {Activities!:[{ActivityArn!:s,Name!:s,CreationDate!:s}],NextToken:s}
        sfn:listExecutions {Executions!:[{ExecutionArn!:s,StateMachineArn!:s,Name!:s,Status!:s,StartDate!:s,StopDate:s
         ,MapRunArn:s,ItemCount:n~0,StateMachineVersionArn:s,StateMachineAliasArn:s,RedriveCount:n,RedriveDate:s}],Next
         Token:s}
        sfn:listMapRuns {MapRuns!:[{ExecutionArn!:s,MapRunArn!:s,StateMachineArn!:s,StartDate!:s,StopDate:s}],NextToke
         n:s}
        sfn:listStateMachines {StateMachines!:[{StateMachineArn!:s,Name!:s,Type!:s,CreationDate!:s}],NextToken:s}
        sfn:redriveExecution {RedriveDate!:s}
        sfn:startExecution {ExecutionArn!:s,StartDate!:s}
        sfn:startSyncExecution {ExecutionArn!:s,StateMachineArn:s,Name:s,StartDate!:s,StopDate!:s,Status!:s,Error:s,Ca
         use:s,Input:s,InputDetails:{Included:b},Output:s,OutputDetails:{Included:b},TraceHeader:s,BillingDetails:{Bill
         edMemoryUsedInMB:n~0,BilledDurationInMilliseconds:n~0}}
        sfn:stopExecution {StopDate!:s}
        lambda:getAlias {AliasArn:s,Name:s,FunctionVersion:s,Description:s,RoutingConfig:{AdditionalVersionWeights:<n~
         0.0~1.0>},RevisionId:s}
        lambda:getFunction {Configuration:{FunctionName:s,FunctionArn:s,Runtime:s,Role:s,Handler:s,CodeSize:n,Descript
         ion:s,Timeout:n~1,MemorySize:n~128~32768,LastModified:s,CodeSha256:s,Version:s,VpcConfig:{SubnetIds:[s],Securi
         tyGroupIds:[s],VpcId:s,Ipv6AllowedForDualStack:b},DeadLetterConfig:{TargetArn:s},Environment:{Variables:<s>,Er
         ror:{ErrorCode:s,Message:s}},KMSKeyArn:s,TracingConfig:{Mode:s},MasterArn:s,RevisionId:s,Layers:[{Arn:s,CodeSi
         ze:n,SigningProfileVersionArn:s,SigningJobArn:s}],State:s,StateReason:s,StateReasonCode:s,LastUpdateStatus:s,L
         astUpdateStatusReason:s,LastUpdateStatusReasonCode:s,FileSystemConfigs:[{Arn!:s,LocalMountPath!:s}],PackageTyp
         e:s,ImageConfigResponse:{ImageConfig:{EntryPoint:[s],Command:[s],WorkingDirectory:s},Error:{ErrorCode:s,Messag
         e:s}},SigningProfileVersionArn:s,SigningJobArn:s,Architectures:[s],EphemeralStorage:{Size!:n~512~10240},SnapSt
         art:{ApplyOn:s,OptimizationStatus:s},RuntimeVersionConfig:{RuntimeVersionArn:s,Error:{ErrorCode:s,Message:s}},
         LoggingConfig:{LogFormat:s,ApplicationLogLevel:s,SystemLogLevel:s,LogGroup:s},CapacityProviderConfig:{LambdaMa
         nagedInstancesCapacityProviderConfig!:{CapacityProviderArn!:s,PerExecutionEnvironmentMaxConcurrency:n~1~1600,E
         xecutionEnvironmentMemoryGiBPerVCpu:n~2.0~8.0}},ConfigSha256:s,DurableConfig:{RetentionPeriodInDays:n~1~90,Exe
         cutionTimeout:n~1~31622400},TenancyConfig:{TenantIsolationMode!:s}},Code:{RepositoryType:s,Location:s,ImageUri
         :s,ResolvedImageUri:s,SourceKMSKeyArn:s},Tags:<s>,TagsError:{ErrorCode!:s,Message!:s},Concurrency:{ReservedCon
         currentExecutions:n~0}}
        lambda:getFunctionConfiguration {FunctionName:s,FunctionArn:s,Runtime:s,Role:s,Handler:s,CodeSize:n,Descriptio
         n:s,Timeout:n~1,MemorySize:n~128~32768,LastModified:s,CodeSha256:s,Version:s,VpcConfig:{SubnetIds:[s],Security
         GroupIds:[s],VpcId:s,Ipv6AllowedForDualStack:b},DeadLetterConfig:{TargetArn:s},Environment:{Variables:<s>,Erro
         r:{ErrorCode:s,Message:s}},KMSKeyArn:s,TracingConfig:{Mode:s},MasterArn:s,RevisionId:s,Layers:[{Arn:s,CodeSize
         :n,SigningProfileVersionArn:s,SigningJobArn:s}],State:s,StateReason:s,StateReasonCode:s,LastUpdateStatus:s,Las
         tUpdateStatusReason:s,LastUpdateStatusReasonCode:s,FileSystemConfigs:[{Arn!:s,LocalMountPath!:s}],PackageType:
         s,ImageConfigResponse:{ImageConfig:{EntryPoint:[s],Command:[s],WorkingDirectory:s},Error:{ErrorCode:s,Message:
         s}},SigningProfileVersionArn:s,SigningJobArn:s,Architectures:[s],EphemeralStorage:{Size!:n~512~10240},SnapStar
         t:{ApplyOn:s,OptimizationStatus:s},RuntimeVersionConfig:{RuntimeVersionArn:s,Error:{ErrorCode:s,Message:s}},Lo
         ggingConfig:{LogFormat:s,ApplicationLogLevel:s,SystemLogLevel:s,LogGroup:s},CapacityProviderConfig:{LambdaMana
         gedInstancesCapacityProviderConfig!:{CapacityProviderArn!:s,PerExecutionEnvironmentMaxConcurrency:n~1~1600,Exe
         cutionEnvironmentMemoryGiBPerVCpu:n~2.0~8.0}},ConfigSha256:s,DurableConfig:{RetentionPeriodInDays:n~1~90,Execu
         tionTimeout:n~1~31622400},TenancyConfig:{TenantIsolationMode!:s}}
        lambda:getPolicy {Policy:s,RevisionId:s}
        lambda:invoke {StatusCode:n,FunctionError:s,LogResult:s,Payload:*,ExecutedVersion:s,DurableExecutionArn:s}
        lambda:listAliases {NextMarker:s,Aliases:[{AliasArn:s,Name:s,FunctionVersion:s,Description:s,RoutingConfig:{Ad
         ditionalVersionWeights:<n~0.0~1.0>},RevisionId:s}]}
        lambda:listFunctions {NextMarker:s,Functions:[{FunctionName:s,FunctionArn:s,Runtime:s,Role:s,Handler:s,CodeSiz
         e:n,Description:s,Timeout:n~1,MemorySize:n~128~32768,LastModified:s,CodeSha256:s,Version:s,VpcConfig:{SubnetId
         s:[s],SecurityGroupIds:[s],VpcId:s,Ipv6AllowedForDualStack:b},DeadLetterConfig:{TargetArn:s},Environment:{Vari
         ables:<s>,Error:{ErrorCode:s,Message:s}},KMSKeyArn:s,TracingConfig:{Mode:s},MasterArn:s,RevisionId:s,Layers:[{
         Arn:s,CodeSize:n,SigningProfileVersionArn:s,SigningJobArn:s}],State:s,StateReason:s,StateReasonCode:s,LastUpda
         teStatus:s,LastUpdateStatusReason:s,LastUpdateStatusReasonCode:s,FileSystemConfigs:[{Arn!:s,LocalMountPath!:s}
         ],PackageType:s,ImageConfigResponse:{ImageConfig:{EntryPoint:[s],Command:[s],WorkingDirectory:s},Error:{ErrorC
         ode:s,Message:s}},SigningProfileVersionArn:s,SigningJobArn:s,Architectures:[s],EphemeralStorage:{Size!:n~512~1
         0240},SnapStart:{ApplyOn:s,OptimizationStatus:s},RuntimeVersionConfig:{RuntimeVersionArn:s,Error:{ErrorCode:s,
         Message:s}},LoggingConfig:{LogFormat:s,ApplicationLogLevel:s,SystemLogLevel:s,LogGroup:s},CapacityProviderConf
         ig:{LambdaManagedInstancesCapacityProviderConfig!:{CapacityProviderArn!:s,PerExecutionEnvironmentMaxConcurrenc
         y:n~1~1600,ExecutionEnvironmentMemoryGiBPerVCpu:n~2.0~8.0}},ConfigSha256:s,DurableConfig:{RetentionPeriodInDay
         s:n~1~90,ExecutionTimeout:n~1~31622400},TenancyConfig:{TenantIsolationMode!:s}}]}
        lambda:listTags {Tags:<s>}
        lambda:publishVersion {FunctionName:s,FunctionArn:s,Runtime:s,Role:s,Handler:s,CodeSize:n,Description:s,Timeou
         t:n~1,MemorySize:n~128~32768,LastModified:s,CodeSha256:s,Version:s,VpcConfig:{SubnetIds:[s],SecurityGroupIds:[
         s],VpcId:s,Ipv6AllowedForDualStack:b},DeadLetterConfig:{TargetArn:s},Environment:{Variables:<s>,Error:{ErrorCo
         de:s,Message:s}},KMSKeyArn:s,TracingConfig:{Mode:s},MasterArn:s,RevisionId:s,Layers:[{Arn:s,CodeSize:n,Signing
         ProfileVersionArn:s,SigningJobArn:s}],State:s,StateReason:s,StateReasonCode:s,LastUpdateStatus:s,LastUpdateSta
         tusReason:s,LastUpdateStatusReasonCode:s,FileSystemConfigs:[{Arn!:s,LocalMountPath!:s}],PackageType:s,ImageCon
         figResponse:{ImageConfig:{EntryPoint:[s],Command:[s],WorkingDirectory:s},Error:{ErrorCode:s,Message:s}},Signin
         gProfileVersionArn:s,SigningJobArn:s,Architectures:[s],EphemeralStorage:{Size!:n~512~10240},SnapStart:{ApplyOn
         :s,OptimizationStatus:s},RuntimeVersionConfig:{RuntimeVersionArn:s,Error:{ErrorCode:s,Message:s}},LoggingConfi
         g:{LogFormat:s,ApplicationLogLevel:s,SystemLogLevel:s,LogGroup:s},CapacityProviderConfig:{LambdaManagedInstanc
         esCapacityProviderConfig!:{CapacityProviderArn!:s,PerExecutionEnvironmentMaxConcurrency:n~1~1600,ExecutionEnvi
         ronmentMemoryGiBPerVCpu:n~2.0~8.0}},ConfigSha256:s,DurableConfig:{RetentionPeriodInDays:n~1~90,ExecutionTimeou
         t:n~1~31622400},TenancyConfig:{TenantIsolationMode!:s}}
        batch:cancelJob {}
        batch:submitJob {JobArn:s,JobName!:s,JobId!:s}
        batch:terminateJob {}
        codebuild:batchDeleteBuilds {BuildsDeleted:[s],BuildsNotDeleted:[{Id:s,StatusCode:s}]}
        codebuild:startBuild {Build:{Id:s,Arn:s,BuildNumber:n,StartTime:s,EndTime:s,CurrentPhase:s,BuildStatus:s,Sourc
         eVersion:s,ResolvedSourceVersion:s,ProjectName:s,Phases:[{PhaseType:s,PhaseStatus:s,StartTime:s,EndTime:s,Dura
         tionInSeconds:n,Contexts:[{StatusCode:s,Message:s}]}],Source:{Type!:s,Location:s,GitCloneDepth:n~0,GitSubmodul
         esConfig:{FetchSubmodules!:b},Buildspec:s,Auth:{Type!:s,Resource:s},ReportBuildStatus:b,BuildStatusConfig:{Con
         text:s,TargetUrl:s},InsecureSsl:b,SourceIdentifier:s},SecondarySources:[{Type!:s,Location:s,GitCloneDepth:n~0,
         GitSubmodulesConfig:{FetchSubmodules!:b},Buildspec:s,Auth:{Type!:s,Resource:s},ReportBuildStatus:b,BuildStatus
         Config:{Context:s,TargetUrl:s},InsecureSsl:b,SourceIdentifier:s}],SecondarySourceVersions:[{SourceIdentifier!:
         s,SourceVersion!:s}],Artifacts:{Location:s,Sha256sum:s,Md5sum:s,OverrideArtifactName:b,EncryptionDisabled:b,Ar
         tifactIdentifier:s,BucketOwnerAccess:s},SecondaryArtifacts:[{Location:s,Sha256sum:s,Md5sum:s,OverrideArtifactN
         ame:b,EncryptionDisabled:b,ArtifactIdentifier:s,BucketOwnerAccess:s}],Cache:{Type!:s,Location:s,Modes:[s],Cach
         eNamespace:s},Environment:{Type!:s,Image!:s,ComputeType!:s,ComputeConfiguration:{VCpu:n,Memory:n,Disk:n,Machin
         eType:s,InstanceType:s},Fleet:{FleetArn:s},EnvironmentVariables:[{Name!:s,Value!:s,Type:s}],PrivilegedMode:b,C
         ertificate:s,RegistryCredential:{Credential!:s,CredentialProvider!:s},ImagePullCredentialsType:s,DockerServer:
         {ComputeType!:s,SecurityGroupIds:[s],Status:{Status:s,Message:s}}},ServiceRole:s,Logs:{GroupName:s,StreamName:
         s,DeepLink:s,S3DeepLink:s,CloudWatchLogsArn:s,S3LogsArn:s,CloudWatchLogs:{Status!:s,GroupName:s,StreamName:s},
         S3Logs:{Status!:s,Location:s,EncryptionDisabled:b,BucketOwnerAccess:s}},TimeoutInMinutes:n,QueuedTimeoutInMinu
         tes:n,BuildComplete:b,Initiator:s,VpcConfig:{VpcId:s,Subnets:[s],SecurityGroupIds:[s]},NetworkInterface:{Subne
         tId:s,NetworkInterfaceId:s},EncryptionKey:s,ExportedEnvironmentVariables:[{Name:s,Value:s}],ReportArns:[s],Fil
         eSystemLocations:[{Type:s,Location:s,MountPoint:s,Identifier:s,MountOptions:s}],DebugSession:{SessionEnabled:b
         ,SessionTarget:s},BuildBatchArn:s,AutoRetryConfig:{AutoRetryLimit:n,AutoRetryNumber:n,NextAutoRetry:s,Previous
         AutoRetry:s}}}
        codebuild:stopBuild {Build:{Id:s,Arn:s,BuildNumber:n,StartTime:s,EndTime:s,CurrentPhase:s,BuildStatus:s,Source
         Version:s,ResolvedSourceVersion:s,ProjectName:s,Phases:[{PhaseType:s,PhaseStatus:s,StartTime:s,EndTime:s,Durat
         ionInSeconds:n,Contexts:[{StatusCode:s,Message:s}]}],Source:{Type!:s,Location:s,GitCloneDepth:n~0,GitSubmodule
         sConfig:{FetchSubmodules!:b},Buildspec:s,Auth:{Type!:s,Resource:s},ReportBuildStatus:b,BuildStatusConfig:{Cont
         ext:s,TargetUrl:s},InsecureSsl:b,SourceIdentifier:s},SecondarySources:[{Type!:s,Location:s,GitCloneDepth:n~0,G
         itSubmodulesConfig:{FetchSubmodules!:b},Buildspec:s,Auth:{Type!:s,Resource:s},ReportBuildStatus:b,BuildStatusC
         onfig:{Context:s,TargetUrl:s},InsecureSsl:b,SourceIdentifier:s}],SecondarySourceVersions:[{SourceIdentifier!:s
         ,SourceVersion!:s}],Artifacts:{Location:s,Sha256sum:s,Md5sum:s,OverrideArtifactName:b,EncryptionDisabled:b,Art
         ifactIdentifier:s,BucketOwnerAccess:s},SecondaryArtifacts:[{Location:s,Sha256sum:s,Md5sum:s,OverrideArtifactNa
         me:b,EncryptionDisabled:b,ArtifactIdentifier:s,BucketOwnerAccess:s}],Cache:{Type!:s,Location:s,Modes:[s],Cache
         Namespace:s},Environment:{Type!:s,Image!:s,ComputeType!:s,ComputeConfiguration:{VCpu:n,Memory:n,Disk:n,Machine
         Type:s,InstanceType:s},Fleet:{FleetArn:s},EnvironmentVariables:[{Name!:s,Value!:s,Type:s}],PrivilegedMode:b,Ce
         rtificate:s,RegistryCredential:{Credential!:s,CredentialProvider!:s},ImagePullCredentialsType:s,DockerServer:{
         ComputeType!:s,SecurityGroupIds:[s],Status:{Status:s,Message:s}}},ServiceRole:s,Logs:{GroupName:s,StreamName:s
         ,DeepLink:s,S3DeepLink:s,CloudWatchLogsArn:s,S3LogsArn:s,CloudWatchLogs:{Status!:s,GroupName:s,StreamName:s},S
         3Logs:{Status!:s,Location:s,EncryptionDisabled:b,BucketOwnerAccess:s}},TimeoutInMinutes:n,QueuedTimeoutInMinut
         es:n,BuildComplete:b,Initiator:s,VpcConfig:{VpcId:s,Subnets:[s],SecurityGroupIds:[s]},NetworkInterface:{Subnet
         Id:s,NetworkInterfaceId:s},EncryptionKey:s,ExportedEnvironmentVariables:[{Name:s,Value:s}],ReportArns:[s],File
         SystemLocations:[{Type:s,Location:s,MountPoint:s,Identifier:s,MountOptions:s}],DebugSession:{SessionEnabled:b,
         SessionTarget:s},BuildBatchArn:s,AutoRetryConfig:{AutoRetryLimit:n,AutoRetryNumber:n,NextAutoRetry:s,PreviousA
         utoRetry:s}}}
        databrew:startJobRun {RunId!:s}
        ecs:runTask {Tasks:[{Attachments:[{Id:s,Type:s,Status:s,Details:[{Name:s,Value:s}]}],Attributes:[{Name!:s,Valu
         e:s,TargetType:s,TargetId:s}],AvailabilityZone:s,CapacityProviderName:s,ClusterArn:s,Connectivity:s,Connectivi
         tyAt:s,ContainerInstanceArn:s,Containers:[{ContainerArn:s,TaskArn:s,Name:s,Image:s,ImageDigest:s,RuntimeId:s,L
         astStatus:s,ExitCode:n,Reason:s,NetworkBindings:[{BindIP:s,ContainerPort:n,HostPort:n,Protocol:s,ContainerPort
         Range:s,HostPortRange:s}],NetworkInterfaces:[{AttachmentId:s,PrivateIpv4Address:s,Ipv6Address:s}],HealthStatus
         :s,ManagedAgents:[{LastStartedAt:s,Name:s,Reason:s,LastStatus:s}],Cpu:s,Memory:s,MemoryReservation:s,GpuIds:[s
         ]}],Cpu:s,CreatedAt:s,DesiredStatus:s,EnableExecuteCommand:b,ExecutionStoppedAt:s,Group:s,HealthStatus:s,Infer
         enceAccelerators:[{DeviceName!:s,DeviceType!:s}],LastStatus:s,LaunchType:s,Memory:s,Overrides:{ContainerOverri
         des:[{Name:s,Command:[s],Environment:[{Name:s,Value:s}],EnvironmentFiles:[{Value!:s,Type!:s}],Cpu:n,Memory:n,M
         emoryReservation:n,ResourceRequirements:[{Value!:s,Type!:s}]}],Cpu:s,InferenceAcceleratorOverrides:[{DeviceNam
         e:s,DeviceType:s}],ExecutionRoleArn:s,Memory:s,TaskRoleArn:s,EphemeralStorage:{SizeInGiB!:n}},PlatformVersion:
         s,PlatformFamily:s,PullStartedAt:s,PullStoppedAt:s,StartedAt:s,StartedBy:s,StopCode:s,StoppedAt:s,StoppedReaso
         n:s,StoppingAt:s,Tags:[{Key:s,Value:s}],TaskArn:s,TaskDefinitionArn:s,Version:n,EphemeralStorage:{SizeInGiB!:n
         },FargateEphemeralStorage:{SizeInGiB:n,KmsKeyId:s}}],Failures:[{Arn:s,Reason:s,Detail:s}]}
        ecs:stopTask {Task:{Attachments:[{Id:s,Type:s,Status:s,Details:[{Name:s,Value:s}]}],Attributes:[{Name!:s,Value
         :s,TargetType:s,TargetId:s}],AvailabilityZone:s,CapacityProviderName:s,ClusterArn:s,Connectivity:s,Connectivit
         yAt:s,ContainerInstanceArn:s,Containers:[{ContainerArn:s,TaskArn:s,Name:s,Image:s,ImageDigest:s,RuntimeId:s,La
         stStatus:s,ExitCode:n,Reason:s,NetworkBindings:[{BindIP:s,ContainerPort:n,HostPort:n,Protocol:s,ContainerPortR
         ange:s,HostPortRange:s}],NetworkInterfaces:[{AttachmentId:s,PrivateIpv4Address:s,Ipv6Address:s}],HealthStatus:
         s,ManagedAgents:[{LastStartedAt:s,Name:s,Reason:s,LastStatus:s}],Cpu:s,Memory:s,MemoryReservation:s,GpuIds:[s]
         }],Cpu:s,CreatedAt:s,DesiredStatus:s,EnableExecuteCommand:b,ExecutionStoppedAt:s,Group:s,HealthStatus:s,Infere
         nceAccelerators:[{DeviceName!:s,DeviceType!:s}],LastStatus:s,LaunchType:s,Memory:s,Overrides:{ContainerOverrid
         es:[{Name:s,Command:[s],Environment:[{Name:s,Value:s}],EnvironmentFiles:[{Value!:s,Type!:s}],Cpu:n,Memory:n,Me
         moryReservation:n,ResourceRequirements:[{Value!:s,Type!:s}]}],Cpu:s,InferenceAcceleratorOverrides:[{DeviceName
         :s,DeviceType:s}],ExecutionRoleArn:s,Memory:s,TaskRoleArn:s,EphemeralStorage:{SizeInGiB!:n}},PlatformVersion:s
         ,PlatformFamily:s,PullStartedAt:s,PullStoppedAt:s,StartedAt:s,StartedBy:s,StopCode:s,StoppedAt:s,StoppedReason
         :s,StoppingAt:s,Tags:[{Key:s,Value:s}],TaskArn:s,TaskDefinitionArn:s,Version:n,EphemeralStorage:{SizeInGiB!:n}
         ,FargateEphemeralStorage:{SizeInGiB:n,KmsKeyId:s}}}
        eks:createCluster {Cluster:{Name:s,Arn:s,CreatedAt:s,Version:s,Endpoint:s,RoleArn:s,ResourcesVpcConfig:{Subnet
         Ids:[s],SecurityGroupIds:[s],ClusterSecurityGroupId:s,VpcId:s,EndpointPublicAccess:b,EndpointPrivateAccess:b,P
         ublicAccessCidrs:[s]},KubernetesNetworkConfig:{ServiceIpv4Cidr:s,ServiceIpv6Cidr:s,IpFamily:s,ElasticLoadBalan
         cing:{Enabled:b}},Logging:{ClusterLogging:[{Types:[s],Enabled:b}]},Identity:{Oidc:{Issuer:s}},Status:s,Certifi
         cateAuthority:{Data:s},ClientRequestToken:s,PlatformVersion:s,Tags:<s>,EncryptionConfig:[{Resources:[s],Provid
         er:{KeyArn:s}}],ConnectorConfig:{ActivationId:s,ActivationCode:s,ActivationExpiry:s,Provider:s,RoleArn:s},Id:s
         ,Health:{Issues:[{Code:s,Message:s,ResourceIds:[s]}]},OutpostConfig:{OutpostArns!:[s],ControlPlaneInstanceType
         !:s,ControlPlanePlacement:{GroupName:s}},AccessConfig:{BootstrapClusterCreatorAdminPermissions:b,Authenticatio
         nMode:s},UpgradePolicy:{SupportType:s},ZonalShiftConfig:{Enabled:b},RemoteNetworkConfig:{RemoteNodeNetworks:[{
         Cidrs:[s]}],RemotePodNetworks:[{Cidrs:[s]}]},ComputeConfig:{Enabled:b,NodePools:[s],NodeRoleArn:s},StorageConf
         ig:{BlockStorage:{Enabled:b}},DeletionProtection:b,ControlPlaneScalingConfig:{Tier:s}}}
        eks:createNodegroup {Nodegroup:{NodegroupName:s,NodegroupArn:s,ClusterName:s,Version:s,ReleaseVersion:s,Create
         dAt:s,ModifiedAt:s,Status:s,CapacityType:s,ScalingConfig:{MinSize:n~0,MaxSize:n~1,DesiredSize:n~0},InstanceTyp
         es:[s],Subnets:[s],RemoteAccess:{Ec2SshKey:s,SourceSecurityGroups:[s]},AmiType:s,NodeRole:s,Labels:<s>,Taints:
         [{Key:s,Value:s,Effect:s}],Resources:{AutoScalingGroups:[{Name:s}],RemoteAccessSecurityGroup:s},DiskSize:n,Hea
         lth:{Issues:[{Code:s,Message:s,ResourceIds:[s]}]},UpdateConfig:{MaxUnavailable:n~1,MaxUnavailablePercentage:n~
         1~100,UpdateStrategy:s},NodeRepairConfig:{Enabled:b,MaxUnhealthyNodeThresholdCount:n~1,MaxUnhealthyNodeThresho
         ldPercentage:n~1~100,MaxParallelNodesRepairedCount:n~1,MaxParallelNodesRepairedPercentage:n~1~100,NodeRepairCo
         nfigOverrides:[{NodeMonitoringCondition:s,NodeUnhealthyReason:s,MinRepairWaitTimeMins:n~1,RepairAction:s}]},La
         unchTemplate:{Name:s,Version:s,Id:s},Tags:<s>,WarmPoolConfig:{Enabled:b,MinSize:n~0,MaxGroupPreparedCapacity:n
         ,PoolState:s,ReuseOnScaleIn:b}}}
        eks:deleteCluster {Cluster:{Name:s,Arn:s,CreatedAt:s,Version:s,Endpoint:s,RoleArn:s,ResourcesVpcConfig:{Subnet
         Ids:[s],SecurityGroupIds:[s],ClusterSecurityGroupId:s,VpcId:s,EndpointPublicAccess:b,EndpointPrivateAccess:b,P
         ublicAccessCidrs:[s]},KubernetesNetworkConfig:{ServiceIpv4Cidr:s,ServiceIpv6Cidr:s,IpFamily:s,ElasticLoadBalan
         cing:{Enabled:b}},Logging:{ClusterLogging:[{Types:[s],Enabled:b}]},Identity:{Oidc:{Issuer:s}},Status:s,Certifi
         cateAuthority:{Data:s},ClientRequestToken:s,PlatformVersion:s,Tags:<s>,EncryptionConfig:[{Resources:[s],Provid
         er:{KeyArn:s}}],ConnectorConfig:{ActivationId:s,ActivationCode:s,ActivationExpiry:s,Provider:s,RoleArn:s},Id:s
         ,Health:{Issues:[{Code:s,Message:s,ResourceIds:[s]}]},OutpostConfig:{OutpostArns!:[s],ControlPlaneInstanceType
         !:s,ControlPlanePlacement:{GroupName:s}},AccessConfig:{BootstrapClusterCreatorAdminPermissions:b,Authenticatio
         nMode:s},UpgradePolicy:{SupportType:s},ZonalShiftConfig:{Enabled:b},RemoteNetworkConfig:{RemoteNodeNetworks:[{
         Cidrs:[s]}],RemotePodNetworks:[{Cidrs:[s]}]},ComputeConfig:{Enabled:b,NodePools:[s],NodeRoleArn:s},StorageConf
         ig:{BlockStorage:{Enabled:b}},DeletionProtection:b,ControlPlaneScalingConfig:{Tier:s}}}
        eks:deleteNodegroup {Nodegroup:{NodegroupName:s,NodegroupArn:s,ClusterName:s,Version:s,ReleaseVersion:s,Create
         dAt:s,ModifiedAt:s,Status:s,CapacityType:s,ScalingConfig:{MinSize:n~0,MaxSize:n~1,DesiredSize:n~0},InstanceTyp
         es:[s],Subnets:[s],RemoteAccess:{Ec2SshKey:s,SourceSecurityGroups:[s]},AmiType:s,NodeRole:s,Labels:<s>,Taints:
         [{Key:s,Value:s,Effect:s}],Resources:{AutoScalingGroups:[{Name:s}],RemoteAccessSecurityGroup:s},DiskSize:n,Hea
         lth:{Issues:[{Code:s,Message:s,ResourceIds:[s]}]},UpdateConfig:{MaxUnavailable:n~1,MaxUnavailablePercentage:n~
         1~100,UpdateStrategy:s},NodeRepairConfig:{Enabled:b,MaxUnhealthyNodeThresholdCount:n~1,MaxUnhealthyNodeThresho
         ldPercentage:n~1~100,MaxParallelNodesRepairedCount:n~1,MaxParallelNodesRepairedPercentage:n~1~100,NodeRepairCo
         nfigOverrides:[{NodeMonitoringCondition:s,NodeUnhealthyReason:s,MinRepairWaitTimeMins:n~1,RepairAction:s}]},La
         unchTemplate:{Name:s,Version:s,Id:s},Tags:<s>,WarmPoolConfig:{Enabled:b,MinSize:n~0,MaxGroupPreparedCapacity:n
         ,PoolState:s,ReuseOnScaleIn:b}}}
        emr:addJobFlowSteps {StepIds:[s]}
        emr:cancelSteps {CancelStepsInfoList:[{StepId:s,Status:s,Reason:s}]}
        emr:runJobFlow {JobFlowId:s,ClusterArn:s}
        glue:getJobRun {JobRun:{Id:s,Attempt:n,PreviousRunId:s,TriggerName:s,JobName:s,JobMode:s,JobRunQueuingEnabled:
         b,StartedOn:s,LastModifiedOn:s,CompletedOn:s,JobRunState:s,Arguments:<s>,ErrorMessage:s,PredecessorRuns:[{JobN
         ame:s,RunId:s}],AllocatedCapacity:n,ExecutionTime:n,Timeout:n~1,MaxCapacity:n,WorkerType:s,NumberOfWorkers:n,S
         ecurityConfiguration:s,LogGroupName:s,NotificationProperty:{NotifyDelayAfter:n~1},GlueVersion:s,DPUSeconds:n,E
         xecutionClass:s,MaintenanceWindow:s,ProfileName:s,StateDetail:s,ExecutionRoleSessionPolicy:s}}
        glue:startCrawler {}
        glue:startJobRun {JobRunId:s}
        sagemaker:createEndpoint {EndpointArn!:s}
        sagemaker:createEndpointConfig {EndpointConfigArn!:s}
        sagemaker:createHyperParameterTuningJob {HyperParameterTuningJobArn!:s}
        sagemaker:createLabelingJob {LabelingJobArn!:s}
        sagemaker:createModel {ModelArn!:s}
        sagemaker:createProcessingJob {ProcessingJobArn!:s}
        sagemaker:createTrainingJob {TrainingJobArn!:s}
        sagemaker:createTransformJob {TransformJobArn!:s}
        sagemaker:updateEndpoint {EndpointArn!:s}
        """;
}
