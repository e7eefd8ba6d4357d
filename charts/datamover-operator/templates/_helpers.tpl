{{- define "datamover.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "datamover.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "datamover.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "datamover.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* A cluster-scoped object's name: two releases in one cluster must not share it. */ -}}
{{- define "datamover.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "datamover.fullname" .) -}}
{{- end -}}

{{- /* Takes a list of root and component. */ -}}
{{- define "datamover.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "datamover.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- /* Takes a list of root, component and, where there are, more labels, which win over the common ones. */ -}}
{{- define "datamover.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{ include "datamover.selector" . }}
{{- with merge (dict) (rest (rest .) | first | default dict) $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The namespaces that the operator watches, with commas; "*": all. */ -}}
{{- define "datamover.watched" -}}
{{- uniq .Values.watchNamespaces | sortAlpha | join "," | default "*" -}}
{{- end -}}

{{- define "datamover.operatorAccount" -}}
{{- default (include "datamover.fullname" .) .Values.operator.serviceAccount.name -}}
{{- end -}}

{{- define "datamover.apiAccount" -}}
{{- default (printf "%s-api" (include "datamover.fullname" .)) .Values.api.serviceAccount.name -}}
{{- end -}}

{{- /*
An object's metadata. Takes a dict of root, component, name and, where there are, namespace (else the release's), labels and
annotations, which win over the common ones.
*/ -}}
{{- define "datamover.metadata" -}}
namespace: {{ default .root.Release.Namespace .namespace | quote }}
{{ include "datamover.clusterMetadata" . }}
{{- end -}}

{{- /* The same for what is cluster-scoped. */ -}}
{{- define "datamover.clusterMetadata" -}}
name: {{ .name | quote }}
labels:
  {{- include "datamover.labels" (list .root .component .labels) | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Takes a list of root and the values of an image. */ -}}
{{- define "datamover.image" -}}
{{- $root := index . 0 -}}
{{- with index . 1 -}}
{{- with default .registry $root.Values.global.imageRegistry }}{{ . }}/{{ end -}}
{{- .repository -}}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $root.Chart.AppVersion .tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{- /* Which of the REST service's APIs are served, and whether the service runs at all; empty: no. */ -}}
{{- define "datamover.syncOn" -}}
{{- if or .Values.api.sync.enabled .Values.apiKey }}true{{ end -}}
{{- end -}}

{{- define "datamover.legacyOn" -}}
{{- if and .Values.api.legacy.enabled (or .Values.api.enabled .Values.api.keys.existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "datamover.apiOn" -}}
{{- if or .Values.api.enabled .Values.apiKey }}true{{ end -}}
{{- end -}}

{{- /* Whether there may be more than one pod of the REST service; empty: no. */ -}}
{{- define "datamover.apiIsMany" -}}
{{- with .Values.api -}}
{{- if gt (int (ternary .autoscaling.maxReplicas .replicas .autoscaling.enabled)) 1 }}true{{ end -}}
{{- end -}}
{{- end -}}

{{- define "datamover.emulatorUrl" -}}
http://{{ include "datamover.fullname" . }}-emulator.{{ .Release.Namespace }}.svc:4566
{{- end -}}

{{- /* The namespace of the sample account's movers: one that is watched. */ -}}
{{- define "datamover.devNamespace" -}}
{{- default (first .Values.watchNamespaces | default "default") .Values.dev.namespace -}}
{{- end -}}

{{- /* Settings in camelCase become DATAMOVER_* variables; a list becomes its items with commas. Takes settings and a prefix. */ -}}
{{- define "datamover.settings" -}}
{{- $prefix := index . 1 -}}
{{- range $name, $value := index . 0 }}
- name: {{ $prefix }}{{ snakecase $name | upper }}
  value: {{ kindIs "slice" $value | ternary (join "," $value) (kindIs "float64" $value | ternary (toJson $value) (toString $value)) | quote }}
{{- end }}
{{- end -}}

{{- define "datamover.awsEnv" -}}
{{- if .Values.dev.enabled }}
- name: AWS_ENDPOINT_URL
  value: {{ include "datamover.emulatorUrl" . }}
- name: AWS_REGION
  value: {{ default "eu-central-1" .Values.aws.region }}
- name: AWS_ACCESS_KEY_ID
  value: local
- name: AWS_SECRET_ACCESS_KEY
  value: local
- name: AWS_EC2_METADATA_DISABLED
  value: "true"
{{- else }}
{{- with .Values.aws.endpointUrl }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* What every pod's spec has. */ -}}
{{- define "datamover.pod" -}}
{{- with concat .Values.imagePullSecrets .Values.global.imagePullSecrets | uniq }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* What every container of our image has. */ -}}
{{- define "datamover.container" -}}
image: {{ include "datamover.image" (list . .Values.image) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{ include "datamover.containerSecurity" . }}
{{- end -}}

{{- define "datamover.containerSecurity" -}}
{{- with .Values.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* How several pods are spread. Takes a list of root, component and constraints; without those, over nodes. */ -}}
{{- define "datamover.spread" -}}
topologySpreadConstraints:
  {{- with index . 2 }}
  {{- toYaml . | nindent 2 }}
  {{- else }}
  - topologyKey: kubernetes.io/hostname
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "datamover.selector" (list (index . 0) (index . 1)) | nindent 8 }}
  {{- end }}
{{- end -}}

{{- /* Takes a list of root, component, name and the budget's values. */ -}}
{{- define "datamover.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "datamover.metadata" (dict "root" (index . 0) "component" (index . 1) "name" (index . 2)) | nindent 2 }}
spec:
  maxUnavailable: {{ toJson (index . 3).maxUnavailable }}
  selector:
    matchLabels:
      {{- include "datamover.selector" (list (index . 0) (index . 1)) | nindent 6 }}
{{- end -}}

{{- /* Where a pod may run: the parts of a pod's spec that the values of one component hold. */ -}}
{{- define "datamover.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* For pods that do one thing and end: `requests` and `limits`, for a namespace may ask for both. */ -}}
{{- define "datamover.choreResources" -}}
requests:
  cpu: 50m
  memory: 96Mi
limits:
  memory: 256Mi
{{- end -}}
