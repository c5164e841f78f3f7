package dev.hone.examples.monitoring;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The server in a JVM of its own, as an operator runs it. */
final class ServerProcess implements AutoCloseable {
  final Process process;
  final Http http;
  final int port;

  private ServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
    this.http = new Http(port);
  }

  static ServerProcess start(Path log) throws IOException, InterruptedException {
    int port = Prometheus.freePort();
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-DDJL_CACHE_DIR=" + System.getProperty("DJL_CACHE_DIR"),
                    "-Dhone.cache=" + System.getProperty("hone.cache"),
                    "-Dai.djl.offline=true",
                    "-DRUST_FLAVOR=cpu",
                    "-classpath",
                    System.getProperty("java.class.path"),
                    EmbeddingServer.class.getName(),
                    port + " 2"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    ServerProcess server = new ServerProcess(process, port);
    server.http.awaitOk("/ready", Duration.ofMinutes(3));
    return server;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
