module adb-tenants/local/pulumi-operator

go 1.26.0

require github.com/pulumi/pulumi-kubernetes-operator v1.16.0
