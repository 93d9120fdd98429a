# A static binary on an empty image. It does not run as root and writes only to /data.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Only for a build context without .git: the commit that `vireilla version` then names.
ARG COMMIT=
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.commit=$COMMIT" -o /vireilla ./cmd/vireilla && mkdir /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /vireilla /vireilla
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV VIREILLA_DATA=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/vireilla", "health"]
ENTRYPOINT ["/vireilla"]
CMD ["serve"]
