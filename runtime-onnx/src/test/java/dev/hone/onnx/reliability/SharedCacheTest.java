package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several processes that open one model with one cache. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SharedCacheTest {
  private static final int PROCESSES = 3;

  /** Opens a model with a cache and tells where the result came from. */
  static final class Opening {
    private Opening() {}

    public static void main(String[] arguments) {
      Path folder = Path.of(arguments[0]);
      Quantization how =
          Quantization.builder()
              .form(Quantization.Form.WEIGHTS)
              .evenIfSlower(true)
              .cacheFolder(folder.resolve("cache"))
              .build();
      SessionOptions options =
          SessionOptions.builder()
              .precision(Precision.INT8)
              .threads(1)
              .runtime(OnnxOptions.builder().quantization(how).build())
              .build();
      try (Session session = Session.open(folder.resolve("model.onnx"), options)) {
        System.out.println(session.report());
      }
    }
  }

  @Test
  void theWorkIsDoneOnce(@TempDir Path folder) throws Exception {
    OneProduct.write(folder.resolve("model.onnx"));
    List<CompletableFuture<String>> children = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      children.add(CompletableFuture.supplyAsync(() -> open(folder)));
    }
    List<String> said = children.stream().map(CompletableFuture::join).toList();
    assertThat(said).filteredOn(text -> text.contains("Kept in ")).hasSize(1);
    assertThat(said).filteredOn(text -> text.contains("From the cache.")).hasSize(PROCESSES - 1);
    try (Stream<Path> entries = Files.list(folder.resolve("cache"))) {
      assertThat(entries.filter(entry -> Files.exists(entry.resolve("model.onnx")))).hasSize(1);
    }
  }

  private static String open(Path folder) {
    try {
      return ChildJvm.run(folder, List.of(), Opening.class, folder.toString())
          .verifySuccess()
          .output();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
