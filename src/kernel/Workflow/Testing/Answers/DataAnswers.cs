namespace Analemma.Workflow.Testing.Answers;

/// <summary>What services answer; written by eng/answer-shapes.py.</summary>
internal static class DataAnswers
{
    public const string Text = """
        dynamodb:batchGetItem {Responses:<[<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>]>,Unprocesse
         dKeys:<{Keys!:[<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>],AttributesToGet:[s],ConsistentR
         ead:b,ProjectionExpression:s,ExpressionAttributeNames:<s>}>,ConsumedCapacity:[{TableName:s,CapacityUnits:n,Rea
         dCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n},LocalSe
         condaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,GlobalSecondaryIndexes:<{ReadCapac
         ityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>}]}
        dynamodb:batchWriteItem {UnprocessedItems:<[{PutRequest:{Item!:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],
         NULL:b,BOOL:b}>},DeleteRequest:{Key!:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>}}]>,ItemCo
         llectionMetrics:<[{ItemCollectionKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,SizeEstima
         teRangeGB:[n]}]>,ConsumedCapacity:[{TableName:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table
         :{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteC
         apacityUnits:n,CapacityUnits:n}>,GlobalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUni
         ts:n}>}]}
        dynamodb:deleteItem {Attributes:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,ConsumedCapacit
         y:{TableName:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapaci
         tyUnits:n,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,
         GlobalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>},ItemCollectionMetrics:{It
         emCollectionKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,SizeEstimateRangeGB:[n]}}
        dynamodb:getItem {Item:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,ConsumedCapacity:{TableN
         ame:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapacityUnits:n
         ,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,GlobalSec
         ondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>}}
        dynamodb:listTables {TableNames:[s],LastEvaluatedTableName:s}
        dynamodb:putItem {Attributes:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,ConsumedCapacity:{
         TableName:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapacityU
         nits:n,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,Glo
         balSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>},ItemCollectionMetrics:{ItemC
         ollectionKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,SizeEstimateRangeGB:[n]}}
        dynamodb:query {Items:[<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>],Count:n,ScannedCount:n,
         LastEvaluatedKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,ConsumedCapacity:{TableName:s,
         CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapacityUnits:n,Capac
         ityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,GlobalSecondary
         Indexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>}}
        dynamodb:scan {Items:[<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>],Count:n,ScannedCount:n,L
         astEvaluatedKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,ConsumedCapacity:{TableName:s,C
         apacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapacityUnits:n,Capaci
         tyUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,GlobalSecondaryI
         ndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>}}
        dynamodb:transactGetItems {ConsumedCapacity:[{TableName:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUni
         ts:n,Table:{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnit
         s:n,WriteCapacityUnits:n,CapacityUnits:n}>,GlobalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,C
         apacityUnits:n}>}],Responses:[{Item:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>}]}
        dynamodb:transactWriteItems {ConsumedCapacity:[{TableName:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityU
         nits:n,Table:{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUn
         its:n,WriteCapacityUnits:n,CapacityUnits:n}>,GlobalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n
         ,CapacityUnits:n}>}],ItemCollectionMetrics:<[{ItemCollectionKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*]
         ,NULL:b,BOOL:b}>,SizeEstimateRangeGB:[n]}]>}
        dynamodb:updateItem {Attributes:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,ConsumedCapacit
         y:{TableName:s,CapacityUnits:n,ReadCapacityUnits:n,WriteCapacityUnits:n,Table:{ReadCapacityUnits:n,WriteCapaci
         tyUnits:n,CapacityUnits:n},LocalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>,
         GlobalSecondaryIndexes:<{ReadCapacityUnits:n,WriteCapacityUnits:n,CapacityUnits:n}>},ItemCollectionMetrics:{It
         emCollectionKey:<{S:s,N:s,B:s,SS:[s],NS:[s],BS:[s],M:<*>,L:[*],NULL:b,BOOL:b}>,SizeEstimateRangeGB:[n]}}
        s3:abortMultipartUpload {RequestCharged:s}
        s3:completeMultipartUpload {Location:s,Bucket:s,Key:s,Expiration:s,ETag:s,ChecksumCRC32:s,ChecksumCRC32C:s,Che
         cksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,ChecksumXXH
         ASH3:s,ChecksumXXHASH128:s,ChecksumType:s,ServerSideEncryption:s,VersionId:s,SSEKMSKeyId:s,BucketKeyEnabled:b,
         RequestCharged:s}
        s3:copyObject {CopyObjectResult:{ETag:s,LastModified:s,ChecksumType:s,ChecksumCRC32:s,ChecksumCRC32C:s,Checksu
         mCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,ChecksumXXHASH3
         :s,ChecksumXXHASH128:s},Expiration:s,CopySourceVersionId:s,VersionId:s,ServerSideEncryption:s,SSECustomerAlgor
         ithm:s,SSECustomerKeyMD5:s,SSEKMSKeyId:s,SSEKMSEncryptionContext:s,BucketKeyEnabled:b,RequestCharged:s}
        s3:createBucket {Location:s,BucketArn:s}
        s3:createMultipartUpload {AbortDate:s,AbortRuleId:s,Bucket:s,Key:s,UploadId:s,ServerSideEncryption:s,SSECustom
         erAlgorithm:s,SSECustomerKeyMD5:s,SSEKMSKeyId:s,SSEKMSEncryptionContext:s,BucketKeyEnabled:b,RequestCharged:s,
         ChecksumAlgorithm:s,ChecksumType:s}
        s3:deleteObject {DeleteMarker:b,VersionId:s,RequestCharged:s}
        s3:deleteObjects {Deleted:[{Key:s,VersionId:s,DeleteMarker:b,DeleteMarkerVersionId:s}],RequestCharged:s,Errors
         :[{Key:s,VersionId:s,Code:s,Message:s}]}
        s3:getBucketLocation {LocationConstraint:s}
        s3:getObject {Body:s,DeleteMarker:b,AcceptRanges:s,Expiration:s,Restore:s,LastModified:s,ContentLength:n,ETag:
         s,ChecksumCRC32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,Checks
         umMD5:s,ChecksumXXHASH64:s,ChecksumXXHASH3:s,ChecksumXXHASH128:s,ChecksumType:s,MissingMeta:n,VersionId:s,Cach
         eControl:s,ContentDisposition:s,ContentEncoding:s,ContentLanguage:s,ContentRange:s,ContentType:s,Expires:s,Web
         siteRedirectLocation:s,ServerSideEncryption:s,Metadata:<s>,SSECustomerAlgorithm:s,SSECustomerKeyMD5:s,SSEKMSKe
         yId:s,BucketKeyEnabled:b,StorageClass:s,RequestCharged:s,ReplicationStatus:s,PartsCount:n,TagCount:n,ObjectLoc
         kMode:s,ObjectLockRetainUntilDate:s,ObjectLockLegalHoldStatus:s}
        s3:getObjectAttributes {DeleteMarker:b,LastModified:s,VersionId:s,RequestCharged:s,ETag:s,Checksum:{ChecksumCR
         C32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,Chec
         ksumXXHASH64:s,ChecksumXXHASH3:s,ChecksumXXHASH128:s,ChecksumType:s},ObjectParts:{TotalPartsCount:n,PartNumber
         Marker:n,NextPartNumberMarker:n,MaxParts:n,IsTruncated:b,Parts:[{PartNumber:n,Size:n,ChecksumCRC32:s,ChecksumC
         RC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,
         ChecksumXXHASH3:s,ChecksumXXHASH128:s}]},StorageClass:s,ObjectSize:n}
        s3:getObjectTagging {VersionId:s,TagSet!:[{Key!:s,Value!:s}]}
        s3:headBucket {BucketArn:s,BucketLocationType:s,BucketLocationName:s,BucketRegion:s,AccessPointAlias:b}
        s3:headObject {DeleteMarker:b,AcceptRanges:s,Expiration:s,Restore:s,ArchiveStatus:s,LastModified:s,ContentLeng
         th:n,ChecksumCRC32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,Che
         cksumMD5:s,ChecksumXXHASH64:s,ChecksumXXHASH3:s,ChecksumXXHASH128:s,ChecksumType:s,ETag:s,MissingMeta:n,Versio
         nId:s,CacheControl:s,ContentDisposition:s,ContentEncoding:s,ContentLanguage:s,ContentType:s,ContentRange:s,Exp
         ires:s,WebsiteRedirectLocation:s,ServerSideEncryption:s,Metadata:<s>,SSECustomerAlgorithm:s,SSECustomerKeyMD5:
         s,SSEKMSKeyId:s,BucketKeyEnabled:b,StorageClass:s,RequestCharged:s,ReplicationStatus:s,PartsCount:n,TagCount:n
         ,ObjectLockMode:s,ObjectLockRetainUntilDate:s,ObjectLockLegalHoldStatus:s}
        s3:listBuckets {Buckets:[{Name:s,CreationDate:s,BucketRegion:s,BucketArn:s}],Owner:{DisplayName:s,ID:s},Contin
         uationToken:s,Prefix:s}
        s3:listMultipartUploads {Bucket:s,KeyMarker:s,UploadIdMarker:s,NextKeyMarker:s,Prefix:s,Delimiter:s,NextUpload
         IdMarker:s,MaxUploads:n,IsTruncated:b,Uploads:[{UploadId:s,Key:s,Initiated:s,StorageClass:s,Owner:{DisplayName
         :s,ID:s},Initiator:{ID:s,DisplayName:s},ChecksumAlgorithm:s,ChecksumType:s}],CommonPrefixes:[{Prefix:s}],Encod
         ingType:s,RequestCharged:s}
        s3:listObjectVersions {IsTruncated:b,KeyMarker:s,VersionIdMarker:s,NextKeyMarker:s,NextVersionIdMarker:s,Versi
         ons:[{ETag:s,ChecksumAlgorithm:[s],ChecksumType:s,Size:n,StorageClass:s,Key:s,VersionId:s,IsLatest:b,LastModif
         ied:s,Owner:{DisplayName:s,ID:s},RestoreStatus:{IsRestoreInProgress:b,RestoreExpiryDate:s}}],DeleteMarkers:[{O
         wner:{DisplayName:s,ID:s},Key:s,VersionId:s,IsLatest:b,LastModified:s}],Name:s,Prefix:s,Delimiter:s,MaxKeys:n,
         CommonPrefixes:[{Prefix:s}],EncodingType:s,RequestCharged:s}
        s3:listObjects {IsTruncated:b,Marker:s,NextMarker:s,Contents:[{Key:s,LastModified:s,ETag:s,ChecksumAlgorithm:[
         s],ChecksumType:s,Size:n,StorageClass:s,Owner:{DisplayName:s,ID:s},RestoreStatus:{IsRestoreInProgress:b,Restor
         eExpiryDate:s}}],Name:s,Prefix:s,Delimiter:s,MaxKeys:n,CommonPrefixes:[{Prefix:s}],EncodingType:s,RequestCharg
         ed:s}
        s3:listObjectsV2 {IsTruncated:b,Contents:[{Key:s,LastModified:s,ETag:s,ChecksumAlgorithm:[s],ChecksumType:s,Si
         ze:n,StorageClass:s,Owner:{DisplayName:s,ID:s},RestoreStatus:{IsRestoreInProgress:b,RestoreExpiryDate:s}}],Nam
         e:s,Prefix:s,Delimiter:s,MaxKeys:n,CommonPrefixes:[{Prefix:s}],EncodingType:s,KeyCount:n,ContinuationToken:s,N
         extContinuationToken:s,StartAfter:s,RequestCharged:s}
        s3:listParts {AbortDate:s,AbortRuleId:s,Bucket:s,Key:s,UploadId:s,PartNumberMarker:n,NextPartNumberMarker:n,Ma
         xParts:n,IsTruncated:b,Parts:[{PartNumber:n,LastModified:s,ETag:s,Size:n,ChecksumCRC32:s,ChecksumCRC32C:s,Chec
         ksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,ChecksumXXHA
         SH3:s,ChecksumXXHASH128:s}],Initiator:{ID:s,DisplayName:s},Owner:{DisplayName:s,ID:s},StorageClass:s,RequestCh
         arged:s,ChecksumAlgorithm:s,ChecksumType:s}
        s3:putObject {Expiration:s,ETag:s,ChecksumCRC32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1:s,Checksum
         SHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,ChecksumXXHASH3:s,ChecksumXXHASH128:s,ChecksumType:
         s,ServerSideEncryption:s,VersionId:s,SSECustomerAlgorithm:s,SSECustomerKeyMD5:s,SSEKMSKeyId:s,SSEKMSEncryption
         Context:s,BucketKeyEnabled:b,Size:n,RequestCharged:s}
        s3:putObjectTagging {VersionId:s}
        s3:restoreObject {RequestCharged:s,RestoreOutputPath:s}
        s3:uploadPart {ServerSideEncryption:s,ETag:s,ChecksumCRC32:s,ChecksumCRC32C:s,ChecksumCRC64NVME:s,ChecksumSHA1
         :s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,ChecksumXXHASH3:s,ChecksumXXHASH128:s,SS
         ECustomerAlgorithm:s,SSECustomerKeyMD5:s,SSEKMSKeyId:s,BucketKeyEnabled:b,RequestCharged:s}
        s3:uploadPartCopy {CopySourceVersionId:s,CopyPartResult:{ETag:s,LastModified:s,ChecksumCRC32:s,ChecksumCRC32C:
         s,ChecksumCRC64NVME:s,ChecksumSHA1:s,ChecksumSHA256:s,ChecksumSHA512:s,ChecksumMD5:s,ChecksumXXHASH64:s,Checks
         umXXHASH3:s,ChecksumXXHASH128:s},ServerSideEncryption:s,SSECustomerAlgorithm:s,SSECustomerKeyMD5:s,SSEKMSKeyId
         :s,BucketKeyEnabled:b,RequestCharged:s}
        athena:getQueryExecution {QueryExecution:{QueryExecutionId:s,Query:s,StatementType:s,ManagedQueryResultsConfig
         uration:{Enabled!:b,EncryptionConfiguration:{KmsKey!:s}},ResultConfiguration:{OutputLocation:s,EncryptionConfi
         guration:{EncryptionOption!:s,KmsKey:s},ExpectedBucketOwner:s,AclConfiguration:{S3AclOption!:s}},ResultReuseCo
         nfiguration:{ResultReuseByAgeConfiguration:{Enabled!:b,MaxAgeInMinutes:n~0~10080}},QueryExecutionContext:{Data
         base:s,Catalog:s},Status:{State:s,StateChangeReason:s,SubmissionDateTime:s,CompletionDateTime:s,AthenaError:{E
         rrorCategory:n~1~3,ErrorType:n~0~9999,Retryable:b,ErrorMessage:s}},Statistics:{EngineExecutionTimeInMillis:n,D
         ataScannedInBytes:n,DataManifestLocation:s,TotalExecutionTimeInMillis:n,QueryQueueTimeInMillis:n,ServicePrePro
         cessingTimeInMillis:n,QueryPlanningTimeInMillis:n,ServiceProcessingTimeInMillis:n,ResultReuseInformation:{Reus
         edPreviousResult!:b},DpuCount:n},WorkGroup:s,EngineVersion:{SelectedEngineVersion:s,EffectiveEngineVersion:s},
         ExecutionParameters:[s],SubstatementType:s,QueryResultsS3AccessGrantsConfiguration:{EnableS3AccessGrants!:b,Cr
         eateUserLevelPrefix:b,AuthenticationType!:s}}}
        athena:getQueryResults {UpdateCount:n,ResultSet:{Rows:[{Data:[{VarCharValue:s}]}],ResultSetMetadata:{ColumnInf
         o:[{CatalogName:s,SchemaName:s,TableName:s,Name!:s,Label:s,Type!:s,Precision:n,Scale:n,Nullable:s,CaseSensitiv
         e:b}]}},NextToken:s}
        athena:startQueryExecution {QueryExecutionId:s}
        athena:stopQueryExecution {}
        kms:createKey {KeyMetadata:{AWSAccountId:s,KeyId!:s,Arn:s,CreationDate:s,Enabled:b,Description:s,KeyUsage:s,Ke
         yState:s,DeletionDate:s,ValidTo:s,Origin:s,CustomKeyStoreId:s,CloudHsmClusterId:s,ExpirationModel:s,KeyManager
         :s,CustomerMasterKeySpec:s,KeySpec:s,EncryptionAlgorithms:[s],SigningAlgorithms:[s],KeyAgreementAlgorithms:[s]
         ,MultiRegion:b,MultiRegionConfiguration:{MultiRegionKeyType:s,PrimaryKey:{Arn:s,Region:s},ReplicaKeys:[{Arn:s,
         Region:s}]},PendingDeletionWindowInDays:n~1~365,MacAlgorithms:[s],XksKeyConfiguration:{Id:s},CurrentKeyMateria
         lId:s}}
        kms:decrypt {KeyId:s,Plaintext:s,EncryptionAlgorithm:s,CiphertextForRecipient:s,KeyMaterialId:s}
        kms:describeKey {KeyMetadata:{AWSAccountId:s,KeyId!:s,Arn:s,CreationDate:s,Enabled:b,Description:s,KeyUsage:s,
         KeyState:s,DeletionDate:s,ValidTo:s,Origin:s,CustomKeyStoreId:s,CloudHsmClusterId:s,ExpirationModel:s,KeyManag
         er:s,CustomerMasterKeySpec:s,KeySpec:s,EncryptionAlgorithms:[s],SigningAlgorithms:[s],KeyAgreementAlgorithms:[
         s],MultiRegion:b,MultiRegionConfiguration:{MultiRegionKeyType:s,PrimaryKey:{Arn:s,Region:s},ReplicaKeys:[{Arn:
         s,Region:s}]},PendingDeletionWindowInDays:n~1~365,MacAlgorithms:[s],XksKeyConfiguration:{Id:s},CurrentKeyMater
         ialId:s}}
        kms:encrypt {CiphertextBlob:s,KeyId:s,EncryptionAlgorithm:s}
        kms:generateDataKey {CiphertextBlob:s,Plaintext:s,KeyId:s,CiphertextForRecipient:s,KeyMaterialId:s}
        kms:generateDataKeyPair {PrivateKeyCiphertextBlob:s,PrivateKeyPlaintext:s,PublicKey:s,KeyId:s,KeyPairSpec:s,Ci
         phertextForRecipient:s,KeyMaterialId:s}
        kms:generateMac {Mac:s,MacAlgorithm:s,KeyId:s}
        kms:generateRandom {Plaintext:s,CiphertextForRecipient:s}
        kms:getPublicKey {KeyId:s,PublicKey:s,CustomerMasterKeySpec:s,KeySpec:s,KeyUsage:s,EncryptionAlgorithms:[s],Si
         gningAlgorithms:[s],KeyAgreementAlgorithms:[s]}
        kms:listAliases {Aliases:[{AliasName:s,AliasArn:s,TargetKeyId:s,CreationDate:s,LastUpdatedDate:s}],NextMarker:
         s,Truncated:b}
        kms:listKeys {Keys:[{KeyId:s,KeyArn:s}],NextMarker:s,Truncated:b}
        kms:reEncrypt {CiphertextBlob:s,SourceKeyId:s,KeyId:s,SourceEncryptionAlgorithm:s,DestinationEncryptionAlgorit
         hm:s,SourceKeyMaterialId:s,DestinationKeyMaterialId:s}
        kms:sign {KeyId:s,Signature:s,SigningAlgorithm:s}
        kms:verify {KeyId:s,SignatureValid:b,SigningAlgorithm:s}
        kms:verifyMac {KeyId:s,MacValid:b,MacAlgorithm:s}
        secretsmanager:batchGetSecretValue {SecretValues:[{ARN:s,Name:s,VersionId:s,SecretBinary:s,SecretString:s,Vers
         ionStages:[s],CreatedDate:s}],NextToken:s,Errors:[{SecretId:s,ErrorCode:s,Message:s}]}
        secretsmanager:cancelRotateSecret {ARN:s,Name:s,VersionId:s}
        secretsmanager:createSecret {ARN:s,Name:s,VersionId:s,ReplicationStatus:[{Region:s,KmsKeyId:s,Status:s,StatusM
         essage:s,LastAccessedDate:s}]}
        secretsmanager:deleteResourcePolicy {ARN:s,Name:s}
        secretsmanager:deleteSecret {ARN:s,Name:s,DeletionDate:s}
        secretsmanager:describeSecret {ARN:s,Name:s,Type:s,Description:s,KmsKeyId:s,RotationEnabled:b,RotationLambdaAR
         N:s,RotationRules:{AutomaticallyAfterDays:n~1~1000,Duration:s,ScheduleExpression:s},ExternalSecretRotationMeta
         data:[{Key:s,Value:s}],ExternalSecretRotationRoleArn:s,LastRotatedDate:s,LastChangedDate:s,LastAccessedDate:s,
         DeletedDate:s,NextRotationDate:s,Tags:[{Key:s,Value:s}],VersionIdsToStages:<[s]>,OwningService:s,CreatedDate:s
         ,PrimaryRegion:s,ReplicationStatus:[{Region:s,KmsKeyId:s,Status:s,StatusMessage:s,LastAccessedDate:s}]}
        secretsmanager:getRandomPassword {RandomPassword:s}
        secretsmanager:getResourcePolicy {ARN:s,Name:s,ResourcePolicy:s}
        secretsmanager:getSecretValue {ARN:s,Name:s,VersionId:s,SecretBinary:s,SecretString:s,VersionStages:[s],Create
         dDate:s}
        secretsmanager:listSecretVersionIds {Versions:[{VersionId:s,VersionStages:[s],LastAccessedDate:s,CreatedDate:s
         ,KmsKeyIds:[s]}],NextToken:s,ARN:s,Name:s}
        secretsmanager:listSecrets {SecretList:[{ARN:s,Name:s,Type:s,Description:s,KmsKeyId:s,RotationEnabled:b,Rotati
         onLambdaARN:s,RotationRules:{AutomaticallyAfterDays:n~1~1000,Duration:s,ScheduleExpression:s},ExternalSecretRo
         tationMetadata:[{Key:s,Value:s}],ExternalSecretRotationRoleArn:s,LastRotatedDate:s,LastChangedDate:s,LastAcces
         sedDate:s,DeletedDate:s,NextRotationDate:s,Tags:[{Key:s,Value:s}],SecretVersionsToStages:<[s]>,OwningService:s
         ,CreatedDate:s,PrimaryRegion:s}],NextToken:s}
        secretsmanager:putResourcePolicy {ARN:s,Name:s}
        secretsmanager:putSecretValue {ARN:s,Name:s,VersionId:s,VersionStages:[s]}
        secretsmanager:removeRegionsFromReplication {ARN:s,ReplicationStatus:[{Region:s,KmsKeyId:s,Status:s,StatusMess
         age:s,LastAccessedDate:s}]}
        secretsmanager:replicateSecretToRegions {ARN:s,ReplicationStatus:[{Region:s,KmsKeyId:s,Status:s,StatusMessage:
         s,LastAccessedDate:s}]}
        secretsmanager:restoreSecret {ARN:s,Name:s}
        secretsmanager:rotateSecret {ARN:s,Name:s,VersionId:s}
        secretsmanager:stopReplicationToReplica {ARN:s}
        secretsmanager:tagResource {}
        secretsmanager:untagResource {}
        secretsmanager:updateSecret {ARN:s,Name:s,VersionId:s}
        secretsmanager:updateSecretVersionStage {ARN:s,Name:s}
        secretsmanager:validateResourcePolicy {PolicyValidationPassed:b,ValidationErrors:[{CheckName:s,ErrorMessage:s}
         ]}
        ssm:deleteParameter {}
        ssm:deleteParameters {DeletedParameters:[s],InvalidParameters:[s]}
        ssm:describeParameters {Parameters:[{Name:s,ARN:s,Type:s,KeyId:s,LastModifiedDate:s,LastModifiedUser:s,Descrip
         tion:s,AllowedPattern:s,Version:n,Tier:s,Policies:[{PolicyText:s,PolicyType:s,PolicyStatus:s}],DataType:s}],Ne
         xtToken:s}
        ssm:getCommandInvocation {CommandId:s,InstanceId:s,Comment:s,DocumentName:s,DocumentVersion:s,PluginName:s,Res
         ponseCode:n,ExecutionStartDateTime:s,ExecutionElapsedTime:s,ExecutionEndDateTime:s,Status:s,StatusDetails:s,St
         andardOutputContent:s,StandardOutputUrl:s,StandardErrorContent:s,StandardErrorUrl:s,CloudWatchOutputConfig:{Cl
         oudWatchLogGroupName:s,CloudWatchOutputEnabled:b}}
        ssm:getParameter {Parameter:{Name:s,Type:s,Value:s,Version:n,Selector:s,SourceResult:s,LastModifiedDate:s,ARN:
         s,DataType:s}}
        ssm:getParameters {Parameters:[{Name:s,Type:s,Value:s,Version:n,Selector:s,SourceResult:s,LastModifiedDate:s,A
         RN:s,DataType:s}],InvalidParameters:[s]}
        ssm:getParametersByPath {Parameters:[{Name:s,Type:s,Value:s,Version:n,Selector:s,SourceResult:s,LastModifiedDa
         te:s,ARN:s,DataType:s}],NextToken:s}
        ssm:putParameter {Version:n,Tier:s}
        ssm:sendCommand {Command:{CommandId:s,DocumentName:s,DocumentVersion:s,Comment:s,ExpiresAfter:s,Parameters:<[s
         ]>,InstanceIds:[s],Targets:[{Key:s,Values:[s]}],RequestedDateTime:s,Status:s,StatusDetails:s,OutputS3Region:s,
         OutputS3BucketName:s,OutputS3KeyPrefix:s,MaxConcurrency:s,MaxErrors:s,TargetCount:n,CompletedCount:n,ErrorCoun
         t:n,DeliveryTimedOutCount:n,ServiceRole:s,NotificationConfig:{NotificationArn:s,NotificationEvents:[s],Notific
         ationType:s},CloudWatchOutputConfig:{CloudWatchLogGroupName:s,CloudWatchOutputEnabled:b},TimeoutSeconds:n~30~2
         592000,AlarmConfiguration:{IgnorePollAlarmFailure:b,Alarms!:[{Name!:s}]},TriggeredAlarms:[{Name!:s,State!:s}]}
         }
        """;
}
